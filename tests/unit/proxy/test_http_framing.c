/* Where a body ends, and who may switch protocols (RFC 9112, section 6; RFC 9110, section 7.8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/http_framing.h"

#define POST      "POST / HTTP/1.1\r\nHost: cam\r\n"
#define CL(value) POST "Content-Length:" value "\r\n\r\n"
#define TE(value) POST "Transfer-Encoding:" value "\r\n\r\n"
#define OK        "HTTP/1.1 200 OK\r\n"
#define WEBSOCKET                                                                                  \
    "GET /live HTTP/1.1\r\nHost: cam\r\nOrigin: https://cam\r\nConnection: keep-alive, "           \
    "Upgrade\r\n"                                                                                  \
    "Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
#define SWITCHED "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"

static void read_head(struct http_head *head, enum http_kind kind, const char *text)
{
    enum http_fault fault = http_head_read(head, kind, text, strlen(text));
    if (fault != HTTP_FAULT_NONE)
        fail_msg("%s: %s", text, http_fault_text(fault));
}

static const struct {
    const char *text;
    enum http_fault fault;
    enum http_framing_kind kind;
    uint64_t length;
} requests[] = {
    {POST "\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
    {CL(" 0"), HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
    {CL("5"), HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 5},
    {CL(" \t 5 \t"), HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 5},
    {CL(" 0005"), HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 5},
    {CL(" 4611686018427387904"), HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 1ULL << 62},
    {TE(" chunked"), HTTP_FAULT_NONE, HTTP_BODY_CHUNKED, 0},
    {TE("\tChunKed\t"), HTTP_FAULT_NONE, HTTP_BODY_CHUNKED, 0},
    {"GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 3},
    /* Lengths with a second reading. */
    {CL(""), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" +5"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" -5"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 5 5"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 5, 5"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 5,"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 5;"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 5.0"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 0x5"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 5e0"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" \"5\""), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" five"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" \xc2\xa0"
        "5"),
     HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 4611686018427387905"), HTTP_FAULT_LENGTH, 0, 0},
    {CL(" 18446744073709551621"), HTTP_FAULT_LENGTH, 0, 0},
    {POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", HTTP_FAULT_LENGTHS, 0, 0},
    {POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", HTTP_FAULT_LENGTHS, 0, 0},
    {POST "Content-Length: x\r\ncontent-length: 6\r\n\r\n", HTTP_FAULT_LENGTHS, 0, 0},
    /* CL.TE and TE.CL. */
    {POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_LENGTH_AND_CODING,
     0, 0},
    {POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", HTTP_FAULT_LENGTH_AND_CODING,
     0, 0},
    {POST "Transfer-Encoding: x\r\nContent-Length: 0\r\n\r\n", HTTP_FAULT_LENGTH_AND_CODING, 0, 0},
    {POST "Transfer-Encoding:\r\nContent-Length: 0\r\n\r\n", HTTP_FAULT_LENGTH_AND_CODING, 0, 0},
    /* TE.TE. */
    {TE(""), HTTP_FAULT_CODING, 0, 0},
    {TE(" identity"), HTTP_FAULT_CODING, 0, 0},
    {TE(" xchunked"), HTTP_FAULT_CODING, 0, 0},
    {TE(" chunked, chunked"), HTTP_FAULT_CODING, 0, 0},
    {TE(" gzip, chunked"), HTTP_FAULT_CODING, 0, 0},
    {TE(" chunked, identity"), HTTP_FAULT_CODING, 0, 0},
    {TE(" chunked,"), HTTP_FAULT_CODING, 0, 0},
    {TE(" ,chunked"), HTTP_FAULT_CODING, 0, 0},
    {TE(" chunked;q=1"), HTTP_FAULT_CODING, 0, 0},
    {TE(" \"chunked\""), HTTP_FAULT_CODING, 0, 0},
    {TE(" 'chunked'"), HTTP_FAULT_CODING, 0, 0},
    {TE(" chunk ed"), HTTP_FAULT_CODING, 0, 0},
    {TE(" chun\xc4\xb1"
        "ed"),
     HTTP_FAULT_CODING, 0, 0},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", HTTP_FAULT_CODING, 0, 0},
    {POST "Transfer-Encoding: x\r\ntransfer-encoding: chunked\r\n\r\n", HTTP_FAULT_CODING, 0, 0},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_CODING, 0,
     0},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_CODING, 0, 0},
};

static void requests_have_one_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct http_head head;
        struct http_framing framing;
        read_head(&head, HTTP_REQUEST, requests[i].text);
        enum http_fault fault = http_framing_of_request(&framing, &head);
        if (fault != requests[i].fault)
            fail_msg("%s: %s", requests[i].text, http_fault_text(fault));
        if (fault == HTTP_FAULT_NONE) {
            assert_int_equal(framing.kind, requests[i].kind);
            assert_true(framing.length == requests[i].length);
        }
    }
}

static void responses_end_by_their_request_and_status(void **state)
{
    (void)state;
    static const char get[] = "GET / HTTP/1.1\r\nHost: cam\r\n\r\n";
    static const char head_of[] = "HEAD / HTTP/1.1\r\nHost: cam\r\n\r\n";
    static const char websocket[] = WEBSOCKET "\r\n";
    static const struct {
        const char *request, *text;
        enum http_fault fault;
        enum http_framing_kind kind;
        uint64_t length;
    } table[] = {
        {get, OK "\r\n", HTTP_FAULT_NONE, HTTP_BODY_TO_CLOSE, 0},
        {get, OK "Connection: keep-alive\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_TO_CLOSE, 0},
        {get, OK "Content-Length: 0\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
        {get, OK "Content-Length: 7\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 7},
        {get, OK "Transfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_CHUNKED, 0},
        {get, "HTTP/1.0 200 OK\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_TO_CLOSE, 0},
        {get, "HTTP/1.1 205 Reset\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_TO_CLOSE, 0},
        {get, "HTTP/1.1 302 \r\nContent-Length: 3\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 3},
        {head_of, OK "\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
        {head_of, OK "Content-Length: 7\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
        {head_of, OK "Transfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
        {get, "HTTP/1.1 100 Continue\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
        {get, "HTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE,
         0},
        {get, "HTTP/1.1 199 \r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_NONE,
         HTTP_BODY_NONE, 0},
        {get, "HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
        {get, "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_NONE,
         HTTP_BODY_NONE, 0},
        {get, "HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_NONE, 0},
        /* Two readings are refused even where there can be no body. */
        {get, OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", HTTP_FAULT_LENGTHS, 0, 0},
        {get, OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         HTTP_FAULT_LENGTH_AND_CODING, 0, 0},
        {get, OK "Transfer-Encoding: gzip, chunked\r\n\r\n", HTTP_FAULT_CODING, 0, 0},
        {get, OK "Transfer-Encoding: gzip\r\n\r\n", HTTP_FAULT_CODING, 0, 0},
        {get, OK "Content-Length: -1\r\n\r\n", HTTP_FAULT_LENGTH, 0, 0},
        {get, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FAULT_CODING, 0, 0},
        {head_of, OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", HTTP_FAULT_LENGTHS, 0, 0},
        {get, "HTTP/1.1 304 Not\r\nContent-Length: x\r\n\r\n", HTTP_FAULT_LENGTH, 0, 0},
        /* 101. */
        {websocket, SWITCHED "\r\n", HTTP_FAULT_NONE, HTTP_BODY_SWITCHED, 0},
        {websocket, SWITCHED "Content-Length: 4\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_SWITCHED, 0},
        {websocket, OK "Content-Length: 4\r\n\r\n", HTTP_FAULT_NONE, HTTP_BODY_LENGTH, 4},
        {get, SWITCHED "\r\n", HTTP_FAULT_SWITCH, 0, 0},
        {head_of, SWITCHED "\r\n", HTTP_FAULT_SWITCH, 0, 0},
        {websocket, "HTTP/1.1 101 \r\n\r\n", HTTP_FAULT_SWITCH, 0, 0},
        {websocket, "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n", HTTP_FAULT_SWITCH, 0, 0},
        {websocket, "HTTP/1.1 101 \r\nConnection: Upgrade\r\n\r\n", HTTP_FAULT_SWITCH, 0, 0},
        {websocket, "HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
         HTTP_FAULT_SWITCH, 0, 0},
        {websocket, SWITCHED "Upgrade: h2c\r\n\r\n", HTTP_FAULT_SWITCH, 0, 0},
        {websocket, "HTTP/1.0 101 \r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         HTTP_FAULT_SWITCH, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_head request, head;
        struct http_framing framing;
        read_head(&request, HTTP_REQUEST, table[i].request);
        read_head(&head, HTTP_RESPONSE, table[i].text);
        enum http_fault fault = http_framing_of_response(&framing, &head, &request);
        if (fault != table[i].fault)
            fail_msg("%s: %s", table[i].text, http_fault_text(fault));
        if (fault == HTTP_FAULT_NONE) {
            assert_int_equal(framing.kind, table[i].kind);
            assert_true(framing.length == table[i].length);
        }
    }
}

static void connections_are_kept_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool expected;
    } table[] = {
        {OK "\r\n", true},
        {OK "Connection: close\r\n\r\n", false},
        {OK "Connection: keep-alive, CLOSE\r\n\r\n", false},
        {OK "Connection: keep-alive\r\nConnection: x,close\r\n\r\n", false},
        {OK "Connection: closed\r\n\r\n", true},
        {"HTTP/1.0 200 OK\r\n\r\n", false},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\n", false},
        {"HTTP/1.0 200 OK\r\nKeep-Alive: timeout=5\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_head head;
        read_head(&head, HTTP_RESPONSE, table[i].text);
        assert_int_equal(http_framing_keeps_alive(&head), table[i].expected);
    }
}

static void only_websockets_are_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool expected;
    } table[] = {
        {WEBSOCKET "\r\n", true},
        {"GET / HTTP/1.1\r\nHost: cam\r\nCONNECTION: upgrade\r\nUPGRADE: WebSocket\r\n\r\n", true},
        {WEBSOCKET "Upgrade: websocket\r\n\r\n", false},
        {WEBSOCKET "Upgrade: h2c\r\n\r\n", false},
        {WEBSOCKET "Content-Length: 5\r\n\r\n", false},
        {WEBSOCKET "Content-Length: 0\r\n\r\n", false},
        {WEBSOCKET "Transfer-Encoding: chunked\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: cam\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: cam\r\nUpgrade: websocket\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: cam\r\nConnection: Upgrade\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: cam\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: cam\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
         false},
        {"GET / HTTP/1.1\r\nHost: cam\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: cam\r\nConnection: Upgrade\r\nUpgrade: websocket/13\r\n\r\n",
         false},
        {"GET / HTTP/1.1\r\nHost: cam\r\nConnection: Upgrade\r\nUpgrade:\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nHost: cam\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false},
        {"POST / HTTP/1.1\r\nHost: cam\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         false},
        {"get / HTTP/1.1\r\nHost: cam\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_head head;
        read_head(&head, HTTP_REQUEST, table[i].text);
        if (http_framing_asks_websocket(&head) != table[i].expected)
            fail_msg("%s", table[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_have_one_end),
        cmocka_unit_test(responses_end_by_their_request_and_status),
        cmocka_unit_test(connections_are_kept_or_not),
        cmocka_unit_test(only_websockets_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
