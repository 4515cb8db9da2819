/* Pieces of text: words, tokens, parts, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/http_text.h"

static struct http_text text_of(const char *text)
{
    return (struct http_text){text, strlen(text)};
}

static void words_are_compared(void **state)
{
    (void)state;
    assert_true(http_text_is(text_of("GET"), "GET"));
    assert_false(http_text_is(text_of("GET"), "get"));
    assert_false(http_text_is(text_of("GET"), "GE"));
    assert_false(http_text_is(text_of("GE"), "GET"));
    assert_true(http_text_is((struct http_text){0}, ""));
    assert_true(http_text_is_word(text_of("WebSocket"), "websocket"));
    assert_true(http_text_is_word(text_of("-azAZ09_"), "-AZaz09_"));
    assert_false(http_text_is_word(text_of("[ab]"), "{ab}")); /* 32 apart, no letters */
    assert_false(http_text_is_word(text_of("@"), "`"));
    assert_false(http_text_is_word(text_of("websocket "), "websocket"));
    assert_false(http_text_is_word((struct http_text){0}, "websocket"));
    assert_false(http_text_is((struct http_text){"a\0b", 3}, "a"));
}

/* RFC 9110, section 5.6.2, octet by octet. */
static void tokens_have_their_characters(void **state)
{
    (void)state;
    static const char tchar[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int octet = 0; octet < 256; octet++) {
        char text[3] = {'a', (char)octet, 'b'};
        bool expected = octet != 0 && strchr(tchar, octet);
        assert_int_equal(http_text_is_token((struct http_text){text, 3}), expected);
        assert_int_equal(http_text_is_token((struct http_text){text + 1, 1}), expected);
    }
    assert_false(http_text_is_token((struct http_text){"", 0}));
}

static void blanks_are_trimmed(void **state)
{
    (void)state;
    struct http_text text = http_text_trim(text_of(" \t a b\t \t"));
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.at, "a b", 3);
    assert_int_equal(http_text_trim(text_of(" \t ")).len, 0);
    assert_int_equal(http_text_trim(text_of("\v")).len, 1);
    assert_int_equal(http_text_trim(text_of("\xa0")).len, 1);
}

static void parts_come_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *parts[5];
    } table[] = {
        {"", {""}},
        {"a", {"a"}},
        {"a,b", {"a", "b"}},
        {",", {"", ""}},
        {"a,,b,", {"a", "", "b", ""}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_text rest = text_of(table[i].text), part;
        for (size_t n = 0; table[i].parts[n]; n++) {
            assert_true(http_text_part(&rest, ',', &part));
            assert_true(http_text_is(part, table[i].parts[n]));
        }
        assert_false(http_text_part(&rest, ',', &part));
        assert_null(rest.at);
    }
}

static void numbers_are_digits_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "+1",
                                        "-1",
                                        "1 ",
                                        " 1",
                                        "1.0",
                                        "0x1",
                                        "1,",
                                        "1_",
                                        "1e3",
                                        "256",
                                        "999",
                                        "99999999999999999999"};
    static const char *const right[] = {"0", "7", "255", "000255", "00"};
    static const unsigned long long values[] = {0, 7, 255, 255, 0};
    unsigned long long number;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(http_text_number(text_of(wrong[i]), 255, &number));
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        assert_true(http_text_number(text_of(right[i]), 255, &number));
        assert_int_equal(number, values[i]);
    }
    assert_true(http_text_number(text_of("18446744073709551615"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(http_text_number(text_of("18446744073709551616"), UINT64_MAX, &number));
    assert_false(http_text_number(text_of("28446744073709551615"), UINT64_MAX, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_compared),       cmocka_unit_test(tokens_have_their_characters),
        cmocka_unit_test(blanks_are_trimmed),       cmocka_unit_test(parts_come_one_by_one),
        cmocka_unit_test(numbers_are_digits_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
