/* reader.h: the one way in which Hearth reads bytes that somebody else wrote.
 *
 * A reader is a window over borrowed bytes. The first read beyond its end makes it fail, and every
 * later read then returns zero or NULL: a decoder reads all its fields, then asks once. What is
 * left over is an error too (reader_finish). Nothing here allocates, and no read ever leaves the
 * window.
 *
 *     struct reader r = reader_over(bytes, len);
 *     uint16_t type = reader_u16(&r);
 *     const uint8_t *id = reader_bytes(&r, 32);
 *     enum status status = reader_finish(&r);   // TRUNCATED, TRAILING, or OK: id is then valid
 *
 * Integers are big-endian, as in the DNS and in the ledger.
 */
#ifndef HEARTH_LEDGER_BASE_READER_H
#define HEARTH_LEDGER_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ledger/base/status.h"

struct reader {
    const uint8_t *at; /* borrowed; the next byte to read */
    size_t left;       /* bytes from `at` to the end of the window */
    enum status error; /* sticky: STATUS_OK until the first failed read */
};

static inline struct reader reader_over(const void *bytes, size_t len)
{
    return (struct reader){.at = bytes, .left = len, .error = STATUS_OK};
}

/* Makes the reader fail; the first reason is kept. For decoders that find a value they refuse. */
static inline void reader_fail(struct reader *r, enum status why)
{
    if (r->error == STATUS_OK)
        r->error = why;
    r->left = 0;
}

/* The next n bytes, borrowed; NULL (and the reader has failed) if there are fewer. */
static inline const uint8_t *reader_bytes(struct reader *r, size_t n)
{
    if (r->error != STATUS_OK || n > r->left) {
        reader_fail(r, STATUS_TRUNCATED);
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += n;
    r->left -= n;
    return bytes;
}

static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 1);
    return b ? b[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 2);
    return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 4);
    return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t reader_u64(struct reader *r)
{
    uint64_t high = reader_u32(r);
    return high << 32 | reader_u32(r);
}

/* Copies the next n bytes out; zeroes `out` when the reader has failed. */
static inline void reader_copy(struct reader *r, void *out, size_t n)
{
    const uint8_t *b = reader_bytes(r, n);
    if (b)
        memcpy(out, b, n);
    else
        memset(out, 0, n);
}

/* A reader over the next n bytes; it starts failed when there are fewer. */
static inline struct reader reader_sub(struct reader *r, size_t n)
{
    const uint8_t *b = reader_bytes(r, n);
    struct reader sub = reader_over(b, b ? n : 0);
    sub.error = r->error;
    return sub;
}

/* The magic of a format of ours, of which the last of four octets is the version. UPGRADE for
 * another version, MALFORMED for anything else. */
static inline void reader_magic(struct reader *r, const char magic[static 4])
{
    const uint8_t *b = reader_bytes(r, 4);
    if (b && memcmp(b, magic, 4) != 0)
        reader_fail(r, memcmp(b, magic, 3) == 0 ? STATUS_UPGRADE : STATUS_MALFORMED);
}

/* The end of every decoder: the first error, else TRAILING if bytes are left, else OK. */
static inline enum status reader_finish(const struct reader *r)
{
    if (r->error != STATUS_OK)
        return r->error;
    return r->left == 0 ? STATUS_OK : STATUS_TRAILING;
}

#endif
