/* test_board.c: the board between processes of which one does what it wants. */
#include "resolver/daemon/board.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct board *board;

static int set_up(void **state)
{
    const struct board_config config = {
        .local_upstream = true, .listener_count = 2, .listener_bound = {true}};
    (void)state;
    board = board_create();
    if (!board)
        return -1;
    board_set_config(board, &config);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    board_destroy(board);
    return 0;
}

/* How a forked process ended that did this. */
static int in_child(int (*act)(void))
{
    int how = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGBUS, SIG_DFL);
        _exit(act());
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    return how;
}

static int act_read(void)
{
    struct board_config config;
    board_get_config(board, &config);
    return config.local_upstream && config.listener_count == 2 ? 0 : 1;
}

static int act_write(void)
{
    memset((void *)(uintptr_t)board->settings, 0xff, sizeof *board->settings);
    return 0;
}

static int act_write_own(void)
{
    memset(board->own, 0xff, sizeof *board->own);
    return 0;
}

static int act_make_writable(void)
{
    void *settings = (void *)(uintptr_t)board->settings;
    return mprotect(settings, sizeof *board->settings, PROT_READ | PROT_WRITE) == 0 ? 0 : errno;
}

static int act_scribble(void)
{
    memset((void *)board->children, 0xff, CHILD_ROLES * sizeof *board->children);
    return 0;
}

static void assert_settings_hold(void)
{
    struct board_config config;
    board_get_config(board, &config);
    assert_true(config.local_upstream);
    assert_int_equal(config.listener_count, 2);
    assert_true(config.listener_bound[0]);
}

/* A child reads what the parent says, and can't change it by any way that leads there. */
static void test_settings_are_the_parents(void **state)
{
    (void)state;
    assert_int_equal(in_child(act_read), 0);
    assert_true(WIFSIGNALED(in_child(act_write)) || WEXITSTATUS(in_child(act_write)) != 0);
    assert_true(WIFSIGNALED(in_child(act_write_own)) || WEXITSTATUS(in_child(act_write_own)) != 0);
    assert_int_equal(WEXITSTATUS(in_child(act_make_writable)), EACCES);
    assert_settings_hold();
    assert_int_equal(in_child(act_read), 0);
}

/* A change reaches the children that are there. */
static int act_wait_for_change(void)
{
    struct board_config config;
    for (unsigned i = 0; i < 30000; i++) {
        board_get_config(board, &config);
        if (config.listener_count == 3)
            return 0;
        (void)usleep(1000);
    }
    return 1;
}

static void test_change_is_seen(void **state)
{
    const struct board_config config = {.listener_count = 3};
    int how = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(act_wait_for_change());
    board_set_config(board, &config);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
}

/* Whatever is written over the rest, its readers find words for it and stay where they are. */
static void test_scribbled_over(void **state)
{
    (void)state;
    assert_int_equal(in_child(act_scribble), 0);
    uint32_t word = atomic_load(&board->children[CHILD_LEDGER].state);
    assert_int_equal(word, UINT32_MAX);
    assert_string_equal(board_state_text((enum child_state)word), "unknown");
    assert_string_equal(board_role_text((enum child_role)word), "unknown");
    assert_null(board_counter_text(word));
    assert_settings_hold();
}

static void test_too_many_listeners(void **state)
{
    const struct board_config wrong = {.listener_count = UINT32_MAX};
    struct board_config config;
    (void)state;
    board_set_config(board, &wrong);
    board_get_config(board, &config);
    assert_int_equal(config.listener_count, CONFIG_LISTEN_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_settings_are_the_parents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_change_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scribbled_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_listeners, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
