/* household_query.c: the answers of household.h about names and denials. Each settles first what is
 * stale. */
#include <assert.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/denial.h"
#include "ledger/household_index.h"
#include "ledger/judge.h"
#include "ledger/names.h"

/* --- names --- */

static void decode_held(const struct known *known, struct body *body)
{
    enum status status = body_decode(body, known->type, known->body, known->body_len);
    assert(status == STATUS_OK); /* it was decoded when it was added */
}

static bool is_withdrawn_tlsa(const struct household *h, uint16_t type, const struct body_rr *rr)
{
    enum { TLSA_MATCHING = 2, TLSA_DATA = 3, MATCHING_SHA256 = 1 };
    return type == RRTYPE_TLSA && rr->len == TLSA_DATA + 32 &&
           rr->data[TLSA_MATCHING] == MATCHING_SHA256 &&
           names_is_withdrawn(h, rr->data + TLSA_DATA);
}

static void fill_set(const struct household *h, uint32_t index, struct household_set *out)
{
    const struct known *known = known_at(h, index);
    struct body body;
    decode_held(known, &body);
    *out = (struct household_set){.name = body.set.name,
                                  .type = body.set.type,
                                  .ttl = body.set.ttl,
                                  .time = known->time,
                                  .stream = stream_at(h, known->stream)->number,
                                  .kind = known->kind,
                                  .by = body.set.by,
                                  .by_len = body.set.by_len,
                                  .conflicts = slot_at(h, known->at)->live_count - 1};
    memcpy(out->id, known->id, 32);
    memcpy(out->author, known_author(h, known)->key, 32);
    for (uint8_t i = 0; i < body.set.rr_count; i++) {
        if (is_withdrawn_tlsa(h, body.set.type, &body.set.rrs[i]))
            out->removed[out->removed_count++] = body.set.rrs[i];
        else
            out->rrs[out->rr_count++] = body.set.rrs[i];
    }
}

/* What is at `first` in canonical order and after it. */
static void tell_winners(const struct household *h, uint32_t first,
                         bool (*each)(void *context, const struct household_set *set),
                         void *context)
{
    for (uint32_t i = first; i < sorted_index_count(&h->slots_in_order); i++) {
        uint32_t live = slot_at(h, sorted_index_at(&h->slots_in_order, i))->live;
        struct household_set set;
        if (live == INDEX_NONE)
            continue;
        fill_set(h, live, &set);
        if (!each(context, &set))
            return;
    }
}

void household_each_winner(struct household *household,
                           bool (*each)(void *context, const struct household_set *set),
                           void *context)
{
    judge_settle(household);
    names_settle_order(household);
    tell_winners(household, 0, each, context);
}

void household_each_winner_after(struct household *household, const struct name *relative,
                                 uint16_t type,
                                 bool (*each)(void *context, const struct household_set *set),
                                 void *context)
{
    judge_settle(household);
    names_settle_order(household);
    tell_winners(household, names_first_after(household, relative, type), each, context);
}

size_t household_winners(struct household *household)
{
    judge_settle(household);
    return household->winners;
}

/* The first live SET of a name and type. */
static uint32_t find_live(struct household *h, const struct name *relative, uint16_t type)
{
    judge_settle(h);
    uint32_t slot = index_slot(h, relative, type);
    return slot == INDEX_NONE ? INDEX_NONE : slot_at(h, slot)->live;
}

enum status household_winner(struct household *household, const struct name *relative,
                             uint16_t type, struct household_set *out)
{
    uint32_t live = find_live(household, relative, type);
    if (live == INDEX_NONE)
        return STATUS_NOT_FOUND;
    fill_set(household, live, out);
    return STATUS_OK;
}

size_t household_live(struct household *household, const struct name *relative, uint16_t type,
                      uint8_t (*ids)[32], size_t max)
{
    size_t count = 0;
    for (uint32_t i = find_live(household, relative, type); i != INDEX_NONE;
         i = known_at(household, i)->next_live) {
        if (count < max)
            memcpy(ids[count], known_at(household, i)->id, 32);
        count++;
    }
    return count;
}

void household_each_live(struct household *household, const struct name *relative, uint16_t type,
                         bool (*each)(void *context, const struct household_set *set),
                         void *context)
{
    for (uint32_t i = find_live(household, relative, type); i != INDEX_NONE;
         i = known_at(household, i)->next_live) {
        struct household_set set;
        fill_set(household, i, &set);
        if (!each(context, &set))
            return;
    }
}

uint64_t household_last_time(struct household *household, const uint8_t author[static 32],
                             const struct name *relative, uint16_t type)
{
    uint32_t wanted = index_author(household, author);
    uint32_t slot = index_slot(household, relative, type);
    if (wanted == INDEX_NONE || slot == INDEX_NONE)
        return 0;
    for (uint32_t i = slot_at(household, slot)->times; i != INDEX_NONE;) {
        const struct slot_time *time = array_at(&household->times, i, sizeof *time);
        if (time->author == wanted)
            return time->time;
        i = time->next;
    }
    return 0;
}

void household_each_withdrawal(struct household *household,
                               bool (*each)(void *context, const struct household_withdrawal *w),
                               void *context)
{
    judge_settle(household);
    for (uint32_t i = 0; i < household->withdrawals.count; i++) {
        const struct known *known = known_at(household, index_at(&household->withdrawals, i));
        struct body body;
        decode_held(known, &body);
        struct household_withdrawal w = {.time = known->time, .reason = body.withdraw.reason};
        memcpy(w.hash, body.withdraw.hash, 32);
        memcpy(w.id, known->id, 32);
        memcpy(w.author, known_author(household, known)->key, 32);
        if (!each(context, &w))
            return;
    }
}

enum rule household_may_set(struct household *household, const uint8_t key[static 32],
                            const struct name *relative)
{
    judge_settle(household);
    uint32_t index = index_author(household, key);
    if (index == INDEX_NONE)
        return RULE_NOT_GRANTED;
    const struct author *author = author_at(household, index);
    enum rule rule = judge_author(author);
    if (rule != RULE_NONE)
        return rule;
    return judge_in_scope(household, author, relative) ? RULE_NONE : RULE_SCOPE;
}

/* --- entries --- */

static enum rule set_effect(struct household *h, uint32_t index)
{
    const struct known *set = known_at(h, index);
    const struct slot *slot = slot_at(h, set->at);
    struct name name = {.len = slot->name_len};
    memcpy(name.wire, slot->name, slot->name_len);
    enum rule rule = household_may_set(h, known_author(h, set)->key, &name);
    if (rule != RULE_NONE)
        return rule;
    if (set->flags & KNOWN_DEAD)
        return RULE_REPLACED;
    return slot->live == index ? RULE_NONE : RULE_OUTRANKED;
}

/* What was joined from another branch: REVOKEs, SCOPEs and rights to deny hold; grants and policy
 * do not. */
static enum rule joined_effect(const struct authority_entry *entry)
{
    if (entry->rule != RULE_NONE)
        return entry->rule;
    switch (entry->type) {
    case ENTRY_GRANT:
    case ENTRY_POLICY:
    case ENTRY_RECOVER:
        return RULE_TIED;
    default:
        return RULE_NONE;
    }
}

static enum rule authority_effect(const struct household *h, const struct known *known)
{
    const struct authority_entry *entry = authority_at(&h->authority, known->at);
    if (entry->place >= PLACE_JOINED && entry->lifted &&
        !authority_has_lifted(&h->authority, entry->lifted))
        return RULE_TIED; /* it does not stand on every side of a join */
    switch (entry->place) {
    case PLACE_PATH:
        return entry->rule;
    case PLACE_JOINED:
        return joined_effect(entry);
    case PLACE_TIED:
        return RULE_TIED;
    case PLACE_BEATEN:
        break;
    }
    return RULE_BEATEN;
}

enum status household_effect(struct household *household, const uint8_t id[static 32],
                             enum rule *rule)
{
    judge_settle(household);
    uint32_t index = index_id(household, id);
    if (index == INDEX_NONE || !(known_at(household, index)->flags & KNOWN_HELD))
        return STATUS_NOT_FOUND;
    const struct known *known = known_at(household, index);
    *rule = (enum rule)known->rule;
    if (known->stream == INDEX_NONE)
        *rule = authority_effect(household, known);
    else if (*rule != RULE_NONE)
        return STATUS_OK;
    else if (known->type == ENTRY_SET)
        *rule = set_effect(household, index);
    else if (known->type == ENTRY_SUSPEND || known->type == ENTRY_WITHDRAW)
        *rule = denial_rule(household, index);
    return STATUS_OK;
}

void household_each_stream(const struct household *household,
                           bool (*each)(void *context, const struct household_stream *stream),
                           void *context)
{
    for (uint32_t i = 0; i < household->leaves.count; i++) {
        const struct known *known = known_at(household, index_at(&household->leaves, i));
        if (known->stream == INDEX_NONE)
            continue;
        const struct stream *stream = stream_at(household, known->stream);
        struct household_stream out = {.stream = stream->number,
                                       .seq = known->seq,
                                       .kind = known->kind,
                                       .forked = stream->forked};
        memcpy(out.author, author_at(household, stream->author)->key, 32);
        memcpy(out.head, known->id, 32);
        if (!each(context, &out))
            return;
    }
}
