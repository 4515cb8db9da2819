/* test_backoff.c: a child that keeps ending is started ever more rarely, and a good minute is
 * forgiven. */
#include "resolver/daemon/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_doubles_up_to_a_bound(void **state)
{
    struct backoff backoff = {0};
    uint64_t now_ms = 1000000;
    unsigned last = 0;
    (void)state;
    for (int i = 0; i < 20; i++) {
        backoff_start(&backoff, now_ms);
        unsigned wait = backoff_end(&backoff, now_ms + 5);
        assert_true(i == 0 ? wait == BACKOFF_FIRST_MS
                           : wait == (2 * last < BACKOFF_MAX_MS ? 2 * last : BACKOFF_MAX_MS));
        last = wait;
        now_ms += wait;
    }
    assert_int_equal(last, BACKOFF_MAX_MS);
}

static void test_good_minute(void **state)
{
    struct backoff backoff = {0};
    (void)state;
    for (int i = 0; i < 5; i++) {
        backoff_start(&backoff, 0);
        (void)backoff_end(&backoff, 1);
    }
    backoff_start(&backoff, 0);
    assert_true(backoff_end(&backoff, BACKOFF_GOOD_MS - 1) > BACKOFF_FIRST_MS);
    backoff_start(&backoff, 0);
    assert_int_equal(backoff_end(&backoff, BACKOFF_GOOD_MS), BACKOFF_FIRST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_up_to_a_bound),
        cmocka_unit_test(test_good_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
