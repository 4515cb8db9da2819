/* codec_help.h: what the tests of the codecs share: copies of exact size (so that a sanitizer sees
 * the first octet read beyond the end), a seeded random source, hex. */
#ifndef HEARTH_TESTS_LEDGER_CODEC_HELP_H
#define HEARTH_TESTS_LEDGER_CODEC_HELP_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

/* A heap copy of exactly `len` octets; the caller frees it. */
uint8_t *help_copy(const uint8_t *bytes, size_t len);

/* Fails the test with both names unless they are the same. `what` says where. */
void help_expect(enum status got, enum status wanted, const char *what, size_t number);

/* Every length from 0 to len - 1 gives TRUNCATED, and one octet more gives TRAILING. */
void help_every_length(enum status (*decode)(const uint8_t *bytes, size_t len),
                       const uint8_t *bytes, size_t len);

/* xorshift64*: the same numbers in every run. */
struct help_random {
    uint64_t state;
};
uint64_t help_random(struct help_random *random);
uint32_t help_below(struct help_random *random, uint32_t bound);
void help_fill(struct help_random *random, void *bytes, size_t len);

/* Hex digits with blanks between them; returns the number of octets. */
size_t help_hex(const char *text, uint8_t *bytes, size_t size);

#endif
