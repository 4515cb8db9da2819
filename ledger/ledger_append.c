/* ledger_append.c: this node's own writes: asked for, checked, signed, taken like any other entry.
 *
 * The happy path of a SET: the write breaks no rule; the live SETs of its name and type are what it
 * replaces; the stream of the right kind is at hand (or opened first); the entry is signed at the
 * stream's head and taken into the batch; the head moves. Head and entry become durable in one
 * transaction.
 *
 * An entry leaves this process only after the commit. One that was signed but not committed is gone
 * with the batch, and its place in the stream is signed again by something else: so no two entries
 * for one place are ever seen by anybody.
 */
#include <string.h>

#include "ledger/base/name.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/writer.h"
#include "ledger/crypt.h"
#include "ledger/ledger_parts.h"
#include "ledger/rdata.h"
#include "ledger/scope.h"

enum { SCOPE_COMMITMENT_SIZE = 32 };

/* --- time --- */

static uint64_t household_ms(struct ledger *ledger, struct clock_reading clock)
{
    return clock_household_ms(clock, ledger_floor_ms(ledger));
}

/* Later than the author's own last time, but never more than a day beyond household time. */
static uint64_t next_time(struct ledger *ledger, struct clock_reading clock, uint64_t last)
{
    uint64_t now_ms = household_ms(ledger, clock);
    uint64_t now = clock_stamp(now_ms, 0);
    uint64_t most = clock_stamp(now_ms + CLOCK_DAY_MS, 0);
    if (last < now)
        return now;
    return last < most ? last + 1 : most;
}

/* --- streams --- */

static enum status append(struct ledger *ledger, enum body_kind kind, const struct body *body,
                          uint64_t time, uint8_t id[static 32])
{
    uint8_t octets[LIMIT_BODY], bytes[LIMIT_ENTRY];
    size_t len;
    struct household_authority authority;
    struct own_stream *own = &ledger->own_streams[kind];
    struct writer w = writer_over(octets, sizeof octets);
    enum status status = household_authority(ledger_own(ledger), &authority);
    if (status == STATUS_OK)
        status = body_encode(body, &w);
    if (status != STATUS_OK)
        return status == STATUS_NO_SPACE ? STATUS_TOO_LONG : status;
    bool first = body->type == ENTRY_OPEN;
    struct entry entry = {
        .type = body->type,
        .body = octets,
        .body_len = (uint16_t)w.used,
        .stream = own->stream,
        .seq = first ? 0 : own->seq + 1,
        .time = time,
    };
    memcpy(entry.namespace_id, ledger->own_id, sizeof entry.namespace_id);
    memcpy(entry.author, ledger->keys->signing.public_key, sizeof entry.author);
    memcpy(entry.auth_head, authority.head, sizeof entry.auth_head);
    if (!first)
        memcpy(entry.prev, own->head, sizeof entry.prev);
    status = entry_sign(&entry, ledger->keys->signing.secret, bytes, &len);
    if (status == STATUS_OK)
        status = ledger_take(ledger, &entry, false, NULL);
    if (status != STATUS_OK)
        return status;
    own->seq = entry.seq;
    memcpy(own->head, entry.id, sizeof own->head);
    memcpy(id, entry.id, ENTRY_ID_SIZE);
    return STATUS_OK;
}

/* This key's streams, of all its incarnations. */
struct own_ids {
    const uint8_t *author;
    uint64_t ids[LIMIT_STREAMS];
    uint32_t count;
};

static bool own_ids_add(void *context, const struct household_stream *stream)
{
    struct own_ids *own = context;
    if (memcmp(stream->author, own->author, 32) != 0)
        return true;
    for (uint32_t i = 0; i < own->count; i++)
        if (own->ids[i] == stream->stream)
            return true; /* a leaf of a fork */
    own->ids[own->count++] = stream->stream;
    return own->count < LIMIT_STREAMS;
}

/* Counter and random half; never the authority's stream. FULL where one more would make this key
 * overrun: the last place is kept for denials. */
static enum status new_stream_id(struct ledger *ledger, enum body_kind kind, uint64_t *id)
{
    uint32_t random = 0;
    struct own_ids own = {.author = ledger->keys->signing.public_key};
    household_each_stream(ledger_own(ledger), own_ids_add, &own);
    uint32_t most = kind == KIND_DENIALS ? LIMIT_STREAMS : LIMIT_STREAMS - 1;
    if (own.count >= most)
        return STATUS_FULL;
    while (random == 0)
        crypt_random(&random, sizeof random);
    *id = (uint64_t)own.count << 32 | random;
    return STATUS_OK;
}

/* The scope list that this key is held to, and that its private streams must reveal. */
static bool scope_to_reveal(struct ledger *ledger, uint8_t commitment[static 32])
{
    struct household_grant grant;
    memset(commitment, 0, SCOPE_COMMITMENT_SIZE);
    if (household_find_grant(ledger_own(ledger), ledger->keys->signing.public_key, &grant) !=
            STATUS_OK ||
        !grant.scoped)
        return false;
    memcpy(commitment, grant.scope_commitment, SCOPE_COMMITMENT_SIZE);
    return true;
}

/* Its opening, if this node was told (ledger_set_scope_opening). */
static enum status scope_read(struct ledger *ledger, const uint8_t commitment[static 32],
                              uint8_t opening[static SCOPE_OPENING_MAX], uint16_t *len)
{
    uint8_t of[SCOPE_COMMITMENT_SIZE];
    size_t size;
    *len = 0;
    enum status status =
        store_get_meta(ledger->store, META_SCOPE, opening, SCOPE_OPENING_MAX, &size);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    scope_commitment(opening, size, of);
    if (memcmp(of, commitment, sizeof of) == 0)
        *len = (uint16_t)size;
    return STATUS_OK;
}

static enum status open_stream(struct ledger *ledger, enum body_kind kind,
                               const uint8_t commitment[static 32], uint64_t time)
{
    uint8_t opening[SCOPE_OPENING_MAX], id[ENTRY_ID_SIZE];
    uint64_t stream;
    struct own_stream *own = &ledger->own_streams[kind];
    struct body body = {.type = ENTRY_OPEN, .open = {.kind = (uint8_t)kind}};
    enum status status = new_stream_id(ledger, kind, &stream);
    if (status == STATUS_OK)
        status = scope_read(ledger, commitment, opening, &body.open.opening_len);
    if (status != STATUS_OK)
        return status;
    *own = (struct own_stream){.open = true, .stream = stream};
    if (body.open.opening_len > 0) {
        body.open.opening = opening;
        memcpy(own->scope, commitment, sizeof own->scope);
    }
    status = append(ledger, kind, &body, time, id);
    if (status == STATUS_OK)
        status = ledger_put_own_stream(ledger, kind);
    if (status != STATUS_OK)
        own->open = false;
    return status;
}

/* A stream of that kind that this incarnation may append to. A private one must have revealed the
 * scope list of today, if this node knows it. */
static enum status ensure_stream(struct ledger *ledger, enum body_kind kind, uint64_t time)
{
    static const uint8_t none[SCOPE_COMMITMENT_SIZE];
    uint8_t commitment[SCOPE_COMMITMENT_SIZE], opening[SCOPE_OPENING_MAX];
    uint16_t len = 0;
    const struct own_stream *own = &ledger->own_streams[kind];
    if (kind != KIND_PRIVATE || !scope_to_reveal(ledger, commitment))
        return own->open ? STATUS_OK : open_stream(ledger, kind, none, time);
    enum status status = scope_read(ledger, commitment, opening, &len);
    if (status != STATUS_OK)
        return status;
    bool revealed = len == 0 || memcmp(own->scope, commitment, sizeof commitment) == 0;
    return own->open && revealed ? STATUS_OK : open_stream(ledger, kind, commitment, time);
}

/* --- SET --- */

struct live {
    size_t count;
    uint8_t ids[LIMIT_OVER][ENTRY_ID_SIZE]; /* the first of them */
    bool shared, has_data;
};

static bool live_add(void *context, const struct household_set *set)
{
    struct live *live = context;
    if (live->count < LIMIT_OVER)
        memcpy(live->ids[live->count], set->id, ENTRY_ID_SIZE);
    live->count++;
    live->shared |= set->kind == KIND_SHARED;
    live->has_data |= set->rr_count > 0 || set->removed_count > 0;
    return true;
}

static struct live live_sets(struct ledger *ledger, const struct ledger_write *write)
{
    struct live live = {.count = 0};
    household_each_live(ledger_own(ledger), &write->name, write->type, live_add, &live);
    return live;
}

static enum status check_name(const struct name *name)
{
    if (name->len > NAME_RELATIVE_MAX)
        return STATUS_NAME_TOO_LONG;
    return name_check_household(name);
}

/* The household knows a scope list once a stream reveals it; this node may know its own before, and
 * reveals it with this very write (ensure_stream). */
static bool in_own_scope(struct ledger *ledger, const struct name *name)
{
    uint8_t commitment[SCOPE_COMMITMENT_SIZE], opening[SCOPE_OPENING_MAX];
    uint16_t len = 0;
    return scope_to_reveal(ledger, commitment) &&
           scope_read(ledger, commitment, opening, &len) == STATUS_OK && len > 0 &&
           scope_has(opening, len, name);
}

/* Everything that would leave the write without effect, or refuse it, before anything is signed. */
static enum status check_write(struct ledger *ledger, const struct ledger_write *write,
                               enum rule *rule)
{
    *rule = RULE_NONE;
    enum status status = ledger_ready(ledger);
    if (status != STATUS_OK)
        return status;
    if (!ledger_own(ledger))
        return STATUS_NO_HOUSEHOLD;
    unsigned most = write->type == RRTYPE_PEER ? 1 : LIMIT_RRS;
    if (write->rr_count > most || write->ttl > LIMIT_TTL)
        return STATUS_RANGE;
    if (write->by && strlen(write->by) > LIMIT_BY)
        return STATUS_TOO_LONG;
    status = check_name(&write->name);
    for (unsigned i = 0; status == STATUS_OK && i < write->rr_count; i++)
        status = rdata_check(write->type, write->rrs[i].data, write->rrs[i].len);
    if (status == STATUS_OK && write->rr_count > 0)
        status = rdata_check_owner(write->type, &write->name);
    if (status != STATUS_OK)
        return status;
    *rule = household_may_set(ledger_own(ledger), ledger->keys->signing.public_key, &write->name);
    if (*rule == RULE_SCOPE && in_own_scope(ledger, &write->name))
        *rule = RULE_NONE;
    return *rule == RULE_NONE ? STATUS_OK : STATUS_RULE;
}

static void body_from_write(struct body *body, const struct ledger_write *write)
{
    *body = (struct body){.type = ENTRY_SET};
    struct body_set *set = &body->set;
    set->name = write->name;
    set->type = write->type;
    set->ttl = write->ttl;
    set->rr_count = write->rr_count;
    memcpy(set->rrs, write->rrs, sizeof set->rrs);
    if (write->by && *write->by) {
        set->by = (const uint8_t *)write->by;
        set->by_len = (uint16_t)strlen(write->by);
    }
}

static bool sets_say_the_same(const struct body_set *a, const struct body_set *b)
{
    if (a->ttl != b->ttl || a->rr_count != b->rr_count)
        return false;
    for (unsigned i = 0; i < a->rr_count; i++)
        if (a->rrs[i].len != b->rrs[i].len ||
            memcmp(a->rrs[i].data, b->rrs[i].data, a->rrs[i].len) != 0)
            return false;
    return true;
}

/* Does the entry `id` say what the write says? Compared as written: in order, without duplicates.
 */
static enum status stands_already(struct ledger *ledger, const struct ledger_write *write,
                                  const uint8_t id[static 32], bool *same)
{
    uint8_t bytes[LIMIT_ENTRY], octets[LIMIT_BODY];
    size_t len;
    struct entry entry;
    struct body there, wanted;
    struct writer w = writer_over(octets, sizeof octets);
    body_from_write(&wanted, write);
    enum status status = body_encode(&wanted, &w);
    if (status == STATUS_OK)
        status = body_decode(&wanted, ENTRY_SET, octets, w.used);
    if (status == STATUS_OK)
        status = ledger_get(ledger, id, bytes, &len);
    if (status == STATUS_OK)
        status = entry_decode(&entry, bytes, len);
    if (status == STATUS_OK)
        status = body_decode(&there, entry.type, entry.body, entry.body_len);
    if (status != STATUS_OK)
        return status == STATUS_NO_SPACE ? STATUS_TOO_LONG : status;
    *same = sets_say_the_same(&there.set, &wanted.set);
    return STATUS_OK;
}

/* One SET that names the first eight live ones. */
static enum status append_one(struct ledger *ledger, const struct ledger_write *write,
                              const struct live *live, struct clock_reading clock,
                              uint8_t id[static 32])
{
    struct body body;
    enum body_kind kind = write->shared || live->shared ? KIND_SHARED : KIND_PRIVATE;
    uint64_t last = household_last_time(ledger_own(ledger), ledger->keys->signing.public_key,
                                        &write->name, write->type);
    uint64_t time = next_time(ledger, clock, last);
    uint8_t commitment[SCOPE_COMMITMENT_SIZE];
    enum status status = STATUS_OK;
    /* Only private streams reveal a scope list; until one does, no SET of this key has an effect.
     */
    if (kind == KIND_SHARED && scope_to_reveal(ledger, commitment))
        status = ensure_stream(ledger, KIND_PRIVATE, time);
    if (status == STATUS_OK)
        status = ensure_stream(ledger, kind, time);
    if (status != STATUS_OK)
        return status;
    body_from_write(&body, write);
    body.set.over = live->ids[0];
    body.set.over_count = (uint8_t)(live->count < LIMIT_OVER ? live->count : LIMIT_OVER);
    return append(ledger, kind, &body, time, id);
}

/* Until one is left: each write takes eight out and puts itself in. */
static enum status append_all(struct ledger *ledger, const struct ledger_write *write,
                              struct live live, struct clock_reading clock, uint8_t id[static 32])
{
    for (;;) {
        size_t before = live.count;
        enum status status = append_one(ledger, write, &live, clock, id);
        if (status != STATUS_OK || before <= LIMIT_OVER)
            return status;
        live = live_sets(ledger, write);
        if (live.count >= before)
            return STATUS_NO_EFFECT;
    }
}

enum status ledger_append_set(struct ledger *ledger, const struct ledger_write *write,
                              struct clock_reading clock, uint8_t id[static 32], enum rule *rule)
{
    bool alone, same = false;
    enum status status = check_write(ledger, write, rule);
    if (status != STATUS_OK)
        return status;
    struct live live = live_sets(ledger, write);
    if (write->rr_count == 0 && !live.has_data)
        return STATUS_NOT_FOUND;
    if (write->rr_count > 0 && live.count == 1 && write->shared <= live.shared)
        status = stands_already(ledger, write, live.ids[0], &same);
    if (same)
        memcpy(id, live.ids[0], ENTRY_ID_SIZE);
    if (status != STATUS_OK || same)
        return status;
    status = ledger_begin_alone(ledger, &alone);
    if (status != STATUS_OK)
        return status;
    status = append_all(ledger, write, live, clock, id);
    return ledger_end_alone(ledger, alone, status);
}

/* --- denials --- */

/* Has this node a grant that denies? Being suspended takes no right to deny away. */
static enum status check_denier(struct ledger *ledger, bool admin, enum rule *rule)
{
    struct household_grant grant;
    *rule = RULE_NONE;
    enum status status = ledger_ready(ledger);
    if (status != STATUS_OK)
        return status;
    if (!ledger_own(ledger))
        return STATUS_NO_HOUSEHOLD;
    status = household_find_grant(ledger_own(ledger), ledger->keys->signing.public_key, &grant);
    if (status != STATUS_OK || grant.state == GRANT_CLEARED)
        *rule = RULE_NOT_GRANTED;
    else if (grant.state == GRANT_REVOKED)
        *rule = RULE_REVOKED;
    else if (admin ? grant.role != ROLE_ADMIN : grant.scoped)
        *rule = RULE_NO_RIGHT;
    return *rule == RULE_NONE ? STATUS_OK : STATUS_RULE;
}

static enum status append_denial(struct ledger *ledger, const struct body *body,
                                 struct clock_reading clock, uint8_t id[static 32])
{
    bool alone;
    enum status status = ledger_begin_alone(ledger, &alone);
    if (status != STATUS_OK)
        return status;
    uint64_t time = clock_stamp(household_ms(ledger, clock), 0);
    status = ensure_stream(ledger, KIND_DENIALS, time);
    if (status == STATUS_OK)
        status = append(ledger, KIND_DENIALS, body, time, id);
    return ledger_end_alone(ledger, alone, status);
}

struct find_withdrawal {
    const uint8_t *hash, *author;
    bool found;
    uint8_t *id;
};

static bool find_withdrawal(void *context, const struct household_withdrawal *w)
{
    struct find_withdrawal *find = context;
    if (memcmp(w->hash, find->hash, 32) != 0 || memcmp(w->author, find->author, 32) != 0)
        return true;
    memcpy(find->id, w->id, ENTRY_ID_SIZE);
    find->found = true;
    return false;
}

enum status ledger_append_withdraw(struct ledger *ledger, const uint8_t hash[static 32],
                                   enum body_reason reason, struct clock_reading clock,
                                   uint8_t id[static 32], enum rule *rule)
{
    enum status status = check_denier(ledger, false, rule);
    if (status != STATUS_OK)
        return status;
    struct find_withdrawal find = {
        .hash = hash, .author = ledger->keys->signing.public_key, .id = id};
    household_each_withdrawal(ledger_own(ledger), find_withdrawal, &find);
    if (find.found)
        return STATUS_OK;
    struct body body = {.type = ENTRY_WITHDRAW, .withdraw = {.reason = (uint8_t)reason}};
    memcpy(body.withdraw.hash, hash, sizeof body.withdraw.hash);
    return append_denial(ledger, &body, clock, id);
}

/* Is this entry held, and by this node? */
static bool is_ours(struct ledger *ledger, const uint8_t id[static 32])
{
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    struct entry entry;
    return ledger_get(ledger, id, bytes, &len) == STATUS_OK &&
           entry_decode(&entry, bytes, len) == STATUS_OK &&
           memcmp(entry.author, ledger->keys->signing.public_key, sizeof entry.author) == 0;
}

enum status ledger_append_suspend(struct ledger *ledger, const uint8_t key[static 32],
                                  struct clock_reading clock, uint8_t id[static 32],
                                  enum rule *rule)
{
    struct household_grant grant;
    enum status status = check_denier(ledger, true, rule);
    if (status == STATUS_OK)
        status = household_find_grant(ledger_own(ledger), key, &grant);
    if (status != STATUS_OK)
        return status;
    if (grant.state == GRANT_SUSPENDED && is_ours(ledger, grant.by_id)) {
        memcpy(id, grant.by_id, ENTRY_ID_SIZE);
        return STATUS_OK;
    }
    struct body body = {.type = ENTRY_SUSPEND, .suspend.signing.algorithm = KEY_ED25519};
    memcpy(body.suspend.signing.key, key, sizeof body.suspend.signing.key);
    return append_denial(ledger, &body, clock, id);
}
