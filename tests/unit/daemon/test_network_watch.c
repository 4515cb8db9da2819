/* test_network_watch.c: what counts as another network, and what does not. */
#include "resolver/daemon/network_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Looks in their order: by which addresses ("": no way), how long it has slept, and whether that is
 * news. */
struct row {
    const char *v4, *v6;
    uint64_t slept_ms;
    bool is_new;
};

static struct network_look look_of(const struct row *row)
{
    struct network_look look = {.slept_ms = row->slept_ms};
    if (row->v4[0])
        assert_int_equal(address_parse(&look.from[0], row->v4), STATUS_OK);
    if (row->v6[0])
        assert_int_equal(address_parse(&look.from[1], row->v6), STATUS_OK);
    return look;
}

static void walk(const struct row *rows, size_t count)
{
    struct network_watch watch = {.has_looked = false};
    for (size_t i = 0; i < count; i++) {
        struct network_look look = look_of(&rows[i]);
        if (network_watch_step(&watch, &look) != rows[i].is_new)
            fail_msg("look %zu", i);
    }
}

static void changes(void **state)
{
    static const struct row rows[] = {
        {"192.168.1.20", "", 0, false}, /* the first is none */
        {"192.168.1.20", "", 0, false},
        {"10.0.0.7", "", 0, true}, /* another network */
        {"10.0.0.7", "", 0, false},
        {"10.0.0.7", "fd00::7", 0, true}, /* a way more */
        {"", "fd00::7", 0, true},         /* and one less */
        {"", "", 0, false},               /* none: nothing to do yet */
        {"", "", 0, false},
        {"", "fd00::7", 0, true}, /* the same again: who knows which network it is */
        {"", "fd00::7", 0, false},
    };
    (void)state;
    walk(rows, sizeof rows / sizeof rows[0]);
}

static void sleep_counts(void **state)
{
    static const struct row rows[] = {
        {"192.168.1.20", "", 70000, false},
        {"192.168.1.20", "", 70001, false}, /* two clocks are not read at once */
        {"192.168.1.20", "", 70000, false},
        {"192.168.1.20", "", 72500, true},
        {"192.168.1.20", "", 72500, false},
        {"", "", 99000, false}, /* awake, the network comes later */
        {"", "", 99000, false},
        {"192.168.1.20", "", 99000, true},
        {"192.168.1.20", "", 99000, false},
    };
    (void)state;
    walk(rows, sizeof rows / sizeof rows[0]);
}

static void offline_from_the_start(void **state)
{
    static const struct row rows[] = {
        {"", "", 0, false},
        {"", "", 0, false},
        {"10.0.0.7", "", 0, true},
        {"10.0.0.7", "", 0, false},
    };
    (void)state;
    walk(rows, sizeof rows / sizeof rows[0]);
}

/* The kernel's word: loopback is reached from loopback, and looking twice finds the same. */
static void a_real_look(void **state)
{
    struct address others[2];
    struct network_look look;
    struct network_look again;
    struct network_watch watch = {.has_looked = false};
    (void)state;
    assert_int_equal(address_parse(&others[0], "127.0.0.1"), STATUS_OK);
    assert_int_equal(address_parse(&others[1], "127.0.0.9"), STATUS_OK);
    network_look_take(&look, others, 2);
    network_look_take(&again, others, 2);
    assert_memory_equal(&look.from[0], &others[0], sizeof others[0]);
    assert_false(network_watch_step(&watch, &look));
    assert_false(network_watch_step(&watch, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes),
        cmocka_unit_test(sleep_counts),
        cmocka_unit_test(offline_from_the_start),
        cmocka_unit_test(a_real_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
