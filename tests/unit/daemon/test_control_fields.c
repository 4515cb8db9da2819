/* test_control_fields.c: fields of requests: what is taken, and everything that is not. */
#include "resolver/daemon/control_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* {"x": …} from JSON text. */
static json_t *request_of(const char *value)
{
    char text[1024];
    snprintf(text, sizeof text, "{\"x\": %s}", value);
    json_t *request = json_loads(text, 0, NULL);
    assert_non_null(request);
    return request;
}

static void test_octets(void **state)
{
    static const struct {
        const char *value;
        enum status status;
    } rows[] = {
        {"\"00ff0a\"", STATUS_OK},          {"\"00FF0A\"", STATUS_OK},
        {"\"00ff\"", STATUS_MALFORMED},     {"\"00ff0\"", STATUS_MALFORMED},
        {"\"00ff0a0b\"", STATUS_MALFORMED}, {"\"00ff0g\"", STATUS_MALFORMED},
        {"\"\"", STATUS_MALFORMED},         {"65290", STATUS_MALFORMED},
        {"null", STATUS_MALFORMED},         {"[\"00ff0a\"]", STATUS_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[3] = {0};
        json_t *request = request_of(rows[i].value);
        assert_int_equal(control_fields_octets(request, "x", out, 3), rows[i].status);
        if (rows[i].status == STATUS_OK)
            assert_memory_equal(out, "\x00\xff\x0a", 3);
        assert_int_equal(control_fields_octets(request, "y", out, 3), STATUS_MALFORMED);
        json_decref(request);
    }
}

static void test_hex(void **state)
{
    static const struct {
        const char *value;
        enum status status;
        size_t len;
    } rows[] = {
        {"\"\"", STATUS_OK, 0},          {"\"00\"", STATUS_OK, 1},
        {"\"00010203\"", STATUS_OK, 4},  {"\"0001020304\"", STATUS_TOO_LONG, 0},
        {"\"0\"", STATUS_MALFORMED, 0},  {"\"0x\"", STATUS_MALFORMED, 0},
        {"\" 0\"", STATUS_MALFORMED, 0}, {"\"ä\"", STATUS_MALFORMED, 0},
        {"7", STATUS_MALFORMED, 0},      {"null", STATUS_MALFORMED, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[4];
        size_t len = 0;
        json_t *request = request_of(rows[i].value);
        enum status status = control_fields_hex(json_object_get(request, "x"), out, 4, &len);
        assert_int_equal(status, rows[i].status);
        if (status == STATUS_OK)
            assert_int_equal(len, rows[i].len);
        json_decref(request);
    }
}

static void test_number(void **state)
{
    static const struct {
        const char *value;
        enum status status;
    } rows[] = {
        {"0", STATUS_OK},
        {"300", STATUS_OK},
        {"301", STATUS_RANGE},
        {"-1", STATUS_RANGE},
        {"1.0", STATUS_MALFORMED},
        {"\"1\"", STATUS_MALFORMED},
        {"true", STATUS_MALFORMED},
        {"null", STATUS_MALFORMED},
        {"9223372036854775807", STATUS_RANGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t out = 0;
        json_t *request = request_of(rows[i].value);
        assert_int_equal(control_fields_number(request, "x", 300, &out), rows[i].status);
        json_decref(request);
    }
}

static void test_name(void **state)
{
    static const struct {
        const char *value;
        enum status status;
    } rows[] = {
        {"\"@\"", STATUS_OK},
        {"\"Cam.garage\"", STATUS_OK},
        {"\"_443._tcp.cam\"", STATUS_OK},
        {"\"a..b\"", STATUS_LABEL_EMPTY},
        {"\"a b\"", STATUS_NAME_CHARACTER},
        {"\"k\\u00fchl\"", STATUS_NAME_U_LABEL},
        {"7", STATUS_MALFORMED},
        {"null", STATUS_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct name name;
        json_t *request = request_of(rows[i].value);
        assert_int_equal(control_fields_name(request, "x", &name), rows[i].status);
        json_decref(request);
    }
}

/* 180 octets is the longest name in the ledger: 3 labels of 58 and one. */
static void test_longest_name(void **state)
{
    char text[256] = "";
    struct name name;
    (void)state;
    for (int i = 0; i < 3; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%058d", i ? "." : "", 7);
    snprintf(text + strlen(text), sizeof text - strlen(text), ".a");
    json_t *request = json_pack("{s:s}", "x", text);
    assert_int_equal(control_fields_name(request, "x", &name), STATUS_OK);
    assert_int_equal(name.len, NAME_RELATIVE_MAX);
    json_decref(request);
    snprintf(text + strlen(text), sizeof text - strlen(text), "b");
    request = json_pack("{s:s}", "x", text);
    assert_int_equal(control_fields_name(request, "x", &name), STATUS_NAME_TOO_LONG);
    json_decref(request);
}

static void test_written(void **state)
{
    const struct name apex = {.len = 1};
    json_t *object = json_object();
    (void)state;
    control_fields_set_hex(object, "hex", (const uint8_t *)"\x00\xfe", 2);
    control_fields_set_word(object, "word", 0xfedcba9876543210);
    control_fields_set_stamp(object, "stamp", UINT64_C(1234) << 16 | 7);
    control_fields_set_name(object, "apex", &apex);
    assert_string_equal(control_fields_text(object, "hex"), "00fe");
    assert_string_equal(control_fields_text(object, "word"), "fedcba9876543210");
    assert_int_equal(json_integer_value(json_object_get(object, "stamp")), 1234);
    assert_string_equal(control_fields_text(object, "apex"), "@");
    json_decref(object);
}

static size_t fill(struct control_page *page, const char *text)
{
    size_t count = 0;
    while (count < 5000 && control_page_add(page, json_string(text)))
        count++;
    assert_false(control_page_add(page, json_string(text)));
    return count;
}

static void test_pages(void **state)
{
    static char large[400001];
    struct control_page page;
    json_t *answer = json_object();
    json_t *request = json_object();
    (void)state;
    assert_int_equal(control_page_start(&page, request, answer, "items"), STATUS_OK);
    assert_true(json_is_null(json_object_get(answer, "next")));
    assert_int_equal(fill(&page, "a"), CONTROL_PAGE_LIMIT);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), CONTROL_PAGE_LIMIT);
    json_object_set_new(request, "limit", json_integer(1000000));
    assert_int_equal(control_page_start(&page, request, answer, "items"), STATUS_OK);
    assert_int_equal(fill(&page, "a"), CONTROL_PAGE_LIMIT_MAX);
    memset(large, 'a', sizeof large - 1);
    assert_int_equal(control_page_start(&page, request, answer, "items"), STATUS_OK);
    assert_int_equal(fill(&page, large), 2); /* by octets */
    for (int i = 0; i < 3; i++) {
        json_t *wrong[] = {json_integer(0), json_integer(-1), json_string("1")};
        for (int k = 0; k < 3; k++) {
            if (k == i)
                json_object_set(request, "limit", wrong[k]);
            json_decref(wrong[k]);
        }
        assert_int_equal(control_page_start(&page, request, answer, "items"), STATUS_RANGE);
    }
    json_decref(request);
    json_decref(answer);
}

static void test_text(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"/home/\xc3\xa4", "/home/\xc3\xa4"},
        {"/home/\xe4/x", "/home/\\xe4/x"},
        {"\xe2\x82\xac\xe2\x82", "\xe2\x82\xac\\xe2\\x82"},
        {"\xf0\x9f\x8f\xa0\xff", "\xf0\x9f\x8f\xa0\\xff"},
        {"a\nb", "a\\x0ab"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *json = control_fields_text_new(rows[i].text);
        assert_non_null(json);
        assert_string_equal(json_string_value(json), rows[i].expected);
        json_decref(json);
    }
    assert_int_equal(control_fields_text_cut("abc", 3), 3);
    assert_int_equal(control_fields_text_cut("abcd", 3), 3);
    assert_int_equal(control_fields_text_cut("ab\xc3\xa4", 3), 2);
    assert_int_equal(control_fields_text_cut("\xe2\x82\xac", 2), 0);
    assert_int_equal(control_fields_text_cut("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets),       cmocka_unit_test(test_hex),
        cmocka_unit_test(test_number),       cmocka_unit_test(test_name),
        cmocka_unit_test(test_longest_name), cmocka_unit_test(test_written),
        cmocka_unit_test(test_pages),        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
