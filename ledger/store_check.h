/* store_check.h: reads a store whole before it is opened, in a child process. */
#ifndef HEARTH_LEDGER_STORE_CHECK_H
#define HEARTH_LEDGER_STORE_CHECK_H

#include <stddef.h>

#include "ledger/base/status.h"

/* The fact that holds the number of the last commit that stored no entry. */
#define STORE_META_COMMIT "commit"

/* Of the store in the folder `path`. OK also for none; CORRUPT and those of tables_open. `lock_fd`
 * is closed in the child, so that the lock stays with whoever asks. */
enum status store_check(const char *path, size_t map_bytes, int lock_fd);

#endif
