/* http_framing.h: where the body of a message ends (RFC 9112, section 6). Pure.
 *
 * Messages whose end could be read in two ways are refused: a length beside a coding, two lengths,
 * a coding other than chunked.
 */
#ifndef HEARTH_DANE_PROXY_HTTP_FRAMING_H
#define HEARTH_DANE_PROXY_HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "dane/proxy/http_head.h"

enum http_framing_kind {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH, /* `length` octets */
    HTTP_BODY_CHUNKED,
    HTTP_BODY_TO_CLOSE, /* responses: until the device closes */
    HTTP_BODY_SWITCHED, /* 101: from here on it is another protocol */
};

struct http_framing {
    enum http_framing_kind kind;
    uint64_t length;
};

/* Of a request. */
enum http_fault http_framing_of_request(struct http_framing *framing, const struct http_head *head);

/* Of a response to `request`. A 1xx but 101 has no body, and the response is still to come. 101 is
 * taken only as the answer, in full form, to a request for a WebSocket. */
enum http_fault http_framing_of_response(struct http_framing *framing, const struct http_head *head,
                                         const struct http_head *request);

/* Does the sender mean to go on with this connection? (With HTTP_BODY_TO_CLOSE it can't.) */
bool http_framing_keeps_alive(const struct http_head *head);

/* Does the request ask for a WebSocket (RFC 6455, section 4.1)? The only switch that is passed; and
 * without a body, so that there is one place only where the other protocol begins. */
bool http_framing_asks_websocket(const struct http_head *request);

#endif
