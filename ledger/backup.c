/* backup.c: see backup.h.
 *
 * Out: one walk over the store notes of each entry what its place depends on; the notes are sorted,
 * and the entries written in their order, each read again by its id. Feeds go by author, stream and
 * seq, which puts each after its prev. Authority entries go by depth: one more than that of the
 * deepest entry that they need. All of it goes in small steps, for whoever has other things to do
 * too: the entries that were there at the beginning stay as they are, whatever is added meanwhile.
 *
 * In: a section is one batch. The first item that is refused ends it, and nothing of it was
 * imported.
 */
#include "ledger/backup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/array.h"
#include "ledger/body.h"
#include "ledger/bundle.h"
#include "ledger/entry.h"
#include "ledger/statement.h"
#include "ledger/verify_ahead.h"

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

/* Where the next entry of each list is. */
struct places {
    size_t authority, said, feeds;
};

enum phase { PHASE_NOTE, PHASE_SORT, PHASE_SECTION, PHASE_AUTHORITY, PHASE_FEEDS, PHASE_DONE };

struct backup_job {
    struct ledger *ledger;
    int fd;
    enum phase phase;
    uint64_t noted, entries;       /* of those that were there at the beginning */
    unsigned left;                 /* entries that this step may still look at */
    struct notes authority, feeds; /* sorted by namespace first */
    struct said *said; /* malloc'd; sorted by namespace, author, form, as the store has them */
    size_t said_count, said_size;
    struct bundle_writer *writer;
    struct places at, end; /* of the section that is being written */
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

static enum status note_entry(void *context, uint64_t number, const struct entry *entry)
{
    struct backup_job *job = context;
    bool is_authority = entry->stream == 0;
    struct notes *notes = is_authority ? &job->authority : &job->feeds;
    if (number >= job->entries || job->left == 0)
        return STATUS_AGAIN;
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
    job->noted++;
    job->left--;
    return STATUS_OK;
}

static enum status note_statement(void *context, const uint8_t *bytes, size_t len)
{
    struct backup_job *job = context;
    struct statement statement;
    void *items = job->said;
    enum status status = statement_decode(&statement, bytes, len);
    if (status != STATUS_OK)
        return STATUS_CORRUPT;
    status = make_room(&items, job->said_count, &job->said_size, sizeof *job->said);
    job->said = items;
    if (status != STATUS_OK)
        return status;
    struct said *said = &job->said[job->said_count++];
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

static size_t said_run(const struct backup_job *job, size_t at,
                       const uint8_t namespace_id[static 32], uint64_t *octets)
{
    for (; at < job->said_count && memcmp(job->said[at].namespace_id, namespace_id, 32) == 0; at++)
        *octets += job->said[at].len + (size_t)BUNDLE_ITEM_EXTRA;
    return at;
}

/* From *at to `to`, as far as this step may go. */
static enum status write_entries(struct backup_job *job, const struct notes *notes, size_t *at,
                                 size_t to)
{
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    enum status status = STATUS_OK;
    for (; status == STATUS_OK && *at < to && job->left > 0; job->left--, ++*at) {
        status = ledger_get(job->ledger, notes->items[*at].id, bytes, &len);
        if (status == STATUS_OK)
            status = bundle_writer_item(job->writer, bytes, len);
    }
    return status;
}

static enum status write_statements(struct backup_job *job)
{
    enum status status = bundle_writer_list(job->writer, BUNDLE_STATEMENT);
    for (size_t i = job->at.said; status == STATUS_OK && i < job->end.said; i++)
        status = bundle_writer_item(job->writer, job->said[i].bytes, job->said[i].len);
    return status;
}

static enum status begin_section(struct backup_job *job)
{
    uint64_t octets = BUNDLE_PARTS_EMPTY;
    const uint8_t *namespace_id = job->authority.items[job->at.authority].namespace_id;
    job->end = (struct places){
        .authority = notes_run(&job->authority, job->at.authority, namespace_id, &octets),
        .said = said_run(job, job->at.said, namespace_id, &octets),
        .feeds = notes_run(&job->feeds, job->at.feeds, namespace_id, &octets),
    };
    uint32_t counts[3] = {
        [BUNDLE_AUTHORITY] = (uint32_t)(job->end.authority - job->at.authority),
        [BUNDLE_STATEMENT] = (uint32_t)(job->end.said - job->at.said),
        [BUNDLE_FEED] = (uint32_t)(job->end.feeds - job->at.feeds),
    };
    enum status status = bundle_writer_section(job->writer, namespace_id, octets, counts);
    return status == STATUS_OK ? bundle_writer_list(job->writer, BUNDLE_AUTHORITY) : status;
}

/* Each household has a GENESIS. */
static uint32_t count_sections(const struct backup_job *job)
{
    uint32_t count = 0;
    for (size_t i = 0; i < job->authority.count; i++)
        count += i == 0 || memcmp(job->authority.items[i].namespace_id,
                                  job->authority.items[i - 1].namespace_id, 32) != 0;
    return count;
}

/* --- out: the steps --- */

static enum status step_note(struct backup_job *job)
{
    enum status status = ledger_each_from(job->ledger, job->noted, note_entry, job);
    if (status == STATUS_AGAIN)
        status = STATUS_OK;
    if (status == STATUS_OK && job->noted == job->entries)
        job->phase = PHASE_SORT;
    return status;
}

static enum status step_sort(struct backup_job *job)
{
    notes_sort(&job->authority, compare_authority);
    notes_sort(&job->feeds, compare_feeds);
    job->phase = job->authority.count > 0 ? PHASE_SECTION : PHASE_DONE;
    job->left = 0;
    return bundle_writer_create(&job->writer, job->fd, count_sections(job));
}

static enum status step_section(struct backup_job *job)
{
    job->phase = PHASE_AUTHORITY;
    return begin_section(job);
}

static enum status step_authority(struct backup_job *job)
{
    enum status status =
        write_entries(job, &job->authority, &job->at.authority, job->end.authority);
    if (status != STATUS_OK || job->at.authority < job->end.authority)
        return status;
    job->phase = PHASE_FEEDS;
    status = write_statements(job);
    job->at.said = job->end.said;
    return status == STATUS_OK ? bundle_writer_list(job->writer, BUNDLE_FEED) : status;
}

static enum status step_feeds(struct backup_job *job)
{
    enum status status = write_entries(job, &job->feeds, &job->at.feeds, job->end.feeds);
    if (status == STATUS_OK && job->at.feeds == job->end.feeds)
        job->phase = job->at.authority < job->authority.count ? PHASE_SECTION : PHASE_DONE;
    return status;
}

static enum status finish(struct backup_job *job)
{
    enum status status = bundle_writer_finish(job->writer);
    job->writer = NULL;
    return status;
}

enum status backup_job_create(struct backup_job **out, struct ledger *ledger, int fd)
{
    struct ledger_stats stats;
    *out = NULL;
    /* What is not durable yet must not leave. */
    if (ledger_in_batch(ledger))
        return STATUS_BUSY;
    enum status status = ledger_stats(ledger, &stats);
    if (status != STATUS_OK)
        return status;
    struct backup_job *job = calloc(1, sizeof *job);
    if (!job)
        return STATUS_NO_MEMORY;
    *job = (struct backup_job){.ledger = ledger, .fd = fd, .entries = stats.entries};
    status = ledger_each_statement(ledger, note_statement, job);
    if (status != STATUS_OK) {
        backup_job_destroy(job);
        return status;
    }
    *out = job;
    return STATUS_OK;
}

enum status backup_job_step(struct backup_job *job, unsigned entries)
{
    static enum status (*const steps[])(struct backup_job * job) = {
        [PHASE_NOTE] = step_note,       [PHASE_SORT] = step_sort,
        [PHASE_SECTION] = step_section, [PHASE_AUTHORITY] = step_authority,
        [PHASE_FEEDS] = step_feeds,
    };
    enum status status = STATUS_OK;
    if (ledger_in_batch(job->ledger))
        return STATUS_BUSY;
    job->left = entries;
    while (status == STATUS_OK && job->left > 0 && job->phase < PHASE_DONE)
        status = steps[job->phase](job);
    if (status != STATUS_OK)
        return status;
    return job->phase == PHASE_DONE ? finish(job) : STATUS_AGAIN;
}

void backup_job_destroy(struct backup_job *job)
{
    if (!job)
        return;
    (void)bundle_writer_finish(job->writer); /* of one that was given up: nobody wants it */
    free(job->authority.items);
    free(job->feeds.items);
    free(job->said);
    free(job);
}

enum status backup_export(struct ledger *ledger, int fd)
{
    struct backup_job *job;
    enum status status = backup_job_create(&job, ledger, fd);
    if (status != STATUS_OK)
        return status;
    do
        status = backup_job_step(job, UINT_MAX);
    while (status == STATUS_AGAIN);
    backup_job_destroy(job);
    return status;
}

/* --- in --- */

struct import {
    struct ledger *ledger;
    const uint8_t *own; /* or NULL */
    struct backup_result result;
    /* The section's entries, in the order in which they are taken in. */
    struct array entries; /* of struct verify_item */
    struct verify_ahead *ahead;
    size_t at; /* the next of them */
};

static enum status note_item(void *context, enum bundle_part part, const uint8_t *bytes, size_t len,
                             uint64_t offset)
{
    struct import *import = context;
    (void)offset;
    if (part == BUNDLE_STATEMENT)
        return STATUS_OK;
    enum status status = array_reserve(&import->entries, 1, sizeof(struct verify_item));
    if (status == STATUS_OK)
        *(struct verify_item *)array_push(&import->entries, sizeof(struct verify_item)) =
            (struct verify_item){.bytes = bytes, .len = len};
    return status;
}

/* Its signature was checked ahead, or is now. */
static enum status verify_item(void *context, const struct entry *entry)
{
    const struct import *import = context;
    (void)entry; /* the item that was noted at this place */
    return verify_ahead_wait(import->ahead, import->at);
}

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
    const struct entry_check check = {.verify = verify_item, .context = import};
    status = ledger_ingest_entry(import->ledger, &entry, founds, &check);
    import->at++;
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

/* Everything in the section, in a batch; its signatures are checked ahead by all processors. */
static enum status import_items(struct import *import, const struct bundle_section *section)
{
    enum status status = bundle_each(section, note_item, import);
    if (status != STATUS_OK)
        return status;
    import->ahead = verify_ahead_start(import->entries.items, import->entries.count);
    status = import->ahead ? bundle_each(section, import_item, import) : STATUS_NO_MEMORY;
    verify_ahead_end(import->ahead);
    return status;
}

static enum status import_section(struct import *import, const struct bundle_section *section)
{
    import->result = (struct backup_result){.offset = section->offset};
    import->entries.count = 0;
    import->at = 0;
    memcpy(import->result.namespace_id, section->namespace_id, 32);
    enum status status = section->status;
    if (status == STATUS_OK)
        status = ledger_begin(import->ledger);
    if (status != STATUS_OK)
        return status;
    status = import_items(import, section);
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
    array_deinit(&import.entries);
    bundle_close(&bundle);
    return status;
}
