/* Tests that a household survives running out of memory: every request for memory fails once, at
 * every place of a history; nothing has changed then, and the same entry is taken later. Answers
 * ask for no memory at all.
 *
 * The files that give memory to the state function are compiled in here under other names, behind
 * doors that fail when told, also where there is room left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/arena.h"
#include "ledger/array.h"
#include "ledger/index_map.h"
#include "tests/unit/ledger/history.h"

static long until_failure = -1; /* requests that still succeed; negative: all */
static size_t allocations;

static bool may_allocate(void)
{
    allocations++;
    return until_failure < 0 || until_failure-- > 0;
}

/* Their headers are read above, under the right names. */
void *real_arena_alloc(struct arena *arena, size_t size);
void *real_arena_copy(struct arena *arena, const void *bytes, size_t len);
enum status real_array_reserve(struct array *array, size_t extra, size_t size);
enum status real_index_map_reserve(struct index_map *map, size_t extra);
/* clang-format off */
#define arena_alloc         real_arena_alloc
#define arena_copy          real_arena_copy
#define array_reserve       real_array_reserve
#define index_map_reserve   real_index_map_reserve
#include "ledger/arena.c"
#include "ledger/array.c"
#include "ledger/index_map.c"
#undef arena_alloc
#undef arena_copy
#undef array_reserve
#undef index_map_reserve
/* clang-format on */

void *arena_alloc(struct arena *arena, size_t size)
{
    return may_allocate() ? real_arena_alloc(arena, size) : NULL;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t len)
{
    return may_allocate() ? real_arena_copy(arena, bytes, len) : NULL;
}

enum status array_reserve(struct array *array, size_t extra, size_t size)
{
    return may_allocate() ? real_array_reserve(array, extra, size) : STATUS_NO_MEMORY;
}

enum status index_map_reserve(struct index_map *map, size_t extra)
{
    return may_allocate() ? real_index_map_reserve(map, extra) : STATUS_NO_MEMORY;
}

static bool count_set(void *context, const struct household_set *set)
{
    ++*(size_t *)context;
    return set->rr_count <= LIMIT_RRS;
}

static bool count_grant(void *context, const struct household_grant *grant)
{
    ++*(size_t *)context;
    return grant->role <= ROLE_NODE;
}

/* Asks everything, while every request would fail. */
static void ask_all(struct story *s, struct household *h, uint8_t root[static 32])
{
    struct household_authority authority;
    uint8_t frontier[32];
    size_t count = 0;
    enum rule rule;
    size_t before = allocations;
    until_failure = 0;
    household_state_root(h, root);
    household_frontier(h, false, frontier);
    household_each_winner(h, count_set, &count);
    household_each_grant(h, count_grant, &count);
    for (int i = 0; i < s->count; i++)
        (void)household_effect(h, story_id(s, i), &rule); /* it may not have come yet */
    (void)household_authority(h, &authority);             /* same */
    assert_int_equal(allocations, before);
    until_failure = -1;
}

/* Adds the entry with the first, then the second, … request failing, until it gets by. */
static void add_with_failures(struct story *s, struct household *h, int entry)
{
    const struct entry *e = &s->entries[entry].entry;
    uint8_t before[32];
    uint8_t after[32];
    size_t entries = household_entries(h);
    bool failed = false;
    household_state_root(h, before);
    for (long i = 0;; i++) {
        until_failure = i;
        enum status status = household_add(h, e);
        until_failure = -1;
        if (status == STATUS_OK)
            break;
        failed = true;
        assert_string_equal(status_name(status), "NO_MEMORY");
        assert_int_equal(household_entries(h), entries);
        assert_false(household_holds(h, e->id));
        assert_int_equal(household_admit(h, e), STATUS_OK);
    }
    if (failed)
        ask_all(s, h, after);
    assert_int_equal(household_entries(h), entries + 1);
}

static void an_add_without_memory_changes_nothing(void **state)
{
    (void)state;
    enum { HISTORIES = 12, LENGTH = 60 };
    for (uint64_t seed = 500; seed < 500 + HISTORIES; seed++) {
        struct story s;
        uint8_t root[32];
        uint8_t expected[32];
        history_make(&s, seed, LENGTH);
        household_state_root(s.house, expected);
        struct household *h = household_create(story_id(&s, 0), (const uint8_t[16]){0});
        assert_non_null(h);
        for (int i = 0; i < s.count; i++)
            add_with_failures(&s, h, i);
        ask_all(&s, h, root);
        assert_memory_equal(root, expected, 32);
        household_destroy(h);
        story_free(&s);
    }
}

/* After each failure the root is what it was: checked at once, since later entries could hide it.
 */
static void a_failed_add_leaves_the_root(void **state)
{
    (void)state;
    struct story s;
    history_make(&s, 77, 50);
    struct household *h = household_create(story_id(&s, 0), (const uint8_t[16]){0});
    assert_non_null(h);
    size_t failures = 0;
    for (int i = 0; i < s.count; i++) {
        for (long fail = 0;; fail++) {
            uint8_t before[32];
            uint8_t after[32];
            household_state_root(h, before);
            until_failure = fail;
            enum status status = household_add(h, &s.entries[i].entry);
            until_failure = -1;
            if (status == STATUS_OK)
                break;
            household_trust_branch(h, NULL); /* makes everything judged again */
            household_state_root(h, after);
            assert_memory_equal(before, after, 32);
            failures++;
        }
    }
    assert_true(failures > 500); /* so that the allocator above is really the one that is used */
    household_destroy(h);
    story_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_add_without_memory_changes_nothing),
        cmocka_unit_test(a_failed_add_leaves_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
