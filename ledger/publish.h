/* publish.h: puts a view's octets in place for its readers: names.view by rename, then the
 * generation word (docs/view-format.md, "generation").
 */
#ifndef HEARTH_LEDGER_PUBLISH_H
#define HEARTH_LEDGER_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

struct publisher {
    int dir_fd;  /* the view folder */
    int word_fd; /* `generation`, found or made once */
    uint64_t generation;
    uint8_t hash_key[16]; /* random, for the views that this publisher builds */
};

/* Opens the folder (made 0755 if missing) and its word, and bumps it once: a crash between rename
 * and bump is noticed by readers then. DENIED (also for a symbolic link where folder or word should
 * be, and for a word that is no regular file), NOT_FOUND (the folder above), IO; nothing is open
 * then. */
enum status publisher_open(struct publisher *publisher, const char *view_dir);
void publisher_close(struct publisher *publisher);

/* The generation that the next view must carry. */
uint64_t publisher_next(const struct publisher *publisher);

/* Writes the view (whose header carries publisher_next, else RANGE) and moves the word. Readers see
 * it when this returns OK. FULL (the disk), DENIED, IO: readers go on with the view before, unless
 * only the word could not be written; that view's generation is then used up. */
enum status publisher_put(struct publisher *publisher, const uint8_t *bytes, size_t len);

#endif
