/* array.c: see array.h. Grows by a half, so that n items cost at most 1.5 n in memory. */
#include "ledger/array.h"

#include <stdlib.h>

enum { ARRAY_FIRST = 16 };

enum status array_reserve(struct array *array, size_t extra, size_t size)
{
    if (extra <= array->capacity - array->count)
        return STATUS_OK;
    if (extra >= INDEX_NONE - array->count)
        return STATUS_NO_MEMORY;
    size_t need = array->count + extra;
    size_t capacity = array->capacity + array->capacity / 2;
    if (capacity < need)
        capacity = need;
    if (capacity < ARRAY_FIRST)
        capacity = ARRAY_FIRST;
    if (capacity >= INDEX_NONE)
        capacity = need;
    void *grown = reallocarray(array->items, capacity, size);
    if (!grown)
        return STATUS_NO_MEMORY;
    array->items = grown;
    array->capacity = (uint32_t)capacity;
    return STATUS_OK;
}

void array_deinit(struct array *array)
{
    free(array->items);
    *array = (struct array){.items = NULL};
}
