/* http_text.h: a piece of a message: characters that somebody else keeps, without a NUL. */
#ifndef HEARTH_DANE_PROXY_HTTP_TEXT_H
#define HEARTH_DANE_PROXY_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct http_text {
    const char *at; /* borrowed */
    size_t len;
};

/* Letter by letter, and with ASCII letters of either case taken as one. */
bool http_text_is(struct http_text text, const char *other);
bool http_text_is_word(struct http_text text, const char *word);

/* Is it a token (RFC 9110, section 5.6.2)? */
bool http_text_is_token(struct http_text text);

/* Without blanks and tabs at both ends. */
struct http_text http_text_trim(struct http_text text);

/* What is before the first `stop`, which is taken away from *rest with it; all of it if there is
 * none. False when *rest is used up (at == NULL), which it is once the last part was given. */
bool http_text_part(struct http_text *rest, char stop, struct http_text *part);

/* A decimal number without sign or blanks, at most `most`. */
bool http_text_number(struct http_text text, unsigned long long most, unsigned long long *number);

#endif
