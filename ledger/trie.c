/* trie.c: see trie.h.
 *
 * A branch has up to sixteen children, chosen by four bits: those of the key's hash first, then,
 * for keys whose hashes are equal, those of the key itself. So two keys part at depth 80 at the
 * latest, which bounds every recursion here. A leaf stands as high as it can, alone below its
 * branch.
 */
#include "ledger/trie.h"

#include <stdbool.h>
#include <string.h>

enum { WIDTH = 16, HASH_DEPTH = 16 };

struct trie {
    uint32_t used; /* which of the sixteen children are there; 0: a leaf */
};

struct leaf {
    struct trie head;
    uint64_t hash;
    const uint8_t *key;
    void *value;
};

struct branch {
    struct trie head;
    const struct trie *children[]; /* those that are there, in order */
};

static bool is_leaf(const struct trie *t)
{
    return t && t->used == 0;
}

static const struct leaf *as_leaf(const struct trie *t)
{
    return (const struct leaf *)t;
}

static unsigned digit(uint64_t hash, const uint8_t *key, unsigned depth)
{
    if (depth < HASH_DEPTH)
        return (unsigned)(hash >> (4 * depth)) & 15;
    unsigned at = depth - HASH_DEPTH;
    return at % 2 == 0 ? key[at / 2] >> 4 : key[at / 2] & 15;
}

static bool leaf_has(const struct trie *t, uint64_t hash, const uint8_t *key)
{
    return as_leaf(t)->hash == hash && memcmp(as_leaf(t)->key, key, 32) == 0;
}

/* What stands below `t` at that digit; a leaf is seen as a branch with itself as its one child. */
static const struct trie *child(const struct trie *t, unsigned at, unsigned depth)
{
    if (!t)
        return NULL;
    if (is_leaf(t))
        return digit(as_leaf(t)->hash, as_leaf(t)->key, depth) == at ? t : NULL;
    if (!(t->used >> at & 1))
        return NULL;
    unsigned below = (unsigned)__builtin_popcount(t->used & ((1U << at) - 1));
    return ((const struct branch *)t)->children[below];
}

void *trie_get(const struct trie *trie, uint64_t hash, const uint8_t key[static 32])
{
    unsigned depth = 0;
    while (trie && !is_leaf(trie)) {
        trie = child(trie, digit(hash, key, depth), depth);
        depth++;
    }
    return trie && leaf_has(trie, hash, key) ? as_leaf(trie)->value : NULL;
}

static const struct trie *make_leaf(struct arena *arena, uint64_t hash, const uint8_t *key,
                                    void *value)
{
    struct leaf *leaf = arena_alloc(arena, sizeof *leaf);
    if (!leaf)
        return NULL;
    *leaf = (struct leaf){.head = {.used = 0}, .hash = hash, .key = key, .value = value};
    return &leaf->head;
}

/* The one shape for these children: nothing, a lone leaf itself, or a branch. */
static enum status assemble(struct arena *arena, const struct trie *const children[WIDTH],
                            const struct trie **out)
{
    uint32_t used = 0;
    const struct trie *last = NULL;
    for (unsigned i = 0; i < WIDTH; i++) {
        if (children[i]) {
            used |= 1U << i;
            last = children[i];
        }
    }
    unsigned count = (unsigned)__builtin_popcount(used);
    *out = last;
    if (count == 0 || (count == 1 && is_leaf(last)))
        return STATUS_OK;
    struct branch *branch =
        arena_alloc(arena, sizeof *branch + count * sizeof(const struct trie *));
    if (!branch)
        return STATUS_NO_MEMORY;
    branch->head.used = used;
    unsigned to = 0;
    for (unsigned i = 0; i < WIDTH; i++) {
        if (children[i])
            branch->children[to++] = children[i];
    }
    *out = &branch->head;
    return STATUS_OK;
}

static enum status put(struct arena *arena, const struct trie *t, const struct trie *leaf,
                       unsigned depth, const struct trie **out)
{
    const struct leaf *new = as_leaf(leaf);
    if (!t || (is_leaf(t) && leaf_has(t, new->hash, new->key))) {
        *out = leaf;
        return STATUS_OK;
    }
    const struct trie *children[WIDTH];
    for (unsigned i = 0; i < WIDTH; i++)
        children[i] = child(t, i, depth);
    unsigned at = digit(new->hash, new->key, depth);
    enum status status = put(arena, children[at], leaf, depth + 1, &children[at]);
    return status == STATUS_OK ? assemble(arena, children, out) : status;
}

enum status trie_put(struct arena *arena, const struct trie **trie, uint64_t hash,
                     const uint8_t key[static 32], void *value)
{
    const struct trie *leaf = make_leaf(arena, hash, key, value);
    const struct trie *made = NULL;
    enum status status = leaf ? put(arena, *trie, leaf, 0, &made) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        *trie = made;
    return status;
}

/* At most one key on each side, and the same one if both have one. */
static enum status join_leaves(const struct trie_join *j, const struct trie *a,
                               const struct trie *b, const struct trie **out)
{
    void *a_value = a ? as_leaf(a)->value : NULL;
    void *b_value = b ? as_leaf(b)->value : NULL;
    void *value = NULL;
    *out = a;
    if (a_value == b_value)
        return STATUS_OK;
    enum status status = j->value(j->context, a_value, b_value, &value);
    if (status != STATUS_OK || value == a_value)
        return status;
    const struct leaf *named = as_leaf(a ? a : b);
    *out = value ? make_leaf(j->arena, named->hash, named->key, value) : NULL;
    return value && !*out ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status join_at(const struct trie_join *j, const struct trie *a, const struct trie *b,
                           unsigned depth, const struct trie **out)
{
    bool alone = j->kind == TRIE_UNION ? !b : !a || !b;
    *out = a == b || j->kind == TRIE_UNION ? a : NULL;
    if (a == b || alone)
        return STATUS_OK;
    bool leaves = (!a || is_leaf(a)) && is_leaf(b);
    if (leaves && (!a || leaf_has(a, as_leaf(b)->hash, as_leaf(b)->key)))
        return join_leaves(j, a, b, out);
    const struct trie *children[WIDTH];
    bool same = true;
    for (unsigned i = 0; i < WIDTH; i++) {
        const struct trie *before = child(a, i, depth);
        enum status status = join_at(j, before, child(b, i, depth), depth + 1, &children[i]);
        if (status != STATUS_OK)
            return status;
        same = same && children[i] == before;
    }
    *out = a;
    return same ? STATUS_OK : assemble(j->arena, children, out);
}

enum status trie_join(const struct trie_join *join, const struct trie *a, const struct trie *b,
                      const struct trie **out)
{
    const struct trie *joined = NULL;
    enum status status = join_at(join, a, b, 0, &joined);
    if (status == STATUS_OK)
        *out = joined;
    return status;
}

static void diff_at(const struct trie *a, const struct trie *b, unsigned depth,
                    void (*each)(void *context, void *a, void *b), void *context)
{
    if (a == b)
        return;
    bool a_single = !a || is_leaf(a);
    bool b_single = !b || is_leaf(b);
    if (a_single && b_single && (!a || !b || leaf_has(a, as_leaf(b)->hash, as_leaf(b)->key))) {
        void *a_value = a ? as_leaf(a)->value : NULL;
        void *b_value = b ? as_leaf(b)->value : NULL;
        if (a_value != b_value)
            each(context, a_value, b_value);
        return;
    }
    for (unsigned i = 0; i < WIDTH; i++)
        diff_at(child(a, i, depth), child(b, i, depth), depth + 1, each, context);
}

void trie_diff(const struct trie *a, const struct trie *b,
               void (*each)(void *context, void *a, void *b), void *context)
{
    diff_at(a, b, 0, each, context);
}
