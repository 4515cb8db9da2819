/* household_keys.c: the answers of household.h about authority: owner, grants, heads of the tree.
 */
#include <string.h>

#include "ledger/household_index.h"
#include "ledger/judge.h"

enum status household_authority(struct household *household, struct household_authority *out)
{
    const struct authority *authority = &household->authority;
    judge_settle(household);
    if (authority->entries.count == 0)
        return STATUS_NOT_FOUND;
    const struct authority_entry *head = authority_at(authority, authority->head);
    const struct authority_entry *base = authority_at(authority, authority->base);
    *out = (struct household_authority){.head_seq = head->seq,
                                        .head_time = head->time,
                                        .frozen = authority_is_frozen(authority),
                                        .soft_hours = base->state.soft_hours,
                                        .hard_hours = base->state.hard_hours,
                                        .min_version = base->state.min_version};
    memcpy(out->owner, head->state.owner, 32);
    memcpy(out->recovery_commitment, head->state.recovery_commitment, 32);
    memcpy(out->head, head->id, 32);
    if (out->frozen)
        memcpy(out->fork, base->id, 32);
    return STATUS_OK;
}

static enum grant_state state_of(const struct author *author)
{
    if (author->burnt)
        return GRANT_REVOKED;
    if (!author->live)
        return GRANT_CLEARED;
    if (author->suspended)
        return GRANT_SUSPENDED;
    return author_is_overrun(author) ? GRANT_OVERRUN : GRANT_LIVE;
}

/* The lowest REVOKE of the key in the state that holds. */
static void fill_revoke(struct household *h, const struct author *author,
                        struct household_grant *out)
{
    struct key_event_walk walk = {.stamp = ++h->stamp};
    uint32_t lowest = INDEX_NONE;
    struct key_event *event;
    for (const struct key_record *record = author_first(author); record;
         record = author_next(author, record))
        key_event_push(&walk, record->revokes);
    while ((event = key_event_pop(&walk)) != NULL) {
        key_event_push(&walk, event->before);
        key_event_push(&walk, event->other);
        if (event->kind == KEY_EVENT_REVOKE &&
            (lowest == INDEX_NONE || authority_is_lower(&h->authority, event->entry, lowest)))
            lowest = event->entry;
    }
    if (lowest != INDEX_NONE)
        memcpy(out->by_id, authority_at(&h->authority, lowest)->id, 32);
}

/* The first list in front that is none of any name. */
static void fill_scope(struct household *h, const struct author *author,
                       struct household_grant *out)
{
    struct key_event_walk walk = {.stamp = ++h->stamp};
    const struct key_event *event;
    key_event_push(&walk, author->base->scope);
    while ((event = key_event_pop_front(&walk)) != NULL) {
        if (!event->list)
            continue;
        if (out->scoped && memcmp(event->list->commitment, out->scope_commitment, 32) > 0)
            continue;
        out->scoped = true;
        memcpy(out->scope_commitment, event->list->commitment, 32);
    }
}

static void fill_grant(struct household *h, const struct author *author,
                       struct household_grant *out)
{
    const struct key_record *base = author->base;
    const struct authority_entry *grant = authority_at(&h->authority, base->grant);
    *out = (struct household_grant){.role = base->role,
                                    .flags = base->flags,
                                    .state = state_of(author),
                                    .granted = grant->time};
    memcpy(out->key, author->key, 32);
    memcpy(out->spki_sha256, base->spki_sha256, 32);
    memcpy(out->zone_key, base->zone_key, 32);
    memcpy(out->grant_id, grant->id, 32);
    fill_scope(h, author, out);
    if (out->state == GRANT_REVOKED)
        fill_revoke(h, author, out);
    if (out->state == GRANT_SUSPENDED)
        memcpy(out->by_id, known_at(h, author->suspended_by)->id, 32);
}

void household_each_grant(struct household *household,
                          bool (*each)(void *context, const struct household_grant *grant),
                          void *context)
{
    judge_settle(household);
    for (uint32_t i = 0; i < household->grants.count; i++) {
        struct household_grant grant;
        fill_grant(household, author_at(household, index_at(&household->grants, i)), &grant);
        if (!each(context, &grant))
            return;
    }
}

enum status household_find_grant(struct household *household, const uint8_t key[static 32],
                                 struct household_grant *out)
{
    judge_settle(household);
    uint32_t index = index_author(household, key);
    if (index == INDEX_NONE || !author_is_granted(author_at(household, index)))
        return STATUS_NOT_FOUND;
    fill_grant(household, author_at(household, index), out);
    return STATUS_OK;
}

void household_each_authority_head(struct household *household,
                                   bool (*each)(void *context, const uint8_t id[static 32]),
                                   void *context)
{
    for (uint32_t i = 0; i < household->authority.entries.count; i++) {
        if (authority_is_head(&household->authority, i) &&
            !each(context, authority_at(&household->authority, i)->id))
            return;
    }
}
