/* Tests of key_event.c: joins say everything, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/key_event.h"

static void a_join_of_what_is_there_adds_nothing(void **state)
{
    (void)state;
    struct arena arena = {.chunks = NULL};
    struct key_event a = {.kind = KEY_EVENT_GRANT};
    struct key_event b = {.kind = KEY_EVENT_SCOPE, .before = &a};
    struct key_event c = {.kind = KEY_EVENT_SCOPE, .before = &a};
    enum status status = STATUS_OK;
    uint64_t stamp = 0;
    assert_null(key_event_join(&arena, &stamp, NULL, NULL, &status));
    assert_ptr_equal(key_event_join(&arena, &stamp, &a, NULL, &status), &a);
    assert_ptr_equal(key_event_join(&arena, &stamp, NULL, &a, &status), &a);
    assert_ptr_equal(key_event_join(&arena, &stamp, &a, &a, &status), &a);
    struct key_event *ab = key_event_join(&arena, &stamp, &a, &b, &status);
    assert_int_equal(ab->kind, KEY_EVENT_JOIN); /* though `a` came before `b`: another list */
    assert_ptr_equal(key_event_join(&arena, &stamp, ab, &b, &status), ab);
    assert_ptr_equal(key_event_join(&arena, &stamp, &a, ab, &status), ab);
    struct key_event *abc = key_event_join(&arena, &stamp, ab, &c, &status);
    struct key_event *cb = key_event_join(&arena, &stamp, &c, &b, &status);
    assert_int_equal(abc->kind, KEY_EVENT_JOIN);
    assert_int_equal(cb->kind, KEY_EVENT_JOIN);
    assert_ptr_equal(key_event_join(&arena, &stamp, abc, cb, &status), abc);
    assert_ptr_equal(key_event_join(&arena, &stamp, cb, abc, &status), abc);
    struct key_event *both = key_event_join(&arena, &stamp, cb, ab, &status);
    assert_int_equal(both->kind, KEY_EVENT_JOIN);
    assert_int_equal(status, STATUS_OK);
    arena_deinit(&arena);
}

static void the_front_is_what_no_event_stands_before(void **state)
{
    (void)state;
    struct arena arena = {.chunks = NULL};
    struct key_event events[4] = {{.kind = KEY_EVENT_GRANT},
                                  {.kind = KEY_EVENT_SCOPE, .before = &events[0]},
                                  {.kind = KEY_EVENT_GRANT},
                                  {.kind = KEY_EVENT_REVOKE, .before = &events[2]}};
    enum status status = STATUS_OK;
    uint64_t stamp = 0;
    struct key_event *joined = key_event_join(&arena, &stamp, &events[1], &events[3], &status);
    joined = key_event_join(&arena, &stamp, joined, &events[2], &status);
    struct key_event_walk walk = {.stamp = ++stamp};
    bool seen[4] = {false};
    const struct key_event *event;
    key_event_push(&walk, joined);
    key_event_push(&walk, &events[3]); /* twice */
    while ((event = key_event_pop_front(&walk)) != NULL) {
        assert_false(seen[event - events]);
        seen[event - events] = true;
    }
    assert_true(!seen[0] && seen[1] && seen[2] && seen[3]);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_of_what_is_there_adds_nothing),
        cmocka_unit_test(the_front_is_what_no_event_stands_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
