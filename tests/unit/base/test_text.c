/* hex, base32 and the status texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/status.h"
#include "ledger/base/text.h"

static void base32_is_that_of_rfc_4648(void **state)
{
    (void)state;
    /* "foobar" and zeros; RFC 4648, section 10: MZXW6YTBOI. */
    uint8_t id[32] = "foobar";
    char text[BASE32_ID_LEN + 1];
    base32_encode_id(id, text);
    assert_memory_equal(text, "mzxw6ytboiaaaa", 14);
    assert_int_equal(strlen(text), BASE32_ID_LEN);
}

static void base32_has_one_spelling(void **state)
{
    (void)state;
    uint8_t id[32];
    uint8_t back[32];
    char text[BASE32_ID_LEN + 1];
    for (unsigned seed = 0; seed < 256; seed++) {
        for (unsigned i = 0; i < sizeof id; i++)
            id[i] = (uint8_t)(seed * 31 + i * 17);
        base32_encode_id(id, text);
        assert_int_equal(base32_decode_id(text, BASE32_ID_LEN, back), STATUS_OK);
        assert_memory_equal(id, back, sizeof id);
    }
    memset(text, 'a', BASE32_ID_LEN);
    assert_int_equal(base32_decode_id(text, BASE32_ID_LEN, back), STATUS_OK);
    text[BASE32_ID_LEN - 1] = 'q'; /* 16: the one bit that the last character carries */
    assert_int_equal(base32_decode_id(text, BASE32_ID_LEN, back), STATUS_OK);
    text[BASE32_ID_LEN - 1] = 'b'; /* 1: a bit beyond the 256 */
    assert_int_equal(base32_decode_id(text, BASE32_ID_LEN, back), STATUS_NOT_CANONICAL);
    text[BASE32_ID_LEN - 1] = '1';
    assert_int_equal(base32_decode_id(text, BASE32_ID_LEN, back), STATUS_MALFORMED);
    assert_int_equal(base32_decode_id(text, BASE32_ID_LEN - 1, back), STATUS_MALFORMED);
    memset(text, 'A', BASE32_ID_LEN);
    assert_int_equal(base32_decode_id(text, BASE32_ID_LEN, back), STATUS_OK);
}

static void hex_both_ways(void **state)
{
    (void)state;
    uint8_t back[3];
    char text[7];
    hex_encode((const uint8_t *)"\x00\xaf\x10", 3, text);
    assert_string_equal(text, "00af10");
    assert_int_equal(hex_decode("00AF10", back, 3), STATUS_OK);
    assert_memory_equal(back, "\x00\xaf\x10", 3);
    assert_int_equal(hex_decode("00af1", back, 3), STATUS_MALFORMED);
    assert_int_equal(hex_decode("00af100", back, 3), STATUS_MALFORMED);
    assert_int_equal(hex_decode("00ag10", back, 3), STATUS_MALFORMED);
    assert_int_equal(hex_decode("", back, 3), STATUS_MALFORMED);
}

static void every_status_has_a_name_and_a_text(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATUS_COUNT; i++) {
        assert_int_equal(status_from_name(status_name((enum status)i)), i);
        assert_true(strlen(status_text((enum status)i)) > 3);
    }
    assert_int_equal(status_from_name("no such"), STATUS_COUNT);
    assert_non_null(status_text((enum status)9999));
    assert_non_null(status_name((enum status)9999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base32_is_that_of_rfc_4648),
        cmocka_unit_test(base32_has_one_spelling),
        cmocka_unit_test(hex_both_ways),
        cmocka_unit_test(every_status_has_a_name_and_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
