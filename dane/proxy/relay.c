/* relay.c: see relay.h.
 *
 * Content is moved from buffer to buffer as it lies, without a copy; only the few octets of the
 * framing are looked at. */
#include "dane/proxy/relay.h"

#include <event2/buffer.h>
#include <string.h>

void relay_begin(struct relay *relay, const struct http_framing *framing, bool chunk)
{
    *relay = (struct relay){.chunk = chunk};
    http_body_begin(&relay->body, framing);
    relay->is_done = relay->body.is_done;
}

/* A piece of content that begins where `input` does. */
static void move_piece(const struct relay *relay, struct evbuffer *input, struct stream *to,
                       size_t len)
{
    char frame[HTTP_CHUNK_FRAME_SIZE];
    if (relay->chunk)
        stream_write(to, frame, http_body_frame(len, frame));
    stream_move(to, input, len);
    if (relay->chunk)
        stream_write(to, http_body_chunk_end, strlen(http_body_chunk_end));
}

/* What lies together at the front of the input: one piece at most. False: nothing is there. */
static bool pump_front(struct relay *relay, struct evbuffer *input, struct stream *to,
                       enum http_fault *fault)
{
    struct evbuffer_iovec front;
    struct http_text piece;
    if (evbuffer_peek(input, -1, NULL, &front, 1) < 1 || front.iov_len == 0)
        return false;
    const char *at = front.iov_base;
    size_t left = front.iov_len;
    *fault = http_body_next(&relay->body, &at, &left, &piece);
    if (*fault != HTTP_FAULT_NONE)
        return false;
    size_t taken = front.iov_len - left;
    (void)evbuffer_drain(input, taken - piece.len); /* grammar; content is always last */
    if (piece.len > 0)
        move_piece(relay, input, to, piece.len);
    return taken > 0;
}

static void finish(struct relay *relay, struct stream *to)
{
    relay->is_done = true;
    if (relay->chunk)
        stream_write(to, http_body_last_chunk, strlen(http_body_last_chunk));
}

enum status relay_pump(struct relay *relay, struct stream *from, struct stream *to,
                       enum http_fault *fault)
{
    struct evbuffer *input = stream_input(from);
    *fault = HTTP_FAULT_NONE;
    if (relay->is_done)
        return STATUS_OK;
    while (!relay->body.is_done && !stream_is_full(to) && pump_front(relay, input, to, fault))
        ;
    stream_input_taken(from);
    if (*fault != HTTP_FAULT_NONE)
        return STATUS_MALFORMED;
    bool has_ended = stream_input_ended(from) && evbuffer_get_length(input) == 0;
    if (!relay->body.is_done && has_ended && !http_body_close(&relay->body))
        return STATUS_CLOSED;
    if (relay->body.is_done)
        finish(relay, to);
    return STATUS_OK;
}
