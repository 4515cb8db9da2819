/* test_control_rights.c: who may do what, every case of it. */
#include "resolver/daemon/control_rights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROOT = 0, OWN = 100, OTHER = 1001, GROUP = 50 };

/* By mode: with -d; system-wide; system-wide on a machine without the group. */
enum { PRIVATE, SYSTEM, NO_GROUP, MODES };

static const struct control_policy policies[MODES] = {
    [PRIVATE] = {.system = false, .own_uid = OWN},
    [SYSTEM] = {.system = true, .own_uid = OWN, .has_group = true, .group = GROUP},
    [NO_GROUP] = {.system = true, .own_uid = OWN},
};

static const struct {
    uint32_t uid;
    bool in_group;
    enum control_right rights[MODES];
} rows[] = {
    {ROOT, false, {CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE}},
    {ROOT, true, {CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE}},
    {OWN, false, {CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE}},
    {OWN, true, {CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE, CONTROL_RIGHT_WRITE}},
    {OTHER, false, {CONTROL_RIGHT_NONE, CONTROL_RIGHT_READ, CONTROL_RIGHT_READ}},
    {OTHER, true, {CONTROL_RIGHT_NONE, CONTROL_RIGHT_WRITE, CONTROL_RIGHT_READ}},
    {UINT32_MAX, false, {CONTROL_RIGHT_NONE, CONTROL_RIGHT_READ, CONTROL_RIGHT_READ}},
    {UINT32_MAX, true, {CONTROL_RIGHT_NONE, CONTROL_RIGHT_WRITE, CONTROL_RIGHT_READ}},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct control_peer peer = {.uid = rows[i].uid, .in_group = rows[i].in_group};
        for (unsigned mode = 0; mode < MODES; mode++) {
            if (control_rights(&policies[mode], &peer) != rows[i].rights[mode])
                fail_msg("user %u, in the group %d, mode %u", (unsigned)peer.uid, peer.in_group,
                         mode);
        }
    }
}

/* Rights grow: an operation's is a least one (control_ops.c compares). */
static void test_order(void **state)
{
    (void)state;
    assert_true(CONTROL_RIGHT_NONE < CONTROL_RIGHT_READ);
    assert_true(CONTROL_RIGHT_READ < CONTROL_RIGHT_WRITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
