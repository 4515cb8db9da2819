/* bundle_write.c: writes a bundle to a file descriptor (bundle.h).
 *
 * All octets pass through `put`, which counts them into the section, feeds both hashes and buffers.
 * A caller that does not keep to what it announced gets RANGE, so that a bundle is never finished
 * with lists that do not fill it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/writer.h"
#include "ledger/bundle.h"
#include "ledger/crypt.h"

enum { BUFFER_SIZE = 65536, LISTS = BUNDLE_FEED + 1, HASH_SIZE = 32 };

struct bundle_writer {
    int fd;
    enum status error;          /* sticky */
    struct crypt_hasher *whole; /* over everything */
    struct crypt_hasher *part;  /* over the open section; NULL between sections */
    uint32_t sections_left;
    uint64_t parts_left;    /* octets that the open section still lacks */
    uint32_t counts[LISTS]; /* announced */
    unsigned lists_begun;   /* of the open section */
    uint32_t items_left;    /* of the open list */
    size_t used;
    uint8_t buffer[BUFFER_SIZE];
};

static void fail(struct bundle_writer *writer, enum status why)
{
    if (writer->error == STATUS_OK)
        writer->error = why;
}

static void flush(struct bundle_writer *writer)
{
    size_t done = 0;
    while (writer->error == STATUS_OK && done < writer->used) {
        ssize_t n = write(writer->fd, writer->buffer + done, writer->used - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            fail(writer, n < 0 && (errno == ENOSPC || errno == EDQUOT) ? STATUS_FULL : STATUS_IO);
    }
    writer->used = 0;
}

static void put_raw(struct bundle_writer *writer, const uint8_t *bytes, size_t len)
{
    while (writer->error == STATUS_OK && len > 0) {
        if (writer->used == BUFFER_SIZE)
            flush(writer);
        size_t room = BUFFER_SIZE - writer->used;
        size_t n = len < room ? len : room;
        memcpy(writer->buffer + writer->used, bytes, n);
        writer->used += n;
        bytes += n;
        len -= n;
    }
}

static void put(struct bundle_writer *writer, const uint8_t *bytes, size_t len)
{
    crypt_hasher_add(writer->whole, bytes, len);
    if (writer->part)
        crypt_hasher_add(writer->part, bytes, len);
    put_raw(writer, bytes, len);
}

/* Octets that count into the section's parts. */
static void put_part(struct bundle_writer *writer, const uint8_t *bytes, size_t len)
{
    if (len > writer->parts_left)
        fail(writer, STATUS_RANGE);
    if (writer->error != STATUS_OK)
        return;
    writer->parts_left -= len;
    put(writer, bytes, len);
}

static void put_u32(struct bundle_writer *writer, uint32_t value,
                    void (*to)(struct bundle_writer *, const uint8_t *, size_t))
{
    uint8_t octets[4];
    struct writer w = writer_over(octets, sizeof octets);
    writer_u32(&w, value);
    to(writer, octets, sizeof octets);
}

enum status bundle_writer_create(struct bundle_writer **writer, int fd, uint32_t sections)
{
    *writer = NULL;
    struct bundle_writer *made = calloc(1, sizeof *made);
    if (!made)
        return STATUS_NO_MEMORY;
    made->fd = fd;
    made->error = STATUS_OK;
    made->sections_left = sections;
    made->whole = crypt_hasher_create("hearth1.bundle.1");
    if (!made->whole) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    put(made, (const uint8_t *)"HLB1", 4);
    put_u32(made, sections, put);
    *writer = made;
    return STATUS_OK;
}

/* Ends the open section, if one is, with its hash. */
static void end_section(struct bundle_writer *writer)
{
    if (!writer->part)
        return;
    if (writer->lists_begun != LISTS || writer->items_left > 0 || writer->parts_left > 0)
        fail(writer, STATUS_RANGE);
    uint8_t hash[HASH_SIZE];
    crypt_hasher_finish(writer->part, hash);
    writer->part = NULL;
    put(writer, hash, sizeof hash);
}

enum status bundle_writer_section(struct bundle_writer *writer,
                                  const uint8_t namespace_id[static 32], uint64_t parts_len,
                                  const uint32_t counts[static 3])
{
    end_section(writer);
    if (writer->sections_left == 0)
        fail(writer, STATUS_RANGE);
    if (writer->error != STATUS_OK)
        return writer->error;
    writer->part = crypt_hasher_create("hearth1.bundle.1");
    if (!writer->part) {
        fail(writer, STATUS_NO_MEMORY);
        return writer->error;
    }
    writer->sections_left--;
    writer->lists_begun = 0;
    writer->items_left = 0;
    writer->parts_left = parts_len;
    memcpy(writer->counts, counts, sizeof writer->counts);
    uint8_t header[32 + 8];
    struct writer w = writer_over(header, sizeof header);
    writer_bytes(&w, namespace_id, 32);
    writer_u64(&w, parts_len);
    put(writer, header, sizeof header);
    return writer->error;
}

enum status bundle_writer_list(struct bundle_writer *writer, enum bundle_part part)
{
    if (!writer->part || writer->items_left > 0 || writer->lists_begun >= LISTS ||
        writer->lists_begun != (unsigned)part)
        fail(writer, STATUS_RANGE);
    if (writer->error != STATUS_OK)
        return writer->error;
    writer->items_left = writer->counts[writer->lists_begun++];
    put_u32(writer, writer->items_left, put_part);
    return writer->error;
}

enum status bundle_writer_item(struct bundle_writer *writer, const uint8_t *bytes, size_t len)
{
    if (len > UINT16_MAX)
        fail(writer, STATUS_TOO_LONG);
    if (writer->items_left == 0)
        fail(writer, STATUS_RANGE);
    if (writer->error != STATUS_OK)
        return writer->error;
    writer->items_left--;
    uint8_t length[BUNDLE_ITEM_EXTRA] = {(uint8_t)(len >> 8), (uint8_t)len};
    put_part(writer, length, sizeof length);
    put_part(writer, bytes, len);
    return writer->error;
}

enum status bundle_writer_finish(struct bundle_writer *writer)
{
    if (!writer)
        return STATUS_OK;
    end_section(writer);
    if (writer->sections_left > 0)
        fail(writer, STATUS_RANGE);
    uint8_t hash[HASH_SIZE];
    crypt_hasher_finish(writer->whole, hash);
    put_raw(writer, hash, sizeof hash);
    flush(writer);
    enum status status = writer->error;
    free(writer);
    return status;
}
