/* node_key.h: the node's signing and zone keys, and the owner's key, in files that only they may read.
 *
 * A key file is 64 octets of hex seed with a first line that says what it is, mode 0600, written to a temporary name and renamed, so
 * that a crash leaves either no key or a whole one. A file with wider rights, a wrong owner or a wrong form
 * is refused (DENIED, CORRUPT), never overwritten.
 */
#ifndef HEARTH_LEDGER_NODE_KEY_H
#define HEARTH_LEDGER_NODE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/entry.h"

struct key_pair {
    uint8_t public_key[32];
    uint8_t *secret; /* 64 octets of locked memory */
};

struct node_keys {
    struct key_pair signing, zone;
    uint8_t spki_sha256[32]; /* of the node's TLS key, which another process may hold */
};

/* Reads DIR/signing.key and DIR/zone.key, making them (and the folder, 0700) if there are none. */
enum status node_keys_open(struct node_keys *keys, const char *dir);
void node_keys_close(struct node_keys *keys);

/* Writes a new key to `path`; EXISTS when there is a file. */
enum status key_pair_create(struct key_pair *pair, const char *path, const char *what);
enum status key_pair_read(struct key_pair *pair, const char *path, const char *what);
void key_pair_close(struct key_pair *pair);

/* A recovery key as 18 words of five letters (16 carry the 256 bits of the seed, 2 a checksum):
 * each word is 16 bits as consonant-vowel-consonant-vowel-consonant ("lusab"). */
enum { RECOVERY_WORDS = 18, RECOVERY_TEXT_SIZE = RECOVERY_WORDS * 6 };
void recovery_words_encode(const uint8_t seed[static 32], char text[static RECOVERY_TEXT_SIZE]);
/* Case, and whatever stands between the words (blanks, '-', line ends), are ignored. MALFORMED (a word that can't be), CORRUPT (the checksum), TRUNCATED. */
enum status recovery_words_decode(const char *text, uint8_t seed[static 32]);

#endif
