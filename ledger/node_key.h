/* node_key.h: the node's signing and zone keys, and the owner's key, in files that only they may
 * read.
 *
 * A key file is two lines: `hearth-key 1 WHAT`, and the seed as 64 hex digits; mode 0600. It is
 * written to a temporary name and renamed, so that a crash leaves either no key or a whole one. A
 * file with wider rights, a wrong owner or a wrong form is refused (DENIED, CORRUPT), never
 * overwritten.
 */
#ifndef HEARTH_LEDGER_NODE_KEY_H
#define HEARTH_LEDGER_NODE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/body.h"
#include "ledger/entry.h"

struct key_pair {
    uint8_t public_key[32];
    uint8_t *secret; /* 64 octets of locked memory */
};

struct node_keys {
    struct key_pair signing, zone;
    uint8_t
        spki_sha256[32]; /* of the node's TLS key, which another process may hold; zero if none */
};

/* Reads DIR/signing.key and DIR/zone.key, making them (and the folder, 0700) if there are none, and
 * DIR/tls.spki (64 hex digits and a line end) if there is one. DENIED, CORRUPT, IO, NO_MEMORY. */
enum status node_keys_open(struct node_keys *keys, const char *dir);
void node_keys_close(struct node_keys *keys);

/* Fills in a GRANT's keys (ours) and the proof that we hold the signing key; role, flags and scope
 * commitment are the caller's. */
enum status node_keys_possess(const struct node_keys *keys, const uint8_t namespace_id[static 32],
                              struct body_grant *grant);

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

/* A recovery key as 18 words of five letters (16 carry the 256 bits of the seed, 2 a checksum):
 * each word is 16 bits as consonant-vowel-consonant-vowel-consonant ("lusab"). One wrong letter, or
 * two neighbouring words in the wrong order, is always noticed; anything else but once in 2^32. */
enum { RECOVERY_WORDS = 18, RECOVERY_TEXT_SIZE = RECOVERY_WORDS * 6 };
void recovery_words_encode(const uint8_t seed[static 32], char text[static RECOVERY_TEXT_SIZE]);
/* Case, and whatever stands between the words (blanks, digits, '-', line ends), are ignored.
 * MALFORMED (a word that can't be), CORRUPT (the checksum), TRUNCATED (too few words), TRAILING
 * (too many). */
enum status recovery_words_decode(const char *text, uint8_t seed[static 32]);

#endif
