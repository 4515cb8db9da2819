/* store_pages.h: are the pages of the store's file in order among themselves?
 *
 * LMDB trusts its file. A wrong page number in a tree is a crash; one in the list of free pages is
 * worse: nothing is wrong yet, and the next write goes over data that is in use. So the file is
 * read once, as octets, before LMDB sees it.
 */
#ifndef HEARTH_LEDGER_STORE_PAGES_H
#define HEARTH_LEDGER_STORE_PAGES_H

#include "ledger/base/status.h"

/* CORRUPT, and what opening and mapping a file can fail with. The file must not be cut shorter
 * meanwhile (SIGBUS): call it in a child (guard.h). */
enum status store_pages_check(const char *path);

#endif
