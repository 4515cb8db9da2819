/* ledger_replay.c: makes the ledger's state from its store: households, own streams, label,
 * incarnation.
 *
 * The store has every entry in an order in which each came after what it needs, and all of them
 * were verified before they were stored; they are hashed again on reading and admitted again here,
 * but their signatures are not checked again. What doesn't fit is damage: CORRUPT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/clock.h"
#include "ledger/base/reader.h"
#include "ledger/base/writer.h"
#include "ledger/crypt.h"
#include "ledger/ledger_parts.h"
#include "ledger/statement.h"

enum { META_STREAM_SIZE = 8 + 32, META_INCARNATION_SIZE = 16 + 8, META_KEY_SIZE = 16 };

/* --- households --- */

bool ledger_find(const struct ledger *ledger, const uint8_t namespace_id[static 32], size_t *at)
{
    size_t low = 0, high = ledger->held_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(ledger->held[middle].namespace_id, namespace_id, 32);
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

static enum status make_room(struct ledger *ledger)
{
    if (ledger->held_count >= HOUSEHOLDS_MAX)
        return STATUS_FULL;
    if (ledger->held_count < ledger->held_size)
        return STATUS_OK;
    size_t size = ledger->held_size * 2 + 4;
    struct held *held = realloc(ledger->held, size * sizeof *held);
    if (!held)
        return STATUS_NO_MEMORY;
    ledger->held = held;
    ledger->held_size = size;
    return STATUS_OK;
}

enum status ledger_hold(struct ledger *ledger, const uint8_t namespace_id[static 32],
                        struct household **household)
{
    size_t at;
    enum status status = make_room(ledger);
    if (status != STATUS_OK)
        return status;
    *household = household_create(namespace_id, ledger->hash_key);
    if (!*household)
        return STATUS_NO_MEMORY;
    ledger_find(ledger, namespace_id, &at);
    struct held *place = &ledger->held[at];
    memmove(place + 1, place, (ledger->held_count - at) * sizeof *place);
    memcpy(place->namespace_id, namespace_id, 32);
    place->household = *household;
    ledger->held_count++;
    return STATUS_OK;
}

void ledger_drop(struct ledger *ledger, const uint8_t namespace_id[static 32])
{
    size_t at;
    if (!ledger_find(ledger, namespace_id, &at))
        return;
    struct held *place = &ledger->held[at];
    household_destroy(place->household);
    ledger->held_count--;
    memmove(place, place + 1, (ledger->held_count - at) * sizeof *place);
}

void ledger_forget_all(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->held_count; i++)
        household_destroy(ledger->held[i].household);
    ledger->held_count = 0;
    ledger->has_own = false;
    memset(ledger->own_streams, 0, sizeof ledger->own_streams);
    ledger->label[0] = '\0';
    ledger->floor_known = false;
}

/* --- own streams --- */

static void stream_key(char key[static META_KEY_SIZE], unsigned kind)
{
    snprintf(key, META_KEY_SIZE, "stream.%u", kind);
}

enum status ledger_put_own_stream(struct ledger *ledger, enum body_kind kind)
{
    char key[META_KEY_SIZE];
    uint8_t value[META_STREAM_SIZE];
    const struct own_stream *own = &ledger->own_streams[kind];
    struct writer w = writer_over(value, sizeof value);
    stream_key(key, kind);
    writer_u64(&w, own->stream);
    writer_bytes(&w, own->scope, sizeof own->scope);
    return store_put_meta(ledger->store, key, value, own->open ? w.used : 0);
}

/* Which streams are ours to append to, as far as the store knows; found again below. */
static enum status load_stream_ids(struct ledger *ledger)
{
    for (unsigned kind = KIND_PRIVATE; kind < OWN_KINDS; kind++) {
        char key[META_KEY_SIZE];
        uint8_t value[META_STREAM_SIZE];
        size_t len;
        struct own_stream *own = &ledger->own_streams[kind];
        stream_key(key, kind);
        enum status status = store_get_meta(ledger->store, key, value, sizeof value, &len);
        if (status == STATUS_NOT_FOUND)
            continue;
        if (status != STATUS_OK)
            return status;
        struct reader r = reader_over(value, len);
        own->stream = reader_u64(&r);
        reader_copy(&r, own->scope, sizeof own->scope);
        if (reader_finish(&r) != STATUS_OK)
            return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

/* A stream that forked, or that is not there, is not ours to append to any more. */
static bool load_stream_head(void *context, const struct household_stream *stream)
{
    struct ledger *ledger = context;
    if (memcmp(stream->author, ledger->keys->signing.public_key, 32) != 0)
        return true;
    for (unsigned kind = KIND_PRIVATE; kind < OWN_KINDS; kind++) {
        struct own_stream *own = &ledger->own_streams[kind];
        if (own->stream != stream->stream || stream->kind != kind)
            continue;
        own->open = !stream->forked;
        own->seq = stream->seq;
        memcpy(own->head, stream->head, sizeof own->head);
    }
    return true;
}

static enum status load_own_streams(struct ledger *ledger)
{
    struct household *own = ledger_own(ledger);
    enum status status = own ? load_stream_ids(ledger) : STATUS_OK;
    if (status == STATUS_OK && own)
        household_each_stream(own, load_stream_head, ledger);
    return status;
}

/* --- replay --- */

static enum status load_facts(struct ledger *ledger)
{
    size_t len;
    enum status status =
        store_get_meta(ledger->store, META_OWN, ledger->own_id, sizeof ledger->own_id, &len);
    if (status == STATUS_OK && len != sizeof ledger->own_id)
        return STATUS_CORRUPT;
    ledger->has_own = status == STATUS_OK;
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    status = store_get_meta(ledger->store, META_LABEL, ledger->label, LABEL_SIZE - 1, &len);
    ledger->label[status == STATUS_OK ? len : 0] = '\0';
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status replay_one(void *context, uint64_t number, const struct entry *entry)
{
    struct ledger *ledger = context;
    struct household *household;
    size_t at;
    (void)number;
    const uint8_t *namespace_id = entry_namespace(entry);
    if (ledger_find(ledger, namespace_id, &at)) {
        household = ledger->held[at].household;
    } else {
        enum status status = ledger_hold(ledger, namespace_id, &household);
        if (status != STATUS_OK)
            return status;
    }
    if (household_admit(household, entry) != STATUS_OK)
        return STATUS_CORRUPT;
    return household_add(household, entry);
}

enum status ledger_replay(struct ledger *ledger)
{
    ledger_forget_all(ledger);
    enum status status = load_facts(ledger);
    if (status == STATUS_OK)
        status = store_each_entry(ledger->store, replay_one, ledger);
    if (status == STATUS_OK && ledger->has_own && !ledger_own(ledger))
        status = STATUS_CORRUPT;
    if (status == STATUS_OK)
        status = load_own_streams(ledger);
    ledger->changed = false;
    return status;
}

/* --- household time (docs/ledger-rules.md) --- */

/* What the newest statements say, by whom. */
struct claims {
    struct ledger *ledger;
    uint64_t own_ms;
    uint64_t highest_ms, second_ms; /* of other live keys, each key once */
    uint8_t highest_author[32];
};

static void claims_add(struct claims *claims, const uint8_t author[static 32], uint64_t ms)
{
    if (memcmp(author, claims->ledger->keys->signing.public_key, 32) == 0) {
        claims->own_ms = ms > claims->own_ms ? ms : claims->own_ms;
    } else if (memcmp(author, claims->highest_author, 32) == 0) {
        claims->highest_ms = ms > claims->highest_ms ? ms : claims->highest_ms;
    } else if (ms > claims->highest_ms) {
        claims->second_ms = claims->highest_ms;
        claims->highest_ms = ms;
        memcpy(claims->highest_author, author, 32);
    } else if (ms > claims->second_ms) {
        claims->second_ms = ms;
    }
}

static enum status claims_hear(void *context, const uint8_t *bytes, size_t len)
{
    struct claims *claims = context;
    struct ledger *ledger = claims->ledger;
    struct statement statement;
    struct household_grant grant;
    if (statement_decode(&statement, bytes, len) == STATUS_OK &&
        memcmp(statement.namespace_id, ledger->own_id, sizeof ledger->own_id) == 0 &&
        household_find_grant(ledger_own(ledger), statement.author, &grant) == STATUS_OK &&
        grant.state == GRANT_LIVE)
        claims_add(claims, statement.author, clock_stamp_ms(statement.time));
    return STATUS_OK;
}

/* Nobody is believed more than a day beyond what somebody else says: this node, another key, or the
 * owner's newest entry. */
static uint64_t claims_settle(const struct claims *claims)
{
    struct household_authority authority;
    uint64_t others_ms = claims->own_ms > claims->second_ms ? claims->own_ms : claims->second_ms;
    if (household_authority(ledger_own(claims->ledger), &authority) == STATUS_OK &&
        clock_stamp_ms(authority.head_time) > others_ms)
        others_ms = clock_stamp_ms(authority.head_time);
    uint64_t most_ms = others_ms + CLOCK_DAY_MS;
    uint64_t highest_ms = claims->highest_ms < most_ms ? claims->highest_ms : most_ms;
    return highest_ms > claims->own_ms ? highest_ms : claims->own_ms;
}

uint64_t ledger_floor_ms(struct ledger *ledger)
{
    if (ledger->floor_known)
        return ledger->floor_ms;
    struct claims claims = {.ledger = ledger};
    ledger->floor_ms = 0;
    ledger->floor_known = true;
    /* What can't be read proves no time. */
    if (ledger_own(ledger) &&
        store_each_statement(ledger->store, claims_hear, &claims) == STATUS_OK)
        ledger->floor_ms = claims_settle(&claims);
    return ledger->floor_ms;
}

/* --- incarnations --- */

static enum status load_incarnation(struct ledger *ledger, uint8_t id[static 16])
{
    uint8_t value[META_INCARNATION_SIZE];
    size_t len;
    enum status status = store_get_meta(ledger->store, META_INCARNATION, value, sizeof value, &len);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_over(value, len);
    reader_copy(&r, id, 16);
    ledger->began_ms = reader_u64(&r);
    return reader_finish(&r) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

static enum status begin_incarnation(struct ledger *ledger)
{
    uint8_t value[META_INCARNATION_SIZE];
    struct writer w = writer_over(value, sizeof value);
    uint64_t now_ms = clock_read().wall_ms;
    /* Incarnations are in order, whatever the clock says. */
    ledger->began_ms = now_ms > ledger->began_ms ? now_ms : ledger->began_ms + 1;
    crypt_random(ledger->mark.id, sizeof ledger->mark.id);
    writer_bytes(&w, ledger->mark.id, sizeof ledger->mark.id);
    writer_u64(&w, ledger->began_ms);
    memset(ledger->own_streams, 0, sizeof ledger->own_streams);
    enum status status = store_begin(ledger->store);
    if (status == STATUS_OK)
        status = store_put_meta(ledger->store, META_INCARNATION, value, w.used);
    for (unsigned kind = KIND_PRIVATE; status == STATUS_OK && kind < OWN_KINDS; kind++)
        status = ledger_put_own_stream(ledger, (enum body_kind)kind);
    if (status == STATUS_OK)
        return store_commit(ledger->store);
    store_abort(ledger->store);
    return status;
}

enum status ledger_incarnate(struct ledger *ledger, const char *state_dir)
{
    uint8_t inside[16];
    struct store_size size;
    enum status in = load_incarnation(ledger, inside);
    enum status out = incarnation_read(&ledger->mark, state_dir);
    if (in != STATUS_OK && in != STATUS_NOT_FOUND)
        return in;
    if (out != STATUS_OK && out != STATUS_NOT_FOUND && out != STATUS_CORRUPT)
        return out;
    enum status status = store_size(ledger->store, &size);
    if (status != STATUS_OK)
        return status;
    bool same = in == STATUS_OK && out == STATUS_OK && size.commits >= ledger->mark.commits &&
                memcmp(inside, ledger->mark.id, sizeof inside) == 0;
    ledger->restored = !same && (in == STATUS_OK || out != STATUS_NOT_FOUND);
    if (!same)
        status = begin_incarnation(ledger);
    if (status == STATUS_OK)
        status = store_size(ledger->store, &size);
    if (status != STATUS_OK)
        return status;
    ledger->mark.commits = size.commits;
    return same ? incarnation_continue(&ledger->mark, state_dir, &ledger->mark_fd)
                : incarnation_write(&ledger->mark, state_dir, &ledger->mark_fd);
}
