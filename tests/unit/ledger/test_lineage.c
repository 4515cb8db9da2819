/* Tests of lineage.c, sorted_index.c and index_map.c: each against the plain way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/lineage.h"

static uint32_t seed = 7;

static uint32_t random_below(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* --- lineage --- */

enum { ENTRIES = 2000 };

/* A tree of one root: mostly a line, forked now and then. */
static void make_tree(struct household *h)
{
    assert_int_equal(array_reserve(&h->known, ENTRIES, sizeof(struct known)), STATUS_OK);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        struct known *known = array_push(&h->known, sizeof *known);
        *known = (struct known){.type = ENTRY_SET};
        uint32_t prev = random_below(8) > 0 ? i - 1 : random_below(i > 0 ? i : 1);
        lineage_link(h, i, i == 0 ? INDEX_NONE : prev);
    }
}

static uint32_t walk_to(const struct household *h, uint32_t at, uint32_t seq)
{
    while (known_at(h, at)->seq > seq)
        at = known_at(h, at)->prev;
    return at;
}

static void ancestors_are_those_of_a_walk(void **state)
{
    (void)state;
    struct household h = {.entries = 0};
    make_tree(&h);
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t at = random_below(ENTRIES);
        uint32_t seq = random_below(known_at(&h, at)->seq + 1);
        assert_int_equal(lineage_ancestor(&h, at, seq), walk_to(&h, at, seq));
    }
    array_deinit(&h.known);
}

static void common_ancestors_are_those_of_a_walk(void **state)
{
    (void)state;
    struct household h = {.entries = 0};
    make_tree(&h);
    for (unsigned round = 0; round < 5000; round++) {
        uint32_t a = random_below(ENTRIES);
        uint32_t b = random_below(ENTRIES);
        uint32_t seq = known_at(&h, a)->seq < known_at(&h, b)->seq ? known_at(&h, a)->seq
                                                                   : known_at(&h, b)->seq;
        while (walk_to(&h, a, seq) != walk_to(&h, b, seq))
            seq--;
        assert_int_equal(lineage_common(&h, a, b), walk_to(&h, a, seq));
    }
    array_deinit(&h.known);
}

static void a_long_line_is_climbed_in_few_steps(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    struct household h = {.entries = 0};
    assert_int_equal(array_reserve(&h.known, LONG, sizeof(struct known)), STATUS_OK);
    for (uint32_t i = 0; i < LONG; i++) {
        *(struct known *)array_push(&h.known, sizeof(struct known)) = (struct known){.type = 0};
        lineage_link(&h, i, i == 0 ? INDEX_NONE : i - 1);
    }
    for (uint32_t seq = 0; seq < LONG; seq += 997) {
        unsigned steps = 0;
        for (uint32_t at = LONG - 1; known_at(&h, at)->seq > seq; steps++) {
            const struct known *known = known_at(&h, at);
            at = known_at(&h, known->jump)->seq >= seq ? known->jump : known->prev;
        }
        assert_true(steps < 60);
    }
    array_deinit(&h.known);
}

/* --- sorted index --- */

static int by_value(const void *a, const void *b, void *context)
{
    const uint32_t *values = context;
    uint32_t left = values[*(const uint32_t *)a];
    uint32_t right = values[*(const uint32_t *)b];
    return left < right ? -1 : left > right;
}

static void what_is_added_is_sorted_in(void **state)
{
    (void)state;
    enum { ITEMS = 3000 };
    struct sorted_index index = {.sorted = {.items = NULL}};
    uint32_t *values = calloc(ITEMS, sizeof *values);
    uint32_t added = 0;
    assert_non_null(values);
    while (added < ITEMS) {
        for (uint32_t more = random_below(200); more > 0 && added < ITEMS; more--) {
            values[added] = random_below(1000000);
            assert_int_equal(sorted_index_reserve(&index, 1), STATUS_OK);
            sorted_index_add(&index, added++);
        }
        sorted_index_settle(&index, by_value, values);
        assert_int_equal(sorted_index_count(&index), added);
        for (uint32_t i = 1; i < added; i++)
            assert_true(values[sorted_index_at(&index, i - 1)] <=
                        values[sorted_index_at(&index, i)]);
    }
    sorted_index_clear(&index);
    sorted_index_settle(&index, by_value, values);
    assert_int_equal(sorted_index_count(&index), 0);
    sorted_index_deinit(&index);
    free(values);
}

/* --- index map --- */

static bool same_number(const void *table, uint32_t index, const void *key)
{
    return ((const uint32_t *)table)[index] == *(const uint32_t *)key;
}

static void every_key_is_found_whatever_its_hash(void **state)
{
    (void)state;
    enum { NUMBERS = 2000 };
    struct index_map map = {.slots = NULL};
    uint32_t numbers[NUMBERS] = {0};
    uint32_t absent = UINT32_MAX;
    assert_int_equal(index_map_find(&map, 3, same_number, numbers, &absent), INDEX_NONE);
    for (uint32_t i = 0; i < NUMBERS; i++) {
        numbers[i] = i * 3;
        assert_int_equal(index_map_reserve(&map, 1), STATUS_OK);
        index_map_put(&map, i % 5 ? i : 0, i); /* a fifth of them collide */
    }
    for (uint32_t i = 0; i < NUMBERS; i++) {
        uint64_t hash = i % 5 ? i : 0;
        assert_int_equal(index_map_find(&map, hash, same_number, numbers, &numbers[i]), i);
        assert_int_equal(index_map_find(&map, hash, same_number, numbers, &absent), INDEX_NONE);
    }
    index_map_deinit(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ancestors_are_those_of_a_walk),
        cmocka_unit_test(common_ancestors_are_those_of_a_walk),
        cmocka_unit_test(a_long_line_is_climbed_in_few_steps),
        cmocka_unit_test(what_is_added_is_sorted_in),
        cmocka_unit_test(every_key_is_found_whatever_its_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
