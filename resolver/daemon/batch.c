/* batch.c: see batch.h.
 *
 * A packed record: name (length and octets), type (2), TTL (4), by (length and text), count of RRs,
 * each RR's length (2) and octets.
 */
#include "resolver/daemon/batch.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/writer.h"
#include "resolver/daemon/control_fields.h"

enum { RECORD_MAX = 4096, GROW_MIN = 16384 };

static_assert(1 + NAME_WIRE_MAX + 2 + 4 + 1 + LIMIT_BY + 1 + 2 * LIMIT_RRS + LIMIT_BODY <=
                  RECORD_MAX,
              "a packed record always fits its room");

void batch_deinit(struct batch *batch)
{
    free(batch->bytes);
    *batch = (struct batch){.bytes = NULL};
}

/* Room for one record more. */
static enum status reserve(struct batch *batch)
{
    if (batch->size - batch->used >= RECORD_MAX)
        return STATUS_OK;
    if (batch->used > BATCH_BYTES_MAX - RECORD_MAX)
        return STATUS_FULL;
    size_t size = batch->size * 2 < GROW_MIN ? GROW_MIN : batch->size * 2;
    uint8_t *bytes = realloc(batch->bytes, size);
    if (!bytes)
        return STATUS_NO_MEMORY;
    batch->bytes = bytes;
    batch->size = size;
    return STATUS_OK;
}

static void write_head(struct writer *w, const struct name *name, uint16_t type, uint32_t ttl,
                       const char *by)
{
    size_t by_len = strlen(by);
    writer_u8(w, name->len);
    writer_bytes(w, name->wire, name->len);
    writer_u16(w, type);
    writer_u32(w, ttl);
    writer_u8(w, (uint8_t)by_len);
    writer_bytes(w, by, by_len);
}

static enum status start(struct batch *batch, const char *by, struct writer *w)
{
    if (strlen(by) > LIMIT_BY)
        return STATUS_TOO_LONG;
    if (batch->count >= LIMIT_BATCH)
        return STATUS_FULL;
    enum status status = reserve(batch);
    if (status == STATUS_OK)
        *w = writer_over(batch->bytes + batch->used, batch->size - batch->used);
    return status;
}

static enum status finish(struct batch *batch, const struct writer *w)
{
    if (w->error != STATUS_OK)
        return w->error;
    batch->used += w->used;
    batch->count++;
    return STATUS_OK;
}

static enum status write_rrs(struct writer *w, const json_t *rrs)
{
    uint8_t data[LIMIT_BODY];
    size_t total = 0;
    if (!json_is_array(rrs))
        return STATUS_MALFORMED;
    if (json_array_size(rrs) > LIMIT_RRS)
        return STATUS_FULL;
    writer_u8(w, (uint8_t)json_array_size(rrs));
    for (size_t i = 0; i < json_array_size(rrs); i++) {
        size_t len = 0;
        enum status status =
            control_fields_hex(json_array_get(rrs, i), data, sizeof data - total, &len);
        if (status != STATUS_OK)
            return status;
        total += len;
        writer_u16(w, (uint16_t)len);
        writer_bytes(w, data, len);
    }
    return STATUS_OK;
}

enum status batch_add(struct batch *batch, const json_t *record, const char *by)
{
    struct name name;
    uint64_t type = 0;
    uint64_t ttl = 0;
    struct writer w;
    enum status status = control_fields_name(record, "name", &name);
    if (status == STATUS_OK)
        status = control_fields_number(record, "type", UINT16_MAX, &type);
    if (status == STATUS_OK)
        status = control_fields_number(record, "ttl", LIMIT_TTL, &ttl);
    if (status == STATUS_OK)
        status = start(batch, by, &w);
    if (status != STATUS_OK)
        return status;
    write_head(&w, &name, (uint16_t)type, (uint32_t)ttl, by);
    status = write_rrs(&w, json_object_get(record, "rrs"));
    return status == STATUS_OK ? finish(batch, &w) : status;
}

enum status batch_add_removal(struct batch *batch, const struct name *name, uint16_t type,
                              const char *by)
{
    struct writer w;
    enum status status = start(batch, by, &w);
    if (status != STATUS_OK)
        return status;
    write_head(&w, name, type, 0, by);
    writer_u8(&w, 0);
    return finish(batch, &w);
}

static void read_write(struct reader *r, struct ledger_write *write, char by[static LIMIT_BY + 1])
{
    *write = (struct ledger_write){.name.len = reader_u8(r)};
    reader_copy(r, write->name.wire, write->name.len);
    write->type = reader_u16(r);
    write->ttl = reader_u32(r);
    size_t by_len = reader_u8(r);
    assert(by_len <= LIMIT_BY);
    reader_copy(r, by, by_len);
    by[by_len] = '\0';
    write->by = by;
    write->rr_count = reader_u8(r);
    assert(write->rr_count <= LIMIT_RRS);
    for (uint8_t i = 0; i < write->rr_count; i++) {
        write->rrs[i].len = reader_u16(r);
        write->rrs[i].data = reader_bytes(r, write->rrs[i].len);
    }
    assert(r->error == STATUS_OK); /* we packed it ourselves */
}

static enum status append_all(const struct batch *batch, struct ledger *ledger,
                              struct clock_reading clock, struct batch_result *result)
{
    struct reader r = reader_over(batch->bytes, batch->used);
    for (size_t i = 0; i < batch->count; i++) {
        struct ledger_write write;
        char by[LIMIT_BY + 1];
        uint8_t id[32];
        read_write(&r, &write, by);
        enum status status = ledger_append_set(ledger, &write, clock, id, &result->rule);
        if (status != STATUS_OK) {
            result->index = i;
            result->name = write.name;
            return status;
        }
        if (result->ids)
            memcpy(result->ids[i], id, sizeof id);
    }
    return STATUS_OK;
}

enum status batch_write(const struct batch *batch, struct ledger *ledger,
                        struct clock_reading clock, struct batch_result *result)
{
    result->index = SIZE_MAX;
    result->rule = RULE_NONE;
    enum status status = ledger_begin(ledger);
    if (status != STATUS_OK)
        return status;
    status = append_all(batch, ledger, clock, result);
    if (status != STATUS_OK) {
        ledger_abort(ledger);
        return status;
    }
    return ledger_commit(ledger);
}
