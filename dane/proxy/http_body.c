/* http_body.c: see http_body.h.
 *
 * Chunks are read octet by octet where their grammar is, and skipped as a whole where their content
 * is. A size has at most 15 hex digits; an extension is read over, but for control characters. */
#include "dane/proxy/http_body.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 15 };

enum chunk_state {
    AT_SIZE,
    AT_EXTENSION,
    AT_SIZE_LINE_FEED,
    AT_CONTENT,
    AT_CONTENT_RETURN,
    AT_CONTENT_LINE_FEED,
    AT_TRAILER,
    AT_TRAILER_LINE_FEED,
};

const char http_body_chunk_end[3] = "\r\n";
const char http_body_last_chunk[6] = "0\r\n\r\n";

void http_body_begin(struct http_body *body, const struct http_framing *framing)
{
    *body = (struct http_body){
        .kind = framing->kind,
        .left = framing->length,
        .state = AT_SIZE,
        .is_done = framing->kind == HTTP_BODY_NONE,
    };
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum http_fault read_size(struct http_body *body, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (body->digits++ == 0)
            body->left = 0;
        body->left = body->left << 4 | (unsigned)digit;
        return body->digits > DIGITS_MAX ? HTTP_FAULT_CHUNK : HTTP_FAULT_NONE;
    }
    if (body->digits == 0 || (c != '\r' && c != ';'))
        return HTTP_FAULT_CHUNK;
    body->state = c == '\r' ? AT_SIZE_LINE_FEED : AT_EXTENSION;
    return HTTP_FAULT_NONE;
}

static enum http_fault read_extension(struct http_body *body, char c)
{
    if (c == '\r')
        body->state = AT_SIZE_LINE_FEED;
    else if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f ||
             ++body->line > HTTP_CHUNK_LINE_MAX)
        return HTTP_FAULT_CHUNK;
    return HTTP_FAULT_NONE;
}

static enum http_fault expect(struct http_body *body, char c, char expected, enum chunk_state next)
{
    body->state = (uint8_t)next;
    return c == expected ? HTTP_FAULT_NONE : HTTP_FAULT_CHUNK;
}

static enum http_fault end_size_line(struct http_body *body, char c)
{
    enum chunk_state next = body->left > 0 ? AT_CONTENT : AT_TRAILER;
    body->digits = 0;
    body->line = 0;
    body->blank_line = true;
    return expect(body, c, '\n', next);
}

/* Whose fields nobody needs; only its end matters. */
static enum http_fault read_trailer(struct http_body *body, char c)
{
    if (++body->line > HTTP_TRAILER_MAX)
        return HTTP_FAULT_TRAILER;
    if (body->state == AT_TRAILER_LINE_FEED) {
        if (c != '\n')
            return HTTP_FAULT_TRAILER;
        body->state = AT_TRAILER;
        body->is_done = body->blank_line;
        body->blank_line = true;
        return HTTP_FAULT_NONE;
    }
    if (c == '\n' || c == '\0')
        return HTTP_FAULT_TRAILER;
    if (c == '\r')
        body->state = AT_TRAILER_LINE_FEED;
    else
        body->blank_line = false;
    return HTTP_FAULT_NONE;
}

static enum http_fault read_grammar(struct http_body *body, char c)
{
    switch ((enum chunk_state)body->state) {
    case AT_SIZE:
        return read_size(body, c);
    case AT_EXTENSION:
        return read_extension(body, c);
    case AT_SIZE_LINE_FEED:
        return end_size_line(body, c);
    case AT_CONTENT_RETURN:
        return expect(body, c, '\r', AT_CONTENT_LINE_FEED);
    case AT_CONTENT_LINE_FEED:
        return expect(body, c, '\n', AT_SIZE);
    case AT_TRAILER:
    case AT_TRAILER_LINE_FEED:
        return read_trailer(body, c);
    case AT_CONTENT:
        break; /* take_piece's */
    }
    return HTTP_FAULT_CHUNK;
}

static void take_piece(struct http_body *body, const char **at, size_t *left,
                       struct http_text *piece)
{
    bool is_bounded = body->kind != HTTP_BODY_TO_CLOSE && body->kind != HTTP_BODY_SWITCHED;
    size_t len = is_bounded && body->left < *left ? (size_t)body->left : *left;
    *piece = (struct http_text){*at, len};
    *at += len;
    *left -= len;
    if (is_bounded)
        body->left -= len;
}

enum http_fault http_body_next(struct http_body *body, const char **at, size_t *left,
                               struct http_text *piece)
{
    *piece = (struct http_text){*at, 0};
    if (body->is_done || *left == 0)
        return HTTP_FAULT_NONE;
    while (body->kind == HTTP_BODY_CHUNKED && body->state != AT_CONTENT) {
        if (*left == 0 || body->is_done)
            return HTTP_FAULT_NONE;
        enum http_fault fault = read_grammar(body, **at);
        if (fault != HTTP_FAULT_NONE)
            return fault;
        (*at)++;
        (*left)--;
    }
    take_piece(body, at, left, piece);
    if (body->kind == HTTP_BODY_CHUNKED && body->left == 0)
        body->state = AT_CONTENT_RETURN;
    body->is_done = body->kind == HTTP_BODY_LENGTH && body->left == 0;
    return HTTP_FAULT_NONE;
}

bool http_body_close(struct http_body *body)
{
    if (body->kind == HTTP_BODY_TO_CLOSE || body->kind == HTTP_BODY_SWITCHED)
        body->is_done = true;
    return body->is_done;
}

size_t http_body_frame(size_t len, char frame[static HTTP_CHUNK_FRAME_SIZE])
{
    int written = snprintf(frame, HTTP_CHUNK_FRAME_SIZE, "%zx\r\n", len);
    return written > 0 ? (size_t)written : 0;
}
