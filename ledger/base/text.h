/* text.h: bytes as text and back: lower-case hex, and base32 for household ids.
 *
 * base32 is RFC 4648's alphabet in lower case without padding: 32 bytes make 52 characters, which
 * fit one DNS label. The last character carries one bit: any other value of its low bits is refused
 * on decoding, so that an id has one spelling (upper case is folded first).
 */
#ifndef HEARTH_LEDGER_BASE_TEXT_H
#define HEARTH_LEDGER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum { BASE32_ID_LEN = 52 /* characters of a 32-byte id */ };

/* Writes 52 characters and a NUL. */
void base32_encode_id(const uint8_t id[static 32], char text[static BASE32_ID_LEN + 1]);

/* Reads exactly `len` = 52 characters. MALFORMED, NOT_CANONICAL. */
enum status base32_decode_id(const char *text, size_t len, uint8_t id[static 32]);

/* Writes 2 * len characters and a NUL. */
void hex_encode(const uint8_t *bytes, size_t len, char *text);

/* Reads a NUL-terminated text of exactly 2 * len hex digits of either case. MALFORMED. */
enum status hex_decode(const char *text, uint8_t *bytes, size_t len);

/* Is it well-formed UTF-8 (RFC 3629) without control characters (U+0000 to U+001F, U+007F to
 * U+009F)? */
bool text_is_plain(const uint8_t *bytes, size_t len);

#endif
