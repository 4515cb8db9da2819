/* http_framing.c: see http_framing.h. */
#include "dane/proxy/http_framing.h"

enum { LENGTH_MOST_BITS = 62 };

/* Length or coding, whichever there is; *kind stays as it was if there is neither. */
static enum http_fault read_fields(struct http_framing *framing, const struct http_head *head)
{
    const struct http_field *length = http_head_field(head, "content-length", 0);
    const struct http_field *coding = http_head_field(head, "transfer-encoding", 0);
    if (length && coding)
        return HTTP_FAULT_LENGTH_AND_CODING;
    if (coding) {
        /* HTTP/1.0 knows none; what an old intermediary makes of it is anybody's guess. */
        if (head->minor == 0 || http_head_field(head, "transfer-encoding", 1) ||
            !http_text_is_word(coding->value, "chunked"))
            return HTTP_FAULT_CODING;
        framing->kind = HTTP_BODY_CHUNKED;
    }
    if (length) {
        unsigned long long octets;
        if (http_head_field(head, "content-length", 1))
            return HTTP_FAULT_LENGTHS;
        if (!http_text_number(length->value, 1ULL << LENGTH_MOST_BITS, &octets))
            return HTTP_FAULT_LENGTH;
        framing->kind = octets > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
        framing->length = octets;
    }
    return HTTP_FAULT_NONE;
}

enum http_fault http_framing_of_request(struct http_framing *framing, const struct http_head *head)
{
    *framing = (struct http_framing){.kind = HTTP_BODY_NONE};
    return read_fields(framing, head);
}

static bool names_websocket(const struct http_head *head)
{
    return head->minor == 1 && http_head_lists(head, "connection", "upgrade") &&
           http_text_is_word(http_head_only(head, "upgrade"), "websocket");
}

enum http_fault http_framing_of_response(struct http_framing *framing, const struct http_head *head,
                                         const struct http_head *request)
{
    *framing = (struct http_framing){.kind = HTTP_BODY_TO_CLOSE};
    enum http_fault fault = read_fields(framing, head);
    if (fault != HTTP_FAULT_NONE)
        return fault;
    if (head->status == 101) {
        *framing = (struct http_framing){.kind = HTTP_BODY_SWITCHED};
        return http_framing_asks_websocket(request) && names_websocket(head) ? HTTP_FAULT_NONE
                                                                             : HTTP_FAULT_SWITCH;
    }
    if (head->status < 200 || head->status == 204 || head->status == 304 ||
        http_text_is(request->method, "HEAD"))
        *framing = (struct http_framing){.kind = HTTP_BODY_NONE};
    return HTTP_FAULT_NONE;
}

bool http_framing_keeps_alive(const struct http_head *head)
{
    if (http_head_lists(head, "connection", "close"))
        return false;
    return head->minor == 1 || http_head_lists(head, "connection", "keep-alive");
}

bool http_framing_asks_websocket(const struct http_head *request)
{
    return http_text_is(request->method, "GET") && names_websocket(request) &&
           !http_head_field(request, "content-length", 0) &&
           !http_head_field(request, "transfer-encoding", 0);
}
