/* Bodies of every framing carried from one stream to another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dane/proxy/relay.h"
#include "tests/unit/proxy/peers.h"

struct way {
    struct peer near, far; /* far ends of `from` and `to` */
    struct stream *from, *to;
    struct relay relay;
    enum status status;
    enum http_fault fault;
    bool pumps;
};

static void pump(void *context)
{
    struct way *way = context;
    if (way->pumps && way->status == STATUS_OK)
        way->status = relay_pump(&way->relay, way->from, way->to, &way->fault);
}

static void ignore(void *context)
{
    (void)context;
}

static void failed(void *context, enum status why)
{
    (void)context;
    fail_msg("a stream failed: %s", status_text(why));
}

static void open_way(struct way *way, enum http_framing_kind kind, uint64_t length, bool chunk)
{
    static const struct stream_handlers from = {
        .ready = ignore, .input = pump, .drained = ignore, .failed = failed};
    static const struct stream_handlers to = {
        .ready = ignore, .input = ignore, .drained = pump, .failed = failed};
    const struct http_framing framing = {.kind = kind, .length = length};
    memset(way, 0, sizeof *way);
    way->from = peer_stream(&way->near, &from, way);
    way->to = peer_stream(&way->far, &to, way);
    way->pumps = true;
    relay_begin(&way->relay, &framing, chunk);
}

static void close_way(struct way *way)
{
    stream_free(way->from);
    stream_free(way->to);
    peer_drop(&way->near);
    peer_drop(&way->far);
}

static size_t left_over(const struct way *way)
{
    return evbuffer_get_length(stream_input(way->from));
}

/* Sends the text in two pieces, cut at `cut`; then all that comes of it has come. */
static void send_cut(struct way *way, const char *text, size_t cut)
{
    if (cut > 0)
        peer_send(&way->near, text, cut);
    run_dry();
    if (text[cut] != '\0')
        peer_say(&way->near, text + cut);
    run_dry();
}

/* The content of a chunked body that has come as a whole. */
static void expect_content(const char *chunked, const char *expected)
{
    size_t at = 0;
    char *next;
    unsigned long len;
    while ((len = strtoul(chunked, &next, 16)) > 0) {
        assert_memory_equal(next, "\r\n", 2);
        assert_true(len <= strlen(expected) - at);
        assert_memory_equal(next + 2, expected + at, len);
        assert_memory_equal(next + 2 + len, "\r\n", 2);
        at += len;
        chunked = next + 4 + len;
    }
    assert_string_equal(chunked, "0\r\n\r\n");
    assert_int_equal(at, strlen(expected));
}

static void a_length(void **state)
{
    (void)state;
    static const char text[] = "helloNEXT";
    for (size_t cut = 0; cut < sizeof text; cut++) {
        struct way way;
        open_way(&way, HTTP_BODY_LENGTH, 5, false);
        send_cut(&way, text, cut);
        assert_int_equal(way.status, STATUS_OK);
        assert_true(way.relay.is_done);
        assert_string_equal(way.far.got, "hello");
        assert_int_equal(left_over(&way), 4);
        close_way(&way);
    }
}

static void no_body(void **state)
{
    (void)state;
    struct way way;
    open_way(&way, HTTP_BODY_NONE, 0, false);
    assert_true(way.relay.is_done);
    send_cut(&way, "NEXT", 0);
    assert_int_equal(way.status, STATUS_OK);
    assert_int_equal(way.far.len, 0);
    assert_int_equal(left_over(&way), 4);
    close_way(&way);
}

static const char chunks[] = "5;a=b\r\nhello\r\n06\r\n, you!\r\n0\r\nX: y\r\n\r\nNEXT";

static void chunks_are_made_anew(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof chunks; cut++) {
        struct way way;
        open_way(&way, HTTP_BODY_CHUNKED, 0, true);
        send_cut(&way, chunks, cut);
        assert_int_equal(way.status, STATUS_OK);
        assert_true(way.relay.is_done);
        expect_content(way.far.got, "hello, you!");
        assert_int_equal(left_over(&way), 4);
        close_way(&way);
    }
}

static void chunks_for_who_knows_none(void **state)
{
    (void)state;
    struct way way;
    open_way(&way, HTTP_BODY_CHUNKED, 0, false);
    send_cut(&way, chunks, 9);
    assert_true(way.relay.is_done);
    assert_string_equal(way.far.got, "hello, you!");
    close_way(&way);
}

/* The end of the connection is the body's; not before, and once. */
static void to_the_close(void **state)
{
    (void)state;
    for (int chunk = 0; chunk < 2; chunk++) {
        struct way way;
        open_way(&way, HTTP_BODY_TO_CLOSE, 0, chunk);
        send_cut(&way, "hello", 2);
        assert_false(way.relay.is_done);
        assert_null(strstr(way.far.got, "0\r\n\r\n"));
        peer_finish(&way.near);
        run_until(way.relay.is_done);
        run_dry();
        assert_int_equal(way.status, STATUS_OK);
        pump(&way);
        run_dry();
        if (chunk)
            expect_content(way.far.got, "hello");
        else
            assert_string_equal(way.far.got, "hello");
        close_way(&way);
    }
}

/* A body that ends before its end is never made whole. */
static void an_end_in_the_middle(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof chunks - 5; cut++) {
        struct way way;
        open_way(&way, HTTP_BODY_CHUNKED, 0, true);
        peer_send(&way.near, chunks, cut);
        peer_finish(&way.near);
        run_until(way.status != STATUS_OK);
        run_dry();
        assert_int_equal(way.status, STATUS_CLOSED);
        assert_false(way.relay.is_done);
        assert_null(strstr(way.far.got, "0\r\n\r\n"));
        close_way(&way);
    }
    struct way way;
    open_way(&way, HTTP_BODY_LENGTH, 6, false);
    peer_say(&way.near, "hello");
    peer_finish(&way.near);
    run_until(way.status != STATUS_OK);
    assert_int_equal(way.status, STATUS_CLOSED);
    close_way(&way);
}

static void no_chunks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum http_fault fault;
    } bad[] = {
        {"x\r\n", HTTP_FAULT_CHUNK},          {"5\nhello", HTTP_FAULT_CHUNK},
        {"1\r\nab", HTTP_FAULT_CHUNK},        {"-1\r\n", HTTP_FAULT_CHUNK},
        {"0\r\nX\n\r\n", HTTP_FAULT_TRAILER},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct way way;
        open_way(&way, HTTP_BODY_CHUNKED, 0, true);
        peer_say(&way.near, bad[i].text);
        run_until(way.status != STATUS_OK);
        run_dry();
        assert_int_equal(way.status, STATUS_MALFORMED);
        assert_int_equal(way.fault, bad[i].fault);
        assert_false(way.relay.is_done);
        assert_null(strstr(way.far.got, "0\r\n\r\n"));
        close_way(&way);
    }
}

/* Who does not read holds up who sends; then all of it comes. */
static void much_of_it(void **state)
{
    (void)state;
    struct way way;
    open_way(&way, HTTP_BODY_LENGTH, PEER_BULK, false);
    way.far.deaf = true;
    way.near.to_send = PEER_BULK;
    for (int i = 0; i < 300; i++)
        peers_turn();
    assert_true(way.near.sent < PEER_BULK);
    assert_true(stream_output_len(way.to) <= STREAM_OUTPUT_FULL + STREAM_INPUT_MAX + 65536);
    assert_true(left_over(&way) <= STREAM_INPUT_MAX + 65536);
    way.far.deaf = false;
    run_until(way.far.len == PEER_BULK);
    assert_true(way.relay.is_done);
    peer_check_bulk(&way.far, 0, PEER_BULK);
    close_way(&way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length),
        cmocka_unit_test(no_body),
        cmocka_unit_test(chunks_are_made_anew),
        cmocka_unit_test(chunks_for_who_knows_none),
        cmocka_unit_test(to_the_close),
        cmocka_unit_test(an_end_in_the_middle),
        cmocka_unit_test(no_chunks),
        cmocka_unit_test(much_of_it),
    };
    return cmocka_run_group_tests(tests, peers_open, peers_close);
}
