/* sorted_index.h: indexes kept in the order of what they point at, sorted only when asked for.
 *
 * New ones wait in a list of their own; sorted_index_settle sorts these and merges them in from the
 * end, in place: one new name among 100,000 costs one pass, not a sort. It takes no memory.
 */
#ifndef HEARTH_LEDGER_SORTED_INDEX_H
#define HEARTH_LEDGER_SORTED_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/array.h"

struct sorted_index {
    struct array sorted; /* of uint32_t */
    struct array fresh;  /* of uint32_t */
};

/* Room for `extra` more. NO_MEMORY. */
enum status sorted_index_reserve(struct sorted_index *index, size_t extra);
/* Adds one, after sorted_index_reserve. */
void sorted_index_add(struct sorted_index *index, uint32_t item);
/* Empties it; the room stays. */
void sorted_index_clear(struct sorted_index *index);
/* Sorts. `compare` gets pointers to two items and the context, as of qsort_r. */
void sorted_index_settle(struct sorted_index *index,
                         int (*compare)(const void *a, const void *b, void *context),
                         void *context);
void sorted_index_deinit(struct sorted_index *index);

static inline uint32_t sorted_index_count(const struct sorted_index *index)
{
    return index->sorted.count;
}

static inline uint32_t sorted_index_at(const struct sorted_index *index, uint32_t at)
{
    return ((const uint32_t *)index->sorted.items)[at];
}

#endif
