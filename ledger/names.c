/* names.c: a slot for each name and type: which SETs of it are dead, which live, which one wins.
 *
 * A SET whose author is judged already touches its own slot and the ids in its `over` alone. A slot
 * that changed waits in a list until the next answer, when its live SETs are sorted.
 */
#include "ledger/names.h"

#include <string.h>

#include "ledger/denial.h"
#include "ledger/household_index.h"
#include "ledger/judge.h"

/* The SET of that index, if it is one that is held and could have an effect. */
static const struct known *as_set(const struct household *h, uint32_t index)
{
    const struct known *known = known_at(h, index);
    bool set = known->flags & KNOWN_HELD && known->type == ENTRY_SET && known->at != INDEX_NONE;
    return set ? known : NULL;
}

void names_order(const struct name *name, uint8_t order[static NAME_WIRE_MAX])
{
    size_t to = name->len - 1U;
    for (size_t at = 0; name->wire[at] != 0; at += 1U + name->wire[at]) {
        order[--to] = 0; /* sorts before every octet of a label */
        to -= name->wire[at];
        memcpy(order + to, name->wire + at + 1, name->wire[at]);
    }
}

static int compare_places(const struct slot *left, const struct slot *right)
{
    size_t shorter = left->name_len < right->name_len ? left->name_len : right->name_len;
    int order = memcmp(left->order, right->order, shorter - 1);
    if (order)
        return order;
    if (left->name_len != right->name_len)
        return (int)left->name_len - (int)right->name_len;
    return (int)left->type - (int)right->type;
}

static int compare_slots(const void *a, const void *b, void *context)
{
    return compare_places(slot_at(context, *(const uint32_t *)a),
                          slot_at(context, *(const uint32_t *)b));
}

void names_settle_order(struct household *h)
{
    sorted_index_settle(&h->slots_in_order, compare_slots, h);
}

uint32_t names_first_after(const struct household *h, const struct name *name, uint16_t type)
{
    uint8_t order[NAME_WIRE_MAX];
    struct slot place = {.order = order, .type = type, .name_len = name->len};
    uint32_t from = 0;
    uint32_t to = sorted_index_count(&h->slots_in_order);
    names_order(name, order);
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (compare_places(slot_at(h, sorted_index_at(&h->slots_in_order, middle)), &place) > 0)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

enum status names_reserve(struct household *h, size_t over)
{
    if (array_reserve(&h->slots, 1, sizeof(struct slot)) != STATUS_OK ||
        array_reserve(&h->times, 1, sizeof(struct slot_time)) != STATUS_OK ||
        array_reserve(&h->edges, over, sizeof(struct edge)) != STATUS_OK ||
        index_map_reserve(&h->by_name, 1) != STATUS_OK ||
        sorted_index_reserve(&h->slots_in_order, 1) != STATUS_OK)
        return STATUS_NO_MEMORY;
    /* Every id that an edge leads to may be killed. */
    size_t room = h->edges.count + over - h->killed.sorted.count - h->killed.fresh.count;
    return sorted_index_reserve(&h->killed, room);
}

static void make_dirty(struct household *h, uint32_t index)
{
    struct slot *slot = slot_at(h, index);
    if (slot->is_dirty)
        return;
    slot->is_dirty = true;
    slot->next_dirty = h->dirty;
    h->dirty = index;
}

static uint32_t add_slot(struct household *h, const struct known *known, const struct body_set *set,
                         const uint8_t *order)
{
    uint32_t index = h->slots.count;
    struct slot *slot = array_push(&h->slots, sizeof *slot);
    *slot = (struct slot){.name = known->body,
                          .order = order,
                          .type = set->type,
                          .name_len = set->name.len,
                          .live = INDEX_NONE,
                          .times = INDEX_NONE};
    index_add_slot(h, index);
    sorted_index_add(&h->slots_in_order, index);
    return index;
}

static void note_time(struct household *h, struct slot *slot, const struct known *known)
{
    uint32_t author = stream_at(h, known->stream)->author;
    for (uint32_t i = slot->times; i != INDEX_NONE;) {
        struct slot_time *time = array_at(&h->times, i, sizeof *time);
        if (time->author == author) {
            if (time->time < known->time)
                time->time = known->time;
            return;
        }
        i = time->next;
    }
    struct slot_time *time = array_push(&h->times, sizeof *time);
    *time = (struct slot_time){.time = known->time, .author = author, .next = slot->times};
    slot->times = h->times.count - 1;
}

static void add_edges(struct household *h, uint32_t index, const struct body_set *set)
{
    uint32_t first = h->edges.count;
    for (uint8_t i = 0; i < set->over_count; i++) {
        uint32_t to = index_add_id(h, set->over + 32 * (size_t)i);
        struct edge *edge = array_push(&h->edges, sizeof *edge);
        *edge = (struct edge){.from = index, .to = to, .next = known_at(h, to)->named_by};
        known_at(h, to)->named_by = h->edges.count - 1;
    }
    known_at(h, index)->first_edge = first;
    known_at(h, index)->name_count = set->over_count;
}

/* --- judging --- */

/* Its `over` counts: what it names is killed, and dead where name and type are the same. */
static void kill_named(struct household *h, struct known *set)
{
    set->flags |= KNOWN_OVER_COUNTS;
    for (uint32_t i = set->first_edge; i < set->first_edge + set->name_count; i++) {
        uint32_t to = edge_at(h, i)->to;
        struct known *target = known_at(h, to);
        if (!(target->flags & KNOWN_KILLED))
            sorted_index_add(&h->killed, to);
        target->flags |= KNOWN_KILLED;
        if (!as_set(h, to) || target->at != set->at)
            continue;
        target->flags |= KNOWN_DEAD;
        make_dirty(h, set->at);
    }
}

/* Was it named before it came? */
static bool is_named_already(const struct household *h, const struct known *set)
{
    for (uint32_t i = set->named_by; i != INDEX_NONE; i = edge_at(h, i)->next) {
        const struct known *from = known_at(h, edge_at(h, i)->from);
        if (from->flags & KNOWN_OVER_COUNTS && from->at == set->at)
            return true;
    }
    return false;
}

static void read_name(const struct slot *slot, struct name *name)
{
    name->len = slot->name_len;
    memcpy(name->wire, slot->name, slot->name_len);
}

/* Valid and not dead: into its slot's list. */
static void enlist(struct household *h, uint32_t index, const struct name *name)
{
    struct known *set = known_at(h, index);
    const struct author *author = known_author(h, set);
    if (set->rule != RULE_NONE || set->flags & KNOWN_DEAD || judge_author(author) != RULE_NONE ||
        !judge_in_scope(h, author, name))
        return;
    struct slot *slot = slot_at(h, set->at);
    set->next_live = slot->live;
    slot->live = index;
    make_dirty(h, set->at);
}

void names_add(struct household *h, uint32_t known, const struct body_set *set,
               const uint8_t *order)
{
    struct known *entry = known_at(h, known);
    uint32_t slot = order ? add_slot(h, entry, set, order) : index_slot(h, &set->name, set->type);
    entry->at = slot;
    note_time(h, slot_at(h, slot), entry);
    add_edges(h, known, set);
    if (h->stale & (STALE_AUTHORITY | STALE_NAMES))
        return;
    if (denial_over_counts(h, known, &set->name))
        kill_named(h, entry);
    if (is_named_already(h, entry))
        entry->flags |= KNOWN_DEAD;
    enlist(h, known, &set->name);
}

static void forget_judgement(struct household *h)
{
    sorted_index_clear(&h->killed);
    for (uint32_t i = 0; i < h->known.count; i++)
        known_at(h, i)->flags &= (uint8_t) ~(KNOWN_OVER_COUNTS | KNOWN_KILLED | KNOWN_DEAD);
    h->dirty = INDEX_NONE;
    h->winners = 0;
    for (uint32_t i = 0; i < h->slots.count; i++) {
        struct slot *slot = slot_at(h, i);
        slot->live = INDEX_NONE;
        slot->live_count = 0;
        slot->is_dirty = false;
    }
}

void names_judge_all(struct household *h)
{
    struct name name;
    forget_judgement(h);
    for (uint32_t i = 0; i < h->known.count; i++) {
        struct known *set = known_at(h, i);
        if (!as_set(h, i) || set->name_count == 0)
            continue;
        read_name(slot_at(h, set->at), &name);
        if (denial_over_counts(h, i, &name))
            kill_named(h, set);
    }
    for (uint32_t i = 0; i < h->known.count; i++) {
        const struct known *set = as_set(h, i);
        if (!set)
            continue;
        read_name(slot_at(h, set->at), &name);
        enlist(h, i, &name);
    }
}

/* --- live lists --- */

/* The winner's order: admin before node, then greatest time, then greatest id. */
static bool is_before(const struct household *h, uint32_t a, uint32_t b)
{
    const struct known *left = known_at(h, a);
    const struct known *right = known_at(h, b);
    bool left_admin = known_author(h, left)->base->role == ROLE_ADMIN;
    bool right_admin = known_author(h, right)->base->role == ROLE_ADMIN;
    if (left_admin != right_admin)
        return left_admin;
    if (left->time != right->time)
        return left->time > right->time;
    return memcmp(left->id, right->id, 32) > 0;
}

static uint32_t merge_lists(struct household *h, uint32_t a, uint32_t b)
{
    uint32_t first = INDEX_NONE;
    uint32_t *link = &first;
    while (a != INDEX_NONE && b != INDEX_NONE) {
        uint32_t *from = is_before(h, a, b) ? &a : &b;
        *link = *from;
        link = &known_at(h, *link)->next_live;
        *from = *link;
    }
    *link = a != INDEX_NONE ? a : b;
    return first;
}

/* Sorts the list in runs of doubling length; takes no memory. */
static uint32_t sort_list(struct household *h, uint32_t list)
{
    enum { RUNS = 32 };
    uint32_t runs[RUNS];
    memset(runs, 0xff, sizeof runs); /* INDEX_NONE */
    while (list != INDEX_NONE) {
        uint32_t run = list;
        list = known_at(h, run)->next_live;
        known_at(h, run)->next_live = INDEX_NONE;
        unsigned at = 0;
        for (; at < RUNS - 1 && runs[at] != INDEX_NONE; at++) {
            run = merge_lists(h, runs[at], run);
            runs[at] = INDEX_NONE;
        }
        runs[at] = merge_lists(h, runs[at], run);
    }
    uint32_t sorted = INDEX_NONE;
    for (unsigned at = 0; at < RUNS; at++)
        sorted = merge_lists(h, runs[at], sorted);
    return sorted;
}

static void refresh_slot(struct household *h, struct slot *slot)
{
    uint32_t live = INDEX_NONE;
    uint32_t count = 0;
    for (uint32_t i = slot->live; i != INDEX_NONE;) {
        struct known *set = known_at(h, i);
        uint32_t next = set->next_live;
        if (!(set->flags & KNOWN_DEAD)) {
            set->next_live = live;
            live = i;
            count++;
        }
        i = next;
    }
    h->winners += (size_t)(count > 0) - (size_t)(slot->live_count > 0);
    slot->live = count > 1 ? sort_list(h, live) : live;
    slot->live_count = count;
    slot->is_dirty = false;
}

void names_refresh(struct household *h)
{
    while (h->dirty != INDEX_NONE) {
        struct slot *slot = slot_at(h, h->dirty);
        h->dirty = slot->next_dirty;
        refresh_slot(h, slot);
    }
}

bool names_is_withdrawn(const struct household *h, const uint8_t hash[static 32])
{
    uint32_t low = 0;
    for (uint32_t high = h->withdrawals.count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(known_at(h, index_at(&h->withdrawals, middle))->body, hash, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < h->withdrawals.count &&
           memcmp(known_at(h, index_at(&h->withdrawals, low))->body, hash, 32) == 0;
}
