/* HTTP/1.1 as the proxy reads and writes it: a head and what follows it. The first octet holds
 * choices, the second says how the octets are cut; the rest is the message.
 *
 * However the octets come in, the same is read. A head that was written anew reads as the same
 * fields but those that must go, and writing that anew changes nothing more. What let a request
 * through the guard still stands in what the device gets. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dane/proxy/guard.h"
#include "dane/proxy/http_body.h"
#include "dane/proxy/http_rewrite.h"
#include "dane/proxy/target.h"

enum { RESPONSE = 1, CHUNK = 2, KEEP = 4, TO_HEAD = 8, TO_WEBSOCKET = 16, BODY_ALONE = 32 };
enum { CONTENT_MAX = 1 << 16, PREFIXES_MAX = 64 };

static const char host[] = "cam.home.arpa";

/* --- bodies --- */

struct content {
    enum http_fault fault;
    bool is_done;
    size_t taken, len;
    char octets[CONTENT_MAX];
};

static void take(struct content *content, struct http_body *body, const char *octets, size_t len)
{
    char *copy = malloc(len + 1); /* what was read is given back, so nothing may be borrowed */
    assert(copy);
    memcpy(copy, octets, len);
    const char *at = copy;
    size_t left = len;
    struct http_text piece;
    do {
        content->fault = http_body_next(body, &at, &left, &piece);
        assert(at + left == copy + len);
        if (content->fault != HTTP_FAULT_NONE)
            break;
        assert(piece.len == 0 || (piece.at >= copy && piece.at + piece.len <= at));
        assert(piece.len <= sizeof content->octets - content->len);
        if (piece.len > 0)
            memcpy(content->octets + content->len, piece.at, piece.len);
        content->len += piece.len;
    } while (piece.len > 0);
    content->taken += len - left;
    content->is_done = body->is_done;
    assert(content->fault != HTTP_FAULT_NONE || body->is_done || left == 0);
    free(copy);
}

/* In pieces of 1 to `step` octets; step 0: at once. */
static void read_body(struct content *content, const struct http_framing *framing,
                      const char *octets, size_t len, size_t step)
{
    struct http_body body;
    content->fault = HTTP_FAULT_NONE;
    content->taken = content->len = 0;
    http_body_begin(&body, framing);
    content->is_done = body.is_done;
    for (size_t at = 0; at < len && !content->is_done && content->fault == HTTP_FAULT_NONE;) {
        size_t piece = step > 0 ? 1 + (at * 7 + step) % step : len;
        piece = piece < len - at ? piece : len - at;
        take(content, &body, octets + at, piece);
        at += piece;
    }
    if (content->fault == HTTP_FAULT_NONE && content->is_done)
        assert(http_body_close(&body));
}

static void check_same(const struct content *a, const struct content *b)
{
    assert(a->fault == b->fault && a->is_done == b->is_done && a->len == b->len);
    assert(memcmp(a->octets, b->octets, a->len) == 0);
    assert(a->fault != HTTP_FAULT_NONE || a->taken == b->taken);
}

/* The content in chunks of ours, read again. */
static void check_frame(const struct content *content, size_t step)
{
    static char wire[CONTENT_MAX * 8];
    static struct content again;
    static const struct http_framing chunked = {.kind = HTTP_BODY_CHUNKED};
    size_t used = 0;
    for (size_t at = 0; at < content->len;) {
        size_t piece = step + 1 < content->len - at ? step + 1 : content->len - at;
        used += http_body_frame(piece, wire + used);
        memcpy(wire + used, content->octets + at, piece);
        memcpy(wire + used + piece, http_body_chunk_end, 2);
        used += piece + 2;
        at += piece;
    }
    memcpy(wire + used, http_body_last_chunk, strlen(http_body_last_chunk));
    used += strlen(http_body_last_chunk);
    read_body(&again, &chunked, wire, used, step);
    assert(again.fault == HTTP_FAULT_NONE && again.is_done && again.taken == used);
    assert(again.len == content->len && memcmp(again.octets, content->octets, again.len) == 0);
}

static void try_body(const struct http_framing *framing, const char *octets, size_t len,
                     size_t step)
{
    static struct content whole, cut;
    read_body(&whole, framing, octets, len, 0);
    read_body(&cut, framing, octets, len, 1);
    check_same(&whole, &cut);
    read_body(&cut, framing, octets, len, step + 1);
    check_same(&whole, &cut);
    if (framing->kind == HTTP_BODY_LENGTH)
        assert(whole.len == (framing->length < len ? framing->length : len));
    check_frame(&whole, step);
}

/* --- heads --- */

static void check_prefixes(enum http_kind kind, const char *octets, size_t len,
                           enum http_fault fault, size_t head_len)
{
    struct http_head head;
    size_t end = fault == HTTP_FAULT_NONE ? head_len : len;
    for (size_t n = 0; n < end; n += end / PREFIXES_MAX + 1) {
        enum http_fault early = http_head_read(&head, kind, octets, n);
        assert(early == HTTP_FAULT_PARTIAL || (early == fault && fault != HTTP_FAULT_NONE));
    }
}

static bool is_among(struct http_text name, const char *const *names)
{
    for (; *names; names++) {
        if (http_text_is_word(name, *names))
            return true;
    }
    return false;
}

static bool is_written_by_us(struct http_text name)
{
    static const char *const names[] = {"host",    "content-length", "transfer-encoding",
                                        "upgrade", "connection",     NULL};
    return is_among(name, names);
}

static bool may_go(const struct http_head *head, struct http_text name)
{
    static const char *const ours[] = {"close",
                                       "keep-alive",
                                       "proxy-connection",
                                       "proxy-authorization",
                                       "proxy-authenticate",
                                       "proxy-authentication-info",
                                       "http2-settings",
                                       "trailer",
                                       "te",
                                       NULL};
    static const char *const promises[] = {"strict-transport-security",
                                           "public-key-pins",
                                           "public-key-pins-report-only",
                                           "expect-ct",
                                           "alt-svc",
                                           "proxy-status",
                                           "set-cookie2",
                                           NULL};
    char listed[HTTP_HEAD_MAX];
    memcpy(listed, name.at, name.len);
    listed[name.len] = '\0';
    return is_written_by_us(name) || is_among(name, ours) ||
           http_head_lists(head, "connection", listed) ||
           (head->kind == HTTP_RESPONSE && is_among(name, promises));
}

static bool is_same(struct http_text a, struct http_text b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static void check_cookie(struct http_text said, struct http_text cookie)
{
    struct http_text rest = cookie, part, first, name;
    assert(cookie.len <= said.len);
    (void)http_text_part(&said, ';', &first);
    (void)http_text_part(&rest, ';', &part);
    assert(is_same(http_text_trim(first), http_text_trim(part)));
    while (http_text_part(&rest, ';', &part)) {
        (void)http_text_part(&part, '=', &name);
        assert(!http_text_is_word(http_text_trim(name), "domain"));
    }
}

/* `again` is what was made of `head`. */
static void check_fields(const struct http_head *head, const struct http_head *again)
{
    size_t at = 0;
    for (size_t i = 0; i < again->field_count; i++) {
        const struct http_field *field = &again->fields[i];
        if (is_written_by_us(field->name))
            continue;
        while (at < head->field_count && may_go(head, head->fields[at].name))
            at++;
        assert(at < head->field_count && is_same(field->name, head->fields[at].name));
        if (head->kind == HTTP_RESPONSE && http_text_is_word(field->name, "set-cookie"))
            check_cookie(head->fields[at].value, field->value);
        else
            assert(is_same(field->value, head->fields[at].value));
        at++;
    }
    for (; at < head->field_count; at++)
        assert(may_go(head, head->fields[at].name));
}

static struct http_text path_of(const struct http_head *head)
{
    struct target target;
    struct http_text path;
    if (http_head_is_to_path(head))
        return head->target;
    bool is_url = target_of_url(&target, head->target, &path) == TARGET_FAULT_NONE;
    return is_url ? path : (struct http_text){0};
}

static enum guard_verdict judge(const struct http_head *head)
{
    static const struct http_text origin = {"https://panel.example", 21};
    static const struct target device = {.host = "cam.home.arpa", .port = 443, .is_tls = true};
    static const struct guard guard = {&device, &origin, 1, "https://hearth.home.arpa"};
    const char *reason;
    enum guard_verdict verdict = guard_judge(&guard, head, &reason);
    assert((verdict == GUARD_PASS) == !reason);
    return verdict;
}

static void try_request(const struct http_head *head, const struct http_framing *framing, bool keep)
{
    static char out[HTTP_REWRITE_MAX], twice[HTTP_REWRITE_MAX];
    struct http_head again;
    struct http_framing framed;
    struct http_text path = path_of(head);
    if (!path.at)
        return;
    struct writer w = writer_over(out, sizeof out);
    http_rewrite_request(&w, head, framing, path, host, keep);
    assert(w.error == STATUS_OK);
    enum http_fault fault = http_head_read(&again, HTTP_REQUEST, out, w.used);
    assert(fault == HTTP_FAULT_NONE && again.len == w.used && http_head_is_to_path(&again));
    assert(is_same(head->method, again.method) &&
           http_text_is(http_head_only(&again, "host"), host));
    fault = http_framing_of_request(&framed, &again);
    assert(fault == HTTP_FAULT_NONE && framed.kind == framing->kind &&
           framed.length == framing->length);
    assert(http_framing_asks_websocket(&again) == http_framing_asks_websocket(head));
    check_fields(head, &again);
    assert(judge(head) != GUARD_PASS || judge(&again) == GUARD_PASS);
    struct writer second = writer_over(twice, sizeof twice);
    http_rewrite_request(&second, &again, &framed, again.target, host, keep);
    assert(second.used == w.used && memcmp(out, twice, w.used) == 0);
}

static void try_response(const struct http_head *head, const struct http_framing *framing,
                         const struct http_head *request, bool chunk, bool keep)
{
    static char out[HTTP_REWRITE_MAX], twice[HTTP_REWRITE_MAX];
    struct http_head again;
    struct http_framing framed;
    struct writer w = writer_over(out, sizeof out);
    http_rewrite_response(&w, head, framing, chunk, keep);
    assert(w.error == STATUS_OK);
    enum http_fault fault = http_head_read(&again, HTTP_RESPONSE, out, w.used);
    assert(fault == HTTP_FAULT_NONE && again.len == w.used && again.status == head->status);
    fault = http_framing_of_response(&framed, &again, request);
    assert(fault == HTTP_FAULT_NONE);
    if (framing->kind == HTTP_BODY_CHUNKED || framing->kind == HTTP_BODY_TO_CLOSE)
        assert(framed.kind == (chunk ? HTTP_BODY_CHUNKED : HTTP_BODY_TO_CLOSE));
    else
        assert(framed.kind == framing->kind && framed.length == framing->length);
    assert(framed.kind != HTTP_BODY_TO_CLOSE || !http_framing_keeps_alive(&again));
    check_fields(head, &again);
    struct writer second = writer_over(twice, sizeof twice);
    http_rewrite_response(&second, &again, &framed, chunk, keep);
    assert(second.used == w.used && memcmp(out, twice, w.used) == 0);
}

static void read_question(struct http_head *request, uint8_t choices)
{
    static const char websocket[] =
        "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\n\r\n";
    static const char head_of[] = "HEAD / HTTP/1.1\r\nHost: cam.home.arpa\r\n\r\n";
    static const char get[] = "GET / HTTP/1.1\r\nHost: cam.home.arpa\r\n\r\n";
    const char *text = choices & TO_WEBSOCKET ? websocket : choices & TO_HEAD ? head_of : get;
    enum http_fault fault = http_head_read(request, HTTP_REQUEST, text, strlen(text));
    assert(fault == HTTP_FAULT_NONE);
}

static void try_message(const char *octets, size_t len, uint8_t choices, size_t step)
{
    enum http_kind kind = choices & RESPONSE ? HTTP_RESPONSE : HTTP_REQUEST;
    struct http_head head, request;
    struct http_framing framing;
    enum http_fault fault = http_head_read(&head, kind, octets, len);
    check_prefixes(kind, octets, len, fault, head.len);
    if (fault != HTTP_FAULT_NONE)
        return;
    assert(head.len <= len && head.field_count <= HTTP_FIELDS_MAX);
    read_question(&request, choices);
    fault = kind == HTTP_REQUEST ? http_framing_of_request(&framing, &head)
                                 : http_framing_of_response(&framing, &head, &request);
    if (fault != HTTP_FAULT_NONE)
        return;
    if (kind == HTTP_REQUEST)
        try_request(&head, &framing, choices & KEEP);
    else
        try_response(&head, &framing, &request, choices & CHUNK, choices & KEEP);
    try_body(&framing, octets + head.len, len - head.len, step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_framing chunked = {.kind = HTTP_BODY_CHUNKED};
    if (size < 2 || size > CONTENT_MAX)
        return 0;
    const char *octets = (const char *)data + 2;
    if (data[0] & BODY_ALONE)
        try_body(&chunked, octets, size - 2, data[1]);
    else
        try_message(octets, size - 2, data[0], data[1]);
    return 0;
}
