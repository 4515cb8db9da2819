/* user.js and prefs.js: whose proxy setting it is, and that the block comes and goes without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/pac.h"
#include "dane/proxy/trust_prefs.h"

#define TYPE(n) "user_pref(\"network.proxy.type\", " #n ");\n"
#define URL(u)  "user_pref(\"network.proxy.autoconfig_url\", \"" u "\");\n"

static char url[PAC_URL_SIZE], other_port[PAC_URL_SIZE];

static int set_up(void **state)
{
    (void)state;
    pac_url("127.0.0.1:4680", url);
    pac_url("[::1]:9", other_port);
    return 0;
}

static void reads_values(void **state)
{
    char value[TRUST_PREF_SIZE];
    (void)state;
    assert_true(trust_prefs_get("user_pref(\"a\", 1);\nuser_pref(\"a\", 2);\n", "a", value));
    assert_string_equal(value, "2");
    assert_true(trust_prefs_get("  user_pref ( 'a' , \"x, \\\"y\\\" ) ;\" ) ;", "a", value));
    assert_string_equal(value, "\"x, \\\"y\\\" ) ;\"");
    assert_true(trust_prefs_get("user_pref(\n\"a\",\n  true\n)", "a", value));
    assert_string_equal(value, "true");
    assert_true(trust_prefs_get("nonsense\nuser_pref(\nuser_pref(\"a\", 1);", "a", value));
}

static void reads_no_comments(void **state)
{
    char value[TRUST_PREF_SIZE];
    (void)state;
    assert_false(trust_prefs_get("// user_pref(\"a\", 1);\n", "a", value));
    assert_false(trust_prefs_get("# user_pref(\"a\", 1);\n", "a", value));
    assert_false(trust_prefs_get("/* x\nuser_pref(\"a\", 1);\n*/", "a", value));
    assert_false(trust_prefs_get("/* user_pref(\"a\", 1);", "a", value));
    assert_false(trust_prefs_get("user_pref(\"ab\", 1); user_pref(\"b\", 1);", "a", value));
    assert_false(trust_prefs_get("user_pref(\"a\"", "a", value));
    assert_false(trust_prefs_get("user_pref(\"a\", \"1", "a", value));
    assert_false(trust_prefs_get(NULL, "a", value));
}

static void conflicts(void **state)
{
    (void)state;
    char ours[2 * PAC_URL_SIZE];
    (void)snprintf(ours, sizeof ours, TYPE(2) URL("%s"), other_port);
    assert_null(trust_prefs_conflict(NULL, NULL));
    assert_null(trust_prefs_conflict("", TYPE(0)));
    assert_null(trust_prefs_conflict("", TYPE(5)));
    assert_null(trust_prefs_conflict("", URL("")));
    assert_null(trust_prefs_conflict("", ours));
    assert_null(trust_prefs_conflict(ours, ours));
    assert_non_null(trust_prefs_conflict("", TYPE(1)));
    assert_non_null(trust_prefs_conflict("", TYPE(4)));
    assert_non_null(trust_prefs_conflict("", TYPE(2)));
    assert_non_null(trust_prefs_conflict(TYPE(1), ""));
    assert_non_null(trust_prefs_conflict("", TYPE(2) URL("http://wpad/")));
    assert_non_null(trust_prefs_conflict("", TYPE(5) URL("http://wpad/")));
    assert_non_null(
        trust_prefs_conflict(URL("data:application/x-ns-proxy-autoconfig;base64,AAAA"), NULL));
}

static void round_trip(const char *before)
{
    char *with = trust_prefs_with(before, NULL, url);
    assert_non_null(with);
    assert_true(trust_prefs_is_set(with, url));
    assert_false(trust_prefs_is_set(with, other_port));
    assert_true(trust_prefs_has_block(with));
    assert_int_equal(trust_prefs_was_made(with), before == NULL);
    assert_memory_equal(with, before ? before : "", strlen(before ? before : ""));
    char *again = trust_prefs_with(with, NULL, url);
    assert_string_equal(again, with);
    char *moved = trust_prefs_with(with, NULL, other_port);
    assert_true(trust_prefs_is_set(moved, other_port));
    char *without = trust_prefs_without(moved);
    assert_string_equal(without, before ? before : "");
    free(with);
    free(again);
    free(moved);
    free(without);
}

static void comes_and_goes(void **state)
{
    static const char *const texts[] = {NULL,
                                        "",
                                        "\n",
                                        "user_pref(\"x\", 1);\n",
                                        "user_pref(\"x\", 1);",
                                        "// no end",
                                        "a\r\nb\r\n",
                                        "\n\n\n",
                                        "// Hearth begins elsewhere\nx\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        round_trip(texts[i]);
}

/* Somebody has written behind the block since. */
static void keeps_what_came_later(void **state)
{
    (void)state;
    char *with = trust_prefs_with("a", NULL, url);
    char *longer = malloc(strlen(with) + 16);
    (void)sprintf(longer, "%sb\n", with);
    char *without = trust_prefs_without(longer);
    assert_string_equal(without, "ab\n");
    free(with);
    free(longer);
    free(without);
}

/* What Firefox copied into prefs.js goes, and what was there before comes back. */
static void restores_prefs(void **state)
{
    (void)state;
    static const char before[] = "// head\nuser_pref(\"a\", 1);\n" TYPE(0) "user_pref(\"z\", 1);\n";
    char now[4 * PAC_URL_SIZE];
    char *user = trust_prefs_with(NULL, before, url);
    (void)snprintf(now, sizeof now,
                   "// head\nuser_pref(\"a\", 1);\n" URL("%s") TYPE(2) "user_pref(\"z\", 1);\n",
                   url);
    assert_true(trust_prefs_is_ours(now));
    assert_false(trust_prefs_is_ours(before));
    char *again = trust_prefs_with(user, now, url);
    assert_string_equal(again, user);
    char *restored = trust_prefs_restore(now, again);
    assert_string_equal(restored, "// head\nuser_pref(\"a\", 1);\nuser_pref(\"z\", 1);\n" TYPE(0));
    free(user);
    free(again);
    free(restored);
    restored = trust_prefs_restore(now, NULL);
    assert_string_equal(restored, "// head\nuser_pref(\"a\", 1);\nuser_pref(\"z\", 1);\n");
    free(restored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),
        cmocka_unit_test(reads_no_comments),
        cmocka_unit_test(conflicts),
        cmocka_unit_test(comes_and_goes),
        cmocka_unit_test(keeps_what_came_later),
        cmocka_unit_test(restores_prefs),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
