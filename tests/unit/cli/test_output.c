/* test_output.c: foreign text can't move the cursor, and JSON is always JSON. */
#include "resolver/cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_escaped(const char *from, size_t len, const char *to)
{
    char text[256];
    output_escape(from, len, text, sizeof text);
    assert_string_equal(text, to);
}

#define ESCAPED(from, to) expect_escaped(from, sizeof(from) - 1, to)

static void test_escapes(void **state)
{
    (void)state;
    ESCAPED("plain text", "plain text");
    ESCAPED("k\xc3\xbc"
            "che \xe2\x82\xac \xf0\x9f\x90\xb1",
            "k\xc3\xbc"
            "che \xe2\x82\xac \xf0\x9f\x90\xb1");
    ESCAPED("a\033[2Jb", "a\\x1b[2Jb");
    ESCAPED("a\nb\rc\td", "a\\x0ab\\x0dc\\x09d");
    ESCAPED("a\0b", "a\\x00b");
    ESCAPED("\x7f", "\\x7f");
    ESCAPED("\xc2\x9b", "\\xc2\\x9b");                   /* CSI, C1 */
    ESCAPED("\xe2\x80\xae", "\\xe2\\x80\\xae");          /* U+202E */
    ESCAPED("\xe2\x81\xa6", "\\xe2\\x81\\xa6");          /* U+2066 */
    ESCAPED("\xff\xfe", "\\xff\\xfe");                   /* no UTF-8 */
    ESCAPED("\xc0\x80", "\\xc0\\x80");                   /* overlong */
    ESCAPED("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* surrogate */
    ESCAPED("\xe2\x82", "\\xe2\\x82");                   /* cut short */
    ESCAPED("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
}

static void test_escape_fits_any_room(void **state)
{
    (void)state;
    static const char from[] = "\033\033abc\xc3\xbc";
    for (size_t size = 1; size < 40; size++) {
        char *text = malloc(size); /* exactly so much: ASan looks */
        assert_non_null(text);
        output_escape(from, sizeof from - 1, text, size);
        assert_true(strlen(text) < size);
        free(text);
    }
}

static void test_json_strings(void **state)
{
    (void)state;
    json_t *good = output_string("a\n\xc3\xbc", 4), *bad = output_string("\xff\n", 2);
    assert_string_equal(json_string_value(good), "a\n\xc3\xbc");
    assert_string_equal(json_string_value(bad), "\\xff\\x0a");
    json_decref(good);
    json_decref(bad);
    static const uint8_t octets[] = {0, 0xab};
    json_t *hex = output_hex(octets, 2);
    assert_string_equal(json_string_value(hex), "00ab");
    json_decref(hex);
}

static void expect_span(uint64_t ms, const char *text)
{
    char span[OUTPUT_TIME_SIZE];
    output_span(ms, span);
    assert_string_equal(span, text);
}

static void test_spans(void **state)
{
    (void)state;
    expect_span(0, "a moment");
    expect_span(1000, "1 second");
    expect_span(59999, "59 seconds");
    expect_span(UINT64_C(86400000) * 2, "2 days");
    expect_span(UINT64_C(86400000) * 366, "1 year");
}

static void test_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(output_exit_code(STATUS_OK), EXIT_YES);
    assert_int_equal(output_exit_code(STATUS_NOT_FOUND), EXIT_NO);
    assert_int_equal(output_exit_code(STATUS_UNREACHABLE), EXIT_UNREACHABLE);
    assert_int_equal(output_exit_code(STATUS_ADDRESS_LOOPBACK), EXIT_REFUSED);
    assert_int_equal(output_exit_code(STATUS_RULE), EXIT_REFUSED);
    assert_int_equal(output_exit_code(STATUS_CORRUPT), EXIT_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),      cmocka_unit_test(test_escape_fits_any_room),
        cmocka_unit_test(test_json_strings), cmocka_unit_test(test_spans),
        cmocka_unit_test(test_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
