/* trie.h: a map from 32-octet keys that never changes: putting a key makes a new map that shares
 * the rest.
 *
 * The authority tree keeps the state after every entry (docs/ledger-rules.md, "The authority
 * tree"). As tries these states cost what each entry changes; two of them are compared or joined at
 * the cost of where they differ. The shape depends on the contents alone. Memory comes from an
 * arena.
 */
#ifndef HEARTH_LEDGER_TRIE_H
#define HEARTH_LEDGER_TRIE_H

#include <stdint.h>

#include "ledger/arena.h"
#include "ledger/base/status.h"

struct trie; /* NULL is the empty map */

/* The value, or NULL. `hash` is the key's, the same for every call. */
void *trie_get(const struct trie *trie, uint64_t hash, const uint8_t key[static 32]);

/* *trie becomes the map in which the key has that value (not NULL). The key is borrowed for as long
 * as the arena lives. NO_MEMORY (nothing is changed then). */
enum status trie_put(struct arena *arena, const struct trie **trie, uint64_t hash,
                     const uint8_t key[static 32], void *value);

/* How two maps are joined. */
struct trie_join {
    struct arena *arena;
    /* The value for a key with these two values, which differ; NULL for a map that has none. In the
     * union it is not asked for keys that only the first has: they stay. In the intersection it is
     * asked for keys that both have. */
    enum status (*value)(void *context, void *a, void *b, void **out);
    void *context;
    enum trie_join_kind { TRIE_UNION, TRIE_INTERSECTION } kind;
};
/* *out is the joined map. NO_MEMORY and what `value` returns (*out is left alone then). */
enum status trie_join(const struct trie_join *join, const struct trie *a, const struct trie *b,
                      const struct trie **out);

/* Calls for every key whose values differ between the maps; NULL for a map that has none. */
void trie_diff(const struct trie *a, const struct trie *b,
               void (*each)(void *context, void *a, void *b), void *context);

#endif
