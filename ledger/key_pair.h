/* key_pair.h: Ed25519 key pairs in locked memory, and in files that only their owner may read.
 *
 * A key file is two lines: `hearth-key 1 WHAT`, and the seed as 64 hex digits; mode 0600. It is
 * written as FILE.new, under a lock on the folder, and renamed, so that a crash leaves either no key
 * or a whole one. A file with wider rights, a wrong owner or a wrong form is refused (DENIED,
 * CORRUPT), never overwritten.
 */
#ifndef HEARTH_LEDGER_KEY_PAIR_H
#define HEARTH_LEDGER_KEY_PAIR_H

#include <stdint.h>

#include "ledger/base/status.h"

struct key_pair {
    uint8_t public_key[32];
    uint8_t *secret; /* 64 octets of locked memory */
};

/* Writes a new key to `path` (its folder is made 0700 if missing); EXISTS when there is a file.
 * `what` is a word for the first line, at most 32 characters. */
enum status key_pair_create(struct key_pair *pair, const char *path, const char *what);
/* NOT_FOUND; DENIED (others may read it, or own it); CORRUPT (not such a file, or for something
 * else). */
enum status key_pair_read(struct key_pair *pair, const char *path, const char *what);
/* In memory alone. NO_MEMORY. */
enum status key_pair_from_seed(struct key_pair *pair, const uint8_t seed[static 32]);
/* Wipes; safe on a zeroed pair. */
void key_pair_close(struct key_pair *pair);

#endif
