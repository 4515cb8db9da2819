/* Bodies: their content comes out the same however the octets are cut, and nothing beyond their end
 * is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/http_body.h"

/* What came out of a body. */
struct result {
    enum http_fault fault;
    bool is_done;
    char content[65536];
    size_t len;  /* of the content */
    size_t left; /* octets that were not taken */
};

static const struct http_framing chunked = {.kind = HTTP_BODY_CHUNKED};

static void take(struct result *result, struct http_body *body, const char *octets, size_t len)
{
    /* In a block of exactly their size, so that a look beyond is seen. */
    char *copy = malloc(len + (len == 0));
    memcpy(copy, octets, len);
    const char *at = copy;
    struct http_text piece;
    size_t left = len;
    do {
        result->fault = http_body_next(body, &at, &left, &piece);
        assert_ptr_equal(at + left, copy + len);
        if (result->fault != HTTP_FAULT_NONE)
            break;
        assert_true(result->len + piece.len <= sizeof result->content);
        if (piece.len > 0)
            memcpy(result->content + result->len, piece.at, piece.len);
        result->len += piece.len;
    } while (piece.len > 0);
    result->is_done = body->is_done;
    result->left = left;
    free(copy);
}

/* The octets in pieces of `step`; 0: at once. Stops at the end of the body or at a fault. */
static void read_body(struct result *result, const struct http_framing *framing, const char *octets,
                      size_t len, size_t step)
{
    struct http_body body;
    size_t at = 0;
    memset(result, 0, sizeof *result);
    http_body_begin(&body, framing);
    result->is_done = body.is_done;
    result->left = len;
    while (at < len && !result->is_done && result->fault == HTTP_FAULT_NONE) {
        size_t piece = step > 0 && step < len - at ? step : len - at;
        take(result, &body, octets + at, piece);
        at += piece;
        result->left += len - at;
    }
}

#define CHUNKS(text, content, left)                                                                \
    {                                                                                              \
        text, sizeof(text) - 1, content, left                                                      \
    }

static void chunks_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *content;
        size_t left;
    } table[] = {
        CHUNKS("0\r\n\r\n", "", 0),
        CHUNKS("5\r\nhello\r\n0\r\n\r\n", "hello", 0),
        CHUNKS("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /", "hello world", 5),
        CHUNKS("a\r\n0123456789\r\nA\r\n0123456789\r\n00\r\n\r\n", "01234567890123456789", 0),
        CHUNKS("000000000000005\r\nhello\r\n000000000000000\r\n\r\n", "hello", 0),
        CHUNKS("5;a\r\nhello\r\n0;b=c;d=\"e\"\r\n\r\n", "hello", 0),
        CHUNKS("5;\r\nhello\r\n0; \t\r\n\r\n", "hello", 0),
        CHUNKS("5;a=\"\xc3\xa4;\"\r\nhello\r\n0\r\n\r\n", "hello", 0),
        CHUNKS("2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0),
        CHUNKS("0\r\nA: b\r\n\r\n", "", 0),
        CHUNKS("0\r\nA: b\r\nContent-Length: 50\r\n c\r\n\r\n\r\n", "", 2),
        CHUNKS("1\r\nx\r\n0\r\n\r\n0\r\n\r\n", "x", 5),
    };
    static struct result result;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (size_t step = 0; step <= table[i].len; step++) {
            read_body(&result, &chunked, table[i].text, table[i].len, step);
            assert_int_equal(result.fault, HTTP_FAULT_NONE);
            assert_true(result.is_done);
            assert_int_equal(result.left, table[i].left);
            assert_int_equal(result.len, strlen(table[i].content));
            assert_memory_equal(result.content, table[i].content, result.len);
        }
        for (size_t len = 0; len < table[i].len - table[i].left;
             len++) { /* cut short is not whole */
            read_body(&result, &chunked, table[i].text, len, 0);
            assert_int_equal(result.fault, HTTP_FAULT_NONE);
            assert_false(result.is_done);
        }
    }
}

#define REFUSED(text, fault)                                                                       \
    {                                                                                              \
        text, sizeof(text) - 1, HTTP_FAULT_##fault                                                 \
    }

static void tricks_with_chunks_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        enum http_fault fault;
    } table[] = {
        /* Sizes. */
        REFUSED("\r\nhello", CHUNK),
        REFUSED("0x5\r\nhello\r\n", CHUNK),
        REFUSED("0X5\r\nhello\r\n", CHUNK),
        REFUSED("+5\r\nhello\r\n", CHUNK),
        REFUSED("-5\r\nhello\r\n", CHUNK),
        REFUSED(" 5\r\nhello\r\n", CHUNK),
        REFUSED("5 \r\nhello\r\n", CHUNK),
        REFUSED("5\t;a\r\nhello\r\n", CHUNK),
        REFUSED("5_0\r\nhello\r\n", CHUNK),
        REFUSED("5,5\r\nhello\r\n", CHUNK),
        REFUSED("5h\r\nhello\r\n", CHUNK),
        REFUSED("g\r\nhello\r\n", CHUNK),
        REFUSED(";a\r\nhello\r\n", CHUNK),
        REFUSED("\0", CHUNK),
        REFUSED("5\0\r\nhello\r\n", CHUNK),
        REFUSED("\xef\xbc\x95\r\nhello\r\n", CHUNK),
        REFUSED("0000000000000005\r\nhello\r\n", CHUNK),
        REFUSED("fffffffffffffffff\r\nhello", CHUNK),
        REFUSED("10000000000000005\r\nhello\r\n", CHUNK), /* 5, when 64 bits overflow */
        REFUSED("1000000000000000\r\nhello", CHUNK),
        REFUSED("ffffffff00000005ffffffff00000005\r\n", CHUNK),
        /* Line ends. */
        REFUSED("5\nhello\r\n0\r\n\r\n", CHUNK),
        REFUSED("5\rhello\r\n0\r\n\r\n", CHUNK),
        REFUSED("5\r\r\nhello\r\n", CHUNK),
        REFUSED("5\r\nhello\n0\r\n\r\n", CHUNK),
        REFUSED("5\r\nhello\r0\r\n\r\n", CHUNK),
        REFUSED("5\r\nhello0\r\n\r\n", CHUNK),
        REFUSED("5\r\nhello!\r\n0\r\n\r\n", CHUNK),
        REFUSED("5\r\nhelloXX0\r\n\r\n", CHUNK),
        REFUSED("5\r\nhello\r\n\r\n0\r\n\r\n", CHUNK),
        REFUSED("2\r\nhello\r\n0\r\n\r\n", CHUNK),
        REFUSED("0\n\n", CHUNK),
        /* Extensions: the line ends where others see it end. */
        REFUSED("5;\nhello\r\n0\r\n\r\n", CHUNK),
        REFUSED("5;a\nb\r\nhello\r\n0\r\n\r\n", CHUNK),
        REFUSED("5;a\rb\r\nhello\r\n", CHUNK),
        REFUSED("5;\0\r\nhello\r\n", CHUNK),
        REFUSED("5;\v\r\nhello\r\n", CHUNK),
        REFUSED("5;\x7f\r\nhello\r\n", CHUNK),
        /* Trailers. */
        REFUSED("0\r\n\n", TRAILER),
        REFUSED("0\r\n\rX", TRAILER),
        REFUSED("0\r\nA: b\n\r\n", TRAILER),
        REFUSED("0\r\nA: b\rc\r\n\r\n", TRAILER),
        REFUSED("0\r\nA: \0\r\n\r\n", TRAILER),
        REFUSED("0\r\nA: b\r\r\n\r\n", TRAILER),
    };
    static struct result result;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (size_t step = 0; step <= table[i].len; step++) {
            read_body(&result, &chunked, table[i].text, table[i].len, step);
            if (result.fault != table[i].fault)
                fail_msg("%s by %zu: %s", table[i].text, step, http_fault_text(result.fault));
            assert_false(result.is_done);
        }
    }
}

static void read_filled(struct result *result, const char *before, size_t fill, const char *after)
{
    static char text[2 * HTTP_TRAILER_MAX];
    size_t len = strlen(before);
    memcpy(text, before, len);
    memset(text + len, 'x', fill);
    memcpy(text + len + fill, after, strlen(after));
    read_body(result, &chunked, text, len + fill + strlen(after), 7);
}

static void extensions_and_trailers_are_bounded(void **state)
{
    (void)state;
    static struct result result;
    read_filled(&result, "1;", HTTP_CHUNK_LINE_MAX, "\r\nx\r\n0\r\n\r\n");
    assert_true(result.fault == HTTP_FAULT_NONE && result.is_done);
    read_filled(&result, "1;", HTTP_CHUNK_LINE_MAX + 1, "\r\nx\r\n0\r\n\r\n");
    assert_int_equal(result.fault, HTTP_FAULT_CHUNK);
    read_filled(&result, "1;a\r\nx\r\n1;", HTTP_CHUNK_LINE_MAX,
                "\r\nx\r\n0\r\n\r\n"); /* each its own */
    assert_true(result.fault == HTTP_FAULT_NONE && result.is_done);
    read_filled(&result, "0\r\n", HTTP_TRAILER_MAX - 4, "\r\n\r\n");
    assert_true(result.fault == HTTP_FAULT_NONE && result.is_done);
    read_filled(&result, "0\r\n", HTTP_TRAILER_MAX - 3, "\r\n\r\n");
    assert_int_equal(result.fault, HTTP_FAULT_TRAILER);
    read_filled(&result, "0\r\na\r\nb\r\n", HTTP_TRAILER_MAX - 9, "\r\n\r\n"); /* all together */
    assert_int_equal(result.fault, HTTP_FAULT_TRAILER);
}

static void the_largest_size_is_taken(void **state)
{
    (void)state;
    static struct result result;
    static const char text[] = "fffffffffffffff\r\nabc";
    read_body(&result, &chunked, text, sizeof text - 1, 1);
    assert_int_equal(result.fault, HTTP_FAULT_NONE);
    assert_int_equal(result.len, 3);
    assert_false(result.is_done);
}

static void lengths_end_where_they_say(void **state)
{
    (void)state;
    static struct result result;
    for (size_t step = 0; step < 9; step++) {
        struct http_framing framing = {.kind = HTTP_BODY_LENGTH, .length = 5};
        read_body(&result, &framing, "helloGET", 8, step);
        assert_true(result.fault == HTTP_FAULT_NONE && result.is_done);
        assert_int_equal(result.len, 5);
        assert_int_equal(result.left, 3);
        assert_memory_equal(result.content, "hello", 5);
        read_body(&result, &framing, "hell", 4, step);
        assert_false(result.is_done);
        framing = (struct http_framing){.kind = HTTP_BODY_NONE}; /* Content-Length: 0, and a body */
        read_body(&result, &framing, "GET / HTTP/1.1", 14, step);
        assert_true(result.fault == HTTP_FAULT_NONE && result.is_done);
        assert_int_equal(result.len, 0);
        assert_int_equal(result.left, 14);
        framing = (struct http_framing){.kind = HTTP_BODY_LENGTH, .length = 1ULL << 62};
        read_body(&result, &framing, "hello", 5, step);
        assert_int_equal(result.len, 5);
        assert_false(result.is_done);
    }
}

static void after_the_end_nothing_is_taken(void **state)
{
    (void)state;
    static const struct http_framing framings[] = {{.kind = HTTP_BODY_NONE},
                                                   {.kind = HTTP_BODY_LENGTH, .length = 5},
                                                   {.kind = HTTP_BODY_CHUNKED}};
    static const char *const bodies[] = {"", "hello", "5\r\nhello\r\n0\r\n\r\n"};
    static struct result result;
    for (size_t i = 0; i < 3; i++) {
        struct http_body body;
        http_body_begin(&body, &framings[i]);
        memset(&result, 0, sizeof result);
        take(&result, &body, bodies[i], strlen(bodies[i]));
        assert_true(result.is_done);
        take(&result, &body, "5\r\nworld", 8);
        assert_int_equal(result.left, 8);
        assert_int_equal(result.len, strlen(bodies[i]) > 0 ? 5 : 0);
        assert_true(http_body_close(&body));
    }
}

static void a_close_ends_what_may_end_so(void **state)
{
    (void)state;
    static const struct {
        struct http_framing framing;
        const char *octets;
        bool is_whole;
    } table[] = {
        {{HTTP_BODY_NONE, 0}, "", true},
        {{HTTP_BODY_TO_CLOSE, 0}, "", true},
        {{HTTP_BODY_TO_CLOSE, 0}, "hello\r\n0\r\n\r\n", true},
        {{HTTP_BODY_SWITCHED, 0}, "\x81\x05hello", true},
        {{HTTP_BODY_LENGTH, 6}, "hello", false},
        {{HTTP_BODY_LENGTH, 6}, "", false},
        {{HTTP_BODY_LENGTH, 5}, "hello", true},
        {{HTTP_BODY_CHUNKED, 0}, "", false},
        {{HTTP_BODY_CHUNKED, 0}, "5\r\nhello\r\n", false},
        {{HTTP_BODY_CHUNKED, 0}, "5\r\nhello\r\n0\r\n", false},
        {{HTTP_BODY_CHUNKED, 0}, "5\r\nhello\r\n0\r\n\r", false},
        {{HTTP_BODY_CHUNKED, 0}, "0\r\nA: b\r\n", false},
        {{HTTP_BODY_CHUNKED, 0}, "0\r\n\r\n", true},
    };
    static struct result result;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_body body;
        memset(&result, 0, sizeof result);
        http_body_begin(&body, &table[i].framing);
        take(&result, &body, table[i].octets, strlen(table[i].octets));
        assert_int_equal(result.fault, HTTP_FAULT_NONE);
        assert_int_equal(http_body_close(&body), table[i].is_whole);
    }
}

/* Framed by us, read by us. */
static void chunks_are_made_again(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 15, 16, 4096, 30000};
    static char wire[65536], content[65536];
    static struct result result;
    size_t len = 0, made = 0;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        len += http_body_frame(lens[i], wire + len);
        for (size_t k = 0; k < lens[i]; k++, made++)
            wire[len++] = content[made] = (char)(made * 7);
        memcpy(wire + len, http_body_chunk_end, 2);
        len += 2;
    }
    memcpy(wire + len, http_body_last_chunk, strlen(http_body_last_chunk));
    len += strlen(http_body_last_chunk);
    for (size_t step = 0; step < 5000; step = step * 3 + 1) {
        read_body(&result, &chunked, wire, len, step);
        assert_true(result.fault == HTTP_FAULT_NONE && result.is_done && result.left == 0);
        assert_int_equal(result.len, made);
        assert_memory_equal(result.content, content, made);
    }
    char frame[HTTP_CHUNK_FRAME_SIZE];
    assert_int_equal(http_body_frame(SIZE_MAX, frame), 18);
    assert_memory_equal(frame, "ffffffffffffffff\r\n", 18);
    assert_string_equal(http_body_chunk_end, "\r\n");
    assert_string_equal(http_body_last_chunk, "0\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_taken_apart),
        cmocka_unit_test(tricks_with_chunks_are_refused),
        cmocka_unit_test(extensions_and_trailers_are_bounded),
        cmocka_unit_test(the_largest_size_is_taken),
        cmocka_unit_test(lengths_end_where_they_say),
        cmocka_unit_test(after_the_end_nothing_is_taken),
        cmocka_unit_test(a_close_ends_what_may_end_so),
        cmocka_unit_test(chunks_are_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
