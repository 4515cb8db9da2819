/* Heads: what is read, what is refused and by which rule (RFC 9112, sections 2 to 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/http_head.h"

#define REQUEST(text, fault)                                                                       \
    {                                                                                              \
        HTTP_REQUEST, text, sizeof(text) - 1, HTTP_FAULT_##fault                                   \
    }
#define RESPONSE(text, fault)                                                                      \
    {                                                                                              \
        HTTP_RESPONSE, text, sizeof(text) - 1, HTTP_FAULT_##fault                                  \
    }
#define H "Host: cam\r\n"

struct row {
    enum http_kind kind;
    const char *text;
    size_t len;
    enum http_fault fault;
};

static const struct row good[] = {
    REQUEST("GET / HTTP/1.1\r\nHost: cam\r\n\r\n", NONE),
    REQUEST("\r\nGET / HTTP/1.1\r\nHost: cam\r\n\r\n", NONE),
    REQUEST("GET / HTTP/1.1\r\nHOST:cam\r\n\r\n", NONE),
    REQUEST("GET / HTTP/1.1\r\nHost:\r\n\r\n", NONE),
    REQUEST("GET / HTTP/1.0\r\n\r\n", NONE),
    REQUEST("GET / HTTP/1.0\r\nHost: cam\r\n\r\n", NONE),
    REQUEST("M-SEARCH * HTTP/1.1\r\n" H "\r\n", NONE),
    REQUEST("CONNECT cam:443 HTTP/1.1\r\n" H "\r\n", NONE),
    REQUEST("GET http://cam/a?b=c&d=%20~ HTTP/1.1\r\n" H "\r\n", NONE),
    REQUEST("GET / HTTP/1.1\r\n" H "A: \t x y\tz \t\r\n\r\n", NONE),
    REQUEST("GET / HTTP/1.1\r\n" H "A: \x80\xff\xc3\xa4\r\n\r\n", NONE),
    REQUEST("GET / HTTP/1.1\r\n" H "A:\r\nA: :\r\n!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n", NONE),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: close, keep-alive,TE,Upgrade , X-Own\r\n\r\n",
            NONE),
    RESPONSE("HTTP/1.1 200 OK\r\n\r\n", NONE),
    RESPONSE("HTTP/1.0 404 Not \xfc ber\t\r\nA: b\r\n\r\n", NONE),
    RESPONSE("HTTP/1.1 100 \r\n\r\n", NONE),
    RESPONSE("HTTP/1.1 599\r\n\r\n", NONE),
    RESPONSE("HTTP/1.1 200 OK\r\nHost: a\r\nHost: b\r\n\r\n", NONE),
    RESPONSE("HTTP/1.1 200 OK\r\nConnection: Set-Cookie, Cookie\r\n\r\n", NONE),
};

static const struct row bad[] = {
    /* Line ends. */
    REQUEST("GET / HTTP/1.1\nHost: cam\n\n", LINE_END),
    REQUEST("GET / HTTP/1.1\r\nHost: cam\n\r\n", LINE_END),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\nTransfer-Encoding: chunked\r\n\r\n", LINE_END),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", LINE_END),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\r\r\n\r\n", LINE_END),
    REQUEST("GET / HTTP/1.1\r\n" H "\n", LINE_END),
    REQUEST("GET / HTTP/1.1\r\n" H "\r\r\n", LINE_END),
    REQUEST("GET /\r HTTP/1.1\r\n" H "\r\n", LINE_END),
    REQUEST("\nGET / HTTP/1.1\r\n" H "\r\n", LINE_END),
    REQUEST("\rGET / HTTP/1.1\r\n" H "\r\n", LINE_END),
    /* The first line. */
    REQUEST("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET /\r\n\r\n", START_LINE),
    REQUEST("GET\r\n\r\n", START_LINE),
    REQUEST("GET  / HTTP/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET /  HTTP/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET / HTTP/1.1 \r\n" H "\r\n", START_LINE),
    REQUEST("GET / HTTP/1.1 HTTP/1.1\r\n" H "\r\n", START_LINE),
    REQUEST(" GET / HTTP/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET\t/\tHTTP/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET /a b HTTP/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET / http/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET / HTTP\r\n" H "\r\n", START_LINE),
    REQUEST("GET / HTTPS/1.1\r\n" H "\r\n", START_LINE),
    REQUEST("GET / \r\n" H "\r\n", START_LINE),
    REQUEST("GET / HTTP/0.9\r\n" H "\r\n", VERSION),
    REQUEST("GET / HTTP/1.2\r\n" H "\r\n", VERSION),
    REQUEST("GET / HTTP/1.10\r\n" H "\r\n", VERSION),
    REQUEST("GET / HTTP/01.1\r\n" H "\r\n", VERSION),
    REQUEST("GET / HTTP/1.1\t\r\n" H "\r\n", VERSION),
    REQUEST("GET / HTTP/1.1\0\r\n" H "\r\n", VERSION),
    REQUEST("GET / HTTP/2\r\n" H "\r\n", VERSION),
    REQUEST("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", VERSION),
    REQUEST("G(ET / HTTP/1.1\r\n" H "\r\n", METHOD),
    REQUEST("G\0ET / HTTP/1.1\r\n" H "\r\n", METHOD),
    REQUEST("\x16\x03\x01 / HTTP/1.1\r\n" H "\r\n", METHOD),
    REQUEST("GET: / HTTP/1.1\r\n" H "\r\n", METHOD),
    REQUEST("GET /\t HTTP/1.1\r\n" H "\r\n", TARGET),
    REQUEST("GET /\0 HTTP/1.1\r\n" H "\r\n", TARGET),
    REQUEST("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", TARGET),
    REQUEST("GET /\x7f HTTP/1.1\r\n" H "\r\n", TARGET),
    REQUEST("GET /a#b HTTP/1.1\r\n" H "\r\n", TARGET),
    REQUEST("GET # HTTP/1.1\r\n" H "\r\n", TARGET),
    RESPONSE("\r\nHTTP/1.1 200 OK\r\n\r\n", START_LINE),
    RESPONSE("HTTP/1.1\r\n\r\n", START_LINE),
    RESPONSE("ICY 200 OK\r\n\r\n", START_LINE),
    RESPONSE("200 OK\r\n\r\n", START_LINE),
    RESPONSE("<html>\r\n\r\n", START_LINE),
    RESPONSE("HTTP/1.1 200 O\0K\r\n\r\n", START_LINE),
    RESPONSE("HTTP/1.1 200 O\x7fK\r\n\r\n", START_LINE),
    RESPONSE(" HTTP/1.1 200 OK\r\n\r\n", START_LINE),
    RESPONSE("HTTP/2 200 OK\r\n\r\n", VERSION),
    RESPONSE("HTTP/1.11 200 OK\r\n\r\n", VERSION),
    RESPONSE("HTTP/1.1 2OO OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1  200 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 099 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 600 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 999 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 20 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 2000 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 0200 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 +20 OK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 200\tOK\r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 \r\n\r\n", STATUS),
    RESPONSE("HTTP/1.1 200 OK\n\n", LINE_END),
    /* Fields. */
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", FOLDED),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", FOLDED),
    REQUEST("GET / HTTP/1.1\r\n Host: cam\r\n\r\n", FOLDED),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\r\n \r\n\r\n", FOLDED),
    RESPONSE("HTTP/1.1 200 OK\r\nA: b\r\n Content-Length: 5\r\n\r\n", FOLDED),
    REQUEST("GET / HTTP/1.1\r\nHost : cam\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\nHost\t: cam\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "Transfer-Encoding\0: chunked\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "Transfer-Encoding\v: chunked\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "\xef\xbb\xbf"
            "A: b\r\n\r\n",
            FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H ": b\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "A\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "\"A\": b\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "A B: c\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "A\xe4: c\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "GET / HTTP/1.1\r\n\r\n", FIELD_NAME),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\0c\r\n\r\n", FIELD_VALUE),
    REQUEST("GET / HTTP/1.1\r\n" H "A: \vb\r\n\r\n", FIELD_VALUE),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\x7f\r\n\r\n", FIELD_VALUE),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\x01\r\n\r\n", FIELD_VALUE),
    REQUEST("GET / HTTP/1.1\r\n" H "A: b\x1f\r\n\r\n", FIELD_VALUE),
    RESPONSE("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", FIELD_VALUE),
    RESPONSE("HTTP/1.1 200 OK\r\nSet-Cookie : a\r\n\r\n", FIELD_NAME),
    /* Host. */
    REQUEST("GET / HTTP/1.1\r\n\r\n", HOST),
    REQUEST("GET http://cam/ HTTP/1.1\r\n\r\n", HOST),
    REQUEST("GET / HTTP/1.1\r\n" H H "\r\n", HOST),
    REQUEST("GET / HTTP/1.1\r\n" H "HOST: evil\r\n\r\n", HOST),
    REQUEST("GET / HTTP/1.0\r\n" H "host:\r\n\r\n", HOST),
    REQUEST("GET / HTTP/1.1\r\nX-Host: cam\r\n\r\n", HOST),
    /* Connection takes away what a request is judged by. */
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: Host\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: close, origin\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: close\r\nCONNECTION:\tCookie \r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: ,,Content-Length,,\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: Referer\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: authorization\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: content-TYPE\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: Sec-Fetch-Site\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: Sec-Fetch-Mode\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: Sec-Fetch-Dest\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.1\r\n" H "Connection: Upgrade, Sec-WebSocket-Key\r\n\r\n", CONNECTION),
    REQUEST("GET / HTTP/1.0\r\nConnection: Sec-WebSocket-Version\r\n\r\n", CONNECTION),
};

/* In a block of exactly their size, so that a look beyond is seen. */
static enum http_fault read_copy(const struct row *row, size_t len)
{
    char *octets = malloc(len + 1);
    struct http_head head;
    memcpy(octets, row->text, len);
    enum http_fault fault = http_head_read(&head, row->kind, octets, len);
    free(octets);
    return fault;
}

static void whole_heads_are_read_and_parts_waited_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct http_head head;
        char longer[512];
        for (size_t len = 0; len < good[i].len; len++)
            assert_int_equal(read_copy(&good[i], len), HTTP_FAULT_PARTIAL);
        memcpy(longer, good[i].text, good[i].len);
        memcpy(longer + good[i].len, "\n\0 body", 7);
        for (size_t more = 0; more <= 7; more++) {
            assert_int_equal(http_head_read(&head, good[i].kind, longer, good[i].len + more),
                             HTTP_FAULT_NONE);
            assert_int_equal(head.len, good[i].len);
        }
    }
}

static void each_rule_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum http_fault fault = read_copy(&bad[i], bad[i].len);
        if (fault != bad[i].fault)
            fail_msg("%s: %s", bad[i].text, http_fault_text(fault));
        for (size_t len = 0; len < bad[i].len;
             len++) { /* no prefix is taken, nor refused otherwise */
            fault = read_copy(&bad[i], len);
            assert_true(fault == HTTP_FAULT_PARTIAL || fault == bad[i].fault);
        }
    }
}

static void the_parts_are_what_stands_there(void **state)
{
    (void)state;
    static const char text[] =
        "POST /a?b HTTP/1.1\r\nHost: Cam:8443\r\nA:\t x y \r\nb: \r\na: 2\r\n\r\n";
    struct http_head head;
    assert_int_equal(http_head_read(&head, HTTP_REQUEST, text, sizeof text - 1), HTTP_FAULT_NONE);
    assert_int_equal(head.kind, HTTP_REQUEST);
    assert_int_equal(head.minor, 1);
    assert_true(http_text_is(head.method, "POST"));
    assert_true(http_text_is(head.target, "/a?b"));
    assert_int_equal(head.field_count, 4);
    assert_true(http_text_is(head.fields[1].value, "x y"));
    assert_true(http_text_is(http_head_field(&head, "A", 1)->value, "2"));
    assert_null(http_head_field(&head, "a", 2));
    assert_null(http_head_only(&head, "a").at);
    assert_null(http_head_only(&head, "c").at);
    assert_non_null(http_head_only(&head, "b").at);
    assert_int_equal(http_head_only(&head, "b").len, 0);
    assert_true(http_text_is(http_head_only(&head, "host"), "Cam:8443"));
}

static void a_response_has_its_status(void **state)
{
    (void)state;
    struct http_head head;
    assert_int_equal(http_head_read(&head, HTTP_RESPONSE, "HTTP/1.0 304 A: b\r\n\r\nHTTP", 25),
                     HTTP_FAULT_NONE);
    assert_int_equal(head.minor, 0);
    assert_int_equal(head.status, 304);
    assert_int_equal(head.field_count, 0);
    assert_int_equal(head.len, 21);
}

static void lists_are_looked_through(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\n" H "Connection: a, ,Upgrade\t,b c\r\n"
                               "connection:\r\nCONNECTION: Keep-Alive\r\n\r\n";
    struct http_head head;
    assert_int_equal(http_head_read(&head, HTTP_REQUEST, text, sizeof text - 1), HTTP_FAULT_NONE);
    assert_true(http_head_lists(&head, "Connection", "upgrade"));
    assert_true(http_head_lists(&head, "Connection", "keep-alive"));
    assert_true(http_head_lists(&head, "Connection", "A"));
    assert_false(http_head_lists(&head, "Connection", "b"));
    assert_false(http_head_lists(&head, "Connection", "close"));
    assert_false(http_head_lists(&head, "TE", "a"));
}

static void only_paths_are_for_devices(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool expected;
    } table[] = {
        {"GET / HTTP/1.1", true},
        {"GET //cam/../a HTTP/1.1", true},
        {"OPTIONS * HTTP/1.1", true},
        {"OPTIONS /a HTTP/1.1", true},
        {"GET * HTTP/1.1", false},
        {"options * HTTP/1.1", false},
        {"OPTIONS ** HTTP/1.1", false},
        {"GET http://cam/ HTTP/1.1", false},
        {"GET https://cam/ HTTP/1.1", false},
        {"GET ?a HTTP/1.1", false},
        {"GET cam:443 HTTP/1.1", false},
        {"CONNECT cam:443 HTTP/1.1", false},
        {"GET \\\\cam HTTP/1.1", false},
        {"GET a HTTP/1.1", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_head head;
        char text[128];
        int len = snprintf(text, sizeof text, "%s\r\nHost: cam\r\n\r\n", table[i].line);
        assert_int_equal(http_head_read(&head, HTTP_REQUEST, text, (size_t)len), HTTP_FAULT_NONE);
        assert_int_equal(http_head_is_to_path(&head), table[i].expected);
    }
}

static void fields_are_counted(void **state)
{
    (void)state;
    static char text[4096];
    struct http_head head;
    for (size_t count = HTTP_FIELDS_MAX - 1; count <= HTTP_FIELDS_MAX + 1; count++) {
        strcpy(text, "HTTP/1.1 200 OK\r\n");
        for (size_t i = 0; i < count; i++)
            strcat(text, "a: b\r\n");
        strcat(text, "\r\n");
        assert_int_equal(http_head_read(&head, HTTP_RESPONSE, text, strlen(text)),
                         count > HTTP_FIELDS_MAX ? HTTP_FAULT_TOO_MANY_FIELDS : HTTP_FAULT_NONE);
    }
}

static void the_length_is_bounded(void **state)
{
    (void)state;
    static const char start[] = "HTTP/1.1 200 OK\r\nA: ";
    struct http_head head;
    for (size_t len = HTTP_HEAD_MAX - 1; len <= HTTP_HEAD_MAX + 1; len++) {
        char *text = malloc(len);
        memset(text, 'x', len);
        memcpy(text, start, sizeof start - 1);
        assert_int_equal(http_head_read(&head, HTTP_RESPONSE, text, len),
                         len < HTTP_HEAD_MAX ? HTTP_FAULT_PARTIAL : HTTP_FAULT_HEAD_TOO_LONG);
        memcpy(text + len - 4, "\r\n\r\n", 4);
        assert_int_equal(http_head_read(&head, HTTP_RESPONSE, text, len),
                         len > HTTP_HEAD_MAX ? HTTP_FAULT_HEAD_TOO_LONG : HTTP_FAULT_NONE);
        free(text);
    }
    assert_int_equal(http_head_read(&head, HTTP_RESPONSE, NULL, 0), HTTP_FAULT_PARTIAL);
}

static void every_fault_has_a_text(void **state)
{
    (void)state;
    for (int fault = 0; fault < HTTP_FAULT_COUNT; fault++)
        assert_true(strlen(http_fault_text((enum http_fault)fault)) > 0);
    assert_non_null(http_fault_text(HTTP_FAULT_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_heads_are_read_and_parts_waited_for),
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(the_parts_are_what_stands_there),
        cmocka_unit_test(a_response_has_its_status),
        cmocka_unit_test(lists_are_looked_through),
        cmocka_unit_test(only_paths_are_for_devices),
        cmocka_unit_test(fields_are_counted),
        cmocka_unit_test(the_length_is_bounded),
        cmocka_unit_test(every_fault_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
