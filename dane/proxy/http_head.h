/* http_head.h: the head of one HTTP/1.1 message, read strictly (RFC 9112, sections 2 to 5). Pure.
 *
 *     switch (http_head_read(&head, HTTP_REQUEST, bytes, len)) {
 *     case HTTP_FAULT_NONE:    head.len octets are the head, what follows is the body
 *     case HTTP_FAULT_PARTIAL: wait for more; a fault in what is there is told at once
 *     default:                 refuse, by http_fault_text
 *
 * All texts are borrowed from the octets. Nothing is unfolded, trimmed inside, or guessed: what is
 * passed on is written anew from these parts (http_rewrite.h).
 *
 * What Connection lists is of one connection only and goes no further (RFC 9110, section 7.6.1). A
 * request that lists a field by which it is judged, here or at the device (Origin, Cookie, …), is
 * refused: taken at its word, it would come before the device without what it was let through by.
 * No browser and no honest program sends it.
 */
#ifndef HEARTH_DANE_PROXY_HTTP_HEAD_H
#define HEARTH_DANE_PROXY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "dane/proxy/http_fault.h"
#include "dane/proxy/http_text.h"

enum { HTTP_HEAD_MAX = 32768, HTTP_FIELDS_MAX = 100 };

enum http_kind { HTTP_REQUEST, HTTP_RESPONSE };

struct http_field {
    struct http_text name, value; /* the value without blanks around it; may be empty */
};

struct http_head {
    enum http_kind kind;
    unsigned minor;          /* HTTP/1.0 or HTTP/1.1 */
    struct http_text method; /* requests: a token, case matters */
    struct http_text target; /* requests: visible ASCII without '#', not empty */
    unsigned status;         /* responses: 100 … 599 */
    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t len; /* octets, the empty line at the end included */
};

/* Reads the head at the start of the octets. One empty line before a request is left out, as RFC
 * 9112, section 2.2, has it. A reason phrase is read over. */
enum http_fault http_head_read(struct http_head *head, enum http_kind kind, const void *bytes,
                               size_t len);

/* Is the target a path, or the `*` of OPTIONS (RFC 9112, sections 3.2.1 and 3.2.4)? The other forms
 * are for proxies: CONNECT's authority, and the URLs of target.h. */
bool http_head_is_to_path(const struct http_head *request);

/* The nth field of this name (any case), from 0; NULL if there are not so many. */
const struct http_field *http_head_field(const struct http_head *head, const char *name,
                                         size_t nth);

/* Its value if there is exactly one such field; else an empty text with `at` NULL. */
struct http_text http_head_only(const struct http_head *head, const char *name);

/* Is this word (any case) among the comma-separated elements of all fields of this name? */
bool http_head_lists(const struct http_head *head, const char *name, const char *word);

#endif
