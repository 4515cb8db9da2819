/* control_server.h: serves the control socket on an event loop: frames in, frames out, in order.
 *
 * Each connection is a session with one request under way at most: it is not read from until its
 * answer is written. So a session costs at most one frame each way, answers keep their order, and a
 * request may be answered later (control_session_answer) without anything else waiting for it.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONTROL_SERVER_H
#define HEARTH_RESOLVER_DAEMON_CONTROL_SERVER_H

#include <stdbool.h>

#include "ledger/base/status.h"
#include "resolver/daemon/control_codec.h"
#include "resolver/daemon/control_rights.h"

enum {
    CONTROL_SESSIONS_MAX = 64,
    CONTROL_GUESTS_MAX = 32, /* of them, those without the write right */
    CONTROL_FRAME_TIMEOUT_MS = 10000,
    CONTROL_LINGER_MS = 1000
};

struct event_base;
struct control_server;  /* heap */
struct control_session; /* the server's; lives at least until its request is answered */

struct control_handlers {
    /* Who is connected; tests say something else than the kernel. */
    enum status (*identify)(void *context, int fd, enum control_right *right);
    /* One request, borrowed for the call. control_session_answer must be called for it once, now or
     * later. */
    void (*request)(void *context, struct control_session *session, const json_t *message);
    /* A session with an attachment has ended. */
    void (*release)(void *context, void *attachment);
    void *context;
};

/* `listen_fd` is bound, listening and non-blocking, and stays the caller's. `frame_timeout_ms`: how
 * long a frame may take from its first octet to its last. NULL when memory is out. */
struct control_server *control_server_create(struct event_base *base, int listen_fd,
                                             const struct control_handlers *handlers,
                                             unsigned frame_timeout_ms);
/* Closes all sessions; answers that were given are sent as far as their sockets take them, requests
 * without an answer get none. NULL is safe. */
void control_server_destroy(struct control_server *server);

/* Takes over the answer (one reference), and `fd` unless it is -1: it goes with the answer and is
 * closed here. */
void control_session_answer(struct control_session *session, json_t *answer, int fd);

enum control_right control_session_right(const struct control_session *session);

/* What the request handler keeps with a connection; NULL at first. */
void *control_session_attachment(const struct control_session *session);
void control_session_attach(struct control_session *session, void *attachment);

/* {"version": 1, "ok": false, "status": …, "error": …}; NULL when memory is out. `error` NULL:
 * status_text. */
json_t *control_refusal(enum status status, const char *error);

#endif
