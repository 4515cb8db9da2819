/* What `hearth trust` made is written down, and taken away again without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dane/proxy/trust_file.h"

static char top[64];
static struct trust_made made;

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(top, "/tmp/hearth-trust-file.XXXXXX");
    if (!mkdtemp(top))
        return -1;
    return trust_file_path(made.path, "%s/share/hearth/made", top) ? 0 : -1;
}

/* All of it must be gone. */
static int tear_down(void **state)
{
    (void)state;
    return rmdir(top);
}

static const char *in_top(const char *name)
{
    static char path[4][FILE_PATH_SIZE];
    static int turn;
    turn = (turn + 1) % 4;
    assert_true(trust_file_path(path[turn], "%s/%s", top, name));
    return path[turn];
}

static void folders_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(trust_made_folder(&made, in_top("share/pki/nssdb"), 0700), STATUS_OK);
    assert_true(trust_file_exists(in_top("share/pki/nssdb")));
    assert_true(trust_made_has(&made, in_top("share/pki/nssdb")));
    assert_true(trust_made_has(&made, in_top("share/pki")));
    assert_true(trust_made_has(&made, in_top("share")));
    assert_false(trust_made_has(&made, top));
    assert_int_equal(trust_made_clear(&made, false), STATUS_OK);
    assert_false(trust_file_exists(in_top("share")));
}

static void what_was_there_stays(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_top("share"), 0700), 0);
    assert_int_equal(trust_made_folder(&made, in_top("share/pki"), 0700), STATUS_OK);
    assert_false(trust_made_has(&made, in_top("share")));
    assert_int_equal(trust_made_clear(&made, false), STATUS_OK);
    assert_true(trust_file_exists(in_top("share")));
    assert_false(trust_file_exists(in_top("share/pki")));
    assert_false(trust_file_exists(in_top("share/hearth")));
    assert_int_equal(rmdir(in_top("share")), 0);
}

static void what_is_in_use_stays(void **state)
{
    (void)state;
    assert_int_equal(trust_made_folder(&made, in_top("share/pki"), 0700), STATUS_OK);
    assert_int_equal(trust_file_replace(in_top("share/pki/theirs"), "x", 1, 0600), STATUS_OK);
    assert_int_equal(trust_made_clear(&made, false), STATUS_OK);
    assert_true(trust_file_exists(in_top("share/pki/theirs")));
    assert_true(trust_made_has(&made, in_top("share/pki")));
    assert_int_equal(unlink(in_top("share/pki/theirs")), 0);
    assert_int_equal(trust_made_clear(&made, false), STATUS_OK);
    assert_false(trust_file_exists(in_top("share")));
}

static void the_list_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(trust_made_folder(&made, in_top("a"), 0700), STATUS_OK);
    assert_int_equal(trust_file_replace(in_top("a/theirs"), "x", 1, 0600), STATUS_OK);
    assert_int_equal(trust_made_clear(&made, true), STATUS_OK);
    assert_false(trust_file_exists(made.path));
    assert_false(trust_file_exists(in_top("share")));
    assert_int_equal(unlink(in_top("a/theirs")), 0);
    assert_int_equal(rmdir(in_top("a")), 0);
}

static void replaces_where_a_link_points(void **state)
{
    struct stat about;
    char *text;
    size_t len;
    (void)state;
    assert_int_equal(trust_file_replace(in_top("real"), "1", 1, 0640), STATUS_OK);
    assert_int_equal(symlink("real", in_top("link")), 0);
    assert_int_equal(trust_file_replace(in_top("link"), "22", 2, 0600), STATUS_OK);
    assert_int_equal(lstat(in_top("link"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(stat(in_top("real"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_int_equal(trust_file_read(in_top("real"), &text, &len), STATUS_OK);
    assert_string_equal(text, "22");
    free(text);
    assert_int_equal(trust_file_read(in_top("none"), &text, &len), STATUS_NOT_FOUND);
    assert_null(text);
    assert_int_equal(trust_file_read(top, &text, &len), STATUS_TOO_LONG);
    assert_int_equal(unlink(in_top("link")), 0);
    assert_int_equal(unlink(in_top("real")), 0);
}

static void no_line_in_a_path(void **state)
{
    (void)state;
    assert_int_equal(trust_made_note(&made, "/a\n/b"), STATUS_MALFORMED);
    assert_false(trust_file_exists(made.path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folders_come_and_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_there_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_use_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_list_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaces_where_a_link_points, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_line_in_a_path, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
