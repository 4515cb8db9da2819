/* stream.c: see stream.h.
 *
 * Events of libevent on the descriptor, not its bufferevents: those of 2.1 with OpenSSL know no
 * half-close, and take an end without close_notify for an error.
 *
 * The happy path: a socket that is readable is read for one turn (stream_read_turn) into the input;
 * what is written is queued, and pushed out (stream_push) once the handler that wrote has returned
 * and again whenever the socket has room; both are in stream_octets.c. What is to be told is noted
 * in `tell` and told last (tell_all), from the loop alone, because a handler may free the stream.
 * `settle` then asks for the events that the state needs. All failures end in stream_fail.
 */
#include "dane/proxy/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dane/proxy/stream_parts.h"
#include "ledger/base/clock.h"

enum {
    READ_AHEAD = 65536,     /* octets that OpenSSL asks the socket for */
    HANDSHAKE_MAX = 262144, /* octets that the other side may send in a handshake */
};

/* --- failing --- */

/* From inside a stream_ call: the loop sees to the rest, in this very round. */
void stream_stir(struct stream *stream)
{
    if (!stream->has_told_failure)
        event_active(&stream->soon, 0, 0);
}

void stream_fail(struct stream *stream, enum status why)
{
    if (stream->state == STREAM_FAILED)
        return;
    stream->state = STREAM_FAILED;
    stream->why = why;
    stream->tell |= TELL_FAILED;
    (void)evbuffer_drain(stream->output, evbuffer_get_length(stream->output));
    (void)event_del(&stream->again);
    (void)event_del(&stream->idle);
    (void)event_del(&stream->deadline);
    stream_stir(stream);
}

/* --- which events are needed --- */

bool stream_has_room(const struct stream *stream)
{
    return !stream->is_paused && evbuffer_get_length(stream->input) < STREAM_INPUT_MAX;
}

bool stream_wants_input(const struct stream *stream)
{
    if (stream->state == STREAM_HANDSHAKE || stream->input_waits)
        return !stream->is_blocked;
    return (stream->state == STREAM_PLAIN || stream->state == STREAM_TLS) &&
           stream_has_room(stream) && !stream->input_ended && !(stream->tell & TELL_READY);
}

static void watch(struct stream *stream, struct event *event, bool *is_on, bool is_wanted)
{
    if (is_wanted == *is_on)
        return;
    *is_on = is_wanted;
    if ((is_wanted ? event_add(event, NULL) : event_del(event)) != 0)
        stream_fail(stream, STATUS_IO);
}

/* OpenSSL may hold what the socket does not tell of. */
static void settle(struct stream *stream)
{
    static const struct timeval now = {0};
    bool wants = stream_wants_input(stream);
    watch(stream, &stream->reading, &stream->is_reading, wants);
    watch(stream, &stream->writing, &stream->is_writing,
          stream->is_blocked && stream->state != STREAM_FAILED);
    if (wants && stream->state == STREAM_TLS && !stream->is_starved && SSL_has_pending(stream->ssl))
        (void)event_add(&stream->again, &now);
}

/* --- telling --- */

static void call(struct stream *stream, unsigned what)
{
    const struct stream_handlers *handlers = &stream->handlers;
    if (what == TELL_READY) {
        handlers->ready(stream->context);
    } else if (what == TELL_INPUT) {
        handlers->input(stream->context);
    } else if (what == TELL_DRAINED) {
        handlers->drained(stream->context);
    } else {
        stream->has_told_failure = true;
        handlers->failed(stream->context, stream->why);
    }
}

static bool is_listened_to(const struct stream *stream)
{
    return stream->handlers.failed && !stream->has_told_failure;
}

static void tell_all(struct stream *stream)
{
    bool is_gone = false;
    stream->is_gone = &is_gone;
    for (unsigned what = TELL_READY; what <= TELL_FAILED; what <<= 1) {
        if (!(stream->tell & what) || !is_listened_to(stream))
            continue;
        stream->tell &= ~what;
        call(stream, what);
        if (is_gone)
            return;
    }
    stream->is_gone = NULL;
    settle(stream);
    if (stream->tell != 0 && is_listened_to(stream))
        stream_stir(stream);
}

/* --- events of the loop --- */

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    (void)fd;
    (void)what;
    stream->is_starved = false;
    if (stream->state == STREAM_HANDSHAKE)
        stream_shake_hands(stream);
    else
        stream_read_turn(stream);
    tell_all(stream);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    (void)fd;
    (void)what;
    stream_push(stream);
    if (stream->input_waits) {
        stream->input_waits = false;
        stream_read_turn(stream);
    }
    tell_all(stream);
}

static void on_soon(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    (void)fd;
    (void)what;
    if (!stream->is_blocked)
        stream_push(stream);
    tell_all(stream);
}

static void on_idle(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    uint64_t now_ms = clock_coarse_ms();
    (void)fd;
    (void)what;
    if (!stream_has_room(stream) && evbuffer_get_length(stream->output) == 0)
        stream->moved_ms = now_ms; /* it waits for us */
    uint64_t still_ms = now_ms - stream->moved_ms;
    if (still_ms >= stream->idle_ms) {
        stream_fail(stream, STATUS_TIMEOUT);
    } else {
        uint64_t left_ms = stream->idle_ms - still_ms;
        struct timeval left = {(time_t)(left_ms / 1000), (suseconds_t)(left_ms % 1000 * 1000)};
        (void)event_add(&stream->idle, &left);
    }
    tell_all(stream);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    (void)fd;
    (void)what;
    stream_fail(stream, STATUS_TIMEOUT);
    tell_all(stream);
}

/* --- what others call --- */

static bool assign_events(struct stream *stream, struct event_base *base)
{
    int fd = stream->wire.fd;
    return event_assign(&stream->reading, base, fd, EV_READ | EV_PERSIST, on_readable, stream) ==
               0 &&
           event_assign(&stream->writing, base, fd, EV_WRITE | EV_PERSIST, on_writable, stream) ==
               0 &&
           evtimer_assign(&stream->soon, base, on_soon, stream) == 0 &&
           evtimer_assign(&stream->again, base, on_readable, stream) == 0 &&
           evtimer_assign(&stream->idle, base, on_idle, stream) == 0 &&
           evtimer_assign(&stream->deadline, base, on_deadline, stream) == 0;
}

struct stream *stream_create(struct event_base *base, int fd,
                             const struct stream_handlers *handlers, void *context)
{
    static const int on = 1;
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        close(fd);
        return NULL;
    }
    stream->wire.fd = fd;
    stream->input = evbuffer_new();
    stream->output = evbuffer_new();
    if (!stream->input || !stream->output || !assign_events(stream, base)) {
        if (stream->input)
            evbuffer_free(stream->input);
        if (stream->output)
            evbuffer_free(stream->output);
        close(fd);
        free(stream);
        return NULL;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only a matter of speed */
    stream->handlers = *handlers;
    stream->context = context;
    stream->moved_ms = clock_coarse_ms();
    settle(stream);
    stream_stir(stream);
    return stream;
}

void stream_free(struct stream *stream)
{
    if (!stream)
        return;
    if (stream->is_gone)
        *stream->is_gone = true;
    struct event *events[] = {&stream->reading, &stream->writing, &stream->soon,
                              &stream->again,   &stream->idle,    &stream->deadline};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        (void)event_del(events[i]);
    if (stream->ssl) {
        /* A connection that just goes would spoil its session, which others may resume. */
        if (!(stream->state == STREAM_FAILED && stream->why == STATUS_CRYPTO))
            SSL_set_shutdown(stream->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(stream->ssl);
        ERR_clear_error();
    }
    if (stream->wire.before)
        evbuffer_free(stream->wire.before);
    evbuffer_free(stream->input);
    evbuffer_free(stream->output);
    close(stream->wire.fd);
    free(stream);
}

void stream_set_handlers(struct stream *stream, const struct stream_handlers *handlers,
                         void *context)
{
    stream->handlers = *handlers;
    stream->context = context;
    if (evbuffer_get_length(stream->input) > 0 || stream->input_ended)
        stream->tell |= TELL_INPUT;
    if (stream->tell != 0)
        stream_stir(stream);
}

static bool prepare_tls(struct stream *stream, SSL *ssl)
{
    BIO *bio = wire_bio(&stream->wire);
    stream->wire.before = evbuffer_new();
    if (!bio || !stream->wire.before ||
        evbuffer_add_buffer(stream->wire.before, stream->input) != 0) {
        BIO_free(bio);
        if (stream->wire.before)
            evbuffer_free(stream->wire.before);
        stream->wire.before = NULL;
        return false;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                          SSL_MODE_RELEASE_BUFFERS);
    SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
    SSL_set_read_ahead(ssl, 1);
    SSL_set_default_read_buffer_len(ssl, READ_AHEAD);
    return true;
}

enum status stream_start_tls(struct stream *stream, struct ssl_st *ssl, bool as_server)
{
    if (stream->ssl || !prepare_tls(stream, ssl)) {
        SSL_free(ssl);
        return STATUS_NO_MEMORY;
    }
    if (as_server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    stream->ssl = ssl;
    stream->wire.received = stream->wire.first_len = 0;
    stream->wire.received_max = HANDSHAKE_MAX;
    stream->input_ended = false; /* TLS has its own end */
    if (stream->state == STREAM_PLAIN)
        stream->state = STREAM_LEAVES_PLAIN;
    settle(stream);
    stream_stir(stream);
    return STATUS_OK;
}

struct ssl_st *stream_ssl(struct stream *stream)
{
    return stream->ssl;
}

void stream_failure(const struct stream *stream, struct probe_failure *failure)
{
    *failure = (struct probe_failure){.status = stream->why,
                                      .tls_error = stream->tls_error,
                                      .connected = true,
                                      .first_len = stream->wire.first_len};
    memcpy(failure->first, stream->wire.first, sizeof failure->first);
    if (failure->status == STATUS_CRYPTO)
        failure->status = STATUS_MALFORMED; /* its word for it */
}

struct evbuffer *stream_input(struct stream *stream)
{
    return stream->input;
}

void stream_input_taken(struct stream *stream)
{
    settle(stream);
}

static void queued(struct stream *stream, bool is_good)
{
    if (!is_good)
        stream_fail(stream, STATUS_NO_MEMORY);
    if (evbuffer_get_length(stream->output) > STREAM_OUTPUT_FULL)
        stream->was_full = true;
    stream_stir(stream);
}

static bool is_closed_for_output(const struct stream *stream)
{
    return stream->state == STREAM_FAILED || stream->is_finishing;
}

void stream_write(struct stream *stream, const void *bytes, size_t len)
{
    if (!is_closed_for_output(stream) && len > 0)
        queued(stream, evbuffer_add(stream->output, bytes, len) == 0);
}

void stream_move(struct stream *stream, struct evbuffer *from, size_t len)
{
    if (is_closed_for_output(stream))
        (void)evbuffer_drain(from, len);
    else if (len > 0)
        queued(stream, evbuffer_remove_buffer(from, stream->output, len) == (int)len);
}

bool stream_is_full(const struct stream *stream)
{
    return evbuffer_get_length(stream->output) > STREAM_OUTPUT_FULL;
}

size_t stream_output_len(const struct stream *stream)
{
    return evbuffer_get_length(stream->output);
}

void stream_pause(struct stream *stream, bool paused)
{
    stream->is_paused = paused;
    settle(stream);
}

bool stream_input_ended(const struct stream *stream)
{
    return stream->input_ended;
}

void stream_finish(struct stream *stream)
{
    stream->is_finishing = true;
    stream_stir(stream);
}

bool stream_is_finished(const struct stream *stream)
{
    return stream->is_finished && !stream->wire.is_broken;
}

static void set_timer(struct stream *stream, struct event *timer, unsigned ms)
{
    struct timeval after = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    (void)event_del(timer);
    if (ms != 0 && stream->state != STREAM_FAILED && event_add(timer, &after) != 0) {
        stream_fail(stream, STATUS_NO_MEMORY);
    }
}

void stream_set_idle_timeout(struct stream *stream, unsigned ms)
{
    stream->idle_ms = ms;
    stream->moved_ms = clock_coarse_ms();
    set_timer(stream, &stream->idle, ms);
}

void stream_set_deadline(struct stream *stream, unsigned ms)
{
    set_timer(stream, &stream->deadline, ms);
}
