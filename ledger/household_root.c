/* household_root.c: the state root and the frontier (docs/ledger-format.md, "Head statement"): a
 * household's state, and what is held of it, as one hash each. */
#include <stdlib.h>
#include <string.h>

#include "ledger/crypt.h"
#include "ledger/denial.h"
#include "ledger/judge.h"
#include "ledger/names.h"

static void add_u64(struct crypt_hasher *hasher, uint64_t value)
{
    uint8_t octets[8];
    for (unsigned i = 0; i < 8; i++)
        octets[i] = (uint8_t)(value >> (56 - 8 * i));
    crypt_hasher_add(hasher, octets, sizeof octets);
}

/* --- state root --- */

static void add_winners(struct household *h, struct crypt_hasher *hasher)
{
    add_u64(hasher, h->winners);
    for (uint32_t i = 0; i < sorted_index_count(&h->slots_in_order); i++) {
        const struct slot *slot = slot_at(h, sorted_index_at(&h->slots_in_order, i));
        if (slot->live == INDEX_NONE)
            continue;
        crypt_hasher_add(hasher, slot->name, slot->name_len + 2U); /* the type follows it */
        crypt_hasher_add(hasher, known_at(h, slot->live)->id, 32);
    }
}

static int compare_known(const void *a, const void *b, void *context)
{
    return memcmp(known_at(context, *(const uint32_t *)a)->id,
                  known_at(context, *(const uint32_t *)b)->id, 32);
}

static int compare_authors(const void *a, const void *b, void *context)
{
    return memcmp(author_at(context, *(const uint32_t *)a)->key,
                  author_at(context, *(const uint32_t *)b)->key, 32);
}

/* Sorts what is in the scratch array and hands out its count. */
static uint32_t sort_scratch(struct household *h,
                             int (*compare)(const void *a, const void *b, void *context))
{
    uint32_t count = h->scratch.count;
    if (count > 0)
        qsort_r(h->scratch.items, count, sizeof(uint32_t), compare, h);
    h->scratch.count = 0;
    return count;
}

static void add_denials(struct household *h, struct crypt_hasher *hasher)
{
    for (uint32_t i = 0; i < h->denials.count; i++) {
        uint32_t denial = index_at(&h->denials, i);
        if (denial_rule(h, denial) == RULE_NONE)
            *(uint32_t *)array_push(&h->scratch, sizeof denial) = denial;
    }
    uint32_t count = sort_scratch(h, compare_known);
    add_u64(hasher, count);
    for (uint32_t i = 0; i < count; i++)
        crypt_hasher_add(hasher, known_at(h, index_at(&h->scratch, i))->id, 32);
}

static void add_killed(struct household *h, struct crypt_hasher *hasher)
{
    sorted_index_settle(&h->killed, compare_known, h);
    add_u64(hasher, sorted_index_count(&h->killed));
    for (uint32_t i = 0; i < sorted_index_count(&h->killed); i++)
        crypt_hasher_add(hasher, known_at(h, sorted_index_at(&h->killed, i))->id, 32);
}

static void add_revoked(struct household *h, struct crypt_hasher *hasher)
{
    for (uint32_t i = 0; i < h->authors.count; i++) {
        if (author_at(h, i)->burnt)
            *(uint32_t *)array_push(&h->scratch, sizeof i) = i;
    }
    uint32_t count = sort_scratch(h, compare_authors);
    add_u64(hasher, count);
    for (uint32_t i = 0; i < count; i++)
        crypt_hasher_add(hasher, author_at(h, index_at(&h->scratch, i))->key, 32);
}

void household_state_root(struct household *household, uint8_t out[static 32])
{
    struct crypt_hasher hasher;
    judge_settle(household);
    names_settle_order(household);
    crypt_hasher_start(&hasher, "hearth1.state.rt");
    add_winners(household, &hasher);
    add_denials(household, &hasher);
    add_killed(household, &hasher);
    add_revoked(household, &hasher);
    crypt_hasher_end(&hasher, out);
}

/* --- frontier --- */

static const uint8_t *author_of(const struct household *h, const struct known *known)
{
    if (known->stream == INDEX_NONE)
        return authority_at(&h->authority, known->at)->author;
    return known_author(h, known)->key;
}

static uint64_t number_of(const struct household *h, const struct known *known)
{
    return known->stream == INDEX_NONE ? 0 : stream_at(h, known->stream)->number;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_leaves(const void *a, const void *b, void *context)
{
    const struct known *left = known_at(context, *(const uint32_t *)a);
    const struct known *right = known_at(context, *(const uint32_t *)b);
    int order = memcmp(author_of(context, left), author_of(context, right), 32);
    if (order == 0)
        order = compare_u64(number_of(context, left), number_of(context, right));
    if (order == 0)
        order = compare_u64(left->seq, right->seq);
    return order ? order : memcmp(left->id, right->id, 32);
}

void household_frontier(struct household *household, bool shared, uint8_t out[static 32])
{
    struct crypt_hasher hasher;
    for (uint32_t i = 0; i < household->leaves.count; i++) {
        uint32_t leaf = index_at(&household->leaves, i);
        const struct known *known = known_at(household, leaf);
        if (!shared || known->stream == INDEX_NONE || known->kind == KIND_SHARED ||
            known->kind == KIND_DENIALS)
            *(uint32_t *)array_push(&household->scratch, sizeof leaf) = leaf;
    }
    uint32_t count = sort_scratch(household, compare_leaves);
    crypt_hasher_start(&hasher, "hearth1.frontier");
    for (uint32_t i = 0; i < count; i++) {
        const struct known *known = known_at(household, index_at(&household->scratch, i));
        crypt_hasher_add(&hasher, author_of(household, known), 32);
        add_u64(&hasher, number_of(household, known));
        add_u64(&hasher, known->seq);
        crypt_hasher_add(&hasher, known->id, 32);
    }
    crypt_hasher_end(&hasher, out);
}
