/* profiles.ini: which profiles it names, and what it does not make into one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/trust_profiles.h"

static struct trust_profile profiles[TRUST_PROFILES_MAX];

static size_t parse(const char *text)
{
    return trust_profiles_parse(text, strlen(text), profiles);
}

static void as_firefox_writes_it(void **state)
{
    (void)state;
    assert_int_equal(parse("[Install4F96D1932A9F858E]\nDefault=abc.default-esr\nLocked=1\n\n"
                           "[Profile1]\nName=default\nIsRelative=1\nPath=xyz.default\nDefault=1\n\n"
                           "[Profile0]\nName=default-esr\nIsRelative=0\nPath=/srv/esr\n\n"
                           "[General]\nStartWithLastProfile=1\nVersion=2\n"),
                     2);
    assert_string_equal(profiles[0].name, "default");
    assert_string_equal(profiles[0].path, "xyz.default");
    assert_true(profiles[0].is_relative);
    assert_string_equal(profiles[1].name, "default-esr");
    assert_string_equal(profiles[1].path, "/srv/esr");
    assert_false(profiles[1].is_relative);
}

static void forms(void **state)
{
    (void)state;
    assert_int_equal(parse("[Profile0]\r\n Name = a b \r\nPath = p q\r\n"), 1);
    assert_string_equal(profiles[0].name, "a b");
    assert_string_equal(profiles[0].path, "p q");
    assert_true(profiles[0].is_relative);
    assert_int_equal(parse("[Profile12]\nPath=only-a-path"), 1);
    assert_string_equal(profiles[0].name, "only-a-path");
    assert_int_equal(parse("[Profile0]\n;Path=no\n#Path=no\nPath=yes=1\n"), 1);
    assert_string_equal(profiles[0].path, "yes=1");
}

static void no_profiles(void **state)
{
    static const char *const texts[] = {
        "",
        "\n\n",
        "Path=outside\n",
        "[General]\nPath=no\n",
        "[Profile]\nPath=no\n",
        "[ProfileX]\nPath=no\n",
        "[Profile0\nPath=no\n",
        "[Profile0]\nName=without\n",
        "[Profile0]\nPath=\n",
        "[Profile0]\nIsRelative=0\nPath=not/absolute\n",
        "[Install0]\nPath=no\n[Background]\nPath=no\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (parse(texts[i]) != 0)
            fail_msg("%s", texts[i]);
}

static void each_path_once(void **state)
{
    (void)state;
    assert_int_equal(parse("[Profile0]\nPath=a\n[Profile1]\nPath=a\n[Profile2]\nPath=b\n"), 2);
}

static void limits(void **state)
{
    (void)state;
    char text[64 * (TRUST_PROFILES_MAX + 8)] = "", line[TRUST_PROFILE_PATH_SIZE + 64];
    size_t at = 0;
    for (int i = 0; i < TRUST_PROFILES_MAX + 8; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "[Profile%d]\nPath=p%d\n", i, i);
    assert_int_equal(parse(text), TRUST_PROFILES_MAX);
    (void)snprintf(line, sizeof line, "[Profile0]\nPath=%0*d\n", TRUST_PROFILE_PATH_SIZE, 1);
    assert_int_equal(parse(line), 0);
    (void)snprintf(line, sizeof line, "[Profile0]\nPath=%0*d\n", TRUST_PROFILE_PATH_SIZE - 1, 1);
    assert_int_equal(parse(line), 1);
}

/* Each end of a file is read like a whole one, and nothing beyond it. */
static void cut(void **state)
{
    static const char text[] = "[Profile0]\nName=n\nIsRelative=1\nPath=abcdef\n";
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char copy[sizeof text];
        memset(copy, 'x', sizeof copy);
        memcpy(copy, text, len);
        size_t count = trust_profiles_parse(copy, len, profiles);
        assert_int_equal(count, len >= strlen("[Profile0]\nName=n\nIsRelative=1\nPath=a") ? 1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_firefox_writes_it),
        cmocka_unit_test(forms),
        cmocka_unit_test(no_profiles),
        cmocka_unit_test(each_path_once),
        cmocka_unit_test(limits),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
