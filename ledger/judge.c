/* judge.c: what every key holds in the state that the authority tree has come to, and which denials
 * and SETs count because of that. See household_impl.h for when it is called.
 *
 * In a frozen household the state of the branch point is the base, and the ends of the tied
 * branches are sides: a key's records on the sides where they differ from the base are linked to
 * its author.
 */
#include "ledger/judge.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/denial.h"
#include "ledger/household_index.h"
#include "ledger/names.h"

/* One judgement of all authors. */
struct judgement {
    struct household *h;
    const struct authority_state *base;
    uint64_t stamp;    /* of the records seen in it */
    uint32_t side_era; /* of the side being compared */
    uint32_t same_era; /* sides of the base's era */
};

/* Does the record give a right to deny in a state of that era? After a RECOVER that did not grant
 * the key again, only when a REVOKE since then says up to where. */
static bool gives_rights(const struct key_record *record, uint32_t era)
{
    return record->grant != INDEX_NONE && (record->era == era || record->revoke_era == era);
}

static bool is_live(const struct key_record *record, uint32_t era)
{
    return record->live && record->era == era;
}

static void note_side(void *context, void *base_record, void *side_record)
{
    struct judgement *j = context;
    struct key_record *record = side_record;
    (void)base_record;
    if (!record)
        return;
    struct author *author = author_at(j->h, record->author);
    author->changed++;
    if (record->stamp != j->stamp) {
        record->stamp = j->stamp;
        record->gives_scope = false;
        record->gives_rights = false;
        record->next_side = author->sides;
        author->sides = record;
    }
    record->gives_scope = record->gives_scope || is_live(record, j->side_era);
    record->gives_rights = record->gives_rights || gives_rights(record, j->side_era);
}

static void note_sides(struct judgement *j)
{
    const struct authority *authority = &j->h->authority;
    for (uint32_t side = authority->sides; side != INDEX_NONE;
         side = authority_at(authority, side)->work) {
        const struct authority_state *state = &authority_at(authority, side)->state;
        j->side_era = state->era;
        j->same_era += state->era == j->base->era;
        trie_diff(j->base->keys, state->keys, note_side, j);
    }
}

/* Puts the REVOKE before those whose heads bound the author's denials. */
static void ask(struct author *author, struct key_event *revoke)
{
    revoke->next_asked = author->asked;
    author->asked = revoke;
    author->asked_void = author->asked_void || revoke->head_count == 0;
}

/* Of the base those REVOKEs of its era, of the sides all that the base does not have. */
static void collect_revokes(struct judgement *j, struct author *author)
{
    struct key_event_walk walk = {.stamp = ++j->h->stamp};
    struct key_event *event;
    author->asked = NULL;
    author->asked_void = false;
    key_event_push(&walk, author->base ? author->base->revokes : NULL);
    while ((event = key_event_pop(&walk)) != NULL) {
        key_event_push(&walk, event->before);
        key_event_push(&walk, event->other);
        if (event->kind == KEY_EVENT_REVOKE && event->era == j->base->era)
            ask(author, event);
    }
    for (struct key_record *side = author->sides; side; side = side->next_side)
        key_event_push(&walk, side->revokes);
    while ((event = key_event_pop(&walk)) != NULL) {
        key_event_push(&walk, event->before);
        key_event_push(&walk, event->other);
        if (event->kind == KEY_EVENT_REVOKE)
            ask(author, event);
    }
}

/* Is some list (or, for all, every list) in front of these events that of any name? */
static bool front_is_any(struct household *h, struct key_event *events, bool all)
{
    struct key_event_walk walk = {.stamp = ++h->stamp};
    key_event_push(&walk, events);
    for (;;) {
        const struct key_event *event = key_event_pop_front(&walk);
        if (!event)
            return all;
        if (all ? event->list != NULL : event->list == NULL)
            return !all;
    }
}

/* Adds up what the base and the sides give. */
static void sum_records(struct household *h, struct author *author)
{
    bool over_any = false;
    author->admin = false;
    author->any_name = true;
    for (const struct key_record *record = author_first(author); record;
         record = author_next(author, record)) {
        if (record->gives_rights) {
            author->admin = author->admin || record->admin;
            over_any = over_any || front_is_any(h, record->history, false);
        }
        if (record->gives_scope)
            author->any_name = author->any_name && front_is_any(h, record->scope, true);
    }
    author->over_all = over_any && !author->asked;
}

static void conclude(struct judgement *j, struct author *author)
{
    struct key_record *base = author->base;
    bool side_scope = false;
    author->burnt = base && base->burnt;
    for (const struct key_record *side = author->sides; side; side = side->next_side) {
        author->burnt = author->burnt || side->burnt;
        side_scope = side_scope || side->gives_scope;
    }
    author->live = base && is_live(base, j->base->era) && !author->burnt;
    if (base) {
        /* The base's own list bounds a key where a side has left it as it was, or none has it
         * granted. */
        base->gives_scope =
            is_live(base, j->base->era) && (j->same_era > author->changed || !side_scope);
        base->gives_rights = gives_rights(base, j->base->era);
    }
    collect_revokes(j, author);
    sum_records(j->h, author);
}

/* By GRANT. */
static int compare_grants(const void *a, const void *b, void *context)
{
    const struct household *h = context;
    uint32_t left = author_at(h, *(const uint32_t *)a)->base->grant;
    uint32_t right = author_at(h, *(const uint32_t *)b)->base->grant;
    return left == right ? 0 : authority_is_lower(&h->authority, left, right) ? -1 : 1;
}

static void list_grants(struct household *h)
{
    h->grants.count = 0;
    for (uint32_t i = 0; i < h->authors.count; i++) {
        if (author_is_granted(author_at(h, i)))
            *(uint32_t *)array_push(&h->grants, sizeof i) = i;
    }
    if (h->grants.count > 0)
        qsort_r(h->grants.items, h->grants.count, sizeof(uint32_t), compare_grants, h);
}

static void judge_authors(struct household *h)
{
    uint32_t trusted = h->trusts ? index_id(h, h->trusted) : INDEX_NONE;
    bool is_entry = trusted != INDEX_NONE && known_at(h, trusted)->flags & KNOWN_HELD &&
                    known_at(h, trusted)->stream == INDEX_NONE;
    authority_choose(&h->authority, is_entry ? known_at(h, trusted)->at : INDEX_NONE);
    struct judgement j = {.h = h, .stamp = ++h->stamp};
    j.base = &authority_at(&h->authority, h->authority.base)->state;
    for (uint32_t i = 0; i < h->authors.count; i++) {
        struct author *author = author_at(h, i);
        author->base = trie_get(j.base->keys, author->hash, author->key);
        author->sides = NULL;
        author->changed = 0;
    }
    note_sides(&j);
    for (uint32_t i = 0; i < h->authors.count; i++)
        conclude(&j, author_at(h, i));
    list_grants(h);
}

/* The earlier of two denials, by time, then id. */
static bool is_earlier(const struct household *h, uint32_t a, uint32_t b)
{
    const struct known *left = known_at(h, a);
    const struct known *right = known_at(h, b);
    if (left->time != right->time)
        return left->time < right->time;
    return memcmp(left->id, right->id, 32) < 0;
}

static void suspend(struct household *h, uint32_t denial)
{
    const struct known *known = known_at(h, denial);
    struct body body;
    enum status status = body_decode(&body, known->type, known->body, known->body_len);
    uint32_t target = status == STATUS_OK ? index_author(h, body.suspend.signing.key) : INDEX_NONE;
    if (target == INDEX_NONE)
        return;
    struct author *author = author_at(h, target);
    if (!author->suspended || is_earlier(h, denial, author->suspended_by))
        author->suspended_by = denial;
    author->suspended = true;
}

/* By hash, then time, then id. */
static int compare_withdrawals(const void *a, const void *b, void *context)
{
    const struct household *h = context;
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    int order = memcmp(known_at(h, left)->body, known_at(h, right)->body, 32);
    if (order)
        return order;
    return left == right ? 0 : is_earlier(h, left, right) ? -1 : 1;
}

static void judge_denials(struct household *h)
{
    for (uint32_t i = 0; i < h->authors.count; i++)
        author_at(h, i)->suspended = false;
    h->withdrawals.count = 0;
    for (uint32_t i = 0; i < h->denials.count; i++) {
        uint32_t denial = index_at(&h->denials, i);
        if (denial_rule(h, denial) != RULE_NONE)
            continue;
        if (known_at(h, denial)->type == ENTRY_SUSPEND)
            suspend(h, denial);
        else
            *(uint32_t *)array_push(&h->withdrawals, sizeof denial) = denial;
    }
    if (h->withdrawals.count > 0)
        qsort_r(h->withdrawals.items, h->withdrawals.count, sizeof(uint32_t), compare_withdrawals,
                h);
}

void judge_settle(struct household *h)
{
    if (h->authority.entries.count == 0)
        return;
    if (h->stale & STALE_AUTHORITY)
        judge_authors(h);
    if (h->stale & STALE_DENIALS)
        judge_denials(h);
    if (h->stale & STALE_NAMES)
        names_judge_all(h);
    h->stale = 0;
    names_refresh(h);
}

enum rule judge_author(const struct author *author)
{
    if (author->burnt)
        return RULE_REVOKED;
    if (!author->live)
        return RULE_NOT_GRANTED;
    if (author->suspended)
        return RULE_SUSPENDED;
    return author_is_overrun(author) ? RULE_OVERRUN : RULE_NONE;
}

bool judge_in_scope(struct household *h, const struct author *author, const struct name *name)
{
    if (author->any_name)
        return true;
    struct key_event_walk walk = {.stamp = ++h->stamp};
    for (const struct key_record *record = author_first(author); record;
         record = author_next(author, record)) {
        if (record->gives_scope)
            key_event_push(&walk, record->scope);
    }
    const struct key_event *event;
    while ((event = key_event_pop_front(&walk)) != NULL) {
        if (!scope_list_has(event->list, name))
            return false;
    }
    return true;
}
