/* backup.h: everything that this node holds, out as a bundle and in again (docs/ledger-format.md,
 * "Bundle").
 *
 * No key is in a bundle, and nothing in one is believed for being there: every entry comes in by
 * ledger_ingest. The same set of entries and statements makes the same bundle on every node.
 */
#ifndef HEARTH_LEDGER_BACKUP_H
#define HEARTH_LEDGER_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

/* Writes a bundle of every household held to `fd`, from where it stands. BUSY in a batch; IO,
 * NO_MEMORY, CORRUPT. */
enum status backup_export(struct ledger *ledger, int fd);

/* The same in steps, of about so many entries each, for a process that has other work too. What is
 * added to the ledger meanwhile is not in it. The ledger must stay open. */
struct backup_job; /* heap */
enum status backup_job_create(struct backup_job **job, struct ledger *ledger, int fd);
/* OK: the bundle is whole (and not synced). AGAIN: not yet. Any other status: it will never be. */
enum status backup_job_step(struct backup_job *job, unsigned entries);
void backup_job_destroy(struct backup_job *job); /* NULL is safe */

/* What became of one section. */
struct backup_result {
    uint8_t namespace_id[32];
    enum status status; /* OK: imported. Else nothing of it was: the first reason why … */
    uint64_t offset;    /* … and where in the bundle it lies (of the section, or of its item) */
    uint64_t added, known; /* entries */
};

/* Imports a bundle from memory: every household's section whole or not at all. `own` is the
 * household that is founded as one's own if it is in the bundle and there is none (NULL: no
 * founding). `each` (may be NULL) hears of every section. OK when all of it was imported; else the
 * first section's reason, or what is wrong with the bundle as a whole. MALFORMED, UPGRADE (no
 * bundle: nothing was imported); BUSY in a batch. */
enum status backup_import(struct ledger *ledger, const uint8_t *bytes, size_t len,
                          const uint8_t own[32],
                          void (*each)(void *context, const struct backup_result *result),
                          void *context);

#endif
