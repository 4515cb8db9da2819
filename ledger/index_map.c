/* index_map.c: see index_map.h. At most three quarters full; the slot after a taken one is tried
 * next. */
#include "ledger/index_map.h"

#include <stdlib.h>

enum { INDEX_MAP_FIRST = 64 };

uint32_t index_map_find(const struct index_map *map, uint64_t hash,
                        bool (*same)(const void *table, uint32_t index, const void *key),
                        const void *table, const void *key)
{
    if (map->size == 0)
        return INDEX_NONE;
    uint32_t wanted = (uint32_t)hash;
    for (uint32_t at = wanted & (map->size - 1);; at = (at + 1) & (map->size - 1)) {
        const struct index_map_slot *slot = &map->slots[at];
        if (slot->number == 0)
            return INDEX_NONE;
        if (slot->hash == wanted && same(table, slot->number - 1, key))
            return slot->number - 1;
    }
}

static void place(struct index_map_slot *slots, uint32_t size, struct index_map_slot slot)
{
    uint32_t at = slot.hash & (size - 1);
    while (slots[at].number != 0)
        at = (at + 1) & (size - 1);
    slots[at] = slot;
}

enum status index_map_reserve(struct index_map *map, size_t extra)
{
    size_t size = map->size == 0 ? INDEX_MAP_FIRST : map->size;
    while (extra > size / 4 * 3 - map->used) {
        if (size > UINT32_MAX / 2)
            return STATUS_NO_MEMORY;
        size *= 2;
    }
    if (size == map->size)
        return STATUS_OK;
    struct index_map_slot *slots = calloc(size, sizeof *slots);
    if (!slots)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < map->size; i++) {
        if (map->slots[i].number != 0)
            place(slots, (uint32_t)size, map->slots[i]);
    }
    free(map->slots);
    map->slots = slots;
    map->size = (uint32_t)size;
    return STATUS_OK;
}

void index_map_put(struct index_map *map, uint64_t hash, uint32_t index)
{
    place(map->slots, map->size,
          (struct index_map_slot){.hash = (uint32_t)hash, .number = index + 1});
    map->used++;
}

void index_map_deinit(struct index_map *map)
{
    free(map->slots);
    *map = (struct index_map){.slots = NULL};
}
