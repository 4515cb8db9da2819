/* stream.c: see stream.h.
 *
 * Events of libevent on the descriptor, not its bufferevents: those of 2.1 with OpenSSL know no
 * half-close, and take an end without close_notify for an error.
 *
 * The happy path: a socket that is readable is read for one turn (read_turn) into the input; what
 * is written is queued and pushed out (push) once the handler that wrote has returned, and again
 * whenever the socket has room. What is to be told is noted in `tell` and told last (tell_all),
 * from the loop alone, because a handler may free the stream. `settle` then asks for the events
 * that the state needs. All failures end in `fail`.
 */
#include "dane/proxy/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dane/proxy/wire.h"
#include "ledger/base/clock.h"

enum {
    READ_SPACE = 16384,     /* octets at once: one record of TLS */
    READ_AHEAD = 65536,     /* octets that OpenSSL asks the socket for */
    TURN_MAX = 131072,      /* octets read before others have their turn */
    SMALL_EXTENT = 4096,    /* pieces below it are sent together with what follows */
    TOGETHER = 16384,       /* … up to so much */
    HANDSHAKE_MAX = 262144, /* octets that the other side may send in a handshake */
};

enum { TELL_READY = 1, TELL_INPUT = 2, TELL_DRAINED = 4, TELL_FAILED = 8 };

enum stream_state {
    STREAM_PLAIN,
    STREAM_LEAVES_PLAIN, /* TLS begins when the plain output is out */
    STREAM_HANDSHAKE,
    STREAM_TLS,
    STREAM_FAILED,
};

struct stream {
    enum stream_state state;
    struct wire wire;
    SSL *ssl;
    struct stream_handlers handlers;
    void *context;
    struct evbuffer *input, *output;
    struct event reading, writing; /* of the descriptor */
    struct event soon;             /* made active: push and tell */
    struct event again;            /* timer of 0: goes on reading what OpenSSL holds */
    struct event idle, deadline;   /* timers */
    bool is_reading, is_writing;   /* these events are added */
    bool is_blocked;               /* the socket takes no more output now */
    bool is_starved;               /* OpenSSL needs more from the socket */
    bool is_paused, input_ended;
    bool input_waits;               /* for room in the socket: OpenSSL has to answer first */
    bool was_full;                  /* `drained` is owed */
    bool is_finishing, is_finished; /* stream_finish was called; FIN is out */
    bool has_told_failure;
    unsigned tell;
    bool *is_gone; /* while handlers are called: set by stream_free */
    enum status why;
    unsigned long tls_error;
    unsigned idle_ms;
    uint64_t moved_ms;
};

/* --- failing --- */

/* From inside a stream_ call: the loop sees to the rest, in this very round. */
static void stir(struct stream *stream)
{
    if (!stream->has_told_failure)
        event_active(&stream->soon, 0, 0);
}

static void fail(struct stream *stream, enum status why)
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
    stir(stream);
}

/* After a call of OpenSSL that did not succeed, and is not to be repeated. */
static enum status status_of_tls(const struct stream *stream)
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
    fail(stream, status_of_tls(stream));
    ERR_clear_error();
}

static void moved(struct stream *stream)
{
    stream->moved_ms = clock_coarse_ms();
}

/* --- which events are needed --- */

static bool has_room(const struct stream *stream)
{
    return !stream->is_paused && evbuffer_get_length(stream->input) < STREAM_INPUT_MAX;
}

static bool wants_input(const struct stream *stream)
{
    if (stream->state == STREAM_HANDSHAKE || stream->input_waits)
        return !stream->is_blocked;
    return (stream->state == STREAM_PLAIN || stream->state == STREAM_TLS) && has_room(stream) &&
           !stream->input_ended && !(stream->tell & TELL_READY);
}

static void watch(struct stream *stream, struct event *event, bool *is_on, bool is_wanted)
{
    if (is_wanted == *is_on)
        return;
    *is_on = is_wanted;
    if ((is_wanted ? event_add(event, NULL) : event_del(event)) != 0)
        fail(stream, STATUS_IO);
}

/* OpenSSL may hold what the socket does not tell of. */
static void settle(struct stream *stream)
{
    static const struct timeval now = {0};
    bool wants = wants_input(stream);
    watch(stream, &stream->reading, &stream->is_reading, wants);
    watch(stream, &stream->writing, &stream->is_writing,
          stream->is_blocked && stream->state != STREAM_FAILED);
    if (wants && stream->state == STREAM_TLS && !stream->is_starved && SSL_has_pending(stream->ssl))
        (void)event_add(&stream->again, &now);
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
        enum status status = status_of_tls(stream);
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
        fail(stream, STATUS_CLOSED);
        return;
    }
    stream->input_ended = true;
    stream->tell |= TELL_INPUT;
}

static void read_turn(struct stream *stream)
{
    size_t taken = 0, got = 0;
    bool is_short = false;
    while (wants_input(stream) && taken < TURN_MAX && !is_short) {
        enum status status = read_some(stream, &got, &is_short);
        if (status == STATUS_AGAIN)
            break;
        if (status != STATUS_OK)
            fail(stream, status);
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
    enum status status = status_of_tls(stream);
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
        fail(stream, status);
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

static void shake_hands(struct stream *stream)
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

static void push(struct stream *stream)
{
    stream->is_blocked = false;
    if (stream->state != STREAM_HANDSHAKE && stream->state != STREAM_FAILED)
        write_out(stream);
    bool is_out = evbuffer_get_length(stream->output) == 0;
    if (stream->state == STREAM_LEAVES_PLAIN && is_out)
        stream->state = STREAM_HANDSHAKE;
    if (stream->state == STREAM_HANDSHAKE)
        shake_hands(stream);
    else if (stream->state != STREAM_FAILED && stream->is_finishing && !stream->is_finished &&
             is_out)
        finish_output(stream);
    if (stream->wire.is_broken && stream->input_ended)
        fail(stream, STATUS_CLOSED);
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
        stir(stream);
}

/* --- events of the loop --- */

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    (void)fd;
    (void)what;
    stream->is_starved = false;
    if (stream->state == STREAM_HANDSHAKE)
        shake_hands(stream);
    else
        read_turn(stream);
    tell_all(stream);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    (void)fd;
    (void)what;
    push(stream);
    if (stream->input_waits) {
        stream->input_waits = false;
        read_turn(stream);
    }
    tell_all(stream);
}

static void on_soon(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    (void)fd;
    (void)what;
    if (!stream->is_blocked)
        push(stream);
    tell_all(stream);
}

static void on_idle(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    uint64_t now_ms = clock_coarse_ms();
    (void)fd;
    (void)what;
    if (!has_room(stream) && evbuffer_get_length(stream->output) == 0)
        stream->moved_ms = now_ms; /* it waits for us */
    uint64_t still_ms = now_ms - stream->moved_ms;
    if (still_ms >= stream->idle_ms) {
        fail(stream, STATUS_TIMEOUT);
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
    fail(stream, STATUS_TIMEOUT);
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
    moved(stream);
    settle(stream);
    stir(stream);
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
        stir(stream);
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
    stir(stream);
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
        fail(stream, STATUS_NO_MEMORY);
    if (evbuffer_get_length(stream->output) > STREAM_OUTPUT_FULL)
        stream->was_full = true;
    stir(stream);
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
    stir(stream);
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
        fail(stream, STATUS_NO_MEMORY);
    }
}

void stream_set_idle_timeout(struct stream *stream, unsigned ms)
{
    stream->idle_ms = ms;
    moved(stream);
    set_timer(stream, &stream->idle, ms);
}

void stream_set_deadline(struct stream *stream, unsigned ms)
{
    set_timer(stream, &stream->deadline, ms);
}
