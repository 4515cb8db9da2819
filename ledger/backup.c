/* backup.c: see backup.h.
 *
 * Out: one walk over the store notes of each entry what its place depends on; the notes are sorted,
 * and the entries written in their order, each read again by its id. Feeds go by author, stream and
 * seq, which puts each after its prev. Authority entries go by depth: one more than that of the
 * deepest entry that they need.
 *
 * In: a section is one batch. The first item that is refused ends it, and nothing of it was
 * imported.
 */
#include "ledger/backup.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/body.h"
#include "ledger/bundle.h"
#include "ledger/entry.h"
#include "ledger/statement.h"

/* --- out: gathering --- */

struct note {
    uint8_t namespace_id[32], author[32], id[32];
    uint64_t stream;
    uint64_t order; /* feeds: seq; authority: depth */
    size_t len;
};

struct notes {
    struct note *items; /* malloc'd */
    size_t count, size;
};

/* A statement's copy. */
struct said {
    uint8_t namespace_id[32];
    uint16_t len;
    uint8_t bytes[LIMIT_STATEMENT];
};

struct export
{
    struct notes authority, feeds; /* sorted by namespace first */
    struct said *said; /* malloc'd; sorted by namespace, author, form, as the store has them */
    size_t said_count, said_size;
};

/* Room for one more item of `item` octets. */
static enum status make_room(void **items, size_t count, size_t *size, size_t item)
{
    if (count < *size)
        return STATUS_OK;
    size_t wanted = *size * 2 + 64;
    void *bigger = realloc(*items, wanted * item);
    if (!bigger)
        return STATUS_NO_MEMORY;
    *items = bigger;
    *size = wanted;
    return STATUS_OK;
}

/* How deep the entry `id` lies; what was stored last is nearly always what is asked for. */
static uint64_t depth_of(const struct notes *authority, const uint8_t id[static 32])
{
    for (size_t i = authority->count; i > 0; i--)
        if (memcmp(authority->items[i - 1].id, id, 32) == 0)
            return authority->items[i - 1].order;
    return 0;
}

/* The store has each entry after what it needs, so that the depths below are known. */
static uint64_t authority_depth(const struct notes *authority, const struct entry *entry)
{
    struct body body;
    uint64_t depth = entry->seq == 0 ? 0 : depth_of(authority, entry->prev);
    if (entry->type == ENTRY_MERGE &&
        body_decode(&body, entry->type, entry->body, entry->body_len) == STATUS_OK) {
        uint64_t other = depth_of(authority, body.merge.other);
        depth = other > depth ? other : depth;
    }
    return depth + 1;
}

static enum status note_entry(void *context, const struct entry *entry)
{
    struct export *export = context;
    bool is_authority = entry->stream == 0;
    struct notes *notes = is_authority ? &export->authority : &export->feeds;
    void *items = notes->items;
    enum status status = make_room(&items, notes->count, &notes->size, sizeof *notes->items);
    notes->items = items;
    if (status != STATUS_OK)
        return status;
    struct note *note = &notes->items[notes->count];
    note->stream = entry->stream;
    note->len = entry->len;
    note->order = is_authority ? authority_depth(notes, entry) : entry->seq;
    memcpy(note->namespace_id, entry_namespace(entry), 32);
    memcpy(note->author, entry->author, 32);
    memcpy(note->id, entry->id, 32);
    notes->count++;
    return STATUS_OK;
}

static enum status note_statement(void *context, const uint8_t *bytes, size_t len)
{
    struct export *export = context;
    struct statement statement;
    void *items = export->said;
    enum status status = statement_decode(&statement, bytes, len);
    if (status != STATUS_OK)
        return STATUS_CORRUPT;
    status = make_room(&items, export->said_count, &export->said_size, sizeof *export->said);
    export->said = items;
    if (status != STATUS_OK)
        return status;
    struct said *said = &export->said[export->said_count++];
    memcpy(said->namespace_id, statement.namespace_id, 32);
    memcpy(said->bytes, bytes, len);
    said->len = (uint16_t)len;
    return STATUS_OK;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_authority(const void *left, const void *right)
{
    const struct note *a = left, *b = right;
    int order = memcmp(a->namespace_id, b->namespace_id, 32);
    if (order == 0)
        order = compare_u64(a->order, b->order);
    return order == 0 ? memcmp(a->id, b->id, 32) : order;
}

static int compare_feeds(const void *left, const void *right)
{
    const struct note *a = left, *b = right;
    int order = memcmp(a->namespace_id, b->namespace_id, 32);
    if (order == 0)
        order = memcmp(a->author, b->author, 32);
    if (order == 0)
        order = compare_u64(a->stream, b->stream);
    if (order == 0)
        order = compare_u64(a->order, b->order);
    return order == 0 ? memcmp(a->id, b->id, 32) : order;
}

static void notes_sort(struct notes *notes, int (*compare)(const void *, const void *))
{
    if (notes->count > 0)
        qsort(notes->items, notes->count, sizeof *notes->items, compare);
}

/* --- out: writing --- */

/* The run of one household in a sorted list: from *at to the end that is returned. */
static size_t notes_run(const struct notes *notes, size_t at, const uint8_t namespace_id[static 32],
                        uint64_t *octets)
{
    for (; at < notes->count && memcmp(notes->items[at].namespace_id, namespace_id, 32) == 0; at++)
        *octets += notes->items[at].len + BUNDLE_ITEM_EXTRA;
    return at;
}

static size_t said_run(const struct export *export, size_t at,
                       const uint8_t namespace_id[static 32], uint64_t *octets)
{
    for (; at < export->said_count && memcmp(export->said[at].namespace_id, namespace_id, 32) == 0;
         at++)
        *octets += export->said[at].len + (size_t)BUNDLE_ITEM_EXTRA;
    return at;
}

static enum status write_entries(struct ledger *ledger, struct bundle_writer *writer,
                                 enum bundle_part part, const struct notes *notes, size_t from,
                                 size_t to)
{
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    enum status status = bundle_writer_list(writer, part);
    for (size_t i = from; status == STATUS_OK && i < to; i++) {
        status = ledger_get(ledger, notes->items[i].id, bytes, &len);
        if (status == STATUS_OK)
            status = bundle_writer_item(writer, bytes, len);
    }
    return status;
}

static enum status write_statements(struct bundle_writer *writer, const struct export *export,
                                    size_t from, size_t to)
{
    enum status status = bundle_writer_list(writer, BUNDLE_STATEMENT);
    for (size_t i = from; status == STATUS_OK && i < to; i++)
        status = bundle_writer_item(writer, export->said[i].bytes, export->said[i].len);
    return status;
}

/* Where the next household begins in each list. */
struct places {
    size_t authority, said, feeds;
};

static enum status write_section(struct ledger *ledger, struct bundle_writer *writer,
                                 const struct export *export, struct places *at)
{
    uint8_t namespace_id[32];
    uint64_t octets = BUNDLE_PARTS_EMPTY;
    memcpy(namespace_id, export->authority.items[at->authority].namespace_id, 32);
    struct places end = {
        .authority = notes_run(&export->authority, at->authority, namespace_id, &octets),
        .said = said_run(export, at->said, namespace_id, &octets),
        .feeds = notes_run(&export->feeds, at->feeds, namespace_id, &octets),
    };
    uint32_t counts[3] = {
        [BUNDLE_AUTHORITY] = (uint32_t)(end.authority - at->authority),
        [BUNDLE_STATEMENT] = (uint32_t)(end.said - at->said),
        [BUNDLE_FEED] = (uint32_t)(end.feeds - at->feeds),
    };
    enum status status = bundle_writer_section(writer, namespace_id, octets, counts);
    if (status == STATUS_OK)
        status = write_entries(ledger, writer, BUNDLE_AUTHORITY, &export->authority, at->authority,
                               end.authority);
    if (status == STATUS_OK)
        status = write_statements(writer, export, at->said, end.said);
    if (status == STATUS_OK)
        status = write_entries(ledger, writer, BUNDLE_FEED, &export->feeds, at->feeds, end.feeds);
    *at = end;
    return status;
}

static enum status write_all(struct ledger *ledger, const struct export *export, uint32_t sections,
                             int fd)
{
    struct bundle_writer *writer;
    struct places at = {0};
    enum status status = bundle_writer_create(&writer, fd, sections);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && at.authority < export->authority.count)
        status = write_section(ledger, writer, export, &at);
    enum status finished = bundle_writer_finish(writer);
    return status == STATUS_OK ? finished : status;
}

enum status backup_export(struct ledger *ledger, int fd)
{
    struct export export = {.said = NULL};
    struct ledger_stats stats;
    /* What is not durable yet must not leave. */
    if (ledger_in_batch(ledger))
        return STATUS_BUSY;
    enum status status = ledger_stats(ledger, &stats);
    if (status == STATUS_OK)
        status = ledger_each(ledger, note_entry, &export);
    if (status == STATUS_OK)
        status = ledger_each_statement(ledger, note_statement, &export);
    if (status == STATUS_OK) {
        notes_sort(&export.authority, compare_authority);
        notes_sort(&export.feeds, compare_feeds);
        status = write_all(ledger, &export, (uint32_t)stats.households, fd);
    }
    free(export.authority.items);
    free(export.feeds.items);
    free(export.said);
    return status;
}

/* --- in --- */

struct import {
    struct ledger *ledger;
    const uint8_t *own; /* or NULL */
    struct backup_result result;
};

static enum status import_entry(struct import *import, const uint8_t *bytes, size_t len)
{
    struct entry entry;
    const uint8_t *namespace_id = import->result.namespace_id;
    enum status status = entry_decode(&entry, bytes, len);
    if (status != STATUS_OK)
        return status;
    if (memcmp(entry_namespace(&entry), namespace_id, 32) != 0)
        return STATUS_FOREIGN;
    /* One's own already: then this section only adds to it. */
    bool founds =
        import->own && !ledger_own_id(import->ledger) && memcmp(import->own, namespace_id, 32) == 0;
    status = ledger_ingest(import->ledger, bytes, len, founds);
    if (status == STATUS_OK)
        import->result.added++;
    if (status != STATUS_DUPLICATE)
        return status;
    import->result.known++;
    return STATUS_OK;
}

/* A statement of a key that another branch granted is no reason to leave the entries. */
static enum status import_statement(struct import *import, const uint8_t *bytes, size_t len)
{
    struct statement statement;
    enum status status = statement_decode(&statement, bytes, len);
    if (status != STATUS_OK)
        return status;
    if (memcmp(statement.namespace_id, import->result.namespace_id, 32) != 0)
        return STATUS_FOREIGN;
    status = ledger_ingest_statement(import->ledger, bytes, len);
    return status == STATUS_DUPLICATE || status == STATUS_UNAUTHORISED ? STATUS_OK : status;
}

static enum status import_item(void *context, enum bundle_part part, const uint8_t *bytes,
                               size_t len, uint64_t offset)
{
    struct import *import = context;
    import->result.offset = offset;
    if (part == BUNDLE_STATEMENT)
        return import_statement(import, bytes, len);
    return import_entry(import, bytes, len);
}

static enum status import_section(struct import *import, const struct bundle_section *section)
{
    import->result = (struct backup_result){.offset = section->offset};
    memcpy(import->result.namespace_id, section->namespace_id, 32);
    enum status status = section->status;
    if (status == STATUS_OK)
        status = ledger_begin(import->ledger);
    if (status != STATUS_OK)
        return status;
    status = bundle_each(section, import_item, import);
    if (status != STATUS_OK) {
        ledger_abort(import->ledger);
        return status;
    }
    import->result.offset = section->offset;
    return ledger_commit(import->ledger);
}

enum status backup_import(struct ledger *ledger, const uint8_t *bytes, size_t len,
                          const uint8_t own[32],
                          void (*each)(void *context, const struct backup_result *result),
                          void *context)
{
    struct bundle bundle;
    struct import import = {.ledger = ledger, .own = own};
    if (ledger_in_batch(ledger))
        return STATUS_BUSY;
    enum status status = bundle_open(&bundle, bytes, len);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < bundle.count; i++) {
        enum status section = import_section(&import, &bundle.sections[i]);
        import.result.status = section;
        if (section != STATUS_OK)
            import.result.added = import.result.known = 0;
        if (each)
            each(context, &import.result);
        if (status == STATUS_OK)
            status = section;
    }
    if (status == STATUS_OK)
        status = bundle.status;
    bundle_close(&bundle);
    return status;
}
