/* http_head.c: see http_head.h.
 *
 * The head is cut into lines first, each of which must end with CR LF; a CR or LF that stands
 * alone are found on the way. Then the first line is read by its kind, and each other line as a
 * field: neither takes a control character. */
#include "dane/proxy/http_head.h"

#include <string.h>

const char *http_fault_text(enum http_fault fault)
{
    static const char *const texts[] = {
#define HTTP_FAULT_TEXT(name, text) text,
        HTTP_FAULT_LIST(HTTP_FAULT_TEXT)
#undef HTTP_FAULT_TEXT
    };
    return (size_t)fault < HTTP_FAULT_COUNT ? texts[fault] : "unknown";
}

/* The next line without its end. */
static enum http_fault take_line(struct http_text *rest, struct http_text *line)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->at[i] == '\n')
            return HTTP_FAULT_LINE_END;
        if (rest->at[i] != '\r')
            continue;
        if (i + 1 == rest->len)
            return HTTP_FAULT_PARTIAL;
        if (rest->at[i + 1] != '\n')
            return HTTP_FAULT_LINE_END;
        *line = (struct http_text){rest->at, i};
        rest->at += i + 2;
        rest->len -= i + 2;
        return HTTP_FAULT_NONE;
    }
    return HTTP_FAULT_PARTIAL;
}

static enum http_fault read_version(struct http_text text, unsigned *minor)
{
    if (http_text_is(text, "HTTP/1.1"))
        *minor = 1;
    else if (http_text_is(text, "HTTP/1.0"))
        *minor = 0;
    else
        return text.len >= 5 && memcmp(text.at, "HTTP/", 5) == 0 ? HTTP_FAULT_VERSION
                                                                 : HTTP_FAULT_START_LINE;
    return HTTP_FAULT_NONE;
}

/* A fragment never leaves the browser; some servers end the path there, some don't. */
static bool is_target(struct http_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '#')
            return false;
    }
    return text.len > 0;
}

/* Method, target, version, one blank between them. */
static enum http_fault read_request_line(struct http_head *head, struct http_text line)
{
    struct http_text version;
    if (!http_text_part(&line, ' ', &head->method) || !http_text_part(&line, ' ', &head->target) ||
        !http_text_part(&line, ' ', &version) || line.at)
        return HTTP_FAULT_START_LINE;
    if (!http_text_is_token(head->method))
        return HTTP_FAULT_METHOD;
    if (!is_target(head->target))
        return HTTP_FAULT_TARGET;
    return read_version(version, &head->minor);
}

static bool is_value(struct http_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Version, three digits, reason. Old devices leave the reason out, and the blank before it. */
static enum http_fault read_status_line(struct http_head *head, struct http_text line)
{
    struct http_text version, code;
    unsigned long long status;
    if (!http_text_part(&line, ' ', &version) || !http_text_part(&line, ' ', &code) ||
        !is_value(line))
        return HTTP_FAULT_START_LINE;
    enum http_fault fault = read_version(version, &head->minor);
    if (fault != HTTP_FAULT_NONE)
        return fault;
    if (code.len != 3 || !http_text_number(code, 599, &status) || status < 100)
        return HTTP_FAULT_STATUS;
    head->status = (unsigned)status;
    return HTTP_FAULT_NONE;
}

static enum http_fault read_field(struct http_head *head, struct http_text line)
{
    struct http_text name;
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return HTTP_FAULT_FOLDED;
    if (!http_text_part(&line, ':', &name) || !line.at || !http_text_is_token(name))
        return HTTP_FAULT_FIELD_NAME;
    if (!is_value(line))
        return HTTP_FAULT_FIELD_VALUE;
    if (head->field_count == HTTP_FIELDS_MAX)
        return HTTP_FAULT_TOO_MANY_FIELDS;
    head->fields[head->field_count++] = (struct http_field){name, http_text_trim(line)};
    return HTTP_FAULT_NONE;
}

static enum http_fault read_first_line(struct http_head *head, struct http_text *rest)
{
    struct http_text line;
    enum http_fault fault = take_line(rest, &line);
    if (fault == HTTP_FAULT_NONE && line.len == 0 && head->kind == HTTP_REQUEST)
        fault = take_line(rest, &line);
    if (fault != HTTP_FAULT_NONE)
        return fault;
    return head->kind == HTTP_REQUEST ? read_request_line(head, line)
                                      : read_status_line(head, line);
}

static enum http_fault read_lines(struct http_head *head, struct http_text *rest)
{
    struct http_text line;
    enum http_fault fault = read_first_line(head, rest);
    while (fault == HTTP_FAULT_NONE) {
        fault = take_line(rest, &line);
        if (fault == HTTP_FAULT_NONE && line.len == 0)
            return HTTP_FAULT_NONE;
        if (fault == HTTP_FAULT_NONE)
            fault = read_field(head, line);
    }
    return fault;
}

/* HTTP/1.0 has none, or one (RFC 9112, section 3.2). */
static bool is_hosted(const struct http_head *head)
{
    if (http_head_field(head, "host", 1))
        return false;
    return head->minor == 0 || http_head_field(head, "host", 0);
}

static bool is_listed_rightly(const struct http_head *head)
{
    static const char *const judged_by[] = {
        "host",           "origin",         "referer",           "cookie",
        "authorization",  "content-length", "content-type",      "sec-fetch-site",
        "sec-fetch-mode", "sec-fetch-dest", "sec-websocket-key", "sec-websocket-version",
    };
    if (!http_head_field(head, "connection", 0))
        return true;
    for (size_t i = 0; i < sizeof judged_by / sizeof *judged_by; i++) {
        if (http_head_lists(head, "connection", judged_by[i]))
            return false;
    }
    return true;
}

enum http_fault http_head_read(struct http_head *head, enum http_kind kind, const void *bytes,
                               size_t len)
{
    struct http_text rest = {bytes, len > HTTP_HEAD_MAX ? HTTP_HEAD_MAX : len};
    head->kind = kind;
    head->field_count = 0;
    head->minor = head->status = 0;
    head->method = head->target = (struct http_text){0};
    enum http_fault fault = read_lines(head, &rest);
    if (fault == HTTP_FAULT_PARTIAL && len >= HTTP_HEAD_MAX)
        return HTTP_FAULT_HEAD_TOO_LONG;
    if (fault != HTTP_FAULT_NONE)
        return fault;
    head->len = (size_t)(rest.at - (const char *)bytes);
    if (kind == HTTP_REQUEST && !is_hosted(head))
        return HTTP_FAULT_HOST;
    return kind == HTTP_REQUEST && !is_listed_rightly(head) ? HTTP_FAULT_CONNECTION
                                                            : HTTP_FAULT_NONE;
}

bool http_head_is_to_path(const struct http_head *request)
{
    if (http_text_is(request->target, "*"))
        return http_text_is(request->method, "OPTIONS");
    return request->target.at[0] == '/';
}

const struct http_field *http_head_field(const struct http_head *head, const char *name, size_t nth)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (http_text_is_word(head->fields[i].name, name) && nth-- == 0)
            return &head->fields[i];
    }
    return NULL;
}

struct http_text http_head_only(const struct http_head *head, const char *name)
{
    const struct http_field *field = http_head_field(head, name, 0);
    if (!field || http_head_field(head, name, 1))
        return (struct http_text){0};
    return field->value;
}

bool http_head_lists(const struct http_head *head, const char *name, const char *word)
{
    const struct http_field *field;
    for (size_t i = 0; (field = http_head_field(head, name, i)); i++) {
        struct http_text rest = field->value, element;
        while (http_text_part(&rest, ',', &element)) {
            if (http_text_is_word(http_text_trim(element), word))
                return true;
        }
    }
    return false;
}
