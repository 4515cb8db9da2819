/* index_map.h: from a key's hash to its index in an array: open addressing, eight octets a slot.
 *
 * The keys stay in the caller's array; `same` compares one of them with the key that is sought.
 * Hashes must be keyed (siphash13): ids named by others and keys in grants can be chosen at will.
 */
#ifndef HEARTH_LEDGER_INDEX_MAP_H
#define HEARTH_LEDGER_INDEX_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/array.h"
#include "ledger/base/status.h"

struct index_map_slot {
    uint32_t hash;
    uint32_t number; /* index + 1; 0: free */
};

struct index_map {
    struct index_map_slot *slots; /* heap */
    uint32_t size;                /* a power of two, or 0 */
    uint32_t used;
};

/* The index, or INDEX_NONE. */
uint32_t index_map_find(const struct index_map *map, uint64_t hash,
                        bool (*same)(const void *table, uint32_t index, const void *key),
                        const void *table, const void *key);
/* Room for `extra` more. NO_MEMORY (nothing is changed then). */
enum status index_map_reserve(struct index_map *map, size_t extra);
/* Adds a key that is not in it, after index_map_reserve. */
void index_map_put(struct index_map *map, uint64_t hash, uint32_t index);
void index_map_deinit(struct index_map *map);

#endif
