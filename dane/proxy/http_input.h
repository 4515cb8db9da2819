/* http_input.h: a head out of what a connection has received so far. */
#ifndef HEARTH_DANE_PROXY_HTTP_INPUT_H
#define HEARTH_DANE_PROXY_HTTP_INPUT_H

#include "dane/proxy/http_head.h"

struct evbuffer; /* libevent's */

/* http_head_read over the front of the buffer; nothing is taken out of it. The head's texts are
 * borrowed from the buffer until it changes. No octets at all: PARTIAL. */
enum http_fault http_input_head(struct http_head *head, enum http_kind kind,
                                struct evbuffer *input);

#endif
