/* Heads written anew: what stays, what goes, what is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/http_rewrite.h"

static void read_head(struct http_head *head, enum http_kind kind, const char *text)
{
    enum http_fault fault = http_head_read(head, kind, text, strlen(text));
    if (fault != HTTP_FAULT_NONE)
        fail_msg("%s: %s", text, http_fault_text(fault));
}

static void expect_text(struct writer *w, const char *expected)
{
    assert_int_equal(w->error, STATUS_OK);
    w->start[w->used] = '\0';
    assert_string_equal((const char *)w->start, expected);
}

static void expect_request(const char *text, const char *path, bool keep, const char *expected)
{
    static char out[HTTP_REWRITE_MAX + 1];
    struct http_head head;
    struct http_framing framing;
    struct writer w = writer_over(out, HTTP_REWRITE_MAX);
    read_head(&head, HTTP_REQUEST, text);
    assert_int_equal(http_framing_of_request(&framing, &head), HTTP_FAULT_NONE);
    struct http_text target = path ? (struct http_text){path, strlen(path)} : head.target;
    http_rewrite_request(&w, &head, &framing, target, "cam.home.arpa", keep);
    expect_text(&w, expected);
}

static void expect_response(const char *request, const char *text, bool chunk, bool keep,
                            const char *expected)
{
    static char out[HTTP_REWRITE_MAX + 1];
    struct http_head head, asked;
    struct http_framing framing;
    struct writer w = writer_over(out, HTTP_REWRITE_MAX);
    read_head(&asked, HTTP_REQUEST, request);
    read_head(&head, HTTP_RESPONSE, text);
    assert_int_equal(http_framing_of_response(&framing, &head, &asked), HTTP_FAULT_NONE);
    http_rewrite_response(&w, &head, &framing, chunk, keep);
    expect_text(&w, expected);
}

#define GET  "GET / HTTP/1.1\r\nHost: cam\r\n\r\n"
#define HEAD "HEAD / HTTP/1.1\r\nHost: cam\r\n\r\n"
#define WEBSOCKET                                                                                  \
    "GET /live HTTP/1.1\r\nHost: cam\r\nOrigin: https://cam\r\nConnection: keep-alive, "           \
    "Upgrade\r\n"                                                                                  \
    "Upgrade: WebSocket\r\nSec-WebSocket-Key: x\r\n\r\n"

static void requests_are_written_anew(void **state)
{
    (void)state;
    expect_request("GET /a?b HTTP/1.1\r\nhOST: x\r\nCookie:a=b\r\nConnection: keep-alive\r\n\r\n",
                   NULL, true,
                   "GET /a?b HTTP/1.1\r\nHost: cam.home.arpa\r\nCookie: a=b\r\n"
                   "Connection: keep-alive\r\n\r\n");
    expect_request("GET / HTTP/1.0\r\n\r\n", NULL, false,
                   "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: close\r\n\r\n");
    expect_request("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 007\r\nA: \r\n\r\n", NULL, true,
                   "POST / HTTP/1.1\r\nHost: cam.home.arpa\r\nA: \r\nContent-Length: 7\r\n"
                   "Connection: keep-alive\r\n\r\n");
    expect_request("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", NULL, true,
                   "POST / HTTP/1.1\r\nHost: cam.home.arpa\r\nContent-Length: 0\r\n"
                   "Connection: keep-alive\r\n\r\n");
    expect_request("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n", NULL, true,
                   "POST / HTTP/1.1\r\nHost: cam.home.arpa\r\nTransfer-Encoding: chunked\r\n"
                   "Connection: keep-alive\r\n\r\n");
    expect_request("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", NULL, true,
                   "OPTIONS * HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: keep-alive\r\n\r\n");
    /* A field of that name would be dropped by whoever reads our Connection. */
    expect_request("GET / HTTP/1.1\r\nHost: x\r\nClose: now\r\n\r\n", NULL, false,
                   "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: close\r\n\r\n");
}

/* The target of an absolute form begins with a slash whatever follows the authority. */
static void paths_begin_with_a_slash(void **state)
{
    (void)state;
    expect_request(GET, "", true,
                   "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: keep-alive\r\n\r\n");
    expect_request(GET, "?a=/b", true,
                   "GET /?a=/b HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: keep-alive\r\n\r\n");
    expect_request(GET, "/b", true,
                   "GET /b HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: keep-alive\r\n\r\n");
}

static void what_is_of_one_connection_stays(void **state)
{
    (void)state;
    expect_request(
        "GET / HTTP/1.1\r\nHost: x\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n"
        "Proxy-Authorization: Basic eA==\r\nTE: trailers\r\nTrailer: A\r\nA: b\r\n"
        "HTTP2-Settings: AA\r\nConnection: close, x-one\r\nConnection:,X-Two ,\r\n"
        "X-One: 1\r\nx-tWO: 2\r\nX-Three: 3\r\nX-One-More: 4\r\n\r\n",
        NULL, true,
        "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\nA: b\r\nX-Three: 3\r\nX-One-More: 4\r\n"
        "Connection: keep-alive\r\n\r\n");
    expect_response(
        GET,
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nProxy-Status: x\r\n"
        "Proxy-Authentication-Info: y\r\nUpgrade: h2c\r\nConnection: Upgrade, Set-Cookie\r\n"
        "Set-Cookie: a=b\r\nTrailer: A\r\nKeep-Alive: timeout=5\r\nVia: me\r\n"
        "Content-Length: 3\r\n\r\n",
        true, true,
        "HTTP/1.1 407 \r\nVia: me\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n");
}

/* What says who asks, or what is asked for, goes through as it came. */
static void all_else_goes_on(void **state)
{
    (void)state;
    static const char fields[] =
        "Origin: https://cam\r\nReferer: https://cam/a\r\nCookie: a=b; Domain=c\r\n"
        "Authorization: Basic eDp5\r\nSec-Fetch-Site: same-origin\r\n"
        "Range: bytes=0-\r\nExpect: 100-continue\r\nAccept-Encoding: gzip\r\n"
        "If-None-Match: \"x\"\r\nUpgrade-Insecure-Requests: 1\r\n"
        "Alt-Svc: x\r\nX:\r\nX: y\r\n";
    char text[1024], expected[1024];
    (void)snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);
    (void)snprintf(expected, sizeof expected,
                   "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\n%sConnection: close\r\n\r\n", fields);
    char *empty = strstr(expected, "X:\r\n");
    memmove(empty + 3, empty + 2, strlen(empty + 2) + 1);
    empty[2] = ' ';
    expect_request(text, NULL, false, expected);
}

static void websockets_are_asked_for_and_granted(void **state)
{
    (void)state;
    expect_request(WEBSOCKET, NULL, true,
                   "GET /live HTTP/1.1\r\nHost: cam.home.arpa\r\nOrigin: https://cam\r\n"
                   "Sec-WebSocket-Key: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect_request("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", NULL,
                   true, "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: keep-alive\r\n\r\n");
    expect_response(WEBSOCKET,
                    "HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                    "Sec-WebSocket-Accept: y\r\nContent-Length: 9\r\n\r\n",
                    true, true,
                    "HTTP/1.1 101 \r\nSec-WebSocket-Accept: y\r\nConnection: Upgrade\r\n"
                    "Upgrade: websocket\r\n\r\n");
    expect_response(WEBSOCKET, "HTTP/1.1 403 No\r\nContent-Length: 0\r\nUpgrade: websocket\r\n\r\n",
                    true, true,
                    "HTTP/1.1 403 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

static void responses_say_their_end(void **state)
{
    (void)state;
    static const struct {
        const char *request, *text;
        bool chunk, keep;
        const char *expected;
    } table[] = {
        {GET, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", true, true,
         "HTTP/1.1 200 \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
        {GET, "HTTP/1.0 200 OK\r\n\r\n", true, true,
         "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"},
        {GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, false,
         "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
        /* Without chunks only the close can end them. */
        {GET, "HTTP/1.0 200 OK\r\n\r\n", false, true, "HTTP/1.1 200 \r\nConnection: close\r\n\r\n"},
        {GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, true,
         "HTTP/1.1 200 \r\nConnection: close\r\n\r\n"},
        {GET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true,
         "HTTP/1.1 200 \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
        /* Bodies that are not there. */
        {HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, true,
         "HTTP/1.1 200 \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
        {HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, true,
         "HTTP/1.1 200 \r\nConnection: keep-alive\r\n\r\n"},
        {HEAD, "HTTP/1.1 200 OK\r\n\r\n", true, true,
         "HTTP/1.1 200 \r\nConnection: keep-alive\r\n\r\n"},
        {GET, "HTTP/1.1 304 Not\r\nContent-Length: 5\r\nETag: x\r\n\r\n", true, true,
         "HTTP/1.1 304 \r\nETag: x\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
        {GET, "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", true, true,
         "HTTP/1.1 204 \r\nConnection: keep-alive\r\n\r\n"},
        {GET, "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", true, true,
         "HTTP/1.1 204 \r\nConnection: keep-alive\r\n\r\n"},
        {GET, "HTTP/1.1 100 Go\r\nContent-Length: 5\r\n\r\n", true, true, "HTTP/1.1 100 \r\n\r\n"},
        {GET, "HTTP/1.1 103 Hint\r\nLink: x\r\nConnection: close\r\n\r\n", true, true,
         "HTTP/1.1 103 \r\nLink: x\r\n\r\n"},
        {GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, true,
         "HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_response(table[i].request, table[i].text, table[i].chunk, table[i].keep,
                        table[i].expected);
}

static void promises_about_the_name_are_left_out(void **state)
{
    (void)state;
    static const char *const out[] = {
        "Strict-Transport-Security: max-age=31536000; includeSubDomains",
        "strict-transport-security:max-age=1",
        "Public-Key-Pins: x",
        "PUBLIC-KEY-PINS-REPORT-ONLY: x",
        "Expect-CT: max-age=1",
        "Alt-Svc: h3=\":443\"",
        "alt-svc: clear",
        "Set-Cookie2: a=b; Domain=home.arpa",
    };
    static const char *const kept[] = {
        "Clear-Site-Data: \"cache\"",     "Content-Security-Policy: default-src 'none'",
        "Access-Control-Allow-Origin: *", "Strict-Transport-Securit: x",
        "X-Strict-Transport-Security: x", "Location: https://other.home.arpa/",
        "Content-Encoding: gzip",         "Service-Worker-Allowed: /",
    };
    for (size_t i = 0; i < sizeof out / sizeof *out + sizeof kept / sizeof *kept; i++) {
        bool is_out = i < sizeof out / sizeof *out;
        const char *field = is_out ? out[i] : kept[i - sizeof out / sizeof *out];
        char text[256], expected[256];
        (void)snprintf(text, sizeof text, "HTTP/1.1 204 No\r\nA: 1\r\n%s\r\nB: 2\r\n\r\n", field);
        (void)snprintf(expected, sizeof expected,
                       "HTTP/1.1 204 \r\nA: 1\r\n%s%sB: 2\r\nConnection: close\r\n\r\n",
                       is_out ? "" : field, is_out ? "" : "\r\n");
        expect_response(GET, text, true, false, expected);
    }
}

/* RFC 6265, section 5.2: attributes are cut at ';', their names trimmed, in any case; quotes mean
 * nothing. */
static void cookies_lose_their_domain(void **state)
{
    (void)state;
    static const struct {
        const char *said, *expected;
    } table[] = {
        {"a=b", "a=b"},
        {"a=b; Domain=home.arpa", "a=b"},
        {"a=b;domain=home.arpa", "a=b"},
        {"a=b; DOMAIN=.maple.home.arpa; Path=/", "a=b; Path=/"},
        {"a=b; Path=/;dOmAiN=x;Secure", "a=b; Path=/;Secure"},
        {"a=b;\tDomain\t=\tx; HttpOnly", "a=b; HttpOnly"},
        {"a=b;   Domain   =   x", "a=b"},
        {"a=b; Domain", "a=b"},
        {"a=b ;Domain=x", "a=b"},
        {"a=b; Secure \t; Domain=x", "a=b; Secure"},
        {"a=b; Domain=", "a=b"},
        {"a=b; Domain==x", "a=b"},
        {"a=b; Domain=x; Domain=y; domain=z", "a=b"},
        {"a=\"b; Domain=x\"; Path=/", "a=\"b; Path=/"},
        {"a=b;; ;Domain=x;", "a=b;;;"},
        {"; Domain=x", ""},
        {"a; Domain=x; SameSite=None", "a; SameSite=None"},
        /* Not an attribute of that name. */
        {"Domain=x; Path=/", "Domain=x; Path=/"},
        {" domain = x ; Path=/", "domain = x; Path=/"},
        {"a=Domain=x", "a=Domain=x"},
        {"a=b; Path=/Domain=x", "a=b; Path=/Domain=x"},
        {"a=b; X-Domain=x; Domains=y", "a=b; X-Domain=x; Domains=y"},
        {"a=b; \"Domain\"=x", "a=b; \"Domain\"=x"},
        {"a=b, c=d; Domain=x", "a=b, c=d"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[256], expected[256];
        (void)snprintf(text, sizeof text,
                       "HTTP/1.1 204 No\r\nSET-cookie:%s\r\nSet-Cookie: z=1\r\n\r\n",
                       table[i].said);
        (void)snprintf(
            expected, sizeof expected,
            "HTTP/1.1 204 \r\nSET-cookie: %s\r\nSet-Cookie: z=1\r\nConnection: close\r\n\r\n",
            table[i].expected);
        expect_response(GET, text, true, false, expected);
    }
}

/* The longest heads with the most fields, of which each grows by a blank. */
static void the_room_is_enough(void **state)
{
    (void)state;
    static char text[HTTP_HEAD_MAX + 1], out[HTTP_REWRITE_MAX];
    char host[261];
    struct http_head head;
    struct http_framing framing;
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    strcpy(text, "GET ? HTTP/1.0\r\nContent-Length:1\r\n");
    for (size_t i = 0; i < HTTP_FIELDS_MAX - 2; i++)
        strcat(text, "a:b\r\n");
    strcat(text, "a:");
    memset(text + strlen(text), 'x', HTTP_HEAD_MAX - strlen(text));
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 5);
    read_head(&head, HTTP_REQUEST, text);
    assert_int_equal(http_framing_of_request(&framing, &head), HTTP_FAULT_NONE);
    struct writer w = writer_over(out, sizeof out);
    http_rewrite_request(&w, &head, &framing, head.target, host, true);
    assert_int_equal(w.error, STATUS_OK);
    for (size_t room = 0; room < w.used; room += 97) {
        struct writer narrow = writer_over(out, room);
        http_rewrite_request(&narrow, &head, &framing, head.target, host, true);
        assert_int_equal(narrow.error, STATUS_NO_SPACE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_written_anew),
        cmocka_unit_test(paths_begin_with_a_slash),
        cmocka_unit_test(what_is_of_one_connection_stays),
        cmocka_unit_test(all_else_goes_on),
        cmocka_unit_test(websockets_are_asked_for_and_granted),
        cmocka_unit_test(responses_say_their_end),
        cmocka_unit_test(promises_about_the_name_are_left_out),
        cmocka_unit_test(cookies_lose_their_domain),
        cmocka_unit_test(the_room_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
