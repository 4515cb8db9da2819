/* test_paths.c: the two layouts of the interface contract. */
#include "resolver/daemon/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct paths paths;

static int clean_environment(void **state)
{
    (void)state;
    unsetenv("HEARTH_DIR");
    unsetenv("XDG_DATA_HOME");
    setenv("HOME", "/home/ada", 1);
    return chdir("/tmp");
}

static void test_directory(void **state)
{
    (void)state;
    assert_int_equal(paths_init(&paths, "/srv/h"), STATUS_OK);
    assert_false(paths.system);
    assert_string_equal(paths.config, "/srv/h/hearth.conf");
    assert_string_equal(paths.state, "/srv/h/state");
    assert_string_equal(paths.owner, "/srv/h/owner");
    assert_string_equal(paths.view, "/srv/h/view");
    assert_string_equal(paths.view_file, "/srv/h/view/names.view");
    assert_string_equal(paths.run, "/srv/h/run");
    assert_string_equal(paths.control, "/srv/h/run/control.sock");
    assert_string_equal(paths.proxy, "/srv/h/proxy");
}

static void test_absolute(void **state)
{
    (void)state;
    assert_int_equal(paths_init(&paths, "h//"), STATUS_OK);
    assert_string_equal(paths.state, "/tmp/h/state");
    assert_int_equal(paths_init(&paths, "/"), STATUS_OK);
    assert_string_equal(paths.state, "/state");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(paths_init(&paths, "h"), STATUS_OK);
    assert_string_equal(paths.state, "/h/state");
}

static void test_environment(void **state)
{
    (void)state;
    setenv("HEARTH_DIR", "/srv/e", 1);
    assert_int_equal(paths_init(&paths, NULL), STATUS_OK);
    assert_string_equal(paths.state, "/srv/e/state");
    assert_int_equal(paths_init(&paths, "/srv/h"), STATUS_OK); /* -d wins */
    assert_string_equal(paths.state, "/srv/h/state");
    setenv("HEARTH_DIR", "", 1);
    assert_int_equal(paths_init(&paths, NULL), STATUS_OK);
    assert_true(paths.system);
}

static void test_system(void **state)
{
    (void)state;
    assert_int_equal(paths_init(&paths, NULL), STATUS_OK);
    assert_true(paths.system);
    assert_string_equal(paths.config, "/etc/hearth/hearth.conf");
    assert_string_equal(paths.state, "/var/lib/hearth/state");
    assert_string_equal(paths.owner, "/etc/hearth/owner");
    assert_string_equal(paths.view_file, "/var/lib/hearth/view/names.view");
    assert_string_equal(paths.control, "/run/hearth/control.sock");
    assert_string_equal(paths.proxy, "/home/ada/.local/share/hearth");
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(paths_init(&paths, NULL), STATUS_OK);
    assert_string_equal(paths.proxy, "/data/hearth");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_int_equal(paths_init(&paths, NULL), STATUS_OK);
    assert_string_equal(paths.proxy, "/var/lib/hearth-proxy");
}

/* The control socket's path must fit sun_path: 107 octets and a NUL. */
static void test_length(void **state)
{
    char dir[PATHS_SIZE + 8];
    size_t longest = 107 - strlen("/run/control.sock");
    (void)state;
    memset(dir, 'a', sizeof dir);
    dir[0] = '/';
    dir[longest] = '\0';
    assert_int_equal(paths_init(&paths, dir), STATUS_OK);
    assert_int_equal(strlen(paths.control), 107);
    dir[longest] = 'a';
    dir[longest + 1] = '\0';
    assert_int_equal(paths_init(&paths, dir), STATUS_TOO_LONG);
    dir[longest + 1] = 'a';
    dir[PATHS_SIZE + 2] = '\0';
    assert_int_equal(paths_init(&paths, dir), STATUS_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_directory, clean_environment),
        cmocka_unit_test_setup(test_absolute, clean_environment),
        cmocka_unit_test_setup(test_environment, clean_environment),
        cmocka_unit_test_setup(test_system, clean_environment),
        cmocka_unit_test_setup(test_length, clean_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
