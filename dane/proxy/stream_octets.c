/* stream_octets.c: see stream_parts.h. Reads and writes a stream's socket, plain or through OpenSSL.
 *
 * What is read lies in the input as OpenSSL or the socket has left it there; what is written goes
 * out from where it lies. Each result is one of: done, not now (the event that it waits for is
 * noted: is_starved, is_blocked), the end, a failure.
 */
#include "dane/proxy/stream_parts.h"

#include <event2/buffer.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "ledger/base/clock.h"

enum {
    READ_SPACE = 16384,  /* octets at once: one record of TLS */
    TURN_MAX = 131072,   /* octets read before others have their turn */
    SMALL_EXTENT = 4096, /* pieces below it are sent together with what follows */
    TOGETHER = 16384,    /* … up to so much */
};

/* After a call of OpenSSL that did not succeed, and is not to be repeated. */
static enum status stream_tls_status(const struct stream *stream)
{
    unsigned long error = ERR_peek_error();
    if (stream->wire.error != STATUS_OK && stream->wire.error != STATUS_AGAIN)
        return stream->wire.error;
    if (stream->wire.has_ended &&
        (error == 0 || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING))
        return STATUS_CLOSED;
    return STATUS_CRYPTO;
}

static void fail_tls(struct stream *stream)
{
    stream->tls_error = ERR_peek_error();
    stream_fail(stream, stream_tls_status(stream));
    ERR_clear_error();
}

static void moved(struct stream *stream)
{
    stream->moved_ms = clock_coarse_ms();
}

/* --- input --- */

/* OK with *got 0: the end. AGAIN, and what makes a stream fail. */
static enum status read_plain(struct stream *stream, struct evbuffer_iovec *space, size_t *got)
{
    ssize_t received = wire_receive(&stream->wire, space->iov_base, space->iov_len);
    *got = received > 0 ? (size_t)received : 0;
    return received < 0 ? stream->wire.error : STATUS_OK;
}

static enum status read_tls(struct stream *stream, struct evbuffer_iovec *space, size_t *got)
{
    ERR_clear_error();
    stream->wire.error = STATUS_OK;
    *got = 0;
    if (SSL_read_ex(stream->ssl, space->iov_base, space->iov_len, got) == 1)
        return STATUS_OK;
    switch (SSL_get_error(stream->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        stream->is_starved = true;
        return STATUS_AGAIN;
    case SSL_ERROR_WANT_WRITE: /* an answer to a KeyUpdate: when it is out, reading goes on */
        stream->is_blocked = stream->input_waits = true;
        return STATUS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return STATUS_OK;
    default:
        stream->tls_error = ERR_peek_error();
        enum status status = stream_tls_status(stream);
        ERR_clear_error();
        return status;
    }
}

static enum status read_some(struct stream *stream, size_t *got, bool *is_short)
{
    struct evbuffer_iovec space;
    *got = 0;
    if (evbuffer_reserve_space(stream->input, READ_SPACE, &space, 1) != 1)
        return STATUS_NO_MEMORY;
    size_t size = space.iov_len;
    bool is_tls = stream->state == STREAM_TLS;
    enum status status = is_tls ? read_tls(stream, &space, got) : read_plain(stream, &space, got);
    space.iov_len = *got;
    if (*got > 0 && evbuffer_commit_space(stream->input, &space, 1) != 0)
        return STATUS_NO_MEMORY;
    *is_short = is_tls ? !SSL_has_pending(stream->ssl) : *got < size;
    return status;
}

/* An end after a reset is no end: what the other side had still to say is lost. */
static void end_input(struct stream *stream)
{
    if (stream->wire.is_broken) {
        stream_fail(stream, STATUS_CLOSED);
        return;
    }
    stream->input_ended = true;
    stream->tell |= TELL_INPUT;
}

void stream_read_turn(struct stream *stream)
{
    size_t taken = 0, got = 0;
    bool is_short = false;
    while (stream_wants_input(stream) && taken < TURN_MAX && !is_short) {
        enum status status = read_some(stream, &got, &is_short);
        if (status == STATUS_AGAIN)
            break;
        if (status != STATUS_OK)
            stream_fail(stream, status);
        else if (got == 0)
            end_input(stream);
        taken += got;
    }
    if (taken > 0) {
        stream->tell |= TELL_INPUT;
        moved(stream);
    }
}

/* --- output --- */

/* The first octets of the output in one piece: as they lie there, but for small pieces. */
static struct evbuffer_iovec front_of(struct evbuffer *output)
{
    struct evbuffer_iovec front = {0};
    size_t len = evbuffer_get_length(output);
    (void)evbuffer_peek(output, -1, NULL, &front, 1);
    if (front.iov_len < SMALL_EXTENT && front.iov_len < len) {
        front.iov_len = len < TOGETHER ? len : TOGETHER;
        front.iov_base = evbuffer_pullup(output, (ssize_t)front.iov_len);
    }
    return front;
}

static enum status write_tls(struct stream *stream, const struct evbuffer_iovec *front,
                             size_t *sent)
{
    ERR_clear_error();
    stream->wire.error = STATUS_OK;
    if (SSL_write_ex(stream->ssl, front->iov_base, front->iov_len, sent) == 1)
        return STATUS_OK;
    if (SSL_get_error(stream->ssl, 0) == SSL_ERROR_WANT_WRITE)
        return STATUS_AGAIN;
    stream->tls_error = ERR_peek_error();
    enum status status = stream_tls_status(stream);
    ERR_clear_error();
    return status;
}

static enum status write_some(struct stream *stream)
{
    size_t sent = 0;
    enum status status = STATUS_OK;
    struct evbuffer_iovec front = front_of(stream->output);
    if (!front.iov_base)
        return STATUS_NO_MEMORY;
    if (stream->state == STREAM_TLS) {
        status = write_tls(stream, &front, &sent);
    } else {
        ssize_t written = wire_send(&stream->wire, front.iov_base, front.iov_len);
        sent = written > 0 ? (size_t)written : 0;
        status = written < 0 ? stream->wire.error : STATUS_OK;
    }
    (void)evbuffer_drain(stream->output, sent);
    return status;
}

static void write_out(struct stream *stream)
{
    enum status status = STATUS_OK;
    if (evbuffer_get_length(stream->output) == 0)
        return;
    while (status == STATUS_OK && evbuffer_get_length(stream->output) > 0) {
        status = write_some(stream);
        if (status == STATUS_OK)
            moved(stream);
    }
    if (status == STATUS_AGAIN)
        stream->is_blocked = true;
    else if (status != STATUS_OK)
        stream_fail(stream, status);
    if (stream->was_full && evbuffer_get_length(stream->output) <= STREAM_OUTPUT_LOW) {
        stream->was_full = false;
        stream->tell |= TELL_DRAINED;
    }
}

static void finish_output(struct stream *stream)
{
    if (stream->state == STREAM_TLS) {
        ERR_clear_error();
        int done = SSL_shutdown(stream->ssl);
        bool is_full = done < 0 && SSL_get_error(stream->ssl, done) == SSL_ERROR_WANT_WRITE;
        ERR_clear_error();
        stream->is_blocked = is_full;
        if (is_full)
            return;
    }
    (void)shutdown(stream->wire.fd, SHUT_WR); /* fails when the connection has gone: seen below */
    stream->wire.is_shut = true;
    stream->is_finished = true;
    stream->tell |= TELL_DRAINED;
}

void stream_shake_hands(struct stream *stream)
{
    ERR_clear_error();
    stream->wire.error = STATUS_OK;
    int done = SSL_do_handshake(stream->ssl);
    int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(stream->ssl, done);
    stream->is_blocked = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_NONE) {
        stream->state = STREAM_TLS;
        stream->wire.received_max = 0;
        stream->tell |= TELL_READY;
        moved(stream);
    } else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        fail_tls(stream);
    }
    ERR_clear_error();
}

void stream_push(struct stream *stream)
{
    stream->is_blocked = false;
    if (stream->state != STREAM_HANDSHAKE && stream->state != STREAM_FAILED)
        write_out(stream);
    bool is_out = evbuffer_get_length(stream->output) == 0;
    if (stream->state == STREAM_LEAVES_PLAIN && is_out)
        stream->state = STREAM_HANDSHAKE;
    if (stream->state == STREAM_HANDSHAKE)
        stream_shake_hands(stream);
    else if (stream->state != STREAM_FAILED && stream->is_finishing && !stream->is_finished &&
             is_out)
        finish_output(stream);
    if (stream->wire.is_broken && stream->input_ended)
        stream_fail(stream, STATUS_CLOSED);
}
