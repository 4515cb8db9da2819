/* view.c: see view.h.
 *
 * Three doors, each on top of the one before, and nothing else touches the file's octets: `span`
 * gives octets that lie in the file and in blocks whose CRC is right, `entry_at` one entry of a
 * table, `heap_at` a run of the heap. Whatever an entry refers to is checked when the entry is
 * read, so that what a caller gets can be used as it stands.
 */
#include "ledger/base/view.h"

#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/reader.h"

const uint8_t view_entry_sizes[VIEW_TABLES] = {
    [VIEW_ZONES] = VIEW_ZONE_SIZE,          [VIEW_NAMES] = VIEW_NAME_SIZE,
    [VIEW_HASH] = VIEW_HASH_SIZE,           [VIEW_RRSETS] = VIEW_RRSET_SIZE,
    [VIEW_RECORDS] = VIEW_RECORD_SIZE,      [VIEW_AUTHORS] = VIEW_AUTHOR_SIZE,
    [VIEW_WITHDRAWN] = VIEW_WITHDRAWN_SIZE, [VIEW_ADDRESSES] = VIEW_ADDRESS_SIZE,
    [VIEW_HEAP] = VIEW_HEAP_SIZE,           [VIEW_BLOCKS] = VIEW_BLOCK_CRC_SIZE,
};

/* --- the header --- */

/* The tables stand in their order without gaps, from the header's end to the file's end. */
static enum status read_tables(struct view *view, struct reader *r)
{
    uint64_t at = VIEW_HEADER_SIZE;
    for (unsigned i = 0; i < VIEW_TABLES; i++) {
        uint64_t offset = reader_u64(r);
        uint32_t count = reader_u32(r);
        uint32_t size = reader_u32(r);
        if (offset != at || size != view_entry_sizes[i])
            return STATUS_MALFORMED;
        at += (uint64_t)count * size;
        if (at > view->len)
            return STATUS_TRUNCATED;
        view->tables[i] = (struct view_table){.offset = (uint32_t)offset, .count = count};
    }
    return at == view->len ? STATUS_OK : STATUS_TRAILING;
}

static enum status check_table_counts(const struct view *view)
{
    uint64_t hash = view->tables[VIEW_HASH].count;
    if (hash == 0 || (hash & (hash - 1)) != 0 || hash / 2 < view->tables[VIEW_NAMES].count)
        return STATUS_MALFORMED;
    uint64_t covered = view->tables[VIEW_BLOCKS].offset;
    uint64_t blocks = (covered + VIEW_BLOCK_SIZE - 1) / VIEW_BLOCK_SIZE;
    return view->tables[VIEW_BLOCKS].count == blocks ? STATUS_OK : STATUS_MALFORMED;
}

static enum status read_header(struct view *view, struct reader *r)
{
    uint32_t header_len = reader_u32(r);
    view->generation = reader_u64(r);
    uint64_t len = reader_u64(r);
    view->published_ms = reader_u64(r);
    view->flags = reader_u32(r);
    uint32_t zero = reader_u32(r);
    reader_copy(r, view->hash_key, sizeof view->hash_key);
    if (header_len != VIEW_HEADER_SIZE || zero != 0)
        return STATUS_MALFORMED;
    if (len != view->len)
        return len > view->len ? STATUS_TRUNCATED : STATUS_TRAILING;
    enum status status = read_tables(view, r);
    return status == STATUS_OK ? check_table_counts(view) : status;
}

static uint32_t load_u32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

enum status view_open(struct view *view, const void *bytes, size_t len)
{
    if (len < VIEW_HEADER_SIZE)
        return STATUS_TRUNCATED;
    if (len > UINT32_MAX)
        return STATUS_TOO_LONG;
    view->bytes = bytes;
    view->len = (uint32_t)len;
    struct reader r = reader_over(bytes, VIEW_HEADER_CRC_AT);
    const uint8_t *magic = reader_bytes(&r, 4);
    if (memcmp(magic, VIEW_MAGIC, 4) != 0)
        return memcmp(magic, VIEW_MAGIC, 3) == 0 ? STATUS_UPGRADE : STATUS_MALFORMED;
    if (crc32c(0, bytes, VIEW_HEADER_CRC_AT) != load_u32(view->bytes + VIEW_HEADER_CRC_AT))
        return STATUS_CORRUPT;
    enum status status = read_header(view, &r);
    if (status != STATUS_OK)
        return status;
    memset(view->checked, 0, (view->tables[VIEW_BLOCKS].count + 7) / 8);
    return STATUS_OK;
}

/* --- the three doors --- */

/* The bit that stands for a block; `checked` is also written by other threads. */
static inline bool block_is_known(const struct view *view, uint32_t block)
{
    return __atomic_load_n(&view->checked[block >> 3], __ATOMIC_RELAXED) >> (block & 7) & 1;
}

/* Several threads may find out the same; the bit only spares the next look. */
static bool block_is_sound(struct view *view, uint32_t block)
{
    if (block_is_known(view, block))
        return true;
    uint32_t covered = view->tables[VIEW_BLOCKS].offset;
    uint32_t start = block * VIEW_BLOCK_SIZE;
    uint32_t len = covered - start < VIEW_BLOCK_SIZE ? covered - start : VIEW_BLOCK_SIZE;
    if (crc32c(0, view->bytes + start, len) !=
        load_u32(view->bytes + covered + (size_t)block * VIEW_BLOCK_CRC_SIZE))
        return false;
    __atomic_fetch_or(&view->checked[block >> 3], (uint8_t)(1U << (block & 7)), __ATOMIC_RELAXED);
    return true;
}

static bool blocks_are_sound(struct view *view, uint32_t first, uint32_t last)
{
    for (uint32_t block = first; block <= last; block++) {
        if (!block_is_sound(view, block))
            return false;
    }
    return true;
}

/* len octets at the offset, out of sound blocks; NULL when they are not, or not there. Inline, as
 * every look-up passes here several times, nearly always with one block that is known. */
static inline const uint8_t *span(struct view *view, uint32_t offset, uint32_t len)
{
    uint32_t covered = view->tables[VIEW_BLOCKS].offset;
    if (len == 0 || offset > covered || len > covered - offset)
        return NULL;
    uint32_t first = offset / VIEW_BLOCK_SIZE;
    uint32_t last = (offset + len - 1) / VIEW_BLOCK_SIZE;
    bool sound = first == last && block_is_known(view, first);
    return sound || blocks_are_sound(view, first, last) ? view->bytes + offset : NULL;
}

/* A reader over one entry. NOT_FOUND beyond the table's end. */
static inline enum status entry_at(struct view *view, enum view_table_index table, uint32_t index,
                                   struct reader *r)
{
    if (index >= view->tables[table].count)
        return STATUS_NOT_FOUND;
    uint32_t size = view_entry_sizes[table];
    const uint8_t *entry = span(view, view->tables[table].offset + index * size, size);
    if (!entry)
        return STATUS_CORRUPT;
    *r = reader_over(entry, size);
    return STATUS_OK;
}

/* Octets of the heap: NULL and CORRUPT when they don't lie there; NULL and OK for none. */
static inline enum status heap_at(struct view *view, uint32_t offset, uint32_t len,
                                  const uint8_t **bytes)
{
    *bytes = NULL;
    if (len == 0)
        return STATUS_OK;
    if (offset < view->tables[VIEW_HEAP].offset)
        return STATUS_CORRUPT;
    *bytes = span(view, offset, len);
    return *bytes ? STATUS_OK : STATUS_CORRUPT;
}

/* Do count entries from `first` on lie in the table? */
static bool run_is_within(const struct view *view, enum view_table_index table, uint32_t first,
                          uint32_t count)
{
    uint32_t size = view->tables[table].count;
    return count <= size && first <= size - count;
}

/* An index that the file itself gave: beyond the end is damage. */
static enum status from_file(enum status status)
{
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

enum status view_check(struct view *view)
{
    for (uint32_t block = 0; block < view->tables[VIEW_BLOCKS].count; block++) {
        if (!block_is_sound(view, block))
            return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

/* --- entries --- */

enum status view_zone_at(struct view *view, uint32_t index, struct view_zone *zone)
{
    struct reader r;
    enum status status = entry_at(view, VIEW_ZONES, index, &r);
    if (status != STATUS_OK)
        return status;
    zone->index = index;
    zone->apex = reader_u32(&r);
    zone->first_name = reader_u32(&r);
    zone->name_count = reader_u32(&r);
    zone->twin = reader_u32(&r);
    zone->flags = reader_u32(&r);
    uint32_t state = reader_u32(&r);
    reader_copy(&r, zone->namespace_id, sizeof zone->namespace_id);
    zone->soft_ms = reader_u64(&r);
    zone->hard_ms = reader_u64(&r);
    zone->serial = reader_u32(&r);
    zone->first_withdrawn = reader_u32(&r);
    zone->withdrawn_count = reader_u32(&r);
    (void)reader_u32(&r); /* owner-key era */
    zone->order = reader_u32(&r);
    zone->state = (enum view_zone_state)state;
    bool sound = state <= VIEW_ZONE_FROZEN && zone->twin < view->tables[VIEW_ZONES].count &&
                 zone->apex < view->tables[VIEW_NAMES].count &&
                 run_is_within(view, VIEW_NAMES, zone->first_name, zone->name_count) &&
                 run_is_within(view, VIEW_WITHDRAWN, zone->first_withdrawn, zone->withdrawn_count);
    return sound ? STATUS_OK : STATUS_CORRUPT;
}

/* Labels of 1 to 63 octets, and the root's zero octet exactly at the end. */
static bool wire_is_sound(const uint8_t *wire, uint32_t len)
{
    uint32_t at = 0;
    while (at < len && wire[at] != 0) {
        if (wire[at] > NAME_LABEL_MAX)
            return false;
        at += 1U + wire[at];
    }
    return at + 1 == len;
}

enum status view_name_at(struct view *view, uint32_t index, struct view_name *name)
{
    struct reader r;
    enum status status = entry_at(view, VIEW_NAMES, index, &r);
    if (status != STATUS_OK)
        return status;
    uint32_t offset = reader_u32(&r);
    name->index = index;
    name->wire_len = reader_u8(&r);
    name->flags = reader_u8(&r);
    name->rrset_count = reader_u16(&r);
    name->first_rrset = reader_u32(&r);
    name->zone = reader_u32(&r);
    name->twin = reader_u32(&r);
    if (!run_is_within(view, VIEW_RRSETS, name->first_rrset, name->rrset_count))
        return STATUS_CORRUPT;
    status = heap_at(view, offset, name->wire_len, &name->wire);
    if (status != STATUS_OK)
        return status;
    bool sound = name->wire && wire_is_sound(name->wire, name->wire_len) &&
                 name->zone < view->tables[VIEW_ZONES].count &&
                 name->twin < view->tables[VIEW_NAMES].count;
    return sound ? STATUS_OK : STATUS_CORRUPT;
}

/* `count` times length (2) and that many octets, in all `len`. */
static enum status rrs_at(struct view *view, uint32_t offset, uint32_t len, unsigned count,
                          const uint8_t **rrs)
{
    enum status status = heap_at(view, offset, len, rrs);
    if (status != STATUS_OK || (len == 0 && count == 0))
        return status;
    struct reader r = reader_over(*rrs, len);
    for (unsigned i = 0; i < count && r.error == STATUS_OK; i++)
        (void)reader_bytes(&r, reader_u16(&r)); /* the reader remembers the failure */
    return reader_finish(&r) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

enum status view_rrset_at(struct view *view, uint32_t index, struct view_rrset *rrset)
{
    struct reader r;
    enum status status = entry_at(view, VIEW_RRSETS, index, &r);
    if (status != STATUS_OK)
        return status;
    rrset->type = reader_u16(&r);
    rrset->flags = reader_u16(&r);
    rrset->ttl = reader_u32(&r);
    uint32_t data_at = reader_u32(&r);
    rrset->data_len = reader_u32(&r);
    rrset->count = reader_u16(&r);
    rrset->sig_count = reader_u16(&r);
    uint32_t sigs_at = reader_u32(&r);
    rrset->sigs_len = reader_u32(&r);
    rrset->record = reader_u32(&r);
    uint32_t removed_at = reader_u32(&r);
    rrset->removed_len = reader_u32(&r);
    rrset->removed_count = reader_u16(&r);
    if (rrset->record > view->tables[VIEW_RECORDS].count)
        return STATUS_CORRUPT;
    status = rrs_at(view, data_at, rrset->data_len, rrset->count, &rrset->data);
    if (status == STATUS_OK)
        status = rrs_at(view, sigs_at, rrset->sigs_len, rrset->sig_count, &rrset->sigs);
    if (status == STATUS_OK)
        status =
            rrs_at(view, removed_at, rrset->removed_len, rrset->removed_count, &rrset->removed);
    return status;
}

enum status view_record_at(struct view *view, uint32_t index, struct view_record *record)
{
    struct reader r;
    enum status status = entry_at(view, VIEW_RECORDS, index, &r);
    if (status != STATUS_OK)
        return status;
    reader_copy(&r, record->entry_id, sizeof record->entry_id);
    record->time = reader_u64(&r);
    record->author = reader_u32(&r);
    record->conflicts = reader_u32(&r);
    uint32_t by_at = reader_u32(&r);
    record->by_len = reader_u32(&r);
    if (record->author >= view->tables[VIEW_AUTHORS].count)
        return STATUS_CORRUPT;
    return heap_at(view, by_at, record->by_len, &record->by);
}

enum status view_author_at(struct view *view, uint32_t index, struct view_author *author)
{
    struct reader r;
    enum status status = entry_at(view, VIEW_AUTHORS, index, &r);
    if (status != STATUS_OK)
        return status;
    reader_copy(&r, author->key, sizeof author->key);
    uint32_t label_at = reader_u32(&r);
    author->label_len = reader_u32(&r);
    author->zone = reader_u32(&r);
    author->role = reader_u8(&r);
    author->flags = reader_u8(&r);
    if (author->zone >= view->tables[VIEW_ZONES].count)
        return STATUS_CORRUPT;
    return heap_at(view, label_at, author->label_len, &author->label);
}

enum status view_withdrawn_at(struct view *view, uint32_t index, struct view_withdrawn *withdrawn)
{
    struct reader r;
    enum status status = entry_at(view, VIEW_WITHDRAWN, index, &r);
    if (status != STATUS_OK)
        return status;
    reader_copy(&r, withdrawn->hash, sizeof withdrawn->hash);
    reader_copy(&r, withdrawn->entry_id, sizeof withdrawn->entry_id);
    withdrawn->time = reader_u64(&r);
    withdrawn->author = reader_u32(&r);
    withdrawn->zone = reader_u32(&r);
    withdrawn->reason = reader_u8(&r);
    bool sound = withdrawn->author < view->tables[VIEW_AUTHORS].count &&
                 withdrawn->zone < view->tables[VIEW_ZONES].count;
    return sound ? STATUS_OK : STATUS_CORRUPT;
}

/* --- look-ups --- */

/* What lies far apart in a large file is fetched at once, not one after the other. Only a hint. */
static void fetch_ahead(const struct view *view, uint32_t offset)
{
    if (offset < view->len)
        __builtin_prefetch(view->bytes + offset);
}

static uint32_t first_slot(const struct view *view, uint64_t hash)
{
    return (uint32_t)hash & (view->tables[VIEW_HASH].count - 1);
}

static uint32_t offset_of(const struct view *view, enum view_table_index table, uint32_t index)
{
    return view->tables[table].offset + index * view_entry_sizes[table];
}

uint64_t view_hash(const struct view *view, const uint8_t *wire, size_t len)
{
    uint64_t hash = siphash13(view->hash_key, wire, len);
    fetch_ahead(view, offset_of(view, VIEW_HASH, first_slot(view, hash)));
    return hash;
}

/* Only a name at its first slot is fetched; nothing of it is believed. */
void view_fetch(const struct view *view, uint64_t hash)
{
    struct reader r = reader_over(view->bytes + offset_of(view, VIEW_HASH, first_slot(view, hash)),
                                  VIEW_HASH_SIZE);
    uint32_t upper = reader_u32(&r);
    uint32_t index = reader_u32(&r);
    if (upper != hash >> 32 || index == 0 || index > view->tables[VIEW_NAMES].count)
        return;
    fetch_ahead(view, offset_of(view, VIEW_NAMES, index - 1));
    fetch_ahead(view, reader_u32(&r));
    fetch_ahead(view, reader_u32(&r));
}

enum status view_find_hashed(struct view *view, uint64_t hash, const uint8_t *wire, size_t len,
                             struct view_name *name)
{
    uint32_t slots = view->tables[VIEW_HASH].count;
    uint32_t slot = first_slot(view, hash);
    /* At least half of the slots are free; the bound holds for a file that lies about it too. */
    for (uint32_t tried = 0; tried < slots; tried++, slot = (slot + 1) & (slots - 1)) {
        struct reader r;
        enum status status = entry_at(view, VIEW_HASH, slot, &r);
        if (status != STATUS_OK)
            return from_file(status);
        uint32_t upper = reader_u32(&r);
        uint32_t index = reader_u32(&r);
        if (index == 0)
            return STATUS_NOT_FOUND;
        if (upper != hash >> 32)
            continue;
        fetch_ahead(view, reader_u32(&r));
        fetch_ahead(view, reader_u32(&r));
        status = view_name_at(view, index - 1, name);
        if (status != STATUS_OK)
            return from_file(status);
        if (name->wire_len == len && memcmp(name->wire, wire, len) == 0)
            return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

enum status view_find(struct view *view, const uint8_t *wire, size_t len, struct view_name *name)
{
    return view_find_hashed(view, siphash13(view->hash_key, wire, len), wire, len, name);
}

enum status view_find_zone(struct view *view, const uint8_t *wire, size_t len,
                           struct view_zone *zone)
{
    unsigned labels = name_labels(wire, len);
    if (labels < VIEW_APEX_LABELS)
        return STATUS_NOT_FOUND;
    size_t at = 0;
    for (; labels > VIEW_APEX_LABELS; labels--)
        at += 1 + (size_t)wire[at];
    struct view_name apex;
    enum status status = view_find(view, wire + at, len - at, &apex);
    if (status != STATUS_OK)
        return status;
    status = from_file(view_zone_at(view, apex.zone, zone));
    if (status != STATUS_OK)
        return status;
    return zone->apex == apex.index ? STATUS_OK : STATUS_CORRUPT;
}

enum status view_rrset(struct view *view, const struct view_name *name, uint16_t type,
                       struct view_rrset *rrset)
{
    for (uint32_t i = 0; i < name->rrset_count; i++) {
        struct reader r;
        enum status status = entry_at(view, VIEW_RRSETS, name->first_rrset + i, &r);
        if (status != STATUS_OK)
            return from_file(status);
        uint16_t found = reader_u16(&r);
        if (found == type)
            return from_file(view_rrset_at(view, name->first_rrset + i, rrset));
        if (found > type)
            break;
    }
    return STATUS_NOT_FOUND;
}

enum status view_find_before(struct view *view, const uint8_t *wire, size_t len,
                             struct view_name *name)
{
    uint32_t low = 0; /* all names before `low` are not after the wanted one */
    uint32_t high = view->tables[VIEW_NAMES].count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        enum status status = from_file(view_name_at(view, middle, name));
        if (status != STATUS_OK)
            return status;
        if (name_compare(name->wire, name->wire_len, wire, len) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? STATUS_NOT_FOUND : from_file(view_name_at(view, low - 1, name));
}

/* The first entry of a run of the table whose leading octets are not below the key. */
static enum status lower_bound(struct view *view, enum view_table_index table, uint32_t low,
                               uint32_t high, const uint8_t *key, size_t key_len, uint32_t *found)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct reader r;
        enum status status = entry_at(view, table, middle, &r);
        if (status != STATUS_OK)
            return from_file(status);
        if (memcmp(reader_bytes(&r, key_len), key, key_len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low;
    return STATUS_OK;
}

enum status view_find_withdrawn(struct view *view, const struct view_zone *zone,
                                const uint8_t hash[static 32], struct view_withdrawn *withdrawn)
{
    uint32_t end = zone->first_withdrawn + zone->withdrawn_count;
    uint32_t found = 0;
    enum status status =
        lower_bound(view, VIEW_WITHDRAWN, zone->first_withdrawn, end, hash, 32, &found);
    if (status != STATUS_OK)
        return status;
    if (found == end)
        return STATUS_NOT_FOUND;
    status = from_file(view_withdrawn_at(view, found, withdrawn));
    if (status != STATUS_OK)
        return status;
    return memcmp(withdrawn->hash, hash, 32) == 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status view_find_address(struct view *view, const struct address *address, uint32_t nth,
                              struct view_name *name)
{
    uint32_t count = view->tables[VIEW_ADDRESSES].count;
    uint32_t found = 0;
    enum status status = lower_bound(view, VIEW_ADDRESSES, 0, count, address->octets, 16, &found);
    if (status != STATUS_OK)
        return status;
    if (nth >= count - found)
        return STATUS_NOT_FOUND;
    struct reader r;
    status = from_file(entry_at(view, VIEW_ADDRESSES, found + nth, &r));
    if (status != STATUS_OK)
        return status;
    if (memcmp(reader_bytes(&r, 16), address->octets, 16) != 0)
        return STATUS_NOT_FOUND;
    return from_file(view_name_at(view, reader_u32(&r), name));
}
