/* view_sample.c: see view_sample.h. */
#include "view_sample.h"

#include <assert.h>
#include <string.h>

#include "ledger/base/address.h"
#include "ledger/base/checksum.h"
#include "ledger/base/name.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/view_format.h"
#include "ledger/base/writer.h"

const char *const view_sample_names[VIEW_SAMPLE_NAMES] = {
    "maple.home.arpa",
    "camera.maple.home.arpa",
    "_tcp.camera.maple.home.arpa",
    "_443._tcp.camera.maple.home.arpa",
    "door.maple.home.arpa",
    "oak.home.arpa",
    "camera.oak.home.arpa",
    "_tcp.camera.oak.home.arpa",
    "_443._tcp.camera.oak.home.arpa",
    "door.oak.home.arpa",
};

enum {
    HASH_SLOTS = 32,
    RRSETS = 6,
    HEAP_SIZE = 600,
    COVERED = VIEW_HEADER_SIZE + 2 * VIEW_ZONE_SIZE + VIEW_SAMPLE_NAMES * VIEW_NAME_SIZE +
              HASH_SLOTS * VIEW_HASH_SIZE + RRSETS * VIEW_RRSET_SIZE + VIEW_RECORD_SIZE +
              VIEW_AUTHOR_SIZE + 2 * VIEW_WITHDRAWN_SIZE + 3 * VIEW_ADDRESS_SIZE + HEAP_SIZE,
};

static const uint32_t counts[VIEW_TABLES] = {
    2, VIEW_SAMPLE_NAMES, HASH_SLOTS, RRSETS, 1, 1, 2, 3, HEAP_SIZE, 1,
};
static const uint32_t sizes[VIEW_TABLES] = {96, 24, 16, 48, 96, 48, 96, 24, 1, 4};

/* Of the names of one zone, in their order. */
static const uint32_t first_rrset[VIEW_SAMPLE_ZONE_NAMES] = {0, 2, 4, 4, 5};
static const uint16_t rrset_count[VIEW_SAMPLE_ZONE_NAMES] = {2, 2, 0, 1, 1};

static const struct {
    uint16_t type, flags, count, removed_count;
    const char *data;
    size_t data_len;
    const char *removed;
    size_t removed_len;
    uint32_t record;
} rrsets[RRSETS] = {
    {RRTYPE_NS, 8, 1, 0, "\0\x0b\x09localhost", 13, "", 0, 0},
    {RRTYPE_SOA, 8, 1, 0, "\0\2zz", 4, "", 0, 0},
    {RRTYPE_A, 1, 2, 0, "\0\4\xc0\xa8\1\5\0\4\xc0\xa8\1\6", 12, "", 0, 1},
    {RRTYPE_AAAA, 0, 1, 0, "\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7", 18, "", 0, 1},
    {RRTYPE_TLSA, 2, 1, 1, "\0\3new", 5, "\0\3old", 5, 1},
    {RRTYPE_NOTE, 4, 1, 0, "\0\4note", 6, "", 0, 1},
};

static void put_u32(uint8_t *at, uint32_t value)
{
    struct writer w = writer_over(at, 4);
    writer_u32(&w, value);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

uint32_t view_sample_offset(const uint8_t *bytes, unsigned table)
{
    return get_u32(bytes + VIEW_TABLES_AT + 16 * table + 4);
}

uint32_t view_sample_count(const uint8_t *bytes, unsigned table)
{
    return get_u32(bytes + VIEW_TABLES_AT + 16 * table + 8);
}

void view_sample_seal_header(uint8_t *bytes)
{
    put_u32(bytes + VIEW_HEADER_CRC_AT, crc32c(0, bytes, VIEW_HEADER_CRC_AT));
}

void view_sample_seal(uint8_t *bytes)
{
    view_sample_seal_header(bytes);
    put_u32(bytes + COVERED, crc32c(0, bytes, COVERED));
}

/* Of the name's zone: where its octets and its first RRset stand are the slot's hints. */
static void add_hash(uint8_t *bytes, const struct name *name, uint32_t wire_at, uint32_t index)
{
    uint64_t hash = siphash13(bytes + 40, name->wire, name->len);
    uint8_t *table = bytes + view_sample_offset(bytes, VIEW_HASH);
    uint32_t slot = (uint32_t)hash % HASH_SLOTS;
    while (get_u32(table + 16 * slot + 4) != 0)
        slot = (slot + 1) % HASH_SLOTS;
    put_u32(table + 16 * slot, (uint32_t)(hash >> 32));
    put_u32(table + 16 * slot + 4, index + 1);
    put_u32(table + 16 * slot + 8, wire_at);
    put_u32(table + 16 * slot + 12, view_sample_offset(bytes, VIEW_RRSETS) +
                                        48 * first_rrset[index % VIEW_SAMPLE_ZONE_NAMES]);
}

static void write_header(struct writer *w, uint64_t generation)
{
    writer_bytes(w, "HVW1", 4);
    writer_u32(w, 256);
    writer_u64(w, generation);
    writer_u64(w, COVERED + 4);
    writer_u64(w, 1790000000000);
    writer_u32(w, 0);
    writer_u32(w, 0);
    writer_bytes(w, "0123456789abcdef", 16);
    uint64_t at = 256;
    for (unsigned i = 0; i < VIEW_TABLES; i++) {
        writer_u64(w, at);
        writer_u32(w, counts[i]);
        writer_u32(w, sizes[i]);
        at += (uint64_t)counts[i] * sizes[i];
    }
    assert(at == COVERED + 4);
}

static void write_zone(struct writer *w, uint32_t index)
{
    writer_u32(w, index * VIEW_SAMPLE_ZONE_NAMES);
    writer_u32(w, index * VIEW_SAMPLE_ZONE_NAMES);
    writer_u32(w, VIEW_SAMPLE_ZONE_NAMES);
    writer_u32(w, 1 - index);
    writer_u32(w, index == 0 ? 1 : 3);
    writer_u32(w, VIEW_ZONE_SOFT);
    writer_bytes(w, "0123456789abcdef0123456789abcdef", 32);
    writer_u64(w, 1000);
    writer_u64(w, 2000);
    writer_u32(w, 42);
    writer_u32(w, 0);
    writer_u32(w, 2);
    writer_room(w, 12);
}

/* Heap octets go to *heap_at meanwhile. */
static void write_names(struct writer *w, uint8_t *bytes, uint32_t *heap_at)
{
    for (uint32_t i = 0; i < VIEW_SAMPLE_NAMES; i++) {
        struct name name;
        enum status status = name_parse(&name, view_sample_names[i]);
        assert(status == STATUS_OK);
        uint32_t in_zone = i % VIEW_SAMPLE_ZONE_NAMES;
        memcpy(bytes + *heap_at, name.wire, name.len);
        add_hash(bytes, &name, *heap_at, i);
        writer_u32(w, *heap_at);
        writer_u8(w, name.len);
        writer_u8(w, rrset_count[in_zone] == 0);
        writer_u16(w, rrset_count[in_zone]);
        writer_u32(w, first_rrset[in_zone]);
        writer_u32(w, i / VIEW_SAMPLE_ZONE_NAMES);
        writer_u32(w, (i + VIEW_SAMPLE_ZONE_NAMES) % VIEW_SAMPLE_NAMES);
        writer_u32(w, 0);
        *heap_at += name.len;
    }
}

static void write_run(struct writer *w, uint8_t *bytes, uint32_t *heap_at, const char *data,
                      size_t len)
{
    memcpy(bytes + *heap_at, data, len);
    writer_u32(w, len ? *heap_at : 0);
    writer_u32(w, (uint32_t)len);
    *heap_at += (uint32_t)len;
}

static void write_rrsets(struct writer *w, uint8_t *bytes, uint32_t *heap_at)
{
    for (unsigned i = 0; i < RRSETS; i++) {
        writer_u16(w, rrsets[i].type);
        writer_u16(w, rrsets[i].flags);
        writer_u32(w, 300 + i);
        write_run(w, bytes, heap_at, rrsets[i].data, rrsets[i].data_len);
        writer_u16(w, rrsets[i].count);
        writer_u16(w, i == 1); /* one signature at SOA */
        write_run(w, bytes, heap_at, "\0\3sig", i == 1 ? 5 : 0);
        writer_u32(w, rrsets[i].record);
        write_run(w, bytes, heap_at, rrsets[i].removed, rrsets[i].removed_len);
        writer_u16(w, rrsets[i].removed_count);
        writer_room(w, 6);
    }
}

static void write_rest(struct writer *w, uint8_t *bytes, uint32_t *heap_at)
{
    writer_bytes(w, "11111111111111111111111111111111", 32); /* record */
    writer_u64(w, 77);
    writer_u32(w, 0);
    writer_u32(w, 2);
    write_run(w, bytes, heap_at, "cli", 3);
    writer_room(w, 40);
    writer_bytes(w, "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", 32); /* author */
    write_run(w, bytes, heap_at, "kitchen", 7);
    writer_u32(w, 0);
    writer_u8(w, 1);
    writer_u8(w, 4);
    writer_u16(w, 0);
    for (unsigned i = 0; i < 2; i++) {
        writer_bytes(w,
                     i == 0 ? "22222222222222222222222222222222" : /* withdrawn */
                         "44444444444444444444444444444444",
                     32);
        writer_bytes(w, "55555555555555555555555555555555", 32);
        writer_u64(w, 88 + i);
        writer_u32(w, 0);
        writer_u32(w, 0);
        writer_u8(w, 2);
        writer_room(w, 15);
    }
    for (unsigned i = 0; i < 3; i++) { /* 192.168.1.5 twice, then .6 */
        struct address address = address_from_ipv4((const uint8_t[]){192, 168, 1, i == 2 ? 6 : 5});
        writer_bytes(w, address.octets, 16);
        writer_u32(w, i == 1 ? 6 : 1);
        writer_u32(w, 0);
    }
}

size_t view_sample_make(uint8_t bytes[static VIEW_SAMPLE_MAX], uint64_t generation)
{
    static_assert(COVERED + 4 <= VIEW_SAMPLE_MAX, "it fits");
    memset(bytes, 0, VIEW_SAMPLE_MAX);
    struct writer w = writer_over(bytes, COVERED);
    write_header(&w, generation);
    writer_room(&w, VIEW_HEADER_SIZE - w.used);
    uint32_t heap_at = view_sample_offset(bytes, VIEW_HEAP);
    write_zone(&w, 0);
    write_zone(&w, 1);
    write_names(&w, bytes, &heap_at);
    writer_room(&w, HASH_SLOTS * VIEW_HASH_SIZE);
    write_rrsets(&w, bytes, &heap_at);
    write_rest(&w, bytes, &heap_at);
    assert(w.error == STATUS_OK && w.used == view_sample_offset(bytes, VIEW_HEAP));
    assert(heap_at <= COVERED);
    view_sample_seal(bytes);
    return COVERED + 4;
}
