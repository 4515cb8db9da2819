/* sorted_index.c: see sorted_index.h. Both arrays have room for all items, so that any of them may
 * wait. */
#include "ledger/sorted_index.h"

#include <stdlib.h>

enum status sorted_index_reserve(struct sorted_index *index, size_t extra)
{
    size_t all = (size_t)index->sorted.count + index->fresh.count + extra;
    enum status status = array_reserve(&index->sorted, all - index->sorted.count, sizeof(uint32_t));
    if (status != STATUS_OK)
        return status;
    return array_reserve(&index->fresh, all - index->fresh.count, sizeof(uint32_t));
}

void sorted_index_add(struct sorted_index *index, uint32_t item)
{
    *(uint32_t *)array_push(&index->fresh, sizeof item) = item;
}

void sorted_index_clear(struct sorted_index *index)
{
    index->sorted.count = 0;
    index->fresh.count = 0;
}

void sorted_index_settle(struct sorted_index *index,
                         int (*compare)(const void *a, const void *b, void *context), void *context)
{
    uint32_t *fresh = index->fresh.items;
    uint32_t *sorted = index->sorted.items;
    uint32_t waiting = index->fresh.count;
    uint32_t there = index->sorted.count;
    if (waiting == 0)
        return;
    qsort_r(fresh, waiting, sizeof *fresh, compare, context);
    index->sorted.count = there + waiting;
    index->fresh.count = 0;
    for (uint32_t to = there + waiting; waiting > 0;) {
        if (there > 0 && compare(&sorted[there - 1], &fresh[waiting - 1], context) > 0)
            sorted[--to] = sorted[--there];
        else
            sorted[--to] = fresh[--waiting];
    }
}

void sorted_index_deinit(struct sorted_index *index)
{
    array_deinit(&index->sorted);
    array_deinit(&index->fresh);
}
