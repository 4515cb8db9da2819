/* test_incarnation.c: the mark is written, read and moved on; one that can't be put in place leaves
 * nothing behind. test_ledger.c has what follows from it. */
#include "ledger/incarnation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ledger/node_help.h"

static char dir[HELP_PATH_SIZE], path[HELP_PATH_SIZE];

static int set_up(void **state)
{
    (void)state;
    help_dir_make(dir);
    help_join(path, dir, "incarnation");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    help_dir_remove(dir);
    return 0;
}

static void a_mark_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct incarnation_mark mark = {.id = {1, 2, 3}, .commits = 7}, read;
    int fd;
    assert_status(STATUS_NOT_FOUND, incarnation_read(&read, dir));
    assert_ok(incarnation_write(&mark, dir, &fd));
    mark.commits = 8;
    assert_ok(incarnation_advance(&mark, fd));
    close(fd);
    assert_ok(incarnation_read(&read, dir));
    assert_memory_equal(read.id, mark.id, sizeof read.id);
    assert_int_equal(read.commits, 8);
}

static void every_short_or_changed_mark_is_noticed(void **state)
{
    (void)state;
    const struct incarnation_mark mark = {.id = {1, 2, 3}, .commits = 7};
    struct incarnation_mark read;
    uint8_t bytes[64] = {0};
    int fd;
    assert_ok(incarnation_write(&mark, dir, &fd));
    close(fd);
    size_t whole;
    uint8_t *found = help_file_read(path, &whole);
    memcpy(bytes, found, whole);
    free(found);
    for (size_t cut = 0; cut < whole; cut++) {
        help_file_write(path, bytes, cut);
        assert_status(STATUS_CORRUPT, incarnation_read(&read, dir));
    }
    help_file_write(path, bytes, whole + 1);
    assert_status(STATUS_CORRUPT, incarnation_read(&read, dir));
    for (size_t i = 0; i < whole; i++) {
        bytes[i] ^= 1;
        help_file_write(path, bytes, whole);
        assert_status(STATUS_CORRUPT, incarnation_read(&read, dir));
        bytes[i] ^= 1;
    }
}

static void a_failure_leaves_nothing_behind(void **state)
{
    (void)state;
    const struct incarnation_mark mark = {.commits = 1};
    char temporary[HELP_PATH_SIZE];
    int fd;
    help_join(temporary, dir, "incarnation.new");
    assert_int_equal(mkdir(path, 0700), 0); /* no file takes its place */
    assert_true(incarnation_write(&mark, dir, &fd) != STATUS_OK);
    assert_int_equal(fd, -1);
    assert_int_equal(access(temporary, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_mark_is_read_as_it_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_short_or_changed_mark_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_leaves_nothing_behind, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
