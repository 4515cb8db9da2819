/* test_own_names.c: both forms of one's own household, and names relative to it. */
#include "resolver/own_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/text.h"

static const uint8_t namespace_id[32] = {1, 2, 3};

static void expect_relative(const struct own_names *own, const char *full, const char *relative)
{
    struct name name, rest;
    char text[NAME_TEXT_SIZE];
    assert_int_equal(name_parse(&name, full), STATUS_OK);
    enum status status = own_names_relative(own, &name, &rest);
    if (!relative) {
        assert_int_equal(status, STATUS_FOREIGN);
        return;
    }
    assert_int_equal(status, STATUS_OK);
    own_names_relative_text(&rest, text);
    assert_string_equal(text, relative);
}

static void test_both_forms(void **state)
{
    (void)state;
    struct own_names own;
    char id[BASE32_ID_LEN + 1], text[NAME_TEXT_SIZE];
    struct name camera;
    base32_encode_id(namespace_id, id);
    assert_int_equal(own_names_init(&own, "maple", namespace_id), STATUS_OK);
    expect_relative(&own, "camera.maple.home.arpa", "camera");
    expect_relative(&own, "maple.home.arpa", "@");
    expect_relative(&own, "camera.oak.home.arpa", NULL);
    expect_relative(&own, "camera", NULL);
    (void)snprintf(text, sizeof text, "cam1.garage.%s.home.arpa", id);
    expect_relative(&own, text, "cam1.garage");
    assert_int_equal(name_parse(&camera, "camera"), STATUS_OK);
    own_names_full_text(&own, &camera, text);
    assert_string_equal(text, "camera.maple.home.arpa");
}

static void test_without_a_petname(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        struct own_names own;
        assert_int_equal(own_names_init(&own, none[i], namespace_id), STATUS_OK);
        assert_int_equal(own.petname.len, 1);
        assert_ptr_equal(own_names_apex(&own), &own.id);
        expect_relative(&own, "camera.maple.home.arpa", NULL);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct own_names own;
    char label[65];
    memset(label, 'a', 64);
    label[64] = '\0';
    assert_int_equal(own_names_init(&own, label, namespace_id), STATUS_LABEL_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_forms),
        cmocka_unit_test(test_without_a_petname),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
