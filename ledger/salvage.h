/* salvage.h: what is still readable in a file that may be damaged anywhere: a database, a bundle.
 *
 * Entries are found by their magic, wherever they stand, and prove themselves: they go to the
 * ledger by the one path that every entry takes. So nothing is asked of the file's own order.
 */
#ifndef HEARTH_LEDGER_SALVAGE_H
#define HEARTH_LEDGER_SALVAGE_H

#include <stdint.h>

#include "ledger/ledger.h"

struct salvage; /* heap */

enum { SALVAGE_FILES_MAX = 4 };

/* NULL when memory is out. */
struct salvage *salvage_create(void);
void salvage_destroy(struct salvage *salvage); /* NULL is safe */

/* Looks through a file; what can't be read of it (IO) is passed over. NOT_FOUND, DENIED (also what
 * is not a regular file), NO_MEMORY; FULL for one more than SALVAGE_FILES_MAX. */
enum status salvage_file(struct salvage *salvage, const char *path);

/* Gives the ledger, which is in no batch, all that it lacks and admits, durably, and counts it.
 * Without a household it founds the one for which `own_key` signed a grant. What the disk or memory
 * refuses ends it: FULL, IO, NO_MEMORY. */
enum status salvage_into(struct salvage *salvage, struct ledger *ledger,
                         const uint8_t own_key[static 32], uint64_t *added);

#endif
