/* view_build.c: see view_build.h.
 *
 * The households are gathered first (view_parts.c); then everything's place is known, and the
 * tables are written one after the other into one buffer of the final size. A form is a household
 * under one of its apexes: `maple.home.arpa` or `<id>.home.arpa`. Forms stand in canonical order,
 * so that the names table is sorted as a whole without any sorting of names.
 */
#include "ledger/view_build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/name.h"
#include "ledger/base/reader.h"
#include "ledger/base/writer.h"
#include "ledger/view_forms.h"
#include "ledger/view_parts.h"

/* "<label>.home.arpa": three length octets, `home`, `arpa` and the root are 12 beside the label. */
static_assert(12 + NAME_LABEL_MAX + NAME_RELATIVE_MAX - 1 <= NAME_WIRE_MAX,
              "every name of the ledger fits below every apex");

/* Where a form's runs begin in the view. */
struct place {
    uint32_t first_name, first_rrset;
};

struct builder {
    const struct view_build *input;
    struct view_forms forms;
    struct view_parts parts;
    struct place *places; /* by form */
    uint32_t offsets[VIEW_TABLES], counts[VIEW_TABLES];
    size_t len;
    struct writer w;
};

static const struct part_household *household_of(const struct builder *b, uint32_t form)
{
    return PILE_ENTRIES(b->parts.households, struct part_household) +
           b->forms.forms[form].household;
}

/* Is it the form whose names the parts' heap has? */
static bool is_first_form(const struct builder *b, uint32_t form)
{
    return b->forms.pairs[b->forms.forms[form].household].first == form;
}

/* --- layout --- */

/* By address, then as the names were gathered: one's own household first, then in canonical order.
 */
static int compare_addresses(const void *a, const void *b)
{
    const struct part_address *x = a;
    const struct part_address *y = b;
    int order = memcmp(x->address, y->address, sizeof x->address);
    if (order == 0 && x->name != y->name)
        order = x->name < y->name ? -1 : 1;
    return order;
}

/* A and AAAA of one name may give the same address (IPv4-mapped): once is enough. */
static void sort_addresses(struct pile *addresses)
{
    struct part_address *all = PILE_ENTRIES(*addresses, struct part_address);
    uint32_t count = PILE_COUNT(*addresses, struct part_address);
    if (count == 0)
        return;
    qsort(all, count, sizeof *all, compare_addresses);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < count; i++) {
        if (compare_addresses(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    }
    addresses->used = kept * sizeof *all;
}

/* Places the forms' runs of names and RRsets; returns the octets of names that the heap lacks. */
static uint64_t place_forms(struct builder *b, uint64_t *names, uint64_t *rrsets)
{
    uint64_t wires = 0;
    *names = *rrsets = 0;
    for (uint32_t i = 0; i < b->forms.count; i++) {
        const struct part_household *household = household_of(b, i);
        const struct name *first_apex = &b->forms.forms[view_forms_twin(&b->forms, i)].apex;
        b->places[i] = (struct place){(uint32_t)*names, (uint32_t)*rrsets};
        *names += household->name_count;
        *rrsets += household->rrset_count;
        if (!is_first_form(b, i))
            wires += household->wires_len +
                     (uint64_t)household->name_count * b->forms.forms[i].apex.len -
                     (uint64_t)household->name_count * first_apex->len;
    }
    return wires;
}

static enum status make_layout(struct builder *b)
{
    uint64_t counts[VIEW_TABLES];
    b->places = calloc((size_t)b->forms.count + 1, sizeof *b->places);
    if (!b->places)
        return STATUS_NO_MEMORY;
    uint64_t wires = place_forms(b, &counts[VIEW_NAMES], &counts[VIEW_RRSETS]);
    counts[VIEW_ZONES] = b->forms.count;
    counts[VIEW_HASH] = 1;
    while (counts[VIEW_HASH] < 2 * counts[VIEW_NAMES])
        counts[VIEW_HASH] *= 2;
    counts[VIEW_RECORDS] = PILE_COUNT(b->parts.records, struct part_record);
    counts[VIEW_AUTHORS] = PILE_COUNT(b->parts.authors, struct part_author);
    counts[VIEW_WITHDRAWN] = PILE_COUNT(b->parts.withdrawn, struct part_withdrawn);
    counts[VIEW_ADDRESSES] = PILE_COUNT(b->parts.addresses, struct part_address);
    counts[VIEW_HEAP] = b->parts.heap.used + wires;
    counts[VIEW_BLOCKS] = 0;
    uint64_t at = VIEW_HEADER_SIZE;
    for (unsigned i = 0; i < VIEW_TABLES; i++) {
        if (i == VIEW_BLOCKS)
            counts[i] = (at + VIEW_BLOCK_SIZE - 1) / VIEW_BLOCK_SIZE;
        b->offsets[i] = (uint32_t)at;
        b->counts[i] = (uint32_t)counts[i];
        at += counts[i] * view_entry_sizes[i];
        if (at > UINT32_MAX)
            return STATUS_FULL;
    }
    b->len = at;
    return STATUS_OK;
}

/* --- tables --- */

static void write_zeros(struct writer *w, size_t n)
{
    uint8_t *room = writer_room(w, n);
    if (room)
        memset(room, 0, n);
}

/* Where something of the parts' heap stands, and its length; 0 for nothing. */
static void write_heap_run(struct builder *b, uint32_t at, uint32_t len)
{
    writer_u32(&b->w, len ? b->offsets[VIEW_HEAP] + at : 0);
    writer_u32(&b->w, len);
}

static void write_header(struct builder *b)
{
    struct writer *w = &b->w;
    writer_bytes(w, VIEW_MAGIC, 4);
    writer_u32(w, VIEW_HEADER_SIZE);
    writer_u64(w, b->input->generation);
    writer_u64(w, b->len);
    writer_u64(w, b->input->published_ms);
    writer_u32(w, b->input->flags);
    writer_u32(w, 0);
    writer_bytes(w, b->input->hash_key, sizeof b->input->hash_key);
    for (unsigned i = 0; i < VIEW_TABLES; i++) {
        writer_u64(w, b->offsets[i]);
        writer_u32(w, b->counts[i]);
        writer_u32(w, view_entry_sizes[i]);
    }
    write_zeros(w, VIEW_HEADER_CRC_AT - w->used);
    writer_u32(w, crc32c(0, w->start, VIEW_HEADER_CRC_AT));
}

static void write_zones(struct builder *b)
{
    struct writer *w = &b->w;
    for (uint32_t i = 0; i < b->forms.count; i++) {
        const struct view_form *form = &b->forms.forms[i];
        const struct part_household *household = household_of(b, i);
        const struct view_build_household *source = b->forms.households[form->household];
        writer_u32(w, b->places[i].first_name); /* the apex sorts before all below it */
        writer_u32(w, b->places[i].first_name);
        writer_u32(w, household->name_count);
        writer_u32(w, view_forms_twin(&b->forms, i));
        writer_u32(w, (source->own ? (uint32_t)VIEW_ZONE_OWN : 0) |
                          (form->is_id_form ? (uint32_t)VIEW_ZONE_ID_FORM : 0));
        writer_u32(w, source->state);
        writer_bytes(w, source->namespace_id, sizeof source->namespace_id);
        writer_u64(w, source->soft_ms);
        writer_u64(w, source->hard_ms);
        writer_u32(w, b->input->serial);
        writer_u32(w, household->first_withdrawn);
        writer_u32(w, household->withdrawn_count);
        writer_u32(w, 0); /* owner-key era */
        writer_u32(w, form->household + 1);
        write_zeros(w, 4);
    }
}

/* A name on its way into the hash table. */
struct hashed {
    uint64_t hash;
    uint32_t wire_at, rrset_at; /* in the view */
};

/* What was written of a name, hashed. Its first slot is fetched meanwhile. */
static struct hashed hash_name(const struct builder *b, uint32_t index)
{
    struct reader r = reader_over(
        b->w.start + b->offsets[VIEW_NAMES] + (size_t)index * VIEW_NAME_SIZE, VIEW_NAME_SIZE);
    struct hashed hashed = {.wire_at = reader_u32(&r)};
    uint8_t len = reader_u8(&r);
    (void)reader_bytes(&r, 1 + 2); /* flags, count of RRsets */
    hashed.rrset_at = b->offsets[VIEW_RRSETS] + reader_u32(&r) * VIEW_RRSET_SIZE;
    hashed.hash = siphash13(b->input->hash_key, b->w.start + hashed.wire_at, len);
    uint32_t slot = (uint32_t)hashed.hash & (b->counts[VIEW_HASH] - 1);
    __builtin_prefetch(b->w.start + b->offsets[VIEW_HASH] + (size_t)slot * VIEW_HASH_SIZE, 1);
    return hashed;
}

static void insert_hash(struct builder *b, const struct hashed *hashed, uint32_t index)
{
    uint32_t mask = b->counts[VIEW_HASH] - 1;
    uint8_t *table = b->w.start + b->offsets[VIEW_HASH];
    for (uint32_t slot = (uint32_t)hashed->hash & mask;; slot = (slot + 1) & mask) {
        static const uint8_t is_free[4];
        uint8_t *entry = table + (size_t)slot * VIEW_HASH_SIZE;
        if (memcmp(entry + 4, is_free, sizeof is_free) != 0)
            continue;
        struct writer w = writer_over(entry, VIEW_HASH_SIZE);
        writer_u32(&w, (uint32_t)(hashed->hash >> 32));
        writer_u32(&w, index + 1);
        writer_u32(&w, hashed->wire_at);
        writer_u32(&w, hashed->rrset_at);
        return;
    }
}

/* Slots lie all over a large table: some names are under way at any time, so that waiting for the
 * memory of one is not waiting for each. */
static void write_hash(struct builder *b)
{
    enum { UNDER_WAY = 16 };
    struct hashed names[UNDER_WAY];
    uint32_t count = b->counts[VIEW_NAMES];
    uint8_t *table = writer_room(&b->w, (size_t)b->counts[VIEW_HASH] * VIEW_HASH_SIZE);
    assert(table);
    memset(table, 0, (size_t)b->counts[VIEW_HASH] * VIEW_HASH_SIZE);
    for (uint32_t i = 0; i < count && i < UNDER_WAY; i++)
        names[i] = hash_name(b, i);
    for (uint32_t i = 0; i < count; i++) {
        struct hashed *place = &names[i % UNDER_WAY];
        insert_hash(b, place, i);
        if (count - i > UNDER_WAY)
            *place = hash_name(b, i + UNDER_WAY);
    }
}

/* Puts the name of a second form at *wire_at: its labels, then that form's apex. */
static uint8_t write_second_wire(struct builder *b, const struct part_name *name, uint32_t form,
                                 uint32_t *wire_at)
{
    const struct name *first_apex = &b->forms.forms[view_forms_twin(&b->forms, form)].apex;
    const struct name *apex = &b->forms.forms[form].apex;
    uint8_t *wire = b->w.start + *wire_at;
    size_t labels = (size_t)name->wire_len - first_apex->len;
    memcpy(wire, b->parts.heap.bytes + name->wire, labels);
    memcpy(wire + labels, apex->wire, apex->len);
    *wire_at += (uint32_t)(labels + apex->len);
    return (uint8_t)(labels + apex->len);
}

/* The form's names; a second form's octets go to *wire_at meanwhile. */
static void write_form_names(struct builder *b, uint32_t form, uint32_t *wire_at)
{
    struct writer *w = &b->w;
    const struct part_household *household = household_of(b, form);
    const struct part_name *names =
        PILE_ENTRIES(b->parts.names, struct part_name) + household->first_name;
    uint32_t twin_first = b->places[view_forms_twin(&b->forms, form)].first_name;
    for (uint32_t i = 0; i < household->name_count; i++) {
        const struct part_name *name = &names[i];
        uint32_t at = is_first_form(b, form) ? b->offsets[VIEW_HEAP] + name->wire : *wire_at;
        uint8_t len =
            is_first_form(b, form) ? name->wire_len : write_second_wire(b, name, form, wire_at);
        uint32_t first_rrset =
            b->places[form].first_rrset + name->first_rrset - household->first_rrset;
        writer_u32(w, at);
        writer_u8(w, len);
        writer_u8(w, name->rrset_count == 0 ? VIEW_NAME_EMPTY_NON_TERMINAL : 0);
        writer_u16(w, name->rrset_count);
        writer_u32(w, first_rrset);
        writer_u32(w, form);
        writer_u32(w, twin_first + i);
        writer_u32(w, 0);
    }
}

/* The heap comes before its turn: second forms copy their labels from it, and names are hashed as
 * they stand there. */
static void write_names(struct builder *b)
{
    uint32_t wire_at = b->offsets[VIEW_HEAP] + (uint32_t)b->parts.heap.used;
    memcpy(b->w.start + b->offsets[VIEW_HEAP], b->parts.heap.bytes, b->parts.heap.used);
    for (uint32_t i = 0; i < b->forms.count; i++)
        write_form_names(b, i, &wire_at);
}

static void write_rrset(struct builder *b, const struct part_rrset *rrset)
{
    struct writer *w = &b->w;
    writer_u16(w, rrset->type);
    writer_u16(w, rrset->flags);
    writer_u32(w, rrset->ttl);
    write_heap_run(b, rrset->data, rrset->data_len);
    writer_u16(w, rrset->count);
    writer_u16(w, 0); /* no signatures yet */
    write_heap_run(b, 0, 0);
    writer_u32(w, rrset->record);
    write_heap_run(b, rrset->removed, rrset->removed_len);
    writer_u16(w, rrset->removed_count);
    write_zeros(w, 6);
}

static void write_rrsets(struct builder *b)
{
    const struct part_rrset *all = PILE_ENTRIES(b->parts.rrsets, struct part_rrset);
    for (uint32_t i = 0; i < b->forms.count; i++) {
        const struct part_household *household = household_of(b, i);
        for (uint32_t j = 0; j < household->rrset_count; j++)
            write_rrset(b, &all[household->first_rrset + j]);
    }
}

static void write_records(struct builder *b)
{
    const struct part_record *records = PILE_ENTRIES(b->parts.records, struct part_record);
    for (uint32_t i = 0; i < b->counts[VIEW_RECORDS]; i++) {
        writer_bytes(&b->w, records[i].id, sizeof records[i].id);
        writer_u64(&b->w, records[i].time);
        writer_u32(&b->w, records[i].author);
        writer_u32(&b->w, records[i].conflicts);
        write_heap_run(b, records[i].by, records[i].by_len);
        write_zeros(&b->w, 40);
    }
}

static void write_authors(struct builder *b)
{
    const struct part_author *authors = PILE_ENTRIES(b->parts.authors, struct part_author);
    for (uint32_t i = 0; i < b->counts[VIEW_AUTHORS]; i++) {
        writer_bytes(&b->w, authors[i].key, sizeof authors[i].key);
        write_heap_run(b, authors[i].label, authors[i].label_len);
        writer_u32(&b->w, b->forms.pairs[authors[i].household].first);
        writer_u8(&b->w, authors[i].role);
        writer_u8(&b->w, authors[i].flags);
        writer_u16(&b->w, 0);
    }
}

static void write_withdrawn(struct builder *b)
{
    const struct part_withdrawn *all = PILE_ENTRIES(b->parts.withdrawn, struct part_withdrawn);
    for (uint32_t i = 0; i < b->counts[VIEW_WITHDRAWN]; i++) {
        writer_bytes(&b->w, all[i].hash, sizeof all[i].hash);
        writer_bytes(&b->w, all[i].id, sizeof all[i].id);
        writer_u64(&b->w, all[i].time);
        writer_u32(&b->w, all[i].author);
        writer_u32(&b->w, b->forms.pairs[all[i].household].first);
        writer_u8(&b->w, all[i].reason);
        write_zeros(&b->w, 15);
    }
}

static void write_addresses(struct builder *b)
{
    const struct part_address *all = PILE_ENTRIES(b->parts.addresses, struct part_address);
    uint32_t count = b->counts[VIEW_ADDRESSES];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t form = b->forms.pairs[all[i].household].first;
        writer_bytes(&b->w, all[i].address, sizeof all[i].address);
        writer_u32(&b->w,
                   b->places[form].first_name + all[i].name - household_of(b, form)->first_name);
        writer_u32(&b->w, 0);
    }
}

static void write_blocks(struct builder *b)
{
    struct writer *w = &b->w;
    (void)writer_room(w, b->offsets[VIEW_BLOCKS] - w->used); /* the heap: written with the names */
    size_t covered = w->used;
    for (size_t at = 0; at < covered; at += VIEW_BLOCK_SIZE) {
        size_t left = covered - at;
        writer_u32(w, crc32c(0, w->start + at, left < VIEW_BLOCK_SIZE ? left : VIEW_BLOCK_SIZE));
    }
}

static enum status write_view(struct builder *b)
{
    uint8_t *bytes = malloc(b->len);
    if (!bytes)
        return STATUS_NO_MEMORY;
    b->w = writer_over(bytes, b->len);
    write_header(b);
    write_zones(b);
    write_names(b);
    write_hash(b);
    write_rrsets(b);
    write_records(b);
    write_authors(b);
    write_withdrawn(b);
    write_addresses(b);
    write_blocks(b);
    assert(b->w.error == STATUS_OK && b->w.used == b->len); /* the layout was right */
    return STATUS_OK;
}

enum status view_build(const struct view_build *input, uint8_t **bytes, size_t *len)
{
    struct builder b = {.input = input};
    enum status status = view_forms_make(&b.forms, input);
    if (status == STATUS_OK)
        status = view_parts_gather(&b.parts, &b.forms, input->serial);
    if (status == STATUS_OK)
        sort_addresses(&b.parts.addresses);
    if (status == STATUS_OK)
        status = make_layout(&b);
    if (status == STATUS_OK)
        status = write_view(&b);
    if (status == STATUS_OK) {
        *bytes = b.w.start;
        *len = b.len;
    }
    free(b.places);
    view_parts_deinit(&b.parts);
    view_forms_deinit(&b.forms);
    return status;
}
