/* stream_parts.h: what the two halves of a stream share: stream.c (events, telling, what others call)
 * and stream_octets.c (what moves octets).
 */
#ifndef HEARTH_DANE_PROXY_STREAM_PARTS_H
#define HEARTH_DANE_PROXY_STREAM_PARTS_H

#include <event2/event_struct.h>

#include "dane/proxy/stream.h"
#include "dane/proxy/wire.h"

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
    struct ssl_st *ssl;
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

/* Has the loop see to what is queued and to be told, in this very round. */
void stream_stir(struct stream *stream);

/* The one way into STREAM_FAILED; the first reason stays. */
void stream_fail(struct stream *stream, enum status why);

bool stream_has_room(const struct stream *stream); /* in the input, and is not paused */
bool stream_wants_input(const struct stream *stream);

/* Reads into the input, as much as is one stream's turn. */
void stream_read_turn(struct stream *stream);

/* Sends what the socket takes; and what comes of it when all is out: the handshake, FIN. */
void stream_push(struct stream *stream);

/* One step of the handshake. */
void stream_shake_hands(struct stream *stream);

#endif
