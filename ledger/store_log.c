/* store_log.c: see store_log.h.
 *
 * Which number an id has is kept in memory alone, and learnt from the first walk over the log, or
 * when it is first asked for: an index on the disk would have every commit write two pages more,
 * and be one more thing that can be damaged. A number that it gives is a guess, until the entry
 * read from there is hashed and turns out to be the one sought.
 */
#include "ledger/store_log.h"

#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/reader.h"
#include "ledger/base/writer.h"
#include "ledger/crypt.h"

enum { NUMBER_SIZE = 8, VALUE_MAX = LIMIT_ENTRY + NUMBER_SIZE };
static_assert((int)TABLES_VALUE_MAX >= (int)VALUE_MAX, "every entry fits");

#define NUMBERS_MAX (INDEX_NONE - 1)

void store_log_init(struct store_log *log, struct tables *tables)
{
    *log = (struct store_log){.tables = tables};
    crypt_random(log->hash_key, sizeof log->hash_key);
}

void store_log_deinit(struct store_log *log)
{
    store_log_forget(log);
}

void store_log_forget(struct store_log *log)
{
    index_map_deinit(&log->by_id);
    log->indexed = 0;
}

static void number_encode(uint64_t number, uint8_t out[static NUMBER_SIZE])
{
    struct writer w = writer_over(out, NUMBER_SIZE);
    writer_u64(&w, number);
}

static uint64_t hash_of(const struct store_log *log, const uint8_t id[static 32])
{
    return siphash13(log->hash_key, id, ENTRY_ID_SIZE);
}

static enum status note_damage(struct store_log *log, enum status status)
{
    log->damaged |= status == STATUS_CORRUPT;
    return status;
}

static enum status value_decode(struct store_log *log, struct octets value, struct entry *entry)
{
    if (value.len < NUMBER_SIZE)
        return STATUS_CORRUPT;
    size_t len = value.len - NUMBER_SIZE;
    struct reader r = reader_over(value.bytes + len, NUMBER_SIZE);
    log->commit = reader_u64(&r);
    return entry_decode(entry, value.bytes, len) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

/* The index grows where somebody comes by its end. */
static enum status index_add(struct store_log *log, uint64_t number, const struct entry *entry)
{
    if (number != log->indexed)
        return STATUS_OK;
    enum status status = index_map_reserve(&log->by_id, 1);
    if (status != STATUS_OK)
        return status;
    index_map_put(&log->by_id, hash_of(log, entry->id), (uint32_t)number);
    log->indexed++;
    return STATUS_OK;
}

/* --- walking --- */

struct walk {
    struct store_log *log;
    uint64_t number; /* of the next one */
    bool back;
    store_each_fn *each;
    void *context;
    enum status status; /* what came of it, other than damage */
};

static enum status walk_one(void *context, struct octets key, struct octets value)
{
    struct walk *walk = context;
    struct entry entry;
    struct reader r = reader_over(key.bytes, key.len);
    if (reader_u64(&r) != walk->number || reader_finish(&r) != STATUS_OK ||
        value_decode(walk->log, value, &entry) != STATUS_OK)
        return STATUS_CORRUPT;
    walk->status = index_add(walk->log, walk->number, &entry);
    if (walk->status == STATUS_OK && walk->each)
        walk->status = walk->each(walk->context, walk->number, &entry);
    walk->number = walk->back ? walk->number - 1 : walk->number + 1;
    return walk->status == STATUS_OK ? STATUS_OK : STATUS_AGAIN;
}

enum status store_log_walk(struct store_log *log, uint64_t first, uint64_t count, bool back,
                           store_each_fn *each, void *context)
{
    uint8_t from[NUMBER_SIZE];
    struct octets key = {.bytes = from, .len = sizeof from};
    struct walk walk = {
        .log = log, .number = first, .back = back, .each = each, .context = context};
    if (count == 0)
        return STATUS_OK;
    number_encode(first, from);
    enum status status = tables_walk(log->tables, TABLE_LOG, &key, count, back, walk_one, &walk);
    return walk.status == STATUS_OK ? note_damage(log, status) : walk.status;
}

/* --- by id --- */

/* Learns what it does not know yet. */
static enum status index_complete(struct store_log *log)
{
    uint64_t items;
    enum status status = tables_items(log->tables, TABLE_LOG, &items);
    if (status != STATUS_OK || log->indexed >= items)
        return status;
    return store_log_walk(log, log->indexed, items - log->indexed, false, NULL, NULL);
}

struct sought {
    struct store_log *log;
    struct entry *entry;
    enum status status;
};

/* Reads the entry that may be the one. Damage ends the search. */
static bool is_sought(const void *table, uint32_t number, const void *id)
{
    struct sought *const *place = table;
    struct sought *sought = *place;
    struct octets value;
    uint8_t key[NUMBER_SIZE];
    number_encode(number, key);
    sought->status = tables_get(sought->log->tables, TABLE_LOG,
                                (struct octets){.bytes = key, .len = sizeof key}, &value);
    if (sought->status == STATUS_OK)
        sought->status = value_decode(sought->log, value, sought->entry);
    if (sought->status == STATUS_NOT_FOUND)
        sought->status = STATUS_CORRUPT; /* the log has no gaps */
    return sought->status != STATUS_OK || memcmp(sought->entry->id, id, ENTRY_ID_SIZE) == 0;
}

enum status store_log_find(struct store_log *log, const uint8_t id[static 32], struct entry *entry)
{
    struct sought sought = {.log = log, .entry = entry}, *place = &sought;
    enum status status = index_complete(log);
    if (status != STATUS_OK)
        return status;
    if (index_map_find(&log->by_id, hash_of(log, id), is_sought, &place, id) == INDEX_NONE)
        return STATUS_NOT_FOUND;
    return note_damage(log, sought.status);
}

/* --- the end --- */

/* The number of a new entry. */
static enum status number_next(struct store_log *log, const struct entry *entry, uint64_t *number)
{
    struct entry held;
    enum status status = tables_enter(log->tables);
    if (status != STATUS_OK)
        return status;
    status = store_log_find(log, entry->id, &held);
    if (status == STATUS_OK)
        status = STATUS_DUPLICATE;
    if (status == STATUS_NOT_FOUND)
        status = tables_items(log->tables, TABLE_LOG, number);
    tables_leave(log->tables);
    return status == STATUS_OK && *number >= NUMBERS_MAX ? STATUS_FULL : status;
}

enum status store_log_append(struct store_log *log, const struct entry *entry)
{
    uint64_t number;
    uint8_t key[NUMBER_SIZE], value[VALUE_MAX];
    enum status status = number_next(log, entry, &number);
    if (status != STATUS_OK)
        return status;
    struct writer w = writer_over(value, sizeof value);
    number_encode(number, key);
    writer_bytes(&w, entry->bytes, entry->len);
    writer_u64(&w, tables_batch_number(log->tables));
    status = tables_put(log->tables, TABLE_LOG, (struct octets){.bytes = key, .len = sizeof key},
                        (struct octets){.bytes = value, .len = w.used});
    return status == STATUS_OK ? index_add(log, number, entry) : status;
}
