/* made_view.c: see made_view.h. */
#include "tests/unit/dane/made_view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/clock.h"
#include "ledger/base/name.h"
#include "ledger/base/text.h"
#include "ledger/base/writer.h"

enum { NAMES_MAX = 64, SLOTS = 256, HEAP_MAX = 32768, FILE_MAX = 65000 };

struct made_name {
    struct name wire, relative;
    uint32_t zone; /* 0 petname, 1 id */
    uint32_t heap;
};

struct maker {
    const struct made_household *household;
    struct name apex[2];
    struct made_name names[NAMES_MAX];
    size_t name_count;
    uint8_t heap[HEAP_MAX];
    size_t heap_used;
    uint32_t heap_offset; /* in the file */
};

static const uint8_t hash_key[16] = "made views' key";

static struct name parse(const char *text)
{
    struct name name;
    enum status status = name_parse(&name, text);
    assert(status == STATUS_OK);
    return name;
}

static uint32_t heap_add(struct maker *maker, const void *bytes, size_t len)
{
    assert(len <= HEAP_MAX - maker->heap_used);
    memcpy(maker->heap + maker->heap_used, bytes, len);
    maker->heap_used += len;
    return (uint32_t)(maker->heap_offset + maker->heap_used - len);
}

static void add_name(struct maker *maker, const struct name *relative)
{
    for (size_t i = 0; i < maker->name_count; i++) {
        if (name_equal(&maker->names[i].relative, relative))
            return;
    }
    for (uint32_t zone = 0; zone < 2; zone++) {
        assert(maker->name_count < NAMES_MAX);
        struct made_name *name = &maker->names[maker->name_count++];
        *name = (struct made_name){.relative = *relative, .zone = zone};
        enum status status = name_join(&name->wire, relative, &maker->apex[zone]);
        assert(status == STATUS_OK);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct made_name *left = a, *right = b;
    return name_compare(left->wire.wire, left->wire.len, right->wire.wire, right->wire.len);
}

/* The apex, every owner name, and what stands empty between. */
static void gather_names(struct maker *maker)
{
    struct name root = parse("@");
    add_name(maker, &root);
    for (size_t i = 0; i < maker->household->record_count; i++) {
        struct name name = parse(maker->household->records[i].name);
        while (name.len > 1) {
            add_name(maker, &name);
            uint8_t skip = (uint8_t)(name.wire[0] + 1);
            memmove(name.wire, name.wire + skip, name.len - skip);
            name.len = (uint8_t)(name.len - skip);
        }
    }
    qsort(maker->names, maker->name_count, sizeof maker->names[0], compare_names);
    for (size_t i = 0; i < maker->name_count; i++)
        maker->names[i].heap = heap_add(maker, maker->names[i].wire.wire, maker->names[i].wire.len);
}

static uint32_t find_twin(const struct maker *maker, const struct made_name *name)
{
    for (uint32_t i = 0; i < maker->name_count; i++) {
        if (maker->names[i].zone != name->zone &&
            name_equal(&maker->names[i].relative, &name->relative))
            return i;
    }
    abort();
}

static void write_zones(struct maker *maker, struct writer *w)
{
    const struct made_household *household = maker->household;
    for (uint32_t zone = 0; zone < 2; zone++) {
        uint32_t first = 0;
        while (maker->names[first].zone != zone)
            first++;
        writer_u32(w, first); /* the apex is the first of its zone */
        writer_u32(w, first);
        writer_u32(w, (uint32_t)maker->name_count / 2);
        writer_u32(w, 1 - zone);
        writer_u32(w, VIEW_ZONE_OWN | (zone == 1 ? VIEW_ZONE_ID_FORM : 0));
        writer_u32(w, household->state);
        memset(writer_room(w, 32), 0x11, 32);
        writer_u64(w, household->soft_ms);
        writer_u64(w, household->hard_ms);
        writer_u32(w, 1);
        writer_u32(w, 0);
        writer_u32(w, (uint32_t)household->withdrawn_count);
        memset(writer_room(w, 12), 0, 12);
    }
}

static void write_names(struct maker *maker, struct writer *w)
{
    for (size_t i = 0; i < maker->name_count; i++) {
        const struct made_name *name = &maker->names[i];
        uint32_t first = 0, count = 0;
        for (uint32_t r = 0; r < maker->household->record_count; r++) {
            struct name owner = parse(maker->household->records[r].name);
            if (name_equal(&owner, &name->relative)) {
                first = count++ == 0 ? r : first;
            }
        }
        writer_u32(w, name->heap);
        writer_u8(w, name->wire.len);
        writer_u8(w, count == 0 ? VIEW_NAME_EMPTY_NON_TERMINAL : 0);
        writer_u16(w, (uint16_t)count);
        writer_u32(w, first);
        writer_u32(w, name->zone);
        writer_u32(w, find_twin(maker, name));
        writer_u32(w, 0);
    }
}

static void write_hash(struct maker *maker, struct writer *w)
{
    uint32_t slots[SLOTS][2] = {{0}};
    for (uint32_t i = 0; i < maker->name_count; i++) {
        const struct name *name = &maker->names[i].wire;
        uint64_t hash = siphash13(hash_key, name->wire, name->len);
        uint32_t slot = (uint32_t)hash & (SLOTS - 1);
        while (slots[slot][1] != 0)
            slot = (slot + 1) & (SLOTS - 1);
        slots[slot][0] = (uint32_t)(hash >> 32);
        slots[slot][1] = i + 1;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        writer_u32(w, slots[i][0]);
        writer_u32(w, slots[i][1]);
        writer_u64(w, 0); /* where to look ahead: only hints */
    }
}

/* Returns the offset of the RRs' octets, *len their length. */
static uint32_t heap_add_rrs(struct maker *maker, const struct made_rr *rrs, size_t count,
                             uint32_t *len)
{
    uint8_t bytes[MADE_RRS * (2 + sizeof rrs->bytes)];
    struct writer w = writer_over(bytes, sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        writer_u16(&w, (uint16_t)rrs[i].len);
        writer_bytes(&w, rrs[i].bytes, rrs[i].len);
    }
    *len = (uint32_t)w.used;
    return heap_add(maker, bytes, w.used);
}

static void write_rrsets(struct maker *maker, struct writer *w)
{
    for (uint32_t i = 0; i < maker->household->record_count; i++) {
        const struct made_record *record = &maker->household->records[i];
        uint32_t data_len = 0, removed_len = 0;
        uint32_t data = heap_add_rrs(maker, record->rrs, record->count, &data_len);
        uint32_t removed =
            heap_add_rrs(maker, record->removed, record->removed_count, &removed_len);
        writer_u16(w, record->type);
        writer_u16(w, record->removed_count > 0 ? VIEW_RRSET_WITHDRAWN : 0);
        writer_u32(w, 300);
        writer_u32(w, data);
        writer_u32(w, data_len);
        writer_u16(w, (uint16_t)record->count);
        writer_u16(w, 0);
        writer_u32(w, 0);
        writer_u32(w, 0);
        writer_u32(w, 1); /* the only record */
        writer_u32(w, removed);
        writer_u32(w, removed_len);
        writer_u16(w, (uint16_t)record->removed_count);
        writer_u16(w, 0);
        writer_u32(w, 0);
    }
}

static void write_record(struct maker *maker, struct writer *w)
{
    memset(writer_room(w, 32), 0x22, 32);
    writer_u64(w, clock_stamp(MADE_WITHDRAWN_MS, 0));
    writer_u32(w, 0);
    writer_u32(w, 0);
    writer_u32(w, heap_add(maker, "adopt", 5));
    writer_u32(w, 5);
    memset(writer_room(w, 40), 0, 40);
}

static void write_author(struct maker *maker, struct writer *w)
{
    memset(writer_room(w, 32), 0x33, 32);
    const char *label = maker->household->author ? maker->household->author : "attic";
    writer_u32(w, heap_add(maker, label, strlen(label)));
    writer_u32(w, (uint32_t)strlen(label));
    writer_u32(w, 0);
    writer_u8(w, 1);
    memset(writer_room(w, 3), 0, 3);
}

static void write_withdrawn(struct maker *maker, struct writer *w)
{
    for (size_t i = 0; i < maker->household->withdrawn_count; i++) {
        writer_bytes(w, maker->household->withdrawn[i], 32);
        memset(writer_room(w, 32), 0x44, 32);
        writer_u64(w, clock_stamp(MADE_WITHDRAWN_MS, 0));
        writer_u32(w, 0);
        writer_u32(w, 0);
        writer_u8(w, 2);
        memset(writer_room(w, 15), 0, 15);
    }
}

static void write_header(struct maker *maker, uint8_t *bytes, size_t len,
                         const uint32_t counts[VIEW_TABLES])
{
    static const uint32_t sizes[VIEW_TABLES] = {96, 24, 16, 48, 96, 48, 96, 24, 1, 4};
    struct writer w = writer_over(bytes, VIEW_HEADER_SIZE);
    uint64_t at = VIEW_HEADER_SIZE;
    writer_bytes(&w, VIEW_MAGIC, 4);
    writer_u32(&w, VIEW_HEADER_SIZE);
    writer_u64(&w, 1);
    writer_u64(&w, len);
    writer_u64(&w, MADE_WITHDRAWN_MS);
    writer_u64(&w, 0);
    writer_bytes(&w, hash_key, sizeof hash_key);
    for (int i = 0; i < VIEW_TABLES; i++) {
        writer_u64(&w, at);
        writer_u32(&w, counts[i]);
        writer_u32(&w, sizes[i]);
        at += (uint64_t)counts[i] * sizes[i];
    }
    memset(writer_room(&w, 36), 0, 36);
    writer_u32(&w, crc32c(0, bytes, VIEW_HEADER_CRC_AT));
    assert(at == len && w.error == STATUS_OK && w.used == VIEW_HEADER_SIZE);
    (void)maker;
}

uint8_t *made_view(const struct made_household *household, size_t *len)
{
    struct maker *maker = calloc(1, sizeof *maker);
    uint8_t *bytes = calloc(1, FILE_MAX);
    assert(maker && bytes);
    maker->household = household;
    maker->apex[0] = parse("maple.home.arpa");
    maker->apex[1] = parse(MADE_ID_ZONE);
    maker->heap_offset = 20000; /* beyond all tables; what is between is unused heap */
    gather_names(maker);
    uint32_t counts[VIEW_TABLES] = {
        2, (uint32_t)maker->name_count,         SLOTS, (uint32_t)household->record_count, 1,
        1, (uint32_t)household->withdrawn_count};
    struct writer w = writer_over(bytes, FILE_MAX);
    w.used = VIEW_HEADER_SIZE;
    write_zones(maker, &w);
    write_names(maker, &w);
    write_hash(maker, &w);
    write_rrsets(maker, &w);
    write_record(maker, &w);
    write_author(maker, &w);
    write_withdrawn(maker, &w);
    assert(w.error == STATUS_OK && w.used <= maker->heap_offset);
    counts[VIEW_HEAP] = (uint32_t)(maker->heap_offset - w.used + maker->heap_used);
    w.used = maker->heap_offset;
    writer_bytes(&w, maker->heap, maker->heap_used);
    counts[VIEW_BLOCKS] = 1;
    writer_u32(&w, 0);
    assert(w.error == STATUS_OK);
    *len = w.used;
    write_header(maker, bytes, *len, counts);
    /* The one block covers the header too: its CRC is computed last. */
    struct writer crc = writer_over(bytes + *len - 4, 4);
    writer_u32(&crc, crc32c(0, bytes, *len - 4));
    free(maker);
    return bytes;
}
