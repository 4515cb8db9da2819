/* household.c: see household.h. Which entries are accepted, and what each of them adds.
 *
 * A SET whose author and name are judged already is judged here and now, by names.c; everything
 * else only marks what is stale. Every add first takes the memory that it and later answers may
 * need.
 */
#include "ledger/household.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "ledger/household_impl.h"
#include "ledger/household_index.h"
#include "ledger/lineage.h"
#include "ledger/names.h"
#include "ledger/rdata.h"
#include "ledger/scope.h"

/* Each household hashes by its own key: two SipHash values of its id. */
static void derive_hash_key(struct household *h, const uint8_t key[static 16])
{
    uint8_t seed[33];
    memcpy(seed, h->namespace_id, 32);
    for (uint8_t half = 0; half < 2; half++) {
        seed[32] = half;
        uint64_t word = siphash13(key, seed, sizeof seed);
        memcpy(h->hash_key + 8 * (size_t)half, &word, 8);
    }
}

struct household *household_create(const uint8_t namespace_id[static 32],
                                   const uint8_t hash_key[static 16])
{
    struct household *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    memcpy(h->namespace_id, namespace_id, 32);
    derive_hash_key(h, hash_key);
    h->dirty = INDEX_NONE;
    h->authority = (struct authority){
        .arena = &h->arena, .hash_key = h->hash_key, .stamp = &h->stamp, .sides = INDEX_NONE};
    return h;
}

void household_destroy(struct household *household)
{
    if (!household)
        return;
    authority_deinit(&household->authority);
    struct array *arrays[] = {&household->known,       &household->edges,  &household->streams,
                              &household->authors,     &household->slots,  &household->times,
                              &household->lists,       &household->leaves, &household->denials,
                              &household->withdrawals, &household->grants, &household->scratch};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        array_deinit(arrays[i]);
    index_map_deinit(&household->by_id);
    index_map_deinit(&household->by_stream);
    index_map_deinit(&household->by_key);
    index_map_deinit(&household->by_commitment);
    index_map_deinit(&household->by_name);
    sorted_index_deinit(&household->slots_in_order);
    sorted_index_deinit(&household->killed);
    arena_deinit(&household->arena);
    free(household);
}

static bool is_held(const struct household *h, uint32_t known)
{
    return known != INDEX_NONE && known_at(h, known)->flags & KNOWN_HELD;
}

static bool is_authority(const struct household *h, uint32_t known)
{
    return is_held(h, known) && known_at(h, known)->stream == INDEX_NONE;
}

/* --- accepting --- */

static enum status admit_authority(const struct household *h, const struct entry *entry,
                                   const struct body *body)
{
    if (entry->type == ENTRY_GENESIS)
        return authority_admit(&h->authority, entry, body, INDEX_NONE);
    uint32_t prev = index_id(h, entry->prev);
    if (!is_held(h, prev))
        return STATUS_WAIT_PREV;
    if (!is_authority(h, prev))
        return STATUS_MALFORMED;
    enum status status = authority_admit(&h->authority, entry, body, known_at(h, prev)->at);
    if (status != STATUS_OK || entry->type != ENTRY_MERGE)
        return status;
    uint32_t other = index_id(h, body->merge.other);
    if (!is_held(h, other))
        return STATUS_WAIT_PREV;
    return is_authority(h, other) ? STATUS_OK : STATUS_MALFORMED;
}

static enum status admit_feed(const struct household *h, const struct entry *entry)
{
    uint32_t author = index_author(h, entry->author);
    if (author == INDEX_NONE || !author_at(h, author)->granted)
        return STATUS_WAIT_GRANT;
    if (!author_at(h, author)->valid)
        return STATUS_UNAUTHORISED;
    if (entry->type == ENTRY_OPEN)
        return STATUS_OK;
    uint32_t prev = index_id(h, entry->prev);
    if (!is_held(h, prev))
        return STATUS_WAIT_PREV;
    const struct known *before = known_at(h, prev);
    if (before->stream == INDEX_NONE || entry->seq != (uint64_t)before->seq + 1)
        return STATUS_MALFORMED;
    const struct stream *stream = stream_at(h, before->stream);
    bool own = stream->author == author && stream->number == entry->stream;
    return own ? STATUS_OK : STATUS_MALFORMED;
}

/* Decodes the body unless it is one that this version does not know, and admits. */
static enum status admit(const struct household *h, const struct entry *entry, struct body *body)
{
    if (memcmp(entry_namespace(entry), h->namespace_id, 32) != 0)
        return STATUS_FOREIGN;
    if (is_held(h, index_id(h, entry->id)))
        return STATUS_DUPLICATE;
    if (entry->stream == 0 && entry->upgrade)
        return STATUS_UPGRADE;
    if (!entry->upgrade) {
        enum status status = body_decode(body, entry->type, entry->body, entry->body_len);
        if (status != STATUS_OK)
            return status;
    }
    return entry->stream == 0 ? admit_authority(h, entry, body) : admit_feed(h, entry);
}

enum status household_admit(const struct household *household, const struct entry *entry)
{
    struct body body;
    return admit(household, entry, &body);
}

/* --- adding --- */

/* Files the entry under its id, after `prev`. */
static void add_known(struct household *h, uint32_t index, const struct entry *entry, uint32_t prev)
{
    struct known *known = known_at(h, index);
    known->type = entry->type;
    known->time = entry->time;
    known->flags |= KNOWN_HELD;
    lineage_link(h, index, prev);
    struct known *before = prev == INDEX_NONE ? NULL : known_at(h, prev);
    bool first = before && !(before->flags & KNOWN_PARENT);
    known->leaf = first ? before->leaf : h->leaves.count;
    if (!first)
        (void)array_push(&h->leaves, sizeof index); /* the place, filled below */
    ((uint32_t *)h->leaves.items)[known->leaf] = index;
    if (known->flags & KNOWN_LISTED)
        h->stale |= STALE_DENIALS | STALE_NAMES;
    h->entries++;
}

/* The key that the entry's body names; NULL for types that name none. */
static const uint8_t *named_key(const struct entry *entry, const struct body *body)
{
    switch (entry->type) {
    case ENTRY_GRANT:
        return body->grant.signing.key;
    case ENTRY_SCOPE:
        return body->scope.signing.key;
    case ENTRY_REVOKE:
        return body->revoke.signing.key;
    default:
        return NULL;
    }
}

static const struct body_heads *listed_heads(const struct entry *entry, const struct body *body)
{
    if (entry->type == ENTRY_SCOPE)
        return &body->scope.heads;
    return entry->type == ENTRY_REVOKE ? &body->revoke.heads : NULL;
}

static enum status list_heads(struct household *h, const struct body_heads *heads,
                              struct authority_input *input)
{
    if (!heads || heads->count == 0)
        return STATUS_OK;
    struct listed_head *listed = arena_alloc(&h->arena, heads->count * sizeof *listed);
    if (!listed)
        return STATUS_NO_MEMORY;
    for (uint8_t i = 0; i < heads->count; i++) {
        listed[i] = (struct listed_head){.stream = heads->heads[i].stream,
                                         .seq = heads->heads[i].seq,
                                         .known = index_add_id(h, heads->heads[i].id)};
        known_at(h, listed[i].known)->flags |= KNOWN_LISTED;
    }
    input->heads = listed;
    input->head_count = heads->count;
    return STATUS_OK;
}

static enum status list_scope(struct household *h, const struct entry *entry,
                              const struct body *body, struct authority_input *input)
{
    static const uint8_t any[32];
    const uint8_t *commitment = NULL;
    if (entry->type == ENTRY_GRANT)
        commitment = body->grant.scope_commitment;
    if (entry->type == ENTRY_SCOPE)
        commitment = body->scope.scope_commitment;
    if (!commitment || memcmp(commitment, any, 32) == 0)
        return STATUS_OK;
    input->list = index_add_list(h, commitment);
    return input->list ? STATUS_OK : STATUS_NO_MEMORY;
}

/* A MERGE's other head, and where its branch left that of `prev`: -1 when it has no effect. */
static void find_other(const struct household *h, const struct body *body, uint32_t prev,
                       struct authority_input *input)
{
    uint32_t other = index_id(h, body->merge.other);
    uint32_t common = lineage_common(h, prev, other);
    input->other = known_at(h, other)->at;
    bool one_era = authority_at(&h->authority, input->other)->state.era ==
                   authority_at(&h->authority, input->prev)->state.era;
    if (one_era && common != prev && common != other)
        input->branch_point = known_at(h, common)->seq;
}

static enum status add_authority(struct household *h, const struct entry *entry,
                                 const struct body *body)
{
    if (index_reserve(h, 1 + LIMIT_HEADS) != STATUS_OK ||
        authority_reserve(&h->authority) != STATUS_OK)
        return STATUS_NO_MEMORY;
    uint32_t prev = entry->type == ENTRY_GENESIS ? INDEX_NONE : index_id(h, entry->prev);
    struct authority_input input = {
        .entry = entry, .body = body, .known = index_add_id(h, entry->id), .branch_point = -1};
    const uint8_t *key = named_key(entry, body);
    input.prev = prev == INDEX_NONE ? INDEX_NONE : known_at(h, prev)->at;
    input.author = key ? index_add_author(h, key) : INDEX_NONE;
    input.other = INDEX_NONE;
    if (entry->type == ENTRY_MERGE)
        find_other(h, body, prev, &input);
    enum status status = list_heads(h, listed_heads(entry, body), &input);
    if (status == STATUS_OK)
        status = list_scope(h, entry, body, &input);
    if (status == STATUS_OK)
        status = authority_add(&h->authority, &input);
    if (status != STATUS_OK)
        return status;
    add_known(h, input.known, entry, prev);
    known_at(h, input.known)->at = h->authority.entries.count - 1;
    if (prev != INDEX_NONE)
        known_at(h, prev)->flags |= KNOWN_PARENT;
    if (entry->type == ENTRY_GRANT && !author_at(h, input.author)->granted) {
        author_at(h, input.author)->granted = true;
        author_at(h, input.author)->valid = crypt_key_is_valid(key);
    }
    h->stale = STALE_ALL;
    return STATUS_OK;
}

/* Counts streams and fork points: evidence against the author. */
static void count_forks(struct household *h, uint32_t stream_index, uint32_t prev)
{
    struct stream *stream = stream_at(h, stream_index);
    struct author *author = author_at(h, stream->author);
    bool was_overrun = author_is_overrun(author);
    bool forks = false;
    if (prev == INDEX_NONE) {
        stream->opens++;
        author->streams += stream->opens == 1;
        forks = stream->opens == 2;
        stream->forked = stream->forked || stream->opens > 1;
    } else {
        struct known *before = known_at(h, prev);
        forks = (before->flags & (KNOWN_PARENT | KNOWN_FORK)) == KNOWN_PARENT;
        if (before->flags & KNOWN_PARENT) {
            before->flags |= KNOWN_FORK;
            stream->forked = true;
        }
        before->flags |= KNOWN_PARENT;
    }
    author->forks += forks;
    if (author_is_overrun(author) != was_overrun)
        h->stale |= STALE_NAMES;
}

/* Which rule a SET breaks by itself, whoever wrote it. */
static enum rule set_rule(const struct body_set *set, uint8_t kind)
{
    if (kind != KIND_PRIVATE && kind != KIND_SHARED)
        return RULE_STREAM_KIND;
    if (!rrtype_is_data(set->type))
        return RULE_RR_TYPE;
    enum status status = rdata_check_owner(set->type, &set->name);
    for (uint8_t i = 0; i < set->rr_count && status == STATUS_OK; i++)
        status = rdata_check(set->type, set->rrs[i].data, set->rrs[i].len);
    /* Else a version that knows more types would have other names of the same entries. */
    if (status == STATUS_TYPE_UNSUPPORTED)
        return RULE_NONE;
    if (status != STATUS_OK)
        return rdata_rule(status);
    return set->type == RRTYPE_PEER && set->rr_count > 1 ? RULE_RDATA : RULE_NONE;
}

/* A scope opening that an OPEN reveals: its list, or NULL. */
static enum status open_list(struct household *h, const struct body_open *open,
                             struct scope_list **list)
{
    uint8_t commitment[32];
    *list = NULL;
    if (!open->opening) /* only private ones have one */
        return STATUS_OK;
    scope_commitment(open->opening, open->opening_len, commitment);
    *list = index_add_list(h, commitment);
    return *list ? STATUS_OK : STATUS_NO_MEMORY;
}

/* What a feed entry needs besides room in arrays. */
struct feed_parts {
    uint8_t *body;
    const uint8_t *order;    /* SET of a new name */
    struct scope_list *list; /* OPEN */
};

static enum status feed_take(struct household *h, const struct entry *entry,
                             const struct body *body, struct feed_parts *parts)
{
    bool is_set = entry->type == ENTRY_SET && !entry->upgrade;
    size_t over = is_set ? body->set.over_count : 0;
    enum status status = index_reserve(h, 1 + over);
    if (status == STATUS_OK)
        status = names_reserve(h, over);
    if (status == STATUS_OK && entry->type == ENTRY_OPEN && !entry->upgrade)
        status = open_list(h, &body->open, &parts->list);
    if (status != STATUS_OK)
        return status;
    if (is_set && index_slot(h, &body->set.name, body->set.type) == INDEX_NONE) {
        uint8_t order[NAME_WIRE_MAX];
        names_order(&body->set.name, order);
        parts->order = arena_copy(&h->arena, order, body->set.name.len - 1U);
        if (!parts->order)
            return STATUS_NO_MEMORY;
    }
    parts->body = arena_copy(&h->arena, entry->body, entry->body_len);
    return parts->body ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The opening, in the kept body. */
static void reveal(struct household *h, struct scope_list *list, const struct feed_parts *parts,
                   const struct entry *entry, const struct body_open *open)
{
    if (!list || list->opening)
        return;
    list->opening = parts->body + (open->opening - entry->body);
    list->opening_len = open->opening_len;
    h->stale |= STALE_NAMES;
}

static void add_denial(struct household *h, uint32_t index)
{
    *(uint32_t *)array_push(&h->denials, sizeof index) = index;
    h->stale |= STALE_DENIALS;
    if (known_at(h, index)->type == ENTRY_SUSPEND)
        h->stale |= STALE_NAMES;
}

static enum status add_feed(struct household *h, const struct entry *entry, const struct body *body)
{
    struct feed_parts parts = {.body = NULL};
    enum status status = feed_take(h, entry, body, &parts);
    if (status != STATUS_OK)
        return status;
    uint32_t prev = entry->type == ENTRY_OPEN ? INDEX_NONE : index_id(h, entry->prev);
    uint32_t author = index_author(h, entry->author);
    uint32_t index = index_add_id(h, entry->id);
    struct known *known = known_at(h, index);
    known->stream = index_add_stream(h, author, entry->stream);
    known->body = parts.body;
    known->body_len = entry->body_len;
    known->kind = prev == INDEX_NONE ? 0 : known_at(h, prev)->kind;
    if (entry->type == ENTRY_OPEN && !entry->upgrade)
        known->kind = body->open.kind;
    add_known(h, index, entry, prev);
    count_forks(h, known->stream, prev);
    if (entry->upgrade) {
        known->rule = RULE_UPGRADE;
    } else if (entry->type == ENTRY_OPEN) {
        reveal(h, parts.list, &parts, entry, &body->open);
    } else if (entry->type == ENTRY_SET) {
        known->rule = (uint8_t)set_rule(&body->set, known->kind);
        names_add(h, index, &body->set, parts.order);
    } else {
        add_denial(h, index);
    }
    return STATUS_OK;
}

enum status household_add(struct household *household, const struct entry *entry)
{
    struct body body;
    enum status status = admit(household, entry, &body);
    if (status != STATUS_OK)
        return status;
    return entry->stream == 0 ? add_authority(household, entry, &body)
                              : add_feed(household, entry, &body);
}

size_t household_entries(const struct household *household)
{
    return household->entries;
}

bool household_holds(const struct household *household, const uint8_t id[static 32])
{
    return is_held(household, index_id(household, id));
}

void household_trust_branch(struct household *household, const uint8_t id[32])
{
    household->trusts = id != NULL;
    if (id)
        memcpy(household->trusted, id, 32);
    household->stale = STALE_ALL;
}
