/* authority_choice.c: which branch of the authority tree holds (docs/ledger-rules.md, "The
 * authority tree").
 *
 * From GENESIS on, at every branch point: branches absorbed by a MERGE fall away, those with a
 * RECOVER beat those without, and if several are left the household is frozen there. Entries are in
 * the order of arrival, each after its `prev`, so a pass from the last to the first sees children
 * before parents.
 */
#include <string.h>

#include "ledger/authority.h"

static uint32_t count(const struct authority *a)
{
    return a->entries.count;
}

/* What each subtree holds: a RECOVER; an end that no MERGE, or only one from higher up, absorbs. */
static void sum_subtrees(struct authority *a)
{
    for (uint32_t i = 0; i < count(a); i++) {
        struct authority_entry *entry = authority_at(a, i);
        bool is_end = entry->first_child == INDEX_NONE;
        entry->has_recover = entry->type == ENTRY_RECOVER;
        entry->least_absorbed = is_end ? entry->absorbed : INT64_MAX;
        entry->trusted = false;
        entry->place = PLACE_BEATEN;
    }
    for (uint32_t i = count(a); i-- > 1;) {
        const struct authority_entry *entry = authority_at(a, i);
        struct authority_entry *before = authority_at(a, entry->prev);
        before->has_recover = before->has_recover || entry->has_recover;
        if (before->least_absorbed > entry->least_absorbed)
            before->least_absorbed = entry->least_absorbed;
    }
}

static void mark_trusted(struct authority *a, uint32_t trusted)
{
    while (trusted != INDEX_NONE) {
        authority_at(a, trusted)->trusted = true;
        trusted = authority_at(a, trusted)->prev;
    }
}

/* A branch point: which of its branches are left. */
struct fork {
    int64_t seq;
    bool recovered; /* some branch that is not absorbed has a RECOVER */
};

static bool is_absorbed(const struct fork *fork, const struct authority_entry *branch)
{
    return branch->least_absorbed >= fork->seq;
}

static bool is_left(const struct fork *fork, const struct authority_entry *branch)
{
    return !is_absorbed(fork, branch) && branch->has_recover == fork->recovered;
}

static struct fork look(const struct authority *a, const struct authority_entry *at)
{
    struct fork fork = {.seq = at->seq, .recovered = false};
    for (uint32_t i = at->first_child; i != INDEX_NONE; i = authority_at(a, i)->next_sibling) {
        const struct authority_entry *branch = authority_at(a, i);
        fork.recovered = fork.recovered || (branch->has_recover && !is_absorbed(&fork, branch));
    }
    return fork;
}

/* The one branch to go on with, the trusted one of several, or INDEX_NONE; *left counts them. */
static uint32_t choose_branch(struct authority *a, const struct authority_entry *at, uint32_t *left)
{
    struct fork fork = look(a, at);
    uint32_t last = INDEX_NONE;
    uint32_t trusted = INDEX_NONE;
    *left = 0;
    for (uint32_t i = at->first_child; i != INDEX_NONE; i = authority_at(a, i)->next_sibling) {
        struct authority_entry *branch = authority_at(a, i);
        if (!is_left(&fork, branch))
            continue;
        last = i;
        ++*left;
        if (branch->trusted)
            trusted = i;
    }
    for (uint32_t i = at->first_child; trusted != INDEX_NONE && i != INDEX_NONE;
         i = authority_at(a, i)->next_sibling) {
        if (i != trusted && is_left(&fork, authority_at(a, i)))
            authority_at(a, i)->place = PLACE_TIED;
    }
    return *left == 1 ? last : trusted;
}

/* Puts the branches left after `at` before the list `work`; returns its new start. */
static uint32_t push_branches(struct authority *a, uint32_t at, uint32_t work)
{
    struct fork fork = look(a, authority_at(a, at));
    for (uint32_t i = authority_at(a, at)->first_child; i != INDEX_NONE;
         i = authority_at(a, i)->next_sibling) {
        struct authority_entry *branch = authority_at(a, i);
        if (!is_left(&fork, branch))
            continue;
        branch->work = work;
        work = i;
    }
    return work;
}

/* Frozen at `at`: collects the ends of all that is left of the tied branches. */
static void collect_sides(struct authority *a, uint32_t at)
{
    uint32_t work = push_branches(a, at, INDEX_NONE);
    while (work != INDEX_NONE) {
        uint32_t side = work;
        struct authority_entry *entry = authority_at(a, side);
        work = push_branches(a, side, entry->work);
        if (entry->first_child != INDEX_NONE)
            continue;
        entry->work = a->sides;
        a->sides = side;
        a->side_count++;
        if (a->head == INDEX_NONE || memcmp(authority_at(a, a->head)->id, entry->id, 32) < 0)
            a->head = side;
    }
}

/* The RECOVERs between the base and the sides. What several sides have above them is passed once.
 */
static void collect_recovers(struct authority *a, uint32_t base)
{
    for (uint32_t side = a->sides; side != INDEX_NONE; side = authority_at(a, side)->work) {
        uint32_t i = side;
        do {
            struct authority_entry *entry = authority_at(a, i);
            entry->place = PLACE_JOINED;
            if (entry->type == ENTRY_RECOVER) {
                entry->next_recover = a->recovers;
                a->recovers = i;
            }
            i = entry->prev;
        } while (i != base && authority_at(a, i)->place != PLACE_JOINED);
    }
}

static void raise_place(struct authority *a, uint32_t index, enum authority_place place)
{
    if (index != INDEX_NONE && authority_at(a, index)->place < place)
        authority_at(a, index)->place = place;
}

/* From where the choice ended, back to GENESIS and into what MERGEs absorbed; then what lost a tie.
 */
static void mark_places(struct authority *a)
{
    authority_at(a, a->base)->place = PLACE_PATH;
    for (uint32_t i = count(a); i-- > 0;) {
        const struct authority_entry *entry = authority_at(a, i);
        if (entry->place < PLACE_JOINED)
            continue;
        raise_place(a, entry->prev, entry->place);
        raise_place(a, entry->other, PLACE_JOINED);
    }
    for (uint32_t i = 1; i < count(a); i++) {
        const struct authority_entry *entry = authority_at(a, i);
        if (authority_at(a, entry->prev)->place == PLACE_TIED)
            raise_place(a, i, PLACE_TIED);
    }
}

void authority_choose(struct authority *authority, uint32_t trusted)
{
    uint32_t at = 0;
    sum_subtrees(authority);
    mark_trusted(authority, trusted);
    authority->head = INDEX_NONE;
    authority->sides = INDEX_NONE;
    authority->side_count = 0;
    authority->recovers = INDEX_NONE;
    for (;;) {
        uint32_t left = 0;
        uint32_t next = choose_branch(authority, authority_at(authority, at), &left);
        if (left == 0)
            authority->head = at;
        if (left > 0 && next == INDEX_NONE)
            collect_sides(authority, at);
        if (next == INDEX_NONE)
            break;
        at = next;
    }
    authority->base = at;
    collect_recovers(authority, at);
    mark_places(authority);
}
