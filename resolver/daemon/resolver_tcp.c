/* resolver_tcp.c: see resolver_tcp.h.
 *
 * A client ends when it closes or breaks the framing, once all that it asked for before is answered
 * and sent, or when it is idle, or too slow with a query. Its memory stays until the upstream has
 * reported on its last query.
 */
#include "resolver/daemon/resolver_tcp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "resolver/answer_upstream.h"
#include "resolver/upstream_unbound.h"

enum { FRAME_HEADER = 2 };

struct client {
    LIST_ENTRY(client) link;
    struct tcp_server *server;
    struct bufferevent *stream; /* NULL: closed, and only `waiting` keeps the memory */
    struct event *deadline;     /* pending while a query has come in part */
    struct sockaddr_storage peer;
    struct address address;
    bool guest, broken; /* broken: ends at the loop's next turn */
    unsigned waiting;   /* queries at the upstream */
    bool ended;         /* it sends no more, or nothing that could be understood */
};

struct tcp_server {
    struct event_base *base;
    struct desk *desk;
    struct upstream *upstream;
    struct evconnlistener *listeners[CONFIG_LISTEN_MAX];
    struct event *resume; /* pending while nothing is accepted */
    LIST_HEAD(, client) clients;
    unsigned client_count, guest_count;
    uint8_t frame[FRAME_HEADER + DNS_MESSAGE_MAX];
    uint8_t *reply; /* in the frame, behind its header */
};

/* A query at the upstream. */
struct question {
    struct client *client;
    struct query query;
};

/* --- the end of a client --- */

static void close_client(struct client *client)
{
    if (client->stream) {
        bufferevent_free(client->stream);
        client->stream = NULL;
        event_free(client->deadline);
        LIST_REMOVE(client, link);
        client->server->client_count--;
        client->server->guest_count -= client->guest;
    }
    if (client->waiting == 0)
        free(client);
}

static bool has_output(const struct client *client)
{
    return evbuffer_get_length(bufferevent_get_output(client->stream)) > 0;
}

/* --- queries --- */

static void meet(struct client *client)
{
    struct desk *desk = client->server->desk;
    desk_refresh(desk);
    desk->input.stream = true;
    desk_meet(desk, (const struct sockaddr *)&client->peer);
}

/* In one piece: half of a frame would put all that follow out of step. What finds no memory ends
 * the client, from the loop: the caller still needs it. */
static void send_reply(struct client *client, size_t len)
{
    struct tcp_server *server = client->server;
    server->frame[0] = (uint8_t)(len >> 8);
    server->frame[1] = (uint8_t)len;
    if (bufferevent_write(client->stream, server->frame, FRAME_HEADER + len) == 0)
        return;
    client->broken = true;
    event_active(client->deadline, EV_TIMEOUT, 0);
}

static void read_queries(struct client *client);

static void on_result(void *context, const struct upstream_result *result)
{
    struct question *question = context;
    struct client *client = question->client;
    struct tcp_server *server = client->server;
    client->waiting--;
    if (client->stream) {
        meet(client);
        struct answer answer = answer_upstream(&server->desk->input, &question->query, result,
                                               server->reply, DNS_MESSAGE_MAX);
        if (answer.kind == ANSWER_KIND_FAILED)
            server->desk->counts[COUNT_SERVFAIL]++;
        send_reply(client, answer.len);
    } else if (client->waiting == 0) {
        free(client);
    }
    free(question);
}

static void ask_upstream(struct client *client, const struct query *query)
{
    struct tcp_server *server = client->server;
    struct question *question = server->upstream ? malloc(sizeof *question) : NULL;
    if (question) {
        *question = (struct question){.client = client, .query = *query};
        client->waiting++;
        if (upstream_ask(server->upstream, query, on_result, question) == STATUS_OK)
            return;
        client->waiting--;
        free(question);
    }
    server->desk->counts[COUNT_SERVFAIL]++;
    struct answer answer =
        answer_failure(&server->desk->input, query, EDE_NOT_READY,
                       "too much is being asked of the upstream", server->reply, DNS_MESSAGE_MAX);
    send_reply(client, answer.len);
}

/* False: nothing to answer, which over TCP ends the connection. */
static bool answer_frame(struct client *client, const uint8_t *packet, size_t len)
{
    struct tcp_server *server = client->server;
    struct query query;
    meet(client);
    struct answer answer =
        answer_packet(&server->desk->input, packet, len, &query, server->reply, DNS_MESSAGE_MAX);
    desk_count(server->desk, answer.kind);
    if (answer.action == ANSWER_SEND)
        send_reply(client, answer.len);
    else if (answer.action == ANSWER_UPSTREAM)
        ask_upstream(client, &query);
    return answer.action != ANSWER_DROP;
}

enum frame { FRAME_WHOLE, FRAME_PARTIAL, FRAME_BAD };

/* Takes the next frame out of the input. */
static enum frame take_frame(struct client *client, uint8_t packet[TCP_QUERY_MAX], size_t *len)
{
    struct evbuffer *input = bufferevent_get_input(client->stream);
    uint8_t header[FRAME_HEADER];
    if (evbuffer_copyout(input, header, sizeof header) != sizeof header)
        return FRAME_PARTIAL;
    *len = (size_t)header[0] << 8 | header[1];
    if (*len > TCP_QUERY_MAX)
        return FRAME_BAD;
    if (evbuffer_get_length(input) < sizeof header + *len)
        return FRAME_PARTIAL;
    if (evbuffer_drain(input, sizeof header) != 0)
        return FRAME_BAD;
    return evbuffer_remove(input, packet, *len) == (int)*len ? FRAME_WHOLE : FRAME_BAD;
}

static bool is_full(const struct client *client)
{
    return client->waiting >= TCP_WAITING_MAX ||
           evbuffer_get_length(bufferevent_get_output(client->stream)) >= TCP_OUTPUT_MAX;
}

/* What comes behind a broken frame means nothing; what came before it is still answered. */
static void end_reading(struct client *client)
{
    struct evbuffer *input = bufferevent_get_input(client->stream);
    client->ended = true;
    (void)evbuffer_drain(input, evbuffer_get_length(input));
    (void)bufferevent_disable(client->stream, EV_READ);
}

/* A query that has begun must end in time. `fresh`: it began just now. */
static void watch_frame(struct client *client, bool fresh)
{
    static const struct timeval limit = {.tv_sec = TCP_FRAME_S};
    if (client->broken)
        return;
    bool partial = evbuffer_get_length(bufferevent_get_input(client->stream)) > 0;
    if (!partial || client->ended || is_full(client))
        (void)event_del(client->deadline);
    else if (fresh || !event_pending(client->deadline, EV_TIMEOUT, NULL))
        (void)event_add(client->deadline, &limit); /* failing: the idle time is left */
}

/* Answers what has come, as far as the client's bounds allow; reading goes on when it is below
 * them. */
static void read_queries(struct client *client)
{
    uint8_t packet[TCP_QUERY_MAX];
    size_t len = 0;
    enum frame frame = FRAME_PARTIAL;
    bool whole = false;
    while (!is_full(client)) {
        frame = take_frame(client, packet, &len);
        if (frame == FRAME_WHOLE && !answer_frame(client, packet, len))
            frame = FRAME_BAD;
        if (frame != FRAME_WHOLE)
            break;
        whole = true;
    }
    desk_report(client->server->desk);
    if (frame == FRAME_BAD)
        end_reading(client);
    watch_frame(client, whole);
    if (client->ended && client->waiting == 0 && !has_output(client))
        close_client(client);
    else if (is_full(client))
        (void)bufferevent_disable(client->stream, EV_READ);
    else if (!client->ended)
        (void)bufferevent_enable(client->stream, EV_READ);
}

/* --- events --- */

static void on_readable(struct bufferevent *stream, void *context)
{
    (void)stream;
    read_queries(context);
}

/* All output is gone: there may be queries left that waited for room. */
static void on_written(struct bufferevent *stream, void *context)
{
    (void)stream;
    read_queries(context);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
    struct client *client = context;
    (void)stream;
    if ((what & BEV_EVENT_EOF) == 0) {
        close_client(client);
        return;
    }
    client->ended = true;
    read_queries(client);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    close_client(context);
}

static enum status open_client(struct tcp_server *server, evutil_socket_t fd,
                               const struct sockaddr *peer, size_t peer_len)
{
    static const struct timeval idle = {.tv_sec = TCP_IDLE_S};
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return STATUS_NO_MEMORY;
    client->server = server;
    memcpy(&client->peer, peer, peer_len < sizeof client->peer ? peer_len : sizeof client->peer);
    client->address = server->desk->input.peer;
    client->guest = server->desk->input.client != ANSWER_LOCAL;
    client->deadline = evtimer_new(server->base, on_deadline, client);
    if (client->deadline)
        client->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!client->stream) {
        if (client->deadline)
            event_free(client->deadline);
        free(client);
        return STATUS_NO_MEMORY;
    }
    LIST_INSERT_HEAD(&server->clients, client, link);
    server->client_count++;
    server->guest_count += client->guest;
    bufferevent_setcb(client->stream, on_readable, on_written, on_event, client);
    bufferevent_setwatermark(client->stream, EV_READ, 0, FRAME_HEADER + TCP_QUERY_MAX);
    if (bufferevent_set_timeouts(client->stream, &idle, &idle) == 0 &&
        bufferevent_enable(client->stream, EV_READ | EV_WRITE) == 0)
        return STATUS_OK;
    close_client(client);
    return STATUS_OK; /* the descriptor is closed with it */
}

/* Strangers would only be told REFUSED: over TCP they are not worth a client's place. */
static bool is_welcome(const struct tcp_server *server)
{
    const struct answer_input *who = &server->desk->input;
    const struct client *client;
    unsigned same = 0;
    if (who->client == ANSWER_STRANGER || server->client_count >= TCP_CLIENTS_MAX)
        return false;
    if (who->client == ANSWER_LOCAL)
        return true;
    LIST_FOREACH(client, &server->clients, link) {
        same += memcmp(&client->address, &who->peer, sizeof who->peer) == 0;
    }
    return same < TCP_ADDRESS_MAX && server->guest_count < TCP_GUESTS_MAX;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                      int peer_len, void *context)
{
    struct tcp_server *server = context;
    (void)listener;
    desk_meet(server->desk, peer);
    if (!is_welcome(server) || open_client(server, fd, peer, (size_t)peer_len) != STATUS_OK) {
        close(fd);
        return;
    }
    server->desk->counts[COUNT_TCP_CLIENTS]++;
    desk_report(server->desk);
}

static void switch_listeners(struct tcp_server *server, int (*turn)(struct evconnlistener *))
{
    for (size_t i = 0; i < CONFIG_LISTEN_MAX; i++) {
        if (server->listeners[i])
            (void)turn(server->listeners[i]);
    }
}

/* Who waits can't be accepted now, and would be reported at once again: a pause instead. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    static const struct timeval pause = {.tv_usec = TCP_PAUSE_MS * 1000};
    struct tcp_server *server = context;
    (void)listener;
    if (event_add(server->resume, &pause) == 0)
        switch_listeners(server, evconnlistener_disable);
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
    struct tcp_server *server = context;
    (void)fd;
    (void)what;
    switch_listeners(server, evconnlistener_enable);
}

/* --- life --- */

enum status tcp_server_start(struct tcp_server **out, struct event_base *base, struct desk *desk,
                             struct upstream *upstream)
{
    const struct child_context *context = desk->shared->context;
    struct tcp_server *server = calloc(1, sizeof *server);
    if (!server)
        return STATUS_NO_MEMORY;
    server->base = base;
    server->desk = desk;
    server->upstream = upstream;
    server->reply = server->frame + FRAME_HEADER;
    LIST_INIT(&server->clients);
    *out = server;
    server->resume = evtimer_new(base, on_resume, server);
    if (!server->resume)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < context->listener_count && i < CONFIG_LISTEN_MAX; i++) {
        const struct listener *listener = &context->listeners[i];
        if (!listener->bound)
            continue;
        /* The parent has it listening already; 0 leaves its backlog as it is. */
        server->listeners[i] =
            evconnlistener_new(base, on_accept, server, LEV_OPT_CLOSE_ON_EXEC, 0, listener->tcp_fd);
        if (!server->listeners[i])
            return STATUS_NO_MEMORY;
        evconnlistener_set_error_cb(server->listeners[i], on_accept_error);
    }
    return STATUS_OK;
}

void tcp_server_stop(struct tcp_server *server)
{
    struct client *client;
    if (!server)
        return;
    for (size_t i = 0; i < CONFIG_LISTEN_MAX; i++) {
        if (server->listeners[i])
            evconnlistener_free(server->listeners[i]);
    }
    while ((client = LIST_FIRST(&server->clients)))
        close_client(client);
    if (server->resume)
        event_free(server->resume);
    free(server);
}
