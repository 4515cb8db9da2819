/* Tests of trie.c: against a plain table, with hashes that collide on purpose; and with memory that
 * runs out: the arena is compiled in here, behind a door that fails when told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/trie.h"

static long until_failure = -1; /* requests that still succeed; negative: all */

void *real_arena_alloc(struct arena *arena, size_t size);
#define arena_alloc real_arena_alloc
#include "ledger/arena.c"
#undef arena_alloc

void *arena_alloc(struct arena *arena, size_t size)
{
    return until_failure < 0 || until_failure-- > 0 ? real_arena_alloc(arena, size) : NULL;
}

enum { KEYS = 300 };

/* A key's number stands in its last octets, so that equal hashes part late. */
struct plain {
    const void *values[KEYS];
};

static uint8_t keys[KEYS][32];
static uint32_t seed = 1;

static uint32_t random_below(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void make_keys(void)
{
    memset(keys, 0, sizeof keys);
    for (unsigned i = 0; i < KEYS; i++) {
        keys[i][30] = (uint8_t)(i >> 8);
        keys[i][31] = (uint8_t)i;
    }
}

/* Eight hashes only, some of them alike in all but the last four bits. */
static uint64_t hash_of(unsigned key)
{
    static const uint64_t hashes[] = {0,          1, 0x10, UINT64_C(0xf000000000000000),
                                      UINT64_MAX, 2, 3,    4};
    return key < 100 ? key * UINT64_C(0x9e3779b97f4a7c15) : hashes[key % 8];
}

static const struct trie *put(struct arena *arena, const struct trie *trie, struct plain *plain,
                              unsigned key, void *value)
{
    assert_int_equal(trie_put(arena, &trie, hash_of(key), keys[key], value), STATUS_OK);
    plain->values[key] = value;
    return trie;
}

static void check(const struct trie *trie, const struct plain *plain)
{
    for (unsigned i = 0; i < KEYS; i++)
        assert_ptr_equal(trie_get(trie, hash_of(i), keys[i]), plain->values[i]);
}

/* A map made from another by random puts. */
static const struct trie *grow(struct arena *arena, const struct trie *trie, struct plain *plain,
                               unsigned puts, char *values)
{
    for (unsigned i = 0; i < puts; i++)
        trie = put(arena, trie, plain, random_below(KEYS), &values[random_below(200)]);
    return trie;
}

static void what_is_put_is_found_and_old_maps_stay(void **state)
{
    (void)state;
    enum { MAPS = 20 };
    struct arena arena = {.chunks = NULL};
    struct plain plain[MAPS] = {{.values = {NULL}}};
    const struct trie *maps[MAPS] = {NULL};
    char values[200];
    make_keys();
    check(NULL, &plain[0]);
    for (unsigned i = 1; i < MAPS; i++) {
        plain[i] = plain[i - 1];
        maps[i] = grow(&arena, maps[i - 1], &plain[i], 40, values);
    }
    for (unsigned i = 0; i < MAPS; i++)
        check(maps[i], &plain[i]);
    arena_deinit(&arena);
}

static enum status take_greater(void *context, void *a, void *b, void **out)
{
    (void)context;
    *out = a > b ? a : b;
    return STATUS_OK;
}

static enum status take_if_both(void *context, void *a, void *b, void **out)
{
    size_t *calls = context;
    assert_non_null(a);
    assert_non_null(b);
    *out = a < b ? a : b;
    ++*calls;
    return STATUS_OK;
}

static void unions_and_intersections_are_those_of_tables(void **state)
{
    (void)state;
    struct arena arena = {.chunks = NULL};
    char values[200];
    make_keys();
    for (unsigned round = 0; round < 200; round++) {
        struct plain base = {.values = {NULL}};
        const struct trie *common = grow(&arena, NULL, &base, random_below(60), values);
        struct plain left = base;
        struct plain right = base;
        const struct trie *a = grow(&arena, common, &left, random_below(40), values);
        const struct trie *b = grow(&arena, common, &right, random_below(40), values);
        const struct trie *joined = NULL;
        struct trie_join join = {.arena = &arena, .value = take_greater, .kind = TRIE_UNION};
        assert_int_equal(trie_join(&join, a, b, &joined), STATUS_OK);
        struct plain expected;
        for (unsigned i = 0; i < KEYS; i++)
            expected.values[i] =
                left.values[i] > right.values[i] ? left.values[i] : right.values[i];
        check(joined, &expected);
        size_t calls = 0;
        join.kind = TRIE_INTERSECTION;
        join.value = take_if_both;
        join.context = &calls;
        assert_int_equal(trie_join(&join, a, b, &joined), STATUS_OK);
        for (unsigned i = 0; i < KEYS; i++) {
            bool both = left.values[i] && right.values[i];
            const void *less = left.values[i] < right.values[i] ? left.values[i] : right.values[i];
            expected.values[i] = both ? less : NULL;
        }
        check(joined, &expected);
    }
    arena_deinit(&arena);
}

static void a_join_that_changes_nothing_is_the_first_map_itself(void **state)
{
    (void)state;
    struct arena arena = {.chunks = NULL};
    struct plain plain = {.values = {NULL}};
    char values[200];
    const struct trie *joined = NULL;
    make_keys();
    const struct trie *b = grow(&arena, NULL, &plain, 50, values);
    const struct trie *a = b;
    for (unsigned i = 0; i < KEYS; i++)
        a = put(&arena, a, &plain, i, &values[199]);
    struct trie_join join = {.arena = &arena, .value = take_greater, .kind = TRIE_UNION};
    assert_int_equal(trie_join(&join, a, b, &joined), STATUS_OK);
    assert_ptr_equal(joined, a);
    assert_int_equal(trie_join(&join, a, a, &joined), STATUS_OK);
    assert_ptr_equal(joined, a);
    assert_int_equal(trie_join(&join, a, NULL, &joined), STATUS_OK);
    assert_ptr_equal(joined, a);
    join.kind = TRIE_INTERSECTION;
    assert_int_equal(trie_join(&join, a, NULL, &joined), STATUS_OK);
    assert_null(joined);
    assert_int_equal(trie_join(&join, NULL, b, &joined), STATUS_OK);
    assert_null(joined);
    arena_deinit(&arena);
}

struct difference {
    const struct plain *a, *b;
    bool seen[KEYS];
    size_t count;
};

static void note(void *context, void *a, void *b)
{
    struct difference *d = context;
    bool found = false;
    for (unsigned i = 0; i < KEYS && !found; i++) {
        found = !d->seen[i] && d->a->values[i] == a && d->b->values[i] == b &&
                d->a->values[i] != d->b->values[i];
        d->seen[i] = d->seen[i] || found;
    }
    assert_true(found);
    d->count++;
}

static void differences_are_those_of_tables(void **state)
{
    (void)state;
    struct arena arena = {.chunks = NULL};
    char values[200];
    make_keys();
    for (unsigned round = 0; round < 100; round++) {
        struct plain base = {.values = {NULL}};
        const struct trie *common = grow(&arena, NULL, &base, random_below(60), values);
        struct plain left = base;
        struct plain right = base;
        const struct trie *a = grow(&arena, common, &left, random_below(20), values);
        const struct trie *b = grow(&arena, common, &right, random_below(20), values);
        struct difference d = {.a = &left, .b = &right};
        size_t expected = 0;
        trie_diff(a, b, note, &d);
        for (unsigned i = 0; i < KEYS; i++)
            expected += left.values[i] != right.values[i];
        assert_int_equal(d.count, expected);
    }
    arena_deinit(&arena);
}

/* A put needs a leaf and each branch on its way. Whichever is missing, the map stays as it was. */
static void without_memory_nothing_is_changed(void **state)
{
    (void)state;
    struct arena arena = {.chunks = NULL};
    struct plain base = {.values = {NULL}};
    char values[200];
    make_keys();
    const struct trie *a = grow(&arena, NULL, &base, 100, values);
    const struct trie *b = a;
    for (unsigned i = 0; i < KEYS; i += 7) {
        enum status status = STATUS_NO_MEMORY;
        for (long left = 0; status != STATUS_OK; left++) {
            const struct trie *trie = a;
            until_failure = left;
            status = trie_put(&arena, &trie, hash_of(i), keys[i], &values[199]);
            until_failure = -1;
            assert_true(status == STATUS_OK || trie == a);
            assert_true(left > 0 || status == STATUS_NO_MEMORY);
        }
        assert_int_equal(trie_put(&arena, &b, hash_of(i), keys[i], &values[199]), STATUS_OK);
    }
    struct trie_join join = {.arena = &arena, .value = take_greater, .kind = TRIE_UNION};
    enum status status = STATUS_NO_MEMORY;
    for (long left = 0; status != STATUS_OK; left++) {
        const struct trie *joined = (const struct trie *)&join;
        until_failure = left;
        status = trie_join(&join, a, b, &joined);
        until_failure = -1;
        assert_true(status == STATUS_OK || joined == (const struct trie *)&join);
        assert_true(left > 0 || status == STATUS_NO_MEMORY);
    }
    check(a, &base);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_found_and_old_maps_stay),
        cmocka_unit_test(unions_and_intersections_are_those_of_tables),
        cmocka_unit_test(a_join_that_changes_nothing_is_the_first_map_itself),
        cmocka_unit_test(differences_are_those_of_tables),
        cmocka_unit_test(without_memory_nothing_is_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
