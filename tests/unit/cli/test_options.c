/* test_options.c: the command line, and what is said about a wrong one. */
#include "resolver/cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resolver/cli/verbs.h"

enum { ARGUMENTS = 16 };

static struct cli cli;
static const char *positional[ARGUMENTS];
static char error[OPTIONS_ERROR_SIZE], hint[OPTIONS_ERROR_SIZE];

/* The words after `hearth`, up to the NULL. */
static enum status parse(const char *const words[])
{
    static char room[ARGUMENTS][64];
    static char program[] = "hearth";
    char *argv[ARGUMENTS] = {program};
    int argc = 1;
    for (; words[argc - 1]; argc++) {
        snprintf(room[argc], sizeof room[argc], "%s", words[argc - 1]);
        argv[argc] = room[argc];
    }
    cli = (struct cli){0};
    return options_parse(&cli, argc, argv, positional, error, hint);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void test_common_options_on_both_sides(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-d", "/x", "--json", "ls", "--yes"), STATUS_OK);
    assert_string_equal(cli.dir, "/x");
    assert_string_equal(cli.verb->name, "ls");
    assert_true(cli.json && cli.yes);
    assert_int_equal(PARSE("-d/x", "ls", "--json"), STATUS_OK);
    assert_string_equal(cli.dir, "/x");
    assert_true(cli.json && !cli.yes);
    assert_int_equal(PARSE("--version", "--json"), STATUS_OK);
    assert_true(cli.release && cli.json);
    assert_int_equal(PARSE("help"), STATUS_OK);
    assert_false(cli.release);
    assert_int_equal(parse((const char *const[]){NULL}), STATUS_OK);
    assert_string_equal(cli.verb->name, "help");
}

static void test_own_options(void **state)
{
    (void)state;
    assert_int_equal(PARSE("set", "camera", "--ttl", "60", "A", "10.0.0.1"), STATUS_OK);
    assert_int_equal(cli.argc, 3);
    assert_string_equal(cli_option(&cli, "--ttl"), "60");
    assert_int_equal(PARSE("set", "camera", "A", "10.0.0.1", "--ttl=61"), STATUS_OK);
    assert_string_equal(cli_option(&cli, "--ttl"), "61");
    assert_null(cli_option(&cli, "--reason"));
    assert_int_equal(PARSE("ls", "--all"), STATUS_OK);
    assert_string_equal(cli_option(&cli, "--all"), "");
    assert_int_equal(PARSE("set", "x", "TXT", "--", "--ttl", "-a"), STATUS_OK);
    assert_int_equal(cli.argc, 4);
    assert_string_equal(cli.argv[2], "--ttl");
    assert_int_equal(PARSE("set", "x", "TXT", "-all"), STATUS_OK);
}

static void expect_refused(enum status status, const char *said, const char *try)
{
    assert_int_equal(status, STATUS_MALFORMED);
    assert_non_null(strstr(error, said));
    assert_string_equal(hint, try);
}

static void test_wrong_lines(void **state)
{
    (void)state;
    expect_refused(PARSE("verfy", "x"), "verfy", "hearth verify");
    expect_refused(PARSE("stauts"), "stauts", "hearth status");
    expect_refused(PARSE("xyzzyplugh"), "xyzzyplugh", "hearth help");
    expect_refused(PARSE("--jsno", "ls"), "--jsno", "--json");
    expect_refused(PARSE("--verson"), "--verson", "--version");
    expect_refused(PARSE("set", "x", "A", "10.0.0.1", "--tll", "6"), "--tll", "--ttl");
    expect_refused(PARSE("set", "x", "A", "10.0.0.1", "--ttl"), "needs a value", "");
    expect_refused(PARSE("ls", "--all=1"), "takes no value", "");
    expect_refused(PARSE("set", "x"), "needs more", "hearth help set");
    expect_refused(PARSE("show", "x", "y"), "takes only", "hearth help show");
    expect_refused(PARSE("-d"), "-d needs", "");
    (void)PARSE("verfy", "--json");
    assert_true(cli.json); /* the error is JSON too */
    (void)PARSE("set", "x", "TXT", "--", "--json");
    assert_false(cli.json);
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(options_distance("", ""), 0);
    assert_int_equal(options_distance("abc", ""), 3);
    assert_int_equal(options_distance("kitten", "sitting"), 3);
    assert_int_equal(options_distance("ls", "ls"), 0);
}

/* Every verb of the contract is in the table, with a line that fits a screen. */
static void test_table(void **state)
{
    (void)state;
    static const char *const names[] = {"init",   "adopt",  "set",    "unset", "forget", "import",
                                        "ls",     "show",   "verify", "why",   "revoke", "log",
                                        "status", "backup", "export", "help"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct verb *verb = verbs_find(names[i]);
        assert_non_null(verb);
        assert_non_null(verb->run);
        assert_true(strlen(verb->about) > 0 && strlen(verb->about) < 80);
    }
    assert_null(verbs_find("rotate")->run);
    assert_null(verbs_find("doctor")->run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common_options_on_both_sides),
        cmocka_unit_test(test_own_options),
        cmocka_unit_test(test_wrong_lines),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
