/* What time it is: every combination of wall clock, synchronisation and floor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/base/clock.h"

#define NOW (CLOCK_EARLIEST_MS + 100 * CLOCK_DAY_MS)

static void a_synchronised_clock_is_believed(void **state)
{
    (void)state;
    struct clock_reading reading = {.wall_ms = NOW, .synchronised = true};
    assert_true(clock_household_ms(reading, 0) == NOW);
    assert_true(clock_household_ms(reading, NOW + 400 * CLOCK_DAY_MS) == NOW);
    assert_true(clock_household_ms(reading, NOW - 400 * CLOCK_DAY_MS) == NOW);
}

static void another_clock_stays_near_the_floor(void **state)
{
    (void)state;
    struct clock_reading reading = {.wall_ms = NOW};
    assert_true(clock_household_ms(reading, 0) == NOW);
    assert_true(clock_household_ms(reading, NOW + 5) == NOW + 5); /* set back: the floor holds */
    assert_true(clock_household_ms(reading, NOW - 5) == NOW);
    assert_true(clock_household_ms(reading, NOW - 400 * CLOCK_DAY_MS) ==
                NOW - 399 * CLOCK_DAY_MS); /* set ahead: a day beyond it at most */
    reading.wall_ms = 0;
    assert_true(clock_household_ms(reading, NOW) == NOW); /* 1970 */
}

static void the_year_1970_is_implausible(void **state)
{
    (void)state;
    assert_true(clock_is_implausible((struct clock_reading){.wall_ms = 0, .synchronised = true}));
    assert_true(clock_is_implausible((struct clock_reading){.wall_ms = CLOCK_EARLIEST_MS - 1}));
    assert_false(clock_is_implausible((struct clock_reading){.wall_ms = CLOCK_EARLIEST_MS}));
    assert_false(clock_is_implausible(clock_read()));
}

static void a_stamp_saturates(void **state)
{
    (void)state;
    assert_true(clock_stamp(1, 2) == 0x10002);
    assert_true(clock_stamp_ms(clock_stamp(NOW, 7)) == NOW);
    assert_true(clock_stamp_ms(clock_stamp(UINT64_MAX, 0)) == UINT64_C(0xffffffffffff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_synchronised_clock_is_believed),
        cmocka_unit_test(another_clock_stays_near_the_floor),
        cmocka_unit_test(the_year_1970_is_implausible),
        cmocka_unit_test(a_stamp_saturates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
