/* authority_merge.c: the join of two states by a MERGE: denials of both, grants of `prev` alone.
 *
 * Both stand under one RECOVER (or GENESIS), so both are of one era; what differs between them was
 * done in it.
 */
#include "ledger/authority_state.h"

struct merge {
    struct authority *authority;
    uint32_t era;
    uint32_t burnt; /* grants of `prev` that a REVOKE of the other side ends */
};

/* Joins what the key may deny, on whichever side it held a grant in this era. */
static enum status merge_rights(const struct merge *m, struct key_record *mine,
                                const struct key_record *other)
{
    enum status status = STATUS_OK;
    if (other->era != m->era)
        return STATUS_OK;
    if (mine->era == m->era) {
        mine->admin = mine->admin || other->admin;
        mine->history = key_event_join(m->authority->arena, m->authority->stamp, mine->history,
                                       other->history, &status);
        return status;
    }
    struct key_event *revokes = mine->revokes;
    uint32_t revoke_era = mine->revoke_era;
    bool burnt = mine->burnt;
    *mine = *other;
    mine->live = false;
    mine->revokes = revokes;
    mine->revoke_era = revoke_era;
    mine->burnt = burnt;
    return STATUS_OK;
}

static enum status merge_both(struct merge *m, struct key_record *mine,
                              const struct key_record *other)
{
    struct arena *arena = m->authority->arena;
    uint64_t *stamp = m->authority->stamp;
    bool was_live = mine->live && mine->era == m->era;
    bool other_live = other->live && other->era == m->era;
    enum status status = merge_rights(m, mine, other);
    if (status == STATUS_OK && was_live && other_live)
        mine->scope = key_event_join(arena, stamp, mine->scope, other->scope, &status);
    if (status == STATUS_OK)
        mine->revokes = key_event_join(arena, stamp, mine->revokes, other->revokes, &status);
    if (other->revoke_era == m->era)
        mine->revoke_era = m->era;
    mine->burnt = mine->burnt || other->burnt;
    if (mine->burnt)
        mine->live = false;
    m->burnt += was_live && mine->burnt;
    return status;
}

static bool is_same(const struct key_record *a, const struct key_record *b)
{
    return a->grant == b->grant && a->era == b->era && a->live == b->live && a->burnt == b->burnt &&
           a->admin == b->admin && a->scope == b->scope && a->history == b->history &&
           a->revokes == b->revokes && a->revoke_era == b->revoke_era;
}

static enum status merge_record(void *context, void *a, void *b, void **out)
{
    struct merge *m = context;
    const struct key_record *other = b;
    struct key_record merged;
    enum status status = STATUS_OK;
    if (a) {
        merged = *(const struct key_record *)a;
        status = merge_both(m, &merged, other);
    } else {
        merged = *other;
        merged.live = false;
    }
    if (status != STATUS_OK)
        return status;
    *out = a;
    if (a && is_same(&merged, a))
        return STATUS_OK;
    struct key_record *copy = arena_alloc(m->authority->arena, sizeof *copy);
    if (!copy)
        return STATUS_NO_MEMORY;
    *copy = merged;
    *out = copy;
    return STATUS_OK;
}

/* In the intersection both have the id: either copy will do. */
static enum status merge_lift(void *context, void *a, void *b, void **out)
{
    (void)context;
    (void)b;
    *out = a;
    return STATUS_OK;
}

enum status authority_merge(struct authority *authority, struct authority_state *state,
                            const struct authority_state *other)
{
    struct merge m = {.authority = authority, .era = state->era};
    struct trie_join keys = {
        .arena = authority->arena, .value = merge_record, .context = &m, .kind = TRIE_UNION};
    enum status status = trie_join(&keys, state->keys, other->keys, &state->keys);
    if (status != STATUS_OK)
        return status;
    state->live -= m.burnt;
    struct trie_join lifts = {
        .arena = authority->arena, .value = merge_lift, .kind = TRIE_INTERSECTION};
    return trie_join(&lifts, state->lifts, other->lifts, &state->lifts);
}
