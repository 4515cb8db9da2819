/* authority_state.c: what each type of authority entry does to the state before it, or which rule
 * it breaks.
 *
 * An entry that breaks a rule leaves the state as it was, for ever: what follows on its path starts
 * from there.
 */
#include "ledger/authority_state.h"

#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/octets.h"
#include "ledger/crypt.h"

enum { SOFT_HOURS = 168, HARD_HOURS = 720, MIN_VERSION = 1 };

/* One entry being applied. */
struct step {
    struct authority *authority;
    const struct authority_input *input;
    struct authority_state *state;
    struct key_record record; /* of the key that it names, as it was */
    bool live;
};

/* Loads the record of the key that the entry names. */
static void step_look(struct step *step, const uint8_t key[static 32])
{
    const struct key_record *record =
        trie_get(step->state->keys, siphash13(step->authority->hash_key, key, 32), key);
    if (record) {
        step->record = *record;
        step->live = key_record_is_live(record, step->state->era);
        return;
    }
    step->record = (struct key_record){.author = step->input->author,
                                       .grant = INDEX_NONE,
                                       .era = INDEX_NONE,
                                       .revoke_era = INDEX_NONE};
    memcpy(step->record.key, key, 32);
}

/* A new event of this entry, after `before`; NULL when memory is out. */
static struct key_event *step_event(struct step *step, enum key_event_kind kind,
                                    struct key_event *before)
{
    struct key_event *event = arena_alloc(step->authority->arena, sizeof *event);
    if (!event)
        return NULL;
    event->kind = kind;
    event->era = step->state->era;
    event->entry = step->authority->entries.count;
    event->list = step->input->list;
    event->heads = step->input->heads;
    event->head_count = step->input->head_count;
    event->before = before;
    return event;
}

static enum rule terms_rule(uint8_t flags, const uint8_t commitment[static 32],
                            const uint8_t zone_key[static 32])
{
    if (flags & ~(GRANT_WITNESS | GRANT_SHARE))
        return RULE_GRANT_FLAGS;
    if (flags & GRANT_SHARE && !octets_are_zero(commitment, 32))
        return RULE_GRANT_FLAGS;
    return crypt_key_is_valid(zone_key) ? RULE_NONE : RULE_KEY_INVALID;
}

static bool is_possessed(const struct body_grant *grant, const uint8_t namespace_id[static 32])
{
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    body_possession_message(grant, namespace_id, message);
    return crypt_verify("", 0, message, sizeof message, grant->signing.key, grant->possession) ==
           STATUS_OK;
}

static enum rule grant_rule(const struct step *step, const struct body_grant *grant)
{
    if (step->record.burnt)
        return RULE_KEY_BURNT;
    if (step->live)
        return RULE_KEY_LIVE;
    if (step->state->live >= LIMIT_GRANTS)
        return RULE_GRANTS_FULL;
    if (grant->role != ROLE_ADMIN && grant->role != ROLE_NODE)
        return RULE_ROLE;
    enum rule rule = terms_rule(grant->flags, grant->scope_commitment, grant->zone.key);
    if (rule != RULE_NONE)
        return rule;
    if (!crypt_key_is_valid(grant->signing.key))
        return RULE_KEY_INVALID;
    return is_possessed(grant, step->input->entry->namespace_id) ? RULE_NONE : RULE_POSSESSION;
}

static enum status apply_grant(struct step *step, enum rule *rule)
{
    const struct body_grant *grant = &step->input->body->grant;
    step_look(step, grant->signing.key);
    *rule = grant_rule(step, grant);
    if (*rule != RULE_NONE)
        return STATUS_OK;
    struct key_record *record = &step->record;
    struct key_event *list = step_event(step, KEY_EVENT_GRANT, NULL);
    if (!list)
        return STATUS_NO_MEMORY;
    enum status status = STATUS_OK;
    /* Held in this era on a branch that was absorbed: that right to deny stays. */
    bool again = record->era == step->state->era;
    record->history = key_event_join(step->authority->arena, step->authority->stamp, list,
                                     again ? record->history : NULL, &status);
    if (status != STATUS_OK)
        return status;
    record->scope = list;
    record->admin = grant->role == ROLE_ADMIN || (again && record->admin);
    record->grant = step->authority->entries.count;
    record->era = step->state->era;
    record->live = true;
    record->role = grant->role;
    record->flags = grant->flags;
    memcpy(record->spki_sha256, grant->spki_sha256, 32);
    memcpy(record->zone_key, grant->zone.key, 32);
    step->state->live++;
    return authority_put(step->authority, step->state, record);
}

static enum status apply_scope(struct step *step, enum rule *rule)
{
    const struct body_scope *scope = &step->input->body->scope;
    step_look(step, scope->signing.key);
    *rule = step->live ? terms_rule(scope->flags, scope->scope_commitment, scope->zone.key)
                       : RULE_KEY_NOT_LIVE;
    if (*rule != RULE_NONE)
        return STATUS_OK;
    struct key_event *list = step_event(step, KEY_EVENT_SCOPE, step->record.history);
    if (!list)
        return STATUS_NO_MEMORY;
    step->record.scope = list;
    step->record.history = list;
    step->record.flags = scope->flags;
    memcpy(step->record.spki_sha256, scope->spki_sha256, 32);
    memcpy(step->record.zone_key, scope->zone.key, 32);
    return authority_put(step->authority, step->state, &step->record);
}

static enum status apply_revoke(struct step *step)
{
    step_look(step, step->input->body->revoke.signing.key);
    struct key_event *revoke = step_event(step, KEY_EVENT_REVOKE, step->record.revokes);
    if (!revoke)
        return STATUS_NO_MEMORY;
    step->record.revokes = revoke;
    step->record.revoke_era = step->state->era;
    step->record.burnt = true;
    step->record.live = false;
    step->state->live -= step->live;
    return authority_put(step->authority, step->state, &step->record);
}

static enum status apply_lift(struct step *step)
{
    struct authority *authority = step->authority;
    uint8_t *id = arena_copy(authority->arena, step->input->body->lift.id, 32);
    if (!id)
        return STATUS_NO_MEMORY;
    return trie_put(authority->arena, &step->state->lifts, siphash13(authority->hash_key, id, 32),
                    id, id);
}

static enum rule apply_policy(struct step *step)
{
    const struct body_policy *policy = &step->input->body->policy;
    if (policy->soft_hours < 1 || policy->soft_hours > policy->hard_hours)
        return RULE_POLICY_RANGE;
    step->state->soft_hours = policy->soft_hours;
    step->state->hard_hours = policy->hard_hours;
    step->state->min_version = policy->min_version;
    return RULE_NONE;
}

/* The keys in force from here on. */
static enum status apply_owner(struct step *step, const uint8_t owner[static 32],
                               const uint8_t commitment[static 32])
{
    step->state->owner = arena_copy(step->authority->arena, owner, 32);
    step->state->recovery_commitment = arena_copy(step->authority->arena, commitment, 32);
    /* Records of earlier eras are cleared by standing in another one. */
    step->state->era = step->authority->entries.count;
    step->state->live = 0;
    return step->state->owner && step->state->recovery_commitment ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status apply_genesis(struct step *step)
{
    const struct body_genesis *genesis = &step->input->body->genesis;
    *step->state = (struct authority_state){
        .soft_hours = SOFT_HOURS, .hard_hours = HARD_HOURS, .min_version = MIN_VERSION};
    return apply_owner(step, genesis->owner.key, genesis->recovery_commitment);
}

enum status authority_apply(struct authority *authority, const struct authority_input *input,
                            struct authority_state *state, enum rule *rule)
{
    struct step step = {.authority = authority, .input = input, .state = state};
    const struct body *body = input->body;
    *rule = RULE_NONE;
    switch (input->entry->type) {
    case ENTRY_GENESIS:
        return apply_genesis(&step);
    case ENTRY_GRANT:
        return apply_grant(&step, rule);
    case ENTRY_SCOPE:
        return apply_scope(&step, rule);
    case ENTRY_REVOKE:
        return apply_revoke(&step);
    case ENTRY_LIFT:
        return apply_lift(&step);
    case ENTRY_POLICY:
        *rule = apply_policy(&step);
        return STATUS_OK;
    case ENTRY_MERGE:
        *rule = input->branch_point < 0 ? RULE_MERGE_PATHS : RULE_NONE;
        if (*rule != RULE_NONE)
            return STATUS_OK;
        return authority_merge(authority, state, &authority_at(authority, input->other)->state);
    case ENTRY_RECOVER:
        return apply_owner(&step, body->recover.owner.key, body->recover.recovery_commitment);
    default:
        return STATUS_UPGRADE;
    }
}
