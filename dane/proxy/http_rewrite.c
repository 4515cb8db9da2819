/* http_rewrite.c: see http_rewrite.h. */
#include "dane/proxy/http_rewrite.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void put(struct writer *w, const char *text)
{
    writer_bytes(w, text, strlen(text));
}

static void put_text(struct writer *w, struct http_text text)
{
    writer_bytes(w, text.at, text.len);
}

static void put_field(struct writer *w, const char *name, const char *value)
{
    put(w, name);
    put(w, ": ");
    put(w, value);
    put(w, "\r\n");
}

static bool is_among(struct http_text name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (http_text_is_word(name, names[i]))
            return true;
    }
    return false;
}

/* Of one connection only, or written by ourselves. */
static bool is_ours(const struct http_head *head, struct http_text name)
{
    static const char *const names[] = {
        "close", /* no field, but Connection's word for it (RFC 9110, section 7.6.1) */
        "connection",
        "host",
        "keep-alive",
        "proxy-connection",
        "content-length",
        "proxy-authorization",
        "proxy-authenticate",
        "proxy-authentication-info",
        "http2-settings",
        "transfer-encoding",
        "trailer",
        "te",
        "upgrade",
    };
    if (is_among(name, names, sizeof names / sizeof names[0]))
        return true;
    const struct http_field *field;
    for (size_t i = 0; (field = http_head_field(head, "connection", i)); i++) {
        struct http_text rest = field->value, element;
        while (http_text_part(&rest, ',', &element)) {
            element = http_text_trim(element);
            if (element.len == name.len && strncasecmp(element.at, name.at, name.len) == 0)
                return true;
        }
    }
    return false;
}

static bool is_not_for_devices_to_say(struct http_text name)
{
    static const char *const names[] = {
        "strict-transport-security",
        "public-key-pins",
        "public-key-pins-report-only",
        "expect-ct",
        "alt-svc",
        "proxy-status",
        "set-cookie2",
    };
    return is_among(name, names, sizeof names / sizeof names[0]);
}

/* No blank may come to stand at the end of a value. */
static struct http_text without_end_blanks(struct http_text text)
{
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* A Set-Cookie value without its Domain attributes (RFC 6265, section 4.1.1). */
static void put_cookie(struct writer *w, struct http_text cookie)
{
    struct http_text rest = cookie, part;
    for (bool first = true; http_text_part(&rest, ';', &part); first = false) {
        struct http_text value = part, name;
        (void)http_text_part(&value, '=', &name);
        if (!first && http_text_is_word(http_text_trim(name), "domain"))
            continue;
        if (!first)
            put(w, ";");
        put_text(w, without_end_blanks(part));
    }
}

static void put_fields(struct writer *w, const struct http_head *head)
{
    bool to_browser = head->kind == HTTP_RESPONSE;
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http_field *field = &head->fields[i];
        if (is_ours(head, field->name) || (to_browser && is_not_for_devices_to_say(field->name)))
            continue;
        put_text(w, field->name);
        put(w, ": ");
        if (to_browser && http_text_is_word(field->name, "set-cookie"))
            put_cookie(w, field->value);
        else
            put_text(w, field->value);
        put(w, "\r\n");
    }
}

static void put_length(struct writer *w, uint64_t length)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)length);
    put_field(w, "Content-Length", number);
}

/* 1xx and 204 (RFC 9110, section 8.6). */
static bool may_tell_length(const struct http_head *head)
{
    return head->kind == HTTP_REQUEST || (head->status >= 200 && head->status != 204);
}

/* A length without a body is told too: of HEAD's, of 304, or none at all. */
static void put_framing(struct writer *w, const struct http_head *head,
                        const struct http_framing *framing, bool chunk)
{
    unsigned long long length;
    struct http_text said = http_head_only(head, "content-length");
    if (framing->kind == HTTP_BODY_LENGTH)
        put_length(w, framing->length);
    else if (framing->kind == HTTP_BODY_NONE && may_tell_length(head) &&
             http_text_number(said, UINT64_MAX, &length))
        put_length(w, length);
    else if (framing->kind == HTTP_BODY_CHUNKED || framing->kind == HTTP_BODY_TO_CLOSE)
        put(w, chunk ? "Transfer-Encoding: chunked\r\n" : "");
}

static void put_connection(struct writer *w, bool is_websocket, bool keep)
{
    if (is_websocket)
        put(w, "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    else
        put_field(w, "Connection", keep ? "keep-alive" : "close");
}

void http_rewrite_request(struct writer *w, const struct http_head *head,
                          const struct http_framing *framing, struct http_text path,
                          const char *host, bool keep)
{
    put_text(w, head->method);
    put(w, path.len == 0 || path.at[0] == '?' ? " /" : " ");
    put_text(w, path);
    put(w, " HTTP/1.1\r\n");
    put_field(w, "Host", host);
    put_fields(w, head);
    put_framing(w, head, framing, true);
    put_connection(w, http_framing_asks_websocket(head), keep);
    put(w, "\r\n");
}

void http_rewrite_response(struct writer *w, const struct http_head *head,
                           const struct http_framing *framing, bool chunk, bool keep)
{
    char line[32];
    bool has_end =
        chunk || (framing->kind != HTTP_BODY_CHUNKED && framing->kind != HTTP_BODY_TO_CLOSE);
    (void)snprintf(line, sizeof line, "HTTP/1.1 %03u \r\n", head->status);
    put(w, line);
    put_fields(w, head);
    put_framing(w, head, framing, chunk);
    if (head->status >= 200 || framing->kind == HTTP_BODY_SWITCHED)
        put_connection(w, framing->kind == HTTP_BODY_SWITCHED, keep && has_end);
    put(w, "\r\n");
}
