/* sketch.c: see sketch.h. Everything is an item (an RR, a signature, a mark, or a bare name);
 * sorted, the items stand as the tables want them. */
#include "tests/unit/resolver/sketch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/name.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/writer.h"

enum item_kind { ITEM_RR, ITEM_SIGNATURE, ITEM_MARK, ITEM_NAME };

struct item {
    struct name name;
    uint16_t type, flags, len;
    uint32_t ttl;
    enum item_kind kind;
    size_t order; /* in which it came */
    uint8_t *data;
};

struct zone {
    struct name apex;
    struct sketch_zone options;
    uint32_t apex_index, first, count;
};

struct place {
    uint32_t wire_at, wire_len, first_rrset, rrset_count, zone;
};

struct address_row {
    uint8_t octets[16];
    uint32_t name;
};

struct sketch {
    uint64_t generation;
    struct item *items;
    size_t item_count, item_size;
    struct zone zones[8];
    uint32_t zone_count;
    /* While finishing. */
    struct place *places;
    uint32_t name_count, rrset_count, address_count;
    struct address_row *addresses;
    struct writer rrsets, heap;
};

static void *grab(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

static struct name parse(const char *text)
{
    struct name name;
    if (name_parse(&name, text) != STATUS_OK)
        abort();
    return name;
}

static struct item *add(struct sketch *s, const struct name *name, enum item_kind kind,
                        uint16_t type)
{
    if (s->item_count == s->item_size) {
        s->item_size = s->item_size ? 2 * s->item_size : 64;
        s->items = realloc(s->items, s->item_size * sizeof *s->items);
        if (!s->items)
            abort();
    }
    struct item *item = &s->items[s->item_count];
    *item =
        (struct item){.name = *name, .kind = kind, .type = type, .order = s->item_count, .ttl = 0};
    s->item_count++;
    return item;
}

struct sketch *sketch_create(uint64_t generation)
{
    struct sketch *s = grab(sizeof *s);
    s->generation = generation;
    return s;
}

static void put_data(struct item *item, const void *rdata, size_t len)
{
    item->data = grab(len);
    item->len = (uint16_t)len;
    memcpy(item->data, rdata, len);
}

void sketch_rr(struct sketch *s, const char *text, uint16_t type, uint32_t ttl, const void *rdata,
               size_t len)
{
    struct name name = parse(text);
    struct item *item = add(s, &name, ITEM_RR, type);
    item->ttl = ttl;
    put_data(item, rdata, len);
}

void sketch_signature(struct sketch *s, const char *text, uint16_t type, const void *rdata,
                      size_t len)
{
    struct name name = parse(text);
    put_data(add(s, &name, ITEM_SIGNATURE, type), rdata, len);
}

void sketch_mark(struct sketch *s, const char *text, uint16_t type, uint16_t flags)
{
    struct name name = parse(text);
    add(s, &name, ITEM_MARK, type)->flags = flags;
}

void sketch_zone(struct sketch *s, const char *apex, struct sketch_zone options)
{
    static const uint8_t localhost[] = "\11localhost";
    uint8_t soa[64];
    struct writer w = writer_over(soa, sizeof soa);
    assert(s->zone_count < 8);
    s->zones[s->zone_count++] = (struct zone){.apex = parse(apex), .options = options};
    writer_bytes(&w, localhost, sizeof localhost);
    writer_bytes(&w, localhost, sizeof localhost);
    for (unsigned i = 0; i < 4; i++)
        writer_u32(&w, 3600);
    writer_u32(&w, SKETCH_SOA_MINIMUM);
    sketch_rr(s, apex, RRTYPE_NS, SKETCH_SOA_TTL, localhost, sizeof localhost);
    sketch_rr(s, apex, RRTYPE_SOA, SKETCH_SOA_TTL, soa, w.used);
    sketch_mark(s, apex, RRTYPE_SOA, VIEW_RRSET_SYNTHETIC);
}

/* --- finishing --- */

static uint32_t zone_of(const struct sketch *s, const struct name *name)
{
    for (uint32_t i = 0; i < s->zone_count; i++) {
        const struct name *apex = &s->zones[i].apex;
        if (name_is_within(name->wire, name->len, apex->wire, apex->len))
            return i;
    }
    abort();
}

/* Every name between an owner and its apex is there too. */
static void add_ancestors(struct sketch *s)
{
    size_t count = s->item_count;
    for (size_t i = 0; i < count; i++) {
        struct name name = s->items[i].name;
        const struct zone *zone = &s->zones[zone_of(s, &name)];
        while (name.len > zone->apex.len) {
            unsigned label = 1U + name.wire[0];
            name.len = (uint8_t)(name.len - label);
            memmove(name.wire, name.wire + label, name.len);
            (void)add(s, &name, ITEM_NAME, 0);
        }
    }
}

static int compare_names(const struct name *a, const struct name *b)
{
    return name_compare(a->wire, a->len, b->wire, b->len);
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    int order = compare_names(&x->name, &y->name);
    if (order == 0)
        order = (int)x->type - (int)y->type;
    if (order == 0)
        order = (int)x->kind - (int)y->kind;
    return order ? order : (x->order < y->order ? -1 : 1);
}

static int compare_zones(const void *a, const void *b)
{
    return compare_names(&((const struct zone *)a)->apex, &((const struct zone *)b)->apex);
}

static int compare_addresses(const void *a, const void *b)
{
    const struct address_row *x = a;
    const struct address_row *y = b;
    int order = memcmp(x->octets, y->octets, 16);
    return order ? order : (x->name < y->name ? -1 : x->name > y->name);
}

static void note_address(struct sketch *s, const struct item *item, uint32_t name)
{
    struct address_row row = {.octets = {[10] = 0xff, [11] = 0xff}, .name = name};
    bool id_form = (s->zones[zone_of(s, &item->name)].options.flags & VIEW_ZONE_ID_FORM) != 0;
    if (item->kind != ITEM_RR || id_form)
        return;
    if (item->type == RRTYPE_A)
        memcpy(row.octets + 12, item->data, 4);
    else if (item->type == RRTYPE_AAAA)
        memcpy(row.octets, item->data, 16);
    else
        return;
    s->addresses[s->address_count++] = row;
}

/* Length and octets of all items of a kind; returns how many there are. */
static uint16_t write_run(struct writer *heap, const struct item *items, size_t count,
                          enum item_kind kind)
{
    uint16_t written = 0;
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != kind)
            continue;
        writer_u16(heap, items[i].len);
        writer_bytes(heap, items[i].data, items[i].len);
        written++;
    }
    return written;
}

/* Items of one name and type become an RRset; heap offsets are from the heap's start for now. */
static void write_rrset(struct sketch *s, const struct item *items, size_t count, uint32_t name)
{
    uint32_t data_at = (uint32_t)s->heap.used;
    uint16_t data_count = write_run(&s->heap, items, count, ITEM_RR);
    uint32_t sigs_at = (uint32_t)s->heap.used;
    uint16_t sig_count = write_run(&s->heap, items, count, ITEM_SIGNATURE);
    uint16_t flags = 0;
    for (size_t i = 0; i < count; i++) {
        flags |= items[i].flags;
        note_address(s, &items[i], name);
    }
    if (rrtype_is_internal(items[0].type))
        flags |= VIEW_RRSET_INTERNAL;
    writer_u16(&s->rrsets, items[0].type);
    writer_u16(&s->rrsets, flags);
    writer_u32(&s->rrsets, items[0].ttl);
    writer_u32(&s->rrsets, data_at);
    writer_u32(&s->rrsets, sigs_at - data_at);
    writer_u16(&s->rrsets, data_count);
    writer_u16(&s->rrsets, sig_count);
    writer_u32(&s->rrsets, sigs_at);
    writer_u32(&s->rrsets, (uint32_t)s->heap.used - sigs_at);
    for (unsigned i = 0; i < 4; i++) /* no record, nothing removed */
        writer_u32(&s->rrsets, 0);
    writer_u32(&s->rrsets, 0);
    s->rrset_count++;
}

/* One name: its items from `i` on. Returns the index behind them. */
static size_t write_name(struct sketch *s, size_t i)
{
    const struct item *first = &s->items[i];
    uint32_t index = s->name_count++;
    struct place *place = &s->places[index];
    struct zone *zone = &s->zones[zone_of(s, &first->name)];
    *place = (struct place){.wire_at = (uint32_t)s->heap.used,
                            .wire_len = first->name.len,
                            .first_rrset = s->rrset_count,
                            .zone = (uint32_t)(zone - s->zones)};
    writer_bytes(&s->heap, first->name.wire, first->name.len);
    if (zone->count++ == 0)
        zone->apex_index = zone->first = index;
    while (i < s->item_count && name_equal(&s->items[i].name, &first->name)) {
        size_t end = i;
        while (end < s->item_count && s->items[end].type == s->items[i].type &&
               name_equal(&s->items[end].name, &first->name))
            end++;
        if (s->items[i].kind != ITEM_NAME)
            write_rrset(s, &s->items[i], end - i, index);
        i = end;
    }
    place->rrset_count = s->rrset_count - place->first_rrset;
    return i;
}

enum { HASH_SIZE = 16, RRSET_SIZE = 48 };

/* `heap` and `rrsets`: where those tables begin. */
static void write_hash(const struct sketch *s, uint8_t *table, uint32_t slots,
                       const uint8_t key[static 16], uint32_t heap, uint32_t rrsets)
{
    for (uint32_t i = 0; i < s->name_count; i++) {
        const struct place *place = &s->places[i];
        uint64_t hash = siphash13(key, s->heap.start + place->wire_at, place->wire_len);
        uint32_t slot = (uint32_t)hash & (slots - 1);
        while (memcmp(table + HASH_SIZE * (size_t)slot + 4, "\0\0\0", 4) != 0)
            slot = (slot + 1) & (slots - 1);
        struct writer w = writer_over(table + HASH_SIZE * (size_t)slot, HASH_SIZE);
        writer_u32(&w, (uint32_t)(hash >> 32));
        writer_u32(&w, i + 1);
        writer_u32(&w, heap + place->wire_at);
        writer_u32(&w, rrsets + place->first_rrset * RRSET_SIZE);
    }
}

static void write_zones(struct writer *w, const struct sketch *s)
{
    static const uint8_t zeros[32];
    for (uint32_t i = 0; i < s->zone_count; i++) {
        const struct zone *zone = &s->zones[i];
        writer_u32(w, zone->apex_index);
        writer_u32(w, zone->first);
        writer_u32(w, zone->count);
        writer_u32(w, i);
        writer_u32(w, zone->options.flags);
        writer_u32(w, zone->options.state);
        writer_bytes(w, zeros, 32);
        writer_u64(w, zone->options.soft_ms);
        writer_u64(w, zone->options.hard_ms);
        writer_bytes(w, zeros, 24);
    }
}

static void write_names(struct writer *w, const struct sketch *s, uint32_t heap)
{
    for (uint32_t i = 0; i < s->name_count; i++) {
        const struct place *place = &s->places[i];
        writer_u32(w, heap + place->wire_at);
        writer_u8(w, (uint8_t)place->wire_len);
        writer_u8(w, place->rrset_count == 0 ? VIEW_NAME_EMPTY_NON_TERMINAL : 0);
        writer_u16(w, (uint16_t)place->rrset_count);
        writer_u32(w, place->first_rrset);
        writer_u32(w, place->zone);
        writer_u32(w, i);
        writer_u32(w, 0);
    }
}

static void shift_u32(uint8_t *at, uint32_t by)
{
    uint32_t value = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    struct writer w = writer_over(at, 4);
    writer_u32(&w, value + by);
}

static void write_header(struct writer *w, const struct sketch *s, const uint32_t counts[static 10],
                         const uint32_t offsets[static 10], uint64_t len,
                         const uint8_t key[static 16])
{
    static const uint32_t sizes[] = {96, 24, HASH_SIZE, RRSET_SIZE, 96, 48, 96, 24, 1, 4};
    writer_bytes(w, "HVW1", 4);
    writer_u32(w, 256);
    writer_u64(w, s->generation);
    writer_u64(w, len);
    writer_u64(w, UINT64_C(1790000000000));
    writer_u32(w, 0);
    writer_u32(w, 0);
    writer_bytes(w, key, 16);
    for (unsigned i = 0; i < 10; i++) {
        writer_u64(w, offsets[i]);
        writer_u32(w, counts[i]);
        writer_u32(w, sizes[i]);
    }
    memset(writer_room(w, 36), 0, 36);
    writer_u32(w, crc32c(0, w->start, 252));
}

static void write_addresses(struct writer *w, struct sketch *s)
{
    qsort(s->addresses, s->address_count, sizeof *s->addresses, compare_addresses);
    for (uint32_t i = 0; i < s->address_count; i++) {
        writer_bytes(w, s->addresses[i].octets, 16);
        writer_u32(w, s->addresses[i].name);
        writer_u32(w, 0);
    }
}

static uint8_t *assemble(struct sketch *s, size_t *out_len)
{
    static const uint8_t key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    uint32_t slots = 1;
    while (slots < 2 * s->name_count)
        slots *= 2;
    const uint32_t counts[] = {
        s->zone_count,    s->name_count,         slots, s->rrset_count, 0, 0, 0,
        s->address_count, (uint32_t)s->heap.used};
    static const uint32_t sizes[] = {96, 24, HASH_SIZE, RRSET_SIZE, 96, 48, 96, 24, 1};
    uint32_t all_counts[10];
    uint32_t offsets[10];
    uint32_t at = 256;
    for (unsigned i = 0; i < 9; i++) {
        offsets[i] = at;
        all_counts[i] = counts[i];
        at += counts[i] * sizes[i];
    }
    offsets[9] = at;
    all_counts[9] = (at + 65535) / 65536;
    size_t len = at + 4 * (size_t)all_counts[9];
    uint8_t *bytes = grab(len);
    struct writer w = writer_over(bytes, len);
    write_header(&w, s, all_counts, offsets, len, key);
    write_zones(&w, s);
    write_names(&w, s, offsets[8]);
    write_hash(s, writer_room(&w, (size_t)slots * HASH_SIZE), slots, key, offsets[8], offsets[3]);
    for (uint32_t i = 0; i < s->rrset_count; i++) {
        shift_u32(s->rrsets.start + RRSET_SIZE * (size_t)i + 8, offsets[8]);
        shift_u32(s->rrsets.start + RRSET_SIZE * (size_t)i + 20, offsets[8]);
    }
    writer_bytes(&w, s->rrsets.start, s->rrsets.used);
    write_addresses(&w, s);
    writer_bytes(&w, s->heap.start, s->heap.used);
    for (uint32_t block = 0; block < all_counts[9]; block++) {
        size_t start = (size_t)block * 65536;
        writer_u32(&w, crc32c(0, bytes + start, at - start < 65536 ? at - start : 65536));
    }
    assert(w.error == STATUS_OK && w.used == len);
    *out_len = len;
    return bytes;
}

uint8_t *sketch_finish(struct sketch *s, size_t *len)
{
    size_t heap_size = 0;
    add_ancestors(s);
    qsort(s->items, s->item_count, sizeof *s->items, compare_items);
    qsort(s->zones, s->zone_count, sizeof *s->zones, compare_zones);
    for (size_t i = 0; i < s->item_count; i++)
        heap_size += NAME_WIRE_MAX + 2 + s->items[i].len;
    s->places = grab(s->item_count * sizeof *s->places);
    s->addresses = grab(s->item_count * sizeof *s->addresses);
    s->heap = writer_over(grab(heap_size), heap_size);
    s->rrsets = writer_over(grab(s->item_count * RRSET_SIZE), s->item_count * RRSET_SIZE);
    for (size_t i = 0; i < s->item_count;)
        i = write_name(s, i);
    uint8_t *bytes = assemble(s, len);
    for (size_t i = 0; i < s->item_count; i++)
        free(s->items[i].data);
    free(s->items);
    free(s->places);
    free(s->addresses);
    free(s->heap.start);
    free(s->rrsets.start);
    free(s);
    return bytes;
}
