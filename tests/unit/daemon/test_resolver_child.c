/* test_resolver_child.c: a resolver process that can't start says so and ends, whatever it lacks.
 */
#include "resolver/daemon/child.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <cmocka.h>

#include "resolver/daemon/board.h"

static struct config config;
static struct paths paths = {.view_file = "/nonexistent/names.view"};
static bool no_random, no_loop;

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
    (void)flags;
    if (!no_random) {
        memset(out, 7, len);
        return (ssize_t)len;
    }
    errno = ENOSYS;
    return -1;
}

struct event_base *event_base_new(void)
{
    assert_true(no_loop);
    return NULL;
}

static void test_early_failures(void **state)
{
    struct child_context context = {
        .config = &config, .paths = &paths, .board = board_create(), .parent_fd = -1};
    (void)state;
    assert_non_null(context.board);
    no_random = true;
    assert_int_equal(resolver_child_run(&context), EXIT_FAILURE);
    no_random = false;
    no_loop = true;
    assert_int_equal(resolver_child_run(&context), EXIT_FAILURE);
    assert_int_not_equal(atomic_load(&context.board->children[CHILD_RESOLVER].state), CHILD_READY);
    board_destroy(context.board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_early_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
