/* test_name_argument.c: NAME and NAME:PORT. */
#include "resolver/cli/name_argument.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/text.h"

static struct own_names own;
static char id[BASE32_ID_LEN + 1];

static int make_own(void **state)
{
    (void)state;
    uint8_t namespace_id[32] = {1, 2, 3};
    base32_encode_id(namespace_id, id);
    return own_names_init(&own, "maple", namespace_id) == STATUS_OK ? 0 : -1;
}

static enum status parse(const char *text, struct name_argument *argument, char *hint)
{
    char room[NAME_HINT_SIZE];
    return name_argument_parse(argument, text, &own, true, hint ? hint : room);
}

static void expect(const char *text, const char *relative, const char *full, uint16_t port)
{
    struct name_argument argument;
    char shown[NAME_TEXT_SIZE];
    assert_int_equal(parse(text, &argument, NULL), STATUS_OK);
    assert_int_equal(argument.own, relative != NULL);
    if (relative) {
        own_names_relative_text(&argument.relative, shown);
        assert_string_equal(shown, relative);
    }
    name_text(argument.full.wire, argument.full.len, shown);
    assert_string_equal(shown, full);
    assert_int_equal(argument.port, port);
}

static void test_relative_and_absolute(void **state)
{
    (void)state;
    char text[256];
    expect("camera", "camera", "camera.maple.home.arpa", 0);
    expect("Cam1.Garage", "cam1.garage", "cam1.garage.maple.home.arpa", 0);
    expect("camera.", "camera", "camera.maple.home.arpa", 0);
    expect("camera.maple.home.arpa", "camera", "camera.maple.home.arpa", 0);
    expect("CAMERA.Maple.Home.Arpa.", "camera", "camera.maple.home.arpa", 0);
    snprintf(text, sizeof text, "camera.%s.home.arpa", id);
    expect(text, "camera", "camera.maple.home.arpa", 0);
    expect("camera.oak.home.arpa", NULL, "camera.oak.home.arpa", 0);
    expect("maple.home.arpa", "@", "maple.home.arpa", 0);
    expect("@", "@", "maple.home.arpa", 0);
    expect("camera.maple", "camera.maple", "camera.maple.maple.home.arpa", 0);
    expect("home.arpa", NULL, "home.arpa", 0);
}

static void test_ports(void **state)
{
    (void)state;
    struct name_argument argument;
    expect("camera:8443", "camera", "camera.maple.home.arpa", 8443);
    expect("camera.maple.home.arpa:1", "camera", "camera.maple.home.arpa", 1);
    static const char *const bad[] = {"camera:",  "camera:0",    "camera:65536",
                                      "camera:x", "camera:443x", "camera:-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(bad[i], &argument, NULL), STATUS_RANGE);
}

static void test_refused(void **state)
{
    (void)state;
    struct name_argument argument;
    char label[70], name[300] = "", hint[NAME_HINT_SIZE];
    memset(label, 'a', 64);
    label[64] = '\0';
    assert_int_equal(parse(label, &argument, NULL), STATUS_LABEL_TOO_LONG);
    label[63] = '\0';
    assert_int_equal(parse(label, &argument, NULL), STATUS_OK);
    label[60] = '\0';
    for (int i = 0; i < 3; i++) {
        strcat(name, label);
        strcat(name, ".");
    }
    assert_int_equal(parse(name, &argument, NULL), STATUS_NAME_TOO_LONG);
    assert_int_equal(parse("", &argument, NULL), STATUS_LABEL_EMPTY);
    assert_int_equal(parse("a..b", &argument, NULL), STATUS_LABEL_EMPTY);
    assert_int_equal(parse("a b", &argument, NULL), STATUS_NAME_CHARACTER);
    assert_int_equal(parse("a/b", &argument, NULL), STATUS_NAME_CHARACTER);
    assert_int_equal(parse("k\xc3\xbc"
                           "che",
                           &argument, hint),
                     STATUS_NAME_U_LABEL);
    assert_string_equal(hint, "xn--kche-0ra");
    assert_int_equal(parse("\xff\xfe", &argument, hint), STATUS_NAME_U_LABEL);
    assert_string_equal(hint, "");
}

static void test_without_a_petname(void **state)
{
    (void)state;
    struct own_names nameless;
    uint8_t namespace_id[32] = {9};
    struct name_argument argument;
    char hint[NAME_HINT_SIZE];
    assert_int_equal(own_names_init(&nameless, "", namespace_id), STATUS_OK);
    assert_int_equal(name_argument_parse(&argument, "camera", &nameless, false, hint), STATUS_OK);
    assert_true(
        name_is_within(argument.full.wire, argument.full.len, nameless.id.wire, nameless.id.len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relative_and_absolute),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_without_a_petname),
    };
    return cmocka_run_group_tests(tests, make_own, NULL);
}
