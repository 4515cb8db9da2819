/* test_control_codec.c: frames of the control socket, and everything that is none. */
#include "resolver/daemon/control_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum status parse(const char *text, size_t len)
{
    json_t *message = NULL;
    enum status status = control_parse((const uint8_t *)text, len, &message);
    assert_true((status == STATUS_OK) == (message != NULL));
    json_decref(message);
    return status;
}

static void test_round_trip(void **state)
{
    uint8_t *frame = NULL;
    size_t len = 0;
    json_t *back = NULL;
    json_t *message = json_pack("{s:i, s:s, s:[s, n]}", "version", 1, "op", "hello", "x", "ä");
    (void)state;
    assert_int_equal(control_pack(message, &frame, &len), STATUS_OK);
    assert_int_equal(frame[0] | frame[1], 0);
    assert_int_equal(frame[2] << 8 | frame[3], len - CONTROL_HEADER_SIZE);
    assert_int_equal(control_parse(frame + CONTROL_HEADER_SIZE, len - CONTROL_HEADER_SIZE, &back),
                     STATUS_OK);
    assert_true(json_equal(message, back));
    json_decref(message);
    json_decref(back);
    free(frame);
}

static void test_every_shorter_length_fails(void **state)
{
    static const char text[] = "{\"version\": 1, \"op\": \"hello\", \"n\": [1, {\"a\": \"b\"}]}";
    (void)state;
    assert_int_equal(parse(text, sizeof text - 1), STATUS_OK);
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *copy = malloc(len + 1); /* exactly so long that a read beyond it is seen */
        assert_non_null(copy);
        memcpy(copy, text, len);
        assert_int_equal(parse(copy, len), STATUS_MALFORMED);
        free(copy);
    }
}

static const struct {
    const char *text;
    enum status status;
} rows[] = {
    {"", STATUS_MALFORMED},
    {" ", STATUS_MALFORMED},
    {"{}", STATUS_MALFORMED},
    {"[]", STATUS_MALFORMED},
    {"1", STATUS_MALFORMED},
    {"null", STATUS_MALFORMED},
    {"\"version\"", STATUS_MALFORMED},
    {"{\"version\": \"1\"}", STATUS_MALFORMED},
    {"{\"version\": 1.0}", STATUS_MALFORMED},
    {"{\"version\": true}", STATUS_MALFORMED},
    {"{\"version\": 0}", STATUS_UPGRADE},
    {"{\"version\": 2}", STATUS_UPGRADE},
    {"{\"version\": -1}", STATUS_UPGRADE},
    {"{\"version\": 4294967297}", STATUS_UPGRADE},
    {"{\"version\": 99999999999999999999}", STATUS_MALFORMED},
    {"{\"version\": 1} x", STATUS_MALFORMED},
    {"{\"version\": 1}{\"version\": 1}", STATUS_MALFORMED},
    {"{\"version\": 1, \"version\": 1}", STATUS_MALFORMED},
    {"{\"version\": 1, \"op\": \"a\\u0000b\"}", STATUS_MALFORMED},
    {"{\"version\": 1, \"op\": \"\xff\xfe\"}", STATUS_MALFORMED},
    {"{\"version\": 1, \"op\": \"\xed\xa0\x80\"}", STATUS_MALFORMED},
    {"{'version': 1}", STATUS_MALFORMED},
    {"{\"version\": 1,}", STATUS_MALFORMED},
    {"\xef\xbb\xbf{\"version\": 1}", STATUS_MALFORMED},
    {"{\"version\": 1}", STATUS_OK},
    {"\n{ \"version\" : 1 }\n", STATUS_OK},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status status = parse(rows[i].text, strlen(rows[i].text));
        if (status != rows[i].status)
            fail_msg("row %zu: %s", i, status_name(status));
    }
}

static void test_zero_octet(void **state)
{
    static const char text[] = "{\"version\": 1}\0";
    (void)state;
    assert_int_equal(parse(text, sizeof text - 1), STATUS_MALFORMED);
}

/* Nesting is bounded: a megabyte of brackets must not eat the stack. */
static void test_deep(void **state)
{
    (void)state;
    char *text = malloc(CONTROL_FRAME_MAX);
    assert_non_null(text);
    memset(text, '[', CONTROL_FRAME_MAX);
    assert_int_equal(parse(text, CONTROL_FRAME_MAX), STATUS_MALFORMED);
    free(text);
}

static void test_lengths(void **state)
{
    (void)state;
    size_t head = strlen("{\"version\":1,\"x\":\"");
    size_t room = CONTROL_FRAME_MAX - head - 2;
    char *text = malloc(room + 2);
    assert_non_null(text);
    memset(text, 'a', room + 1);
    text[room + 1] = '\0';
    uint8_t *frame = NULL;
    size_t len = 0;
    json_t *message = json_pack("{s:i, s:s}", "version", 1, "x", text);
    assert_int_equal(control_pack(message, &frame, &len), STATUS_TOO_LONG);
    assert_null(frame);
    json_decref(message);
    text[room] = '\0';
    message = json_pack("{s:i, s:s}", "version", 1, "x", text);
    assert_int_equal(control_pack(message, &frame, &len), STATUS_OK);
    assert_int_equal(len, CONTROL_HEADER_SIZE + CONTROL_FRAME_MAX);
    assert_int_equal(parse((const char *)frame + CONTROL_HEADER_SIZE, CONTROL_FRAME_MAX),
                     STATUS_OK);
    assert_int_equal(parse((const char *)frame, CONTROL_FRAME_MAX + 1), STATUS_TOO_LONG);
    json_decref(message);
    free(frame);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_every_shorter_length_fails),
        cmocka_unit_test(test_table),      cmocka_unit_test(test_zero_octet),
        cmocka_unit_test(test_deep),       cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
