/* control_server.c: see control_server.h.
 *
 * A session goes HEADER → PAYLOAD → HANDLING → WRITING → HEADER …. What can't be a frame is
 * answered with an error, then the session lingers (LINGER: what still comes is thrown away, for a
 * second at most), since closing with unread octets would take the answer from the client again. A
 * client that stalls within a frame, or does not take its answer, is dropped. When all places are
 * taken, the longest idle session makes room. Guests, who may not write, have half of the places at
 * most, and lose theirs to others before anybody who may write does, also within a frame.
 */
#include "resolver/daemon/control_server.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/reader.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/log.h"

enum session_state {
    SESSION_HEADER,
    SESSION_PAYLOAD,
    SESSION_HANDLING,
    SESSION_WRITING,
    SESSION_LINGER
};

enum { ACCEPTS_A_TURN = 16, ACCEPT_PAUSE_MS = 200, DISCARD_SIZE = 4096 };

struct control_session {
    TAILQ_ENTRY(control_session) link; /* the longest idle first */
    struct control_server *server;
    int fd;
    enum session_state state;
    enum control_right right;
    struct event *readable, *writable, *deadline;
    uint8_t header[CONTROL_HEADER_SIZE];
    uint8_t *payload; /* while PAYLOAD */
    size_t have, want;
    uint8_t *frame; /* while WRITING */
    size_t frame_len, frame_sent;
    int frame_fd;
    bool last; /* linger after this answer */
    void *attachment;
};

struct control_server {
    struct event_base *base;
    int listen_fd;
    struct event *acceptable, *resume;
    struct control_handlers handlers;
    unsigned frame_timeout_ms, count, guest_count;
    TAILQ_HEAD(, control_session) sessions;
    struct log_limit limit;
};

static struct timeval to_timeval(unsigned ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

static void event_drop(struct event *event)
{
    if (event)
        event_free(event);
}

static bool is_guest(const struct control_session *session)
{
    return session->right != CONTROL_RIGHT_WRITE;
}

static void session_close(struct control_session *session)
{
    struct control_server *server = session->server;
    TAILQ_REMOVE(&server->sessions, session, link);
    server->count--;
    server->guest_count -= is_guest(session);
    event_drop(session->readable);
    event_drop(session->writable);
    event_drop(session->deadline);
    if (session->frame_fd >= 0)
        close(session->frame_fd);
    close(session->fd);
    if (session->attachment)
        server->handlers.release(server->handlers.context, session->attachment);
    free(session->payload);
    free(session->frame);
    free(session);
}

static void start_deadline(struct control_session *session, unsigned ms)
{
    struct timeval wait = to_timeval(ms);
    (void)event_add(session->deadline, &wait);
}

/* Ready for the next request; it goes to the end of the queue of idle ones. */
static void session_await(struct control_session *session)
{
    struct control_server *server = session->server;
    session->state = SESSION_HEADER;
    session->have = 0;
    session->want = CONTROL_HEADER_SIZE;
    (void)event_del(session->deadline);
    TAILQ_REMOVE(&server->sessions, session, link);
    TAILQ_INSERT_TAIL(&server->sessions, session, link);
    if (event_add(session->readable, NULL) != 0)
        session_close(session);
}

static void session_linger(struct control_session *session)
{
    session->state = SESSION_LINGER;
    (void)shutdown(session->fd, SHUT_WR);
    start_deadline(session, CONTROL_LINGER_MS);
    if (event_add(session->readable, NULL) != 0)
        session_close(session);
}

/* Writes what the socket takes, the descriptor with the first octet. AGAIN: more to come. */
static enum status write_some(struct control_session *session)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = session->frame + session->frame_sent,
                         .iov_len = session->frame_len - session->frame_sent};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (session->frame_fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &session->frame_fd, sizeof(int));
    }
    ssize_t sent = sendmsg(session->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? STATUS_AGAIN : STATUS_CLOSED;
    if (session->frame_fd >= 0)
        close(session->frame_fd);
    session->frame_fd = -1;
    session->frame_sent += (size_t)sent;
    return session->frame_sent == session->frame_len ? STATUS_OK : STATUS_AGAIN;
}

static void session_write(struct control_session *session)
{
    enum status status = write_some(session);
    if (status == STATUS_AGAIN) {
        if (event_add(session->writable, NULL) != 0)
            session_close(session);
        return;
    }
    if (status != STATUS_OK) {
        session_close(session);
        return;
    }
    free(session->frame);
    session->frame = NULL;
    if (session->last)
        session_linger(session);
    else
        session_await(session);
}

void control_session_answer(struct control_session *session, json_t *answer, int fd)
{
    session->frame_fd = fd;
    session->frame_sent = 0;
    enum status status = STATUS_NO_MEMORY;
    if (answer)
        status = control_pack(answer, &session->frame, &session->frame_len);
    json_decref(answer);
    /* Without memory for it, no other answer: a refusal would say that nothing has happened. */
    if (status == STATUS_TOO_LONG) {
        json_t *refusal = control_refusal(status, "the answer does not fit a frame");
        if (refusal)
            status = control_pack(refusal, &session->frame, &session->frame_len);
        json_decref(refusal);
    }
    session->state = SESSION_WRITING;
    start_deadline(session, session->server->frame_timeout_ms);
    if (status != STATUS_OK || !session->frame) {
        (void)shutdown(session->fd, SHUT_RDWR); /* memory is out: the loop closes it */
        session->frame_len = 0;
    }
    if (event_add(session->writable, NULL) != 0)
        event_active(session->writable, EV_WRITE, 0);
}

json_t *control_refusal(enum status status, const char *error)
{
    return json_pack("{s:i, s:b, s:s, s:o}", "version", CONTROL_VERSION, "ok", 0, "status",
                     status_name(status), "error",
                     control_fields_text_new(error ? error : status_text(status)));
}

/* Answers what is not a frame, for the last time. */
static void session_refuse(struct control_session *session, enum status status, const char *error)
{
    log_limited(&session->server->limit, LOG_LEVEL_WARNING, "control socket: %s", error);
    session->last = true;
    control_session_answer(session, control_refusal(status, error), -1);
}

static void session_parse(struct control_session *session)
{
    struct control_server *server = session->server;
    json_t *message = NULL;
    enum status status = control_parse(session->payload, session->want, &message);
    free(session->payload);
    session->payload = NULL;
    (void)event_del(session->readable);
    (void)event_del(session->deadline);
    session->state = SESSION_HANDLING;
    if (status == STATUS_OK)
        server->handlers.request(server->handlers.context, session, message);
    else if (status == STATUS_UPGRADE)
        session_refuse(session, status, "a request of another version than 1");
    else if (status == STATUS_NO_MEMORY)
        session_refuse(session, status, status_text(status));
    else
        session_refuse(session, status, "a request that is no JSON object with a version");
    json_decref(message);
}

static void session_take_header(struct control_session *session)
{
    struct reader r = reader_over(session->header, sizeof session->header);
    size_t len = reader_u32(&r);
    session->have = 0;
    session->want = len;
    if (len > 0 && len <= CONTROL_FRAME_MAX)
        session->payload = malloc(len);
    if (session->payload) {
        session->state = SESSION_PAYLOAD;
        return;
    }
    (void)event_del(session->readable);
    (void)event_del(session->deadline);
    session->state = SESSION_HANDLING;
    if (len > CONTROL_FRAME_MAX)
        session_refuse(session, STATUS_TOO_LONG, "a request of more than 1,048,576 octets");
    else if (len == 0)
        session_refuse(session, STATUS_MALFORMED, "an empty request");
    else
        session_refuse(session, STATUS_NO_MEMORY, status_text(STATUS_NO_MEMORY));
}

/* Reads into what is wanted now. AGAIN when there is nothing more to read, CLOSED at the end. */
static enum status read_some(struct control_session *session)
{
    uint8_t discarded[DISCARD_SIZE];
    uint8_t *into = session->state == SESSION_HEADER ? session->header : session->payload;
    bool linger = session->state == SESSION_LINGER;
    ssize_t got = linger ? recv(session->fd, discarded, sizeof discarded, MSG_DONTWAIT)
                         : recv(session->fd, into + session->have, session->want - session->have,
                                MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? STATUS_AGAIN : STATUS_CLOSED;
    if (got == 0)
        return STATUS_CLOSED;
    if (!linger)
        session->have += (size_t)got;
    return STATUS_OK;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct control_session *session = arg;
    bool first = session->state == SESSION_HEADER && session->have == 0;
    (void)fd;
    (void)what;
    enum status status = read_some(session);
    if (status == STATUS_AGAIN)
        return;
    if (status != STATUS_OK) {
        session_close(session);
        return;
    }
    if (session->state == SESSION_LINGER)
        return;
    if (first)
        start_deadline(session, session->server->frame_timeout_ms);
    if (session->have < session->want)
        return;
    if (session->state == SESSION_HEADER)
        session_take_header(session);
    else
        session_parse(session);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct control_session *session = arg;
    (void)fd;
    (void)what;
    if (session->frame)
        session_write(session);
    else
        session_close(session);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct control_session *session = arg;
    (void)fd;
    (void)what;
    if (session->state == SESSION_WRITING)
        log_limited(&session->server->limit, LOG_LEVEL_WARNING,
                    "control socket: a client that did not take its answer was dropped");
    else if (session->state != SESSION_LINGER)
        log_limited(&session->server->limit, LOG_LEVEL_WARNING,
                    "control socket: a client that stalled within a request was dropped");
    session_close(session);
}

static bool is_idle(const struct control_session *session)
{
    return session->state == SESSION_HEADER && session->have == 0;
}

/* A guest's session that nothing is being done for. */
static bool is_idle_guest(const struct control_session *session)
{
    return is_guest(session) &&
           (session->state == SESSION_HEADER || session->state == SESSION_PAYLOAD ||
            session->state == SESSION_LINGER);
}

static struct control_session *find_longest(struct control_server *server,
                                            bool (*is)(const struct control_session *session))
{
    struct control_session *session = NULL;
    TAILQ_FOREACH(session, &server->sessions, link) {
        if (is(session))
            return session;
    }
    return NULL;
}

/* Closes the longest idle session, a guest's before others. */
static bool make_room(struct control_server *server, bool for_guest)
{
    struct control_session *victim = find_longest(server, is_idle_guest);
    if (!victim && !for_guest)
        victim = find_longest(server, is_idle);
    if (!victim)
        return false;
    log_limited(&server->limit, LOG_LEVEL_WARNING,
                "control socket: all %d places are taken, an idle client was dropped",
                for_guest ? CONTROL_GUESTS_MAX : CONTROL_SESSIONS_MAX);
    session_close(victim);
    return true;
}

static struct control_session *session_create(struct control_server *server, int fd,
                                              enum control_right right)
{
    struct control_session *session = calloc(1, sizeof *session);
    if (!session) {
        close(fd);
        return NULL;
    }
    session->server = server;
    session->fd = fd;
    session->right = right;
    session->frame_fd = -1;
    session->want = CONTROL_HEADER_SIZE;
    session->readable = event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, session);
    session->writable = event_new(server->base, fd, EV_WRITE, on_writable, session);
    session->deadline = evtimer_new(server->base, on_deadline, session);
    TAILQ_INSERT_TAIL(&server->sessions, session, link);
    server->count++;
    server->guest_count += is_guest(session);
    if (!session->readable || !session->writable || !session->deadline) {
        session_close(session);
        return NULL;
    }
    return session;
}

static void session_open(struct control_server *server, int fd)
{
    enum control_right right = CONTROL_RIGHT_NONE;
    if (server->handlers.identify(server->handlers.context, fd, &right) != STATUS_OK)
        right = CONTROL_RIGHT_NONE;
    if (right != CONTROL_RIGHT_WRITE && server->guest_count >= CONTROL_GUESTS_MAX &&
        !make_room(server, true)) {
        close(fd);
        return;
    }
    struct control_session *session = session_create(server, fd, right);
    if (!session)
        return;
    if (right == CONTROL_RIGHT_NONE)
        session_refuse(session, STATUS_DENIED, "this user may not use the control socket");
    else
        session_await(session);
}

static void pause_accepting(struct control_server *server)
{
    struct timeval pause = to_timeval(ACCEPT_PAUSE_MS);
    (void)event_del(server->acceptable);
    (void)event_add(server->resume, &pause);
}

static void on_acceptable(evutil_socket_t listen_fd, short what, void *arg)
{
    struct control_server *server = arg;
    (void)what;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        bool full = server->count >= CONTROL_SESSIONS_MAX;
        if (full && i > 0)
            return; /* whether somebody more is waiting, the loop will say */
        if (full && !make_room(server, false)) {
            pause_accepting(server); /* all are at work: who waits is served when one is done */
            return;
        }
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            session_open(server, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(server);
        return;
    }
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct control_server *server = arg;
    (void)fd;
    (void)what;
    (void)event_add(server->acceptable, NULL);
}

struct control_server *control_server_create(struct event_base *base, int listen_fd,
                                             const struct control_handlers *handlers,
                                             unsigned frame_timeout_ms)
{
    struct control_server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    TAILQ_INIT(&server->sessions);
    server->base = base;
    server->listen_fd = listen_fd;
    server->handlers = *handlers;
    server->frame_timeout_ms = frame_timeout_ms;
    server->acceptable = event_new(base, listen_fd, EV_READ | EV_PERSIST, on_acceptable, server);
    server->resume = evtimer_new(base, on_resume, server);
    if (!server->acceptable || !server->resume || event_add(server->acceptable, NULL) != 0) {
        control_server_destroy(server);
        return NULL;
    }
    return server;
}

void control_server_destroy(struct control_server *server)
{
    if (!server)
        return;
    struct control_session *next = NULL;
    for (struct control_session *at = TAILQ_FIRST(&server->sessions); at; at = next) {
        next = TAILQ_NEXT(at, link);
        if (at->state == SESSION_WRITING && at->frame)
            (void)write_some(at); /* what the socket takes now */
        session_close(at);
    }
    event_drop(server->acceptable);
    event_drop(server->resume);
    free(server);
}

enum control_right control_session_right(const struct control_session *session)
{
    return session->right;
}

void *control_session_attachment(const struct control_session *session)
{
    return session->attachment;
}

void control_session_attach(struct control_session *session, void *attachment)
{
    session->attachment = attachment;
}
