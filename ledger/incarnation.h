/* incarnation.h: notices that the database is an older copy of itself.
 *
 * A mark outside the database says which incarnation of this node wrote it, and how many commits it
 * had seen. The mark is written after each commit and never before, so a database may be ahead of
 * it (a crash), but one that is behind was restored. Its streams then have a continuation somewhere
 * that this node doesn't know of, and must not be appended to: two entries for one place would be
 * signed.
 */
#ifndef HEARTH_LEDGER_INCARNATION_H
#define HEARTH_LEDGER_INCARNATION_H

#include <stdint.h>

#include "ledger/base/status.h"

struct incarnation_mark {
    uint8_t id[16]; /* random, one for each incarnation */
    uint64_t commits;
};

/* The mark in STATE_DIR/incarnation. NOT_FOUND; CORRUPT (not a mark); DENIED, IO. */
enum status incarnation_read(struct incarnation_mark *mark, const char *state_dir);

/* Puts a mark in place, durably, and leaves *fd open for incarnation_advance; the caller closes it.
 */
enum status incarnation_write(const struct incarnation_mark *mark, const char *state_dir, int *fd);

/* Goes on with the mark that is there: needs no room on the disk. NOT_FOUND, DENIED, IO. */
enum status incarnation_continue(const struct incarnation_mark *mark, const char *state_dir,
                                 int *fd);

/* After a commit. Not synced: a mark that a power cut takes back only notices less. */
enum status incarnation_advance(const struct incarnation_mark *mark, int fd);

#endif
