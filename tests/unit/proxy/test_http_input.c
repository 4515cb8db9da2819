/* Heads out of buffers that are in pieces, short, or too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/buffer.h>

#include "dane/proxy/http_input.h"

static const char text[] = "GET /a HTTP/1.1\r\nHost: camera.maple.home.arpa\r\nX: y\r\n\r\n";

/* Each piece in a chain of its own. */
static void append(struct evbuffer *input, const char *octets, size_t len)
{
    assert_int_equal(evbuffer_add_reference(input, octets, len, NULL, NULL), 0);
}

static void every_length(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct http_head head;
        struct evbuffer *input = evbuffer_new();
        if (len > 0)
            append(input, text, len);
        assert_int_equal(http_input_head(&head, HTTP_REQUEST, input), HTTP_FAULT_PARTIAL);
        assert_int_equal(evbuffer_get_length(input), len);
        append(input, text + len, sizeof text - 1 - len);
        append(input, "body", 4);
        assert_int_equal(http_input_head(&head, HTTP_REQUEST, input), HTTP_FAULT_NONE);
        assert_int_equal(head.len, sizeof text - 1);
        assert_true(http_text_is(head.target, "/a"));
        assert_int_equal(evbuffer_get_length(input), sizeof text + 3);
        evbuffer_free(input);
    }
}

static void octet_by_octet(void **state)
{
    (void)state;
    struct http_head head;
    struct evbuffer *input = evbuffer_new();
    for (size_t i = 0; i < sizeof text - 1; i++)
        append(input, text + i, 1);
    assert_int_equal(http_input_head(&head, HTTP_REQUEST, input), HTTP_FAULT_NONE);
    assert_true(http_text_is(http_head_only(&head, "x"), "y"));
    evbuffer_free(input);
}

/* The greatest that is allowed, one octet more, and one that never ends. */
static void too_long(void **state)
{
    (void)state;
    static char octets[HTTP_HEAD_MAX * 3];
    for (size_t len = HTTP_HEAD_MAX - 2; len <= HTTP_HEAD_MAX + 2; len++) {
        struct http_head head;
        struct evbuffer *input = evbuffer_new();
        memset(octets, 'a', sizeof octets);
        memcpy(octets, text, sizeof text - 5);
        memcpy(octets + len - 4, "\r\n\r\n", 4);
        append(input, octets, sizeof octets);
        enum http_fault fault = http_input_head(&head, HTTP_REQUEST, input);
        assert_int_equal(fault, len <= HTTP_HEAD_MAX ? HTTP_FAULT_NONE : HTTP_FAULT_HEAD_TOO_LONG);
        evbuffer_free(input);
    }
    struct http_head head;
    struct evbuffer *input = evbuffer_new();
    memset(octets, 'a', sizeof octets);
    append(input, octets, HTTP_HEAD_MAX - 1);
    assert_int_equal(http_input_head(&head, HTTP_REQUEST, input), HTTP_FAULT_PARTIAL);
    append(input, octets, 1);
    assert_int_equal(http_input_head(&head, HTTP_REQUEST, input), HTTP_FAULT_HEAD_TOO_LONG);
    evbuffer_free(input);
}

static void a_fault_is_told_at_once(void **state)
{
    (void)state;
    struct http_head head;
    struct evbuffer *input = evbuffer_new();
    append(input, "HTTP/2 200\r\n", 12);
    assert_int_equal(http_input_head(&head, HTTP_RESPONSE, input), HTTP_FAULT_VERSION);
    evbuffer_free(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(octet_by_octet),
        cmocka_unit_test(too_long),
        cmocka_unit_test(a_fault_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
