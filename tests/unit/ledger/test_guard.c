/* test_guard.c: what a child said, or how it died. */
#include "ledger/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/ledger/node_help.h"

static enum status say(void *context)
{
    return *(enum status *)context;
}

static enum status die(void *context)
{
    raise(*(int *)context);
    return STATUS_OK;
}

static enum status leave(void *context)
{
    (void)context;
    _exit(0);
}

static void what_the_child_says_comes_back(void **state)
{
    (void)state;
    static const enum status all[] = {STATUS_OK, STATUS_CORRUPT, STATUS_NO_MEMORY, STATUS_FULL};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_status(all[i], guard_run(say, (void *)(uintptr_t)&all[i]));
}

static void a_death_by_what_it_read_is_damage(void **state)
{
    (void)state;
    int deaths[] = {SIGBUS, SIGSEGV, SIGABRT, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
        assert_status(STATUS_CORRUPT, guard_run(die, &deaths[i]));
}

/* Out of memory, a machine that shuts down: the file is not to blame. */
static void a_death_by_others_is_not(void **state)
{
    (void)state;
    int deaths[] = {SIGKILL, SIGTERM, SIGXCPU};
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
        assert_status(STATUS_IO, guard_run(die, &deaths[i]));
    assert_status(STATUS_IO, guard_run(leave, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_child_says_comes_back),
        cmocka_unit_test(a_death_by_what_it_read_is_damage),
        cmocka_unit_test(a_death_by_others_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
