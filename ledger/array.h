/* array.h: a growing array whose growth and use are apart: reserve first (may fail), then fill
 * (can't).
 *
 * The state function takes all its memory before it changes anything, so that NO_MEMORY leaves it
 * as it was. Pointers into an array hold until the next reserve.
 */
#ifndef HEARTH_LEDGER_ARRAY_H
#define HEARTH_LEDGER_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

/* Where an index names nothing. */
#define INDEX_NONE UINT32_MAX

struct array {
    void *items; /* heap */
    uint32_t count, capacity;
};

/* Room for `extra` more items of `size` octets. NO_MEMORY (nothing is changed then), also beyond
 * 2^32 - 2 items. */
enum status array_reserve(struct array *array, size_t extra, size_t size);
/* Frees; all zero is an empty array. */
void array_deinit(struct array *array);

static inline void *array_at(const struct array *array, uint32_t index, size_t size)
{
    return (uint8_t *)array->items + (size_t)index * size;
}

/* The next item, reserved before, undefined. */
static inline void *array_push(struct array *array, size_t size)
{
    return array_at(array, array->count++, size);
}

#endif
