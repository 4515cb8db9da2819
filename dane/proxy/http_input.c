/* http_input.c: see http_input.h. */
#include "dane/proxy/http_input.h"

#include <event2/buffer.h>

enum { LOOKED_AT_MAX = HTTP_HEAD_MAX + 1 /* one more, so that too long can be told */ };

enum http_fault http_input_head(struct http_head *head, enum http_kind kind, struct evbuffer *input)
{
    size_t len = evbuffer_get_length(input);
    if (len == 0)
        return HTTP_FAULT_PARTIAL;
    if (len > LOOKED_AT_MAX)
        len = LOOKED_AT_MAX;
    const unsigned char *octets = evbuffer_pullup(input, (ev_ssize_t)len);
    if (!octets)
        return HTTP_FAULT_HEAD_TOO_LONG; /* no memory for it */
    return http_head_read(head, kind, octets, len);
}
