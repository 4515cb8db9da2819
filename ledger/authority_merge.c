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

/* What the other side alone gives: a right to deny, not the grant. */
static void take_rights(struct key_record *mine, const struct key_record *other)
{
    struct key_record before = *mine;
    *mine = *other;
    mine->live = false;
    mine->burnt = before.burnt;
    mine->revokes = before.revokes;
    mine->revoke_era = before.revoke_era;
}

/* Joins what the key may deny: of each side what that gives, by a grant in this era or by a REVOKE
 * in it that says up to where an earlier one counts. */
static enum status merge_rights(const struct merge *m, struct key_record *mine,
                                const struct key_record *other)
{
    enum status status = STATUS_OK;
    if (!key_record_gives_rights(other, m->era))
        return STATUS_OK;
    if (!key_record_gives_rights(mine, m->era)) {
        take_rights(mine, other);
        return STATUS_OK;
    }
    mine->admin = mine->admin || other->admin;
    mine->history = key_event_join(m->authority->arena, m->authority->stamp, mine->history,
                                   other->history, &status);
    return status;
}

static enum status merge_both(struct merge *m, struct key_record *mine,
                              const struct key_record *other)
{
    struct arena *arena = m->authority->arena;
    uint64_t *stamp = m->authority->stamp;
    bool was_live = key_record_is_live(mine, m->era);
    bool other_live = key_record_is_live(other, m->era);
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
