/* writer.h: writes big-endian fields into a buffer that the caller owns.
 *
 * The mirror of reader.h, with the same sticky error: what does not fit makes the writer fail with
 * NO_SPACE, and nothing is written beyond the end. An encoder writes all its fields, then asks
 * once.
 */
#ifndef HEARTH_LEDGER_BASE_WRITER_H
#define HEARTH_LEDGER_BASE_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ledger/base/status.h"

struct writer {
    uint8_t *start;    /* the caller's */
    size_t size;       /* bytes in all */
    size_t used;       /* bytes written; at most `size` */
    enum status error; /* sticky */
};

static inline struct writer writer_over(void *buffer, size_t size)
{
    return (struct writer){.start = buffer, .size = size, .used = 0, .error = STATUS_OK};
}

/* Room for n bytes that the caller fills itself; NULL (and the writer has failed) if there is none.
 */
static inline uint8_t *writer_room(struct writer *w, size_t n)
{
    if (w->error != STATUS_OK || n > w->size - w->used) {
        w->error = STATUS_NO_SPACE;
        return NULL;
    }
    uint8_t *room = w->start + w->used;
    w->used += n;
    return room;
}

static inline void writer_bytes(struct writer *w, const void *bytes, size_t n)
{
    uint8_t *room = writer_room(w, n);
    if (room && n > 0)
        memcpy(room, bytes, n);
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
    writer_bytes(w, &value, 1);
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
    uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    writer_bytes(w, b, sizeof b);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
    writer_u16(w, (uint16_t)(value >> 16));
    writer_u16(w, (uint16_t)value);
}

static inline void writer_u64(struct writer *w, uint64_t value)
{
    writer_u32(w, (uint32_t)(value >> 32));
    writer_u32(w, (uint32_t)value);
}

#endif
