/* view_parts.c: see view_parts.h.
 *
 * Winners come in canonical order of name, then type, so each name is met once and its ancestors
 * that have no records belong directly before it. The apex comes first and gets SOA and NS between
 * what the household itself publishes there. Failures are remembered in the pile where they
 * happened and asked for once, at the end.
 */
#include "ledger/view_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/writer.h"
#include "ledger/rdata.h"

enum {
    PILE_FIRST_SIZE = 4096,
    SOA_TTL = 3600,
    SOA_REFRESH = 3600,
    SOA_RETRY = 1200,
    SOA_EXPIRE = 604800,
    SOA_MINIMUM = 60,
};

/* --- piles --- */

static bool pile_grow(struct pile *pile, size_t needed)
{
    size_t size = pile->size ? pile->size : PILE_FIRST_SIZE;
    while (size < needed)
        size = size > UINT32_MAX / 2 ? UINT32_MAX : size * 2;
    uint8_t *bytes = realloc(pile->bytes, size);
    if (!bytes)
        return false;
    pile->bytes = bytes;
    pile->size = size;
    return true;
}

/* Room for n octets at the end, undefined; NULL when the pile has failed. */
static void *pile_add(struct pile *pile, size_t n)
{
    if (pile->error != STATUS_OK)
        return NULL;
    if (n > UINT32_MAX - pile->used)
        pile->error = STATUS_FULL;
    else if ((n > pile->size - pile->used || !pile->bytes) && !pile_grow(pile, pile->used + n))
        pile->error = STATUS_NO_MEMORY;
    if (pile->error != STATUS_OK)
        return NULL;
    void *room = pile->bytes + pile->used;
    pile->used += n;
    return room;
}

static void pile_deinit(struct pile *pile)
{
    free(pile->bytes);
    *pile = (struct pile){.bytes = NULL};
}

/* Appends octets; returns where they begin. */
static uint32_t pile_bytes(struct pile *pile, const void *bytes, size_t len)
{
    uint32_t at = (uint32_t)pile->used;
    void *room = pile_add(pile, len);
    if (room && len > 0)
        memcpy(room, bytes, len);
    return at;
}

/* --- one household --- */

/* NS and SOA, in the order of their types. */
enum { SYNTHETIC_COUNT = 2 };

struct gatherer {
    struct view_parts *parts;
    const struct view_build_household *source;
    const struct name *apex; /* its first */
    struct part_household household;
    uint32_t household_index;
    uint32_t first_author; /* of this household */
    uint32_t last_author;  /* most records share their neighbour's */
    struct name name;      /* the one being gathered, relative */
    struct part_rrset synthetic[SYNTHETIC_COUNT];
    unsigned synthetic_done;
    uint32_t last_by, last_by_len; /* same, for `by` */
};

static struct part_name *current_name(struct gatherer *g)
{
    struct pile *names = &g->parts->names;
    return names->error == STATUS_OK
               ? PILE_ENTRIES(*names, struct part_name) + PILE_COUNT(*names, struct part_name) - 1
               : NULL;
}

static void add_rrset(struct gatherer *g, const struct part_rrset *rrset)
{
    struct part_rrset *room = pile_add(&g->parts->rrsets, sizeof *room);
    struct part_name *name = current_name(g);
    if (!room || !name)
        return;
    *room = *rrset;
    name->rrset_count++;
}

/* The apex's own RRsets that come before `type`. */
static void add_synthetic_before(struct gatherer *g, uint32_t type)
{
    while (g->synthetic_done < SYNTHETIC_COUNT && g->synthetic[g->synthetic_done].type < type)
        add_rrset(g, &g->synthetic[g->synthetic_done++]);
}

/* `relative` is len octets, the root among them. */
static void add_name(struct gatherer *g, const uint8_t *relative, uint8_t len)
{
    struct pile *heap = &g->parts->heap;
    uint32_t at = pile_bytes(heap, relative, len - 1U);
    (void)pile_bytes(heap, g->apex->wire, g->apex->len); /* `at` is where the name begins */
    struct part_name *name = pile_add(&g->parts->names, sizeof *name);
    if (!name)
        return;
    *name = (struct part_name){
        .wire = at,
        .wire_len = (uint8_t)(len - 1U + g->apex->len),
        .first_rrset = PILE_COUNT(g->parts->rrsets, struct part_rrset),
    };
    g->household.wires_len += name->wire_len;
}

/* How many labels from the right the two names share. */
static unsigned shared_labels(const struct name *a, const struct name *b)
{
    unsigned labels = name_labels(a->wire, a->len);
    size_t at = 0;
    while (labels > 0 && !name_is_within(b->wire, b->len, a->wire + at, a->len - at)) {
        at += 1 + (size_t)a->wire[at];
        labels--;
    }
    return labels;
}

/* Ends the name before, and adds the new one behind those of its ancestors that are not there yet.
 */
static void start_name(struct gatherer *g, const struct name *name)
{
    assert(name_compare(g->name.wire, g->name.len, name->wire, name->len) < 0);
    add_synthetic_before(g, UINT32_MAX);
    uint8_t starts[NAME_LABELS_MAX];
    unsigned labels = 0;
    for (size_t at = 0; name->wire[at] != 0; at += 1 + (size_t)name->wire[at])
        starts[labels++] = (uint8_t)at;
    for (unsigned known = shared_labels(&g->name, name); known < labels; known++) {
        uint8_t start = starts[labels - known - 1];
        add_name(g, name->wire + start, (uint8_t)(name->len - start));
    }
    g->name = *name;
}

static uint32_t heap_rrs(struct pile *heap, const struct body_rr *rrs, unsigned count)
{
    uint32_t start = (uint32_t)heap->used;
    for (unsigned i = 0; i < count; i++) {
        uint8_t len[2] = {(uint8_t)(rrs[i].len >> 8), (uint8_t)rrs[i].len};
        (void)pile_bytes(heap, len, sizeof len); /* `start` is where all of them begin */
        (void)pile_bytes(heap, rrs[i].data, rrs[i].len);
    }
    return start;
}

/* The household's row for a key; made at its first use. */
static uint32_t find_author(struct gatherer *g, const uint8_t key[static 32])
{
    const struct view_build_household *source = g->source;
    struct pile *authors = &g->parts->authors;
    const struct part_author *all = PILE_ENTRIES(*authors, struct part_author);
    uint32_t count = PILE_COUNT(*authors, struct part_author);
    if (g->last_author < count && memcmp(all[g->last_author].key, key, 32) == 0)
        return g->last_author;
    for (g->last_author = g->first_author; g->last_author < count; g->last_author++) {
        if (memcmp(all[g->last_author].key, key, 32) == 0)
            return g->last_author;
    }
    struct part_author author = {.household = g->household_index};
    memcpy(author.key, key, 32);
    struct household_grant grant;
    if (household_find_grant(source->household, key, &grant) == STATUS_OK) {
        bool ended = grant.state == GRANT_REVOKED || grant.state == GRANT_CLEARED;
        author.role = ended ? ROLE_NONE : grant.role;
        author.flags = grant.state == GRANT_SUSPENDED ? VIEW_AUTHOR_SUSPENDED
                       : grant.state == GRANT_REVOKED ? VIEW_AUTHOR_REVOKED
                       : grant.state == GRANT_OVERRUN ? VIEW_AUTHOR_OVERRUN
                                                      : 0;
    }
    const char *label = source->label ? source->label(source->label_context, key) : NULL;
    author.label_len = label ? (uint32_t)strnlen(label, LIMIT_LABEL) : 0;
    author.label = pile_bytes(&g->parts->heap, label, author.label_len);
    (void)pile_bytes(authors, &author, sizeof author);
    return g->last_author;
}

static uint32_t add_by(struct gatherer *g, const uint8_t *by, uint32_t len)
{
    const struct pile *heap = &g->parts->heap;
    if (len > 0 && len == g->last_by_len && memcmp(heap->bytes + g->last_by, by, len) == 0)
        return g->last_by;
    uint32_t at = pile_bytes(&g->parts->heap, by, len);
    if (heap->error == STATUS_OK) {
        g->last_by = at;
        g->last_by_len = len;
    }
    return at;
}

/* Returns index + 1. */
static uint32_t add_record(struct gatherer *g, const struct household_set *set)
{
    struct part_record record = {.time = set->time, .conflicts = set->conflicts};
    memcpy(record.id, set->id, sizeof record.id);
    record.author = find_author(g, set->author);
    record.by_len = set->by ? set->by_len : 0;
    record.by = add_by(g, set->by, record.by_len);
    (void)pile_bytes(&g->parts->records, &record, sizeof record);
    return PILE_COUNT(g->parts->records, struct part_record);
}

static void add_addresses(struct gatherer *g, const struct household_set *set)
{
    size_t len = set->type == RRTYPE_A ? 4 : 16;
    for (unsigned i = 0; i < set->rr_count; i++) {
        const struct body_rr *rr = &set->rrs[i];
        struct part_address *room =
            rr->len == len ? pile_add(&g->parts->addresses, sizeof *room) : NULL;
        if (!room)
            continue;
        struct address address =
            len == 4 ? address_from_ipv4(rr->data) : address_from_ipv6(rr->data);
        memcpy(room->address, address.octets, sizeof room->address);
        room->name = PILE_COUNT(g->parts->names, struct part_name) - 1;
        room->household = g->household_index;
    }
}

static uint16_t rrset_flags(const struct household_set *set)
{
    return (uint16_t)((set->conflicts > 0 ? VIEW_RRSET_CONFLICT : 0) |
                      (set->removed_count > 0 ? VIEW_RRSET_WITHDRAWN : 0) |
                      (rrtype_is_internal(set->type) ? VIEW_RRSET_INTERNAL : 0));
}

/* Deletions leave nothing behind, and what this version does not know is not told on. (SOA and NS,
 * which it makes itself, are among what it does not know of others.) */
static bool is_published(const struct household_set *set)
{
    return (set->rr_count > 0 || set->removed_count > 0) && rdata_is_known(set->type);
}

static bool gather_winner(void *context, const struct household_set *set)
{
    struct gatherer *g = context;
    struct pile *heap = &g->parts->heap;
    if (!is_published(set))
        return true;
    if (!name_equal(&set->name, &g->name))
        start_name(g, &set->name);
    add_synthetic_before(g, set->type);
    struct part_rrset rrset = {
        .ttl = set->ttl,
        .type = set->type,
        .flags = rrset_flags(set),
        .count = set->rr_count,
        .removed_count = set->removed_count,
    };
    rrset.data = heap_rrs(heap, set->rrs, set->rr_count);
    rrset.data_len = (uint32_t)heap->used - rrset.data;
    rrset.removed = heap_rrs(heap, set->removed, set->removed_count);
    rrset.removed_len = (uint32_t)heap->used - rrset.removed;
    rrset.record = add_record(g, set);
    add_rrset(g, &rrset);
    if (set->type == RRTYPE_A || set->type == RRTYPE_AAAA)
        add_addresses(g, set);
    return heap->error == STATUS_OK;
}

static bool gather_withdrawal(void *context, const struct household_withdrawal *withdrawal)
{
    struct gatherer *g = context;
    struct part_withdrawn part = {
        .time = withdrawal->time,
        .reason = withdrawal->reason,
        .household = g->household_index,
        .author = find_author(g, withdrawal->author),
    };
    memcpy(part.hash, withdrawal->hash, sizeof part.hash);
    memcpy(part.id, withdrawal->id, sizeof part.id);
    (void)pile_bytes(&g->parts->withdrawn, &part, sizeof part);
    return true;
}

static void gather_household(struct view_parts *parts, const struct view_forms *forms,
                             uint32_t index,
                             const struct part_rrset synthetic[static SYNTHETIC_COUNT])
{
    struct gatherer g = {
        .parts = parts,
        .source = forms->households[index],
        .apex = &forms->forms[forms->pairs[index].first].apex,
        .household_index = index,
        .first_author = PILE_COUNT(parts->authors, struct part_author),
        .last_author = UINT32_MAX,
        .name = {.len = 1, .wire = {0}},
        .household =
            {
                .first_name = PILE_COUNT(parts->names, struct part_name),
                .first_rrset = PILE_COUNT(parts->rrsets, struct part_rrset),
                .first_withdrawn = PILE_COUNT(parts->withdrawn, struct part_withdrawn),
            },
    };
    memcpy(g.synthetic, synthetic, sizeof g.synthetic);
    add_name(&g, g.name.wire, g.name.len);
    household_each_winner(g.source->household, gather_winner, &g);
    add_synthetic_before(&g, UINT32_MAX);
    household_each_withdrawal(g.source->household, gather_withdrawal, &g);
    struct part_household *household = &g.household;
    household->name_count = PILE_COUNT(parts->names, struct part_name) - household->first_name;
    household->rrset_count = PILE_COUNT(parts->rrsets, struct part_rrset) - household->first_rrset;
    household->withdrawn_count =
        PILE_COUNT(parts->withdrawn, struct part_withdrawn) - household->first_withdrawn;
    (void)pile_bytes(&parts->households, household, sizeof *household); /* asked for at the end */
}

/* --- all of them --- */

/* One RR into the heap, as the RRset of its type. */
static struct part_rrset make_synthetic(struct view_parts *parts, uint16_t type,
                                        const struct writer *data)
{
    struct body_rr rr = {.data = data->start, .len = (uint16_t)data->used};
    struct part_rrset rrset = {
        .type = type, .flags = VIEW_RRSET_SYNTHETIC, .ttl = SOA_TTL, .count = 1};
    rrset.data = heap_rrs(&parts->heap, &rr, 1);
    rrset.data_len = (uint32_t)parts->heap.used - rrset.data;
    return rrset;
}

/* As RFC 6303, section 3, has it for zones that are served locally; shared by all apexes. */
static void make_synthetics(struct view_parts *parts, uint32_t serial,
                            struct part_rrset synthetic[static SYNTHETIC_COUNT])
{
    static const uint8_t localhost[] = "\x09localhost";
    static const uint8_t nobody[] = "\x06nobody\x07invalid";
    uint8_t bytes[64];
    struct writer ns = writer_over(bytes, sizeof bytes);
    writer_bytes(&ns, localhost, sizeof localhost);
    synthetic[0] = make_synthetic(parts, RRTYPE_NS, &ns);
    struct writer soa = writer_over(bytes, sizeof bytes);
    writer_bytes(&soa, localhost, sizeof localhost);
    writer_bytes(&soa, nobody, sizeof nobody);
    writer_u32(&soa, serial);
    writer_u32(&soa, SOA_REFRESH);
    writer_u32(&soa, SOA_RETRY);
    writer_u32(&soa, SOA_EXPIRE);
    writer_u32(&soa, SOA_MINIMUM);
    synthetic[1] = make_synthetic(parts, RRTYPE_SOA, &soa);
}

enum status view_parts_gather(struct view_parts *parts, const struct view_forms *forms,
                              uint32_t serial)
{
    *parts = (struct view_parts){.names = {.bytes = NULL}};
    struct part_rrset synthetic[SYNTHETIC_COUNT];
    make_synthetics(parts, serial, synthetic);
    for (uint32_t i = 0; i < forms->household_count; i++)
        gather_household(parts, forms, i, synthetic);
    const struct pile *piles[] = {&parts->households, &parts->names,   &parts->rrsets,
                                  &parts->records,    &parts->authors, &parts->withdrawn,
                                  &parts->addresses,  &parts->heap};
    for (size_t i = 0; i < sizeof piles / sizeof piles[0]; i++) {
        if (piles[i]->error != STATUS_OK)
            return piles[i]->error;
    }
    return STATUS_OK;
}

void view_parts_deinit(struct view_parts *parts)
{
    pile_deinit(&parts->households);
    pile_deinit(&parts->names);
    pile_deinit(&parts->rrsets);
    pile_deinit(&parts->records);
    pile_deinit(&parts->authors);
    pile_deinit(&parts->withdrawn);
    pile_deinit(&parts->addresses);
    pile_deinit(&parts->heap);
}
