/* http_body.h: the content of a body out of its framing, and into one again (RFC 9112, sections 6
 * and 7). Pure; one piece after the other, nothing is kept but a few octets of state.
 *
 * What leaves the proxy is framed anew: chunks are taken apart and made again, their extensions and
 * the trailer fields are left out, so that both sides see the same end of the message.
 *
 *     while (http_body_next(&body, &at, &left, &piece) == HTTP_FAULT_NONE && piece.len > 0)
 *         … pass `piece` on, in http_body_frame's clothes
 */
#ifndef HEARTH_DANE_PROXY_HTTP_BODY_H
#define HEARTH_DANE_PROXY_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/proxy/http_framing.h"

enum {
    HTTP_TRAILER_MAX = 8192,
    HTTP_CHUNK_LINE_MAX = 256,  /* size and extensions */
    HTTP_CHUNK_FRAME_SIZE = 24, /* room for what stands before a chunk of ours */
};

struct http_body {
    enum http_framing_kind kind;
    uint64_t left;   /* of the length, or of the present chunk */
    uint8_t state;   /* of the chunks' grammar: http_body.c */
    uint8_t digits;  /* of the present size */
    uint16_t line;   /* octets of the present size line or of the trailer */
    bool blank_line; /* the trailer's present line is empty so far */
    bool is_done;
};

void http_body_begin(struct http_body *body, const struct http_framing *framing);

/* The next piece of content in the octets at *at, which move on; an empty piece when more octets
 * are needed or the body is done (is_done: what is left at *at belongs to the next message).
 * CHUNK, TRAILER. */
enum http_fault http_body_next(struct http_body *body, const char **at, size_t *left,
                               struct http_text *piece);

/* The sender has closed: is the body whole by that? */
bool http_body_close(struct http_body *body);

/* What stands before a piece of `len` > 0 octets of a chunked body (after it: CR LF), and what ends
 * the body. Returns the octets written. */
size_t http_body_frame(size_t len, char frame[static HTTP_CHUNK_FRAME_SIZE]);
extern const char http_body_chunk_end[3];  /* CR LF, and a NUL that is not sent */
extern const char http_body_last_chunk[6]; /* 0 CR LF CR LF, likewise */

#endif
