/* household_stub.h: a household whose winners, withdrawals and grants a test states outright.
 *
 * Include it in one file of a test program: it defines the functions of ledger/household.h that the
 * view is built from, and the linker then leaves the real ones out.
 */
#ifndef HEARTH_TESTS_SUPPORT_HOUSEHOLD_STUB_H
#define HEARTH_TESTS_SUPPORT_HOUSEHOLD_STUB_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/household.h"

struct household {
    struct household_set *sets; /* stub_sort puts them in order */
    size_t count, size;
    struct household_withdrawal withdrawn[8];
    size_t withdrawn_count;
    struct household_grant grants[8];
    size_t grant_count;
};

static inline struct household *stub_create(void)
{
    struct household *household = calloc(1, sizeof *household);
    assert(household);
    return household;
}

static inline void stub_destroy(struct household *household)
{
    for (size_t i = 0; i < household->count; i++) {
        for (unsigned j = 0; j < household->sets[i].rr_count; j++)
            free((void *)(uintptr_t)household->sets[i].rrs[j].data);
        for (unsigned j = 0; j < household->sets[i].removed_count; j++)
            free((void *)(uintptr_t)household->sets[i].removed[j].data);
    }
    free(household->sets);
    free(household);
}

/* A new winner, to be filled in; good until the next one is added. */
static inline struct household_set *stub_add(struct household *household, const char *name,
                                             uint16_t type)
{
    if (household->count == household->size) {
        household->size = household->size ? 2 * household->size : 16;
        household->sets = realloc(household->sets, household->size * sizeof *household->sets);
        assert(household->sets);
    }
    struct household_set *set = &household->sets[household->count++];
    *set = (struct household_set){.type = type, .ttl = 300};
    assert(name_parse(&set->name, name) == STATUS_OK);
    memset(set->id, (int)household->count, sizeof set->id);
    memset(set->author, 0xa0, sizeof set->author);
    return set;
}

static inline void stub_add_rr(struct household_set *set, const void *data, uint16_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert(copy && set->rr_count < LIMIT_RRS);
    memcpy(copy, data, len);
    set->rrs[set->rr_count++] = (struct body_rr){.data = copy, .len = len};
}

static inline void stub_add_removed(struct household_set *set, const void *data, uint16_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert(copy && set->removed_count < LIMIT_RRS);
    memcpy(copy, data, len);
    set->removed[set->removed_count++] = (struct body_rr){.data = copy, .len = len};
}

static inline int stub_compare(const void *a, const void *b)
{
    const struct household_set *x = a;
    const struct household_set *y = b;
    int order = name_compare(x->name.wire, x->name.len, y->name.wire, y->name.len);
    return order ? order : (int)x->type - (int)y->type;
}

/* To be called after the last stub_add: winners come in canonical order. */
static inline void stub_sort(struct household *household)
{
    if (household->count > 0)
        qsort(household->sets, household->count, sizeof *household->sets, stub_compare);
}

void household_each_winner(struct household *household,
                           bool (*each)(void *context, const struct household_set *set),
                           void *context)
{
    for (size_t i = 0; i < household->count && each(context, &household->sets[i]); i++)
        ;
}

void household_each_withdrawal(struct household *household,
                               bool (*each)(void *context, const struct household_withdrawal *w),
                               void *context)
{
    for (size_t i = 0; i < household->withdrawn_count && each(context, &household->withdrawn[i]);
         i++)
        ;
}

enum status household_find_grant(struct household *household, const uint8_t key[static 32],
                                 struct household_grant *out)
{
    for (size_t i = 0; i < household->grant_count; i++) {
        if (memcmp(household->grants[i].key, key, 32) == 0) {
            *out = household->grants[i];
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

#endif
