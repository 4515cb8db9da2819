/* stream.h: one connection on the event loop, plain or TLS: octets in and out with bounds, deadlines
 * and half-close.
 *
 * Over its own descriptor; OpenSSL reads and writes the socket itself. What came and what is to go
 * are evbuffers. No renegotiation, no SIGPIPE. Handlers are called from the loop only, never from
 * inside a call of this file, so that a handler may free its stream.
 */
#ifndef HEARTH_DANE_PROXY_STREAM_H
#define HEARTH_DANE_PROXY_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/status.h"

struct event_base; /* libevent's */
struct evbuffer;
struct probe_failure; /* dane/probe_reason.h */
struct ssl_st;        /* OpenSSL's SSL */

enum {
    STREAM_INPUT_MAX = 131072,   /* octets read ahead; then the sender waits */
    STREAM_OUTPUT_FULL = 131072, /* above it stream_is_full */
    STREAM_OUTPUT_LOW = 32768,   /* `drained` is called when the output falls to it */
};

struct stream;

struct stream_handlers {
    void (*ready)(void *context); /* the TLS handshake is done */
    void (*input)(void *context); /* octets came, or the other side finished (stream_input_ended) */
    void (*drained)(void *context); /* there is room again, or all was sent after stream_finish */
    /* Once; after it nothing more is called, and the stream is only good for stream_free. TIMEOUT,
     * CLOSED (by the other side, in the middle), IO, CRYPTO (TLS says no), NO_MEMORY, TOO_LONG (a
     * handshake without end). */
    void (*failed)(void *context, enum status why);
};

/* Takes the descriptor (closed with the stream; also when NULL is returned, for want of memory).
 * Reads from the start. */
struct stream *stream_create(struct event_base *base, int fd,
                             const struct stream_handlers *handlers, void *context);

/* Closes at once; NULL is allowed. */
void stream_free(struct stream *stream);

/* Another owner takes over. What has come by then is told by `input` again. Handlers that are all
 * NULL: nobody listens for now, and what happens meanwhile is told to the next owner. */
void stream_set_handlers(struct stream *stream, const struct stream_handlers *handlers,
                         void *context);

/* TLS from here on, with the `ssl` prepared by the caller, which is taken (freed also on failure).
 * What is in the input by then (a ClientHello at which the caller has looked with evbuffer_copyout)
 * is taken out of it and fed to the TLS before what the socket brings; what is in the output goes
 * out plain first. `ready` or `failed` follows. NO_MEMORY; then the stream is as it was. */
enum status stream_start_tls(struct stream *stream, struct ssl_st *ssl, bool as_server);
struct ssl_st *stream_ssl(struct stream *stream); /* NULL: plain */

/* What is known of a stream that failed, for probe_reason. */
void stream_failure(const struct stream *stream, struct probe_failure *failure);

/* What came and was not yet taken (with evbuffer_drain, evbuffer_remove …). */
struct evbuffer *stream_input(struct stream *stream);
/* Tells that input was taken: a reader that had stopped for want of room goes on. */
void stream_input_taken(struct stream *stream);

/* Queues, and sends as soon as the present handler has returned: small pieces go out together. */
void stream_write(struct stream *stream, const void *bytes, size_t len);
void stream_move(struct stream *stream, struct evbuffer *from, size_t len);

bool stream_is_full(const struct stream *stream);
size_t stream_output_len(const struct stream *stream);

/* No more input is read while paused (back-pressure). */
void stream_pause(struct stream *stream, bool paused);

/* FIN, or close_notify: what is in the input is the last. */
bool stream_input_ended(const struct stream *stream);

/* When all output is sent: close_notify and FIN; reading goes on (half-close). */
void stream_finish(struct stream *stream);
bool stream_is_finished(const struct stream *stream); /* and all is sent */

/* Fails with TIMEOUT when nothing moves in either direction for so long (0: never); a paused reader
 * with nothing to send is not idle by its own fault and waits as long again. */
void stream_set_idle_timeout(struct stream *stream, unsigned ms);
/* Fails with TIMEOUT then, whatever moves; 0: no deadline. Milliseconds from now. */
void stream_set_deadline(struct stream *stream, unsigned ms);

#endif
