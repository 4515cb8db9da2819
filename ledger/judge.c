/* judge.c: what every key holds in the state that the authority tree has come to, and which denials
 * and SETs count because of that. See household_impl.h for when it is called.
 *
 * What holds is one state, or in a frozen household the join of several, each a view of what the
 * keys hold: the base (that of the branch point), the sides (those after the ends of the tied
 * branches), and the left states (those that a RECOVER in between left behind). A view gives rights
 * and lists by itself; what it has is linked to the author where it is not as in the base.
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
    const struct authority_state *view; /* being compared with the base */
    bool is_side;                       /* it is a side: its REVOKEs are asked */
    uint64_t stamp;                     /* of what was seen in this judgement */
};

/* Puts the REVOKE before those whose heads bound the author's denials. */
static void ask(const struct judgement *j, struct author *author, struct key_event *revoke)
{
    if (revoke->asked == j->stamp)
        return;
    revoke->asked = j->stamp;
    revoke->next_asked = author->asked;
    author->asked = revoke;
    author->asked_void = author->asked_void || revoke->head_count == 0;
}

/* Of the base those REVOKEs of its era. */
static void ask_base(struct judgement *j, struct author *author)
{
    struct key_event_walk walk = {.stamp = ++j->h->stamp};
    struct key_event *event;
    key_event_push(&walk, author->base->revokes);
    while ((event = key_event_pop(&walk)) != NULL) {
        key_event_push(&walk, event->before);
        key_event_push(&walk, event->other);
        if (event->kind != KEY_EVENT_REVOKE)
            continue;
        event->of_base = j->stamp;
        if (event->era == j->base->era)
            ask(j, author, event);
    }
}

/* Of a side, of those that the base does not have: those since its last RECOVER; if there is none,
 * all. */
static void ask_side(struct judgement *j, struct author *author, const struct key_record *side)
{
    struct key_event_walk walk = {.stamp = ++j->h->stamp};
    struct key_event *event;
    uint32_t era = j->view->era;
    key_event_push(&walk, side->revokes);
    while ((event = key_event_pop(&walk)) != NULL) {
        if (event->of_base == j->stamp)
            continue; /* and all before it */
        key_event_push(&walk, event->before);
        key_event_push(&walk, event->other);
        if (event->kind == KEY_EVENT_REVOKE && (event->era == era || side->revoke_era != era))
            ask(j, author, event);
    }
}

/* A record that is not the base's. Several views may share it. */
static void note_record(void *context, void *base_record, void *view_record)
{
    struct judgement *j = context;
    struct key_record *record = view_record;
    (void)base_record;
    if (!record)
        return;
    struct author *author = author_at(j->h, record->author);
    if (record->stamp != j->stamp) {
        record->stamp = j->stamp;
        record->gives_scope = false;
        record->gives_rights = false;
        record->next_view = author->views;
        author->views = record;
    }
    uint32_t era = j->view->era;
    record->gives_scope = record->gives_scope || key_record_is_live(record, era);
    record->gives_rights = record->gives_rights || key_record_gives_rights(record, era);
    if (j->is_side)
        ask_side(j, author, record);
}

static void note_view(struct judgement *j, uint32_t entry, bool is_side)
{
    j->view = &authority_at(&j->h->authority, entry)->state;
    j->is_side = is_side;
    trie_diff(j->base->keys, j->view->keys, note_record, j);
}

static void note_views(struct judgement *j)
{
    const struct authority *authority = &j->h->authority;
    const struct authority_entry *entry;
    for (uint32_t i = authority->sides; i != INDEX_NONE; i = entry->work) {
        entry = authority_at(authority, i);
        note_view(j, i, true);
    }
    for (uint32_t i = authority->recovers; i != INDEX_NONE; i = entry->next_recover) {
        entry = authority_at(authority, i);
        note_view(j, entry->prev, false);
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

/* Adds up what the views give. */
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

static void note_base(struct judgement *j, struct author *author)
{
    struct key_record *base = trie_get(j->base->keys, author->hash, author->key);
    author->base = base;
    author->views = NULL;
    author->asked = NULL;
    author->asked_void = false;
    if (!base)
        return;
    base->gives_scope = key_record_is_live(base, j->base->era);
    base->gives_rights = key_record_gives_rights(base, j->base->era);
    ask_base(j, author);
}

static void conclude(struct judgement *j, struct author *author)
{
    author->burnt = false;
    for (const struct key_record *record = author_first(author); record;
         record = author_next(author, record))
        author->burnt = author->burnt || record->burnt;
    author->live = author->base && author->base->gives_scope && !author->burnt;
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
    for (uint32_t i = 0; i < h->authors.count; i++)
        note_base(&j, author_at(h, i));
    note_views(&j);
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
