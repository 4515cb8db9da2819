/* resolver_tcp.c: see resolver_tcp.h.
 *
 * A client ends when it closes and all that it asked for is answered and sent, when it breaks the
 * framing, or when it is idle. Its memory stays until the upstream has reported on its last query.
 */
#include "resolver/daemon/resolver_tcp.h"

#include <stdlib.h>
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
    struct sockaddr_storage peer;
    unsigned waiting; /* queries at the upstream */
    bool ended;       /* it sends no more */
};

struct tcp_server {
    struct event_base *base;
    struct desk *desk;
    struct upstream *upstream;
    struct evconnlistener *listeners[CONFIG_LISTEN_MAX];
    LIST_HEAD(, client) clients;
    unsigned client_count;
    uint8_t reply[DNS_MESSAGE_MAX];
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
        LIST_REMOVE(client, link);
        client->server->client_count--;
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

/* A write that fails for want of memory leaves the client without an answer, and it will time out.
 */
static void send_reply(struct client *client, size_t len)
{
    const uint8_t frame[FRAME_HEADER] = {(uint8_t)(len >> 8), (uint8_t)len};
    if (bufferevent_write(client->stream, frame, sizeof frame) == 0)
        (void)bufferevent_write(client->stream, client->server->reply, len);
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
                                               server->reply, sizeof server->reply);
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
    struct answer answer = answer_failure(&server->desk->input, query, EDE_NOT_READY,
                                          "too much is being asked of the upstream", server->reply,
                                          sizeof server->reply);
    send_reply(client, answer.len);
}

/* False: nothing to answer, which over TCP ends the connection. */
static bool answer_frame(struct client *client, const uint8_t *packet, size_t len)
{
    struct tcp_server *server = client->server;
    struct query query;
    meet(client);
    struct answer answer = answer_packet(&server->desk->input, packet, len, &query, server->reply,
                                         sizeof server->reply);
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

/* Answers what has come, as far as the client's bounds allow; reading goes on when it is below
 * them. */
static void read_queries(struct client *client)
{
    uint8_t packet[TCP_QUERY_MAX];
    size_t len = 0;
    enum frame frame = FRAME_PARTIAL;
    while (!is_full(client)) {
        frame = take_frame(client, packet, &len);
        if (frame != FRAME_WHOLE)
            break;
        if (!answer_frame(client, packet, len)) {
            frame = FRAME_BAD;
            break;
        }
    }
    desk_report(client->server->desk);
    if (frame == FRAME_BAD || (client->ended && client->waiting == 0 && !has_output(client)))
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

static enum status open_client(struct tcp_server *server, evutil_socket_t fd,
                               const struct sockaddr *peer, size_t peer_len)
{
    static const struct timeval idle = {.tv_sec = TCP_IDLE_S};
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return STATUS_NO_MEMORY;
    client->server = server;
    memcpy(&client->peer, peer, peer_len < sizeof client->peer ? peer_len : sizeof client->peer);
    client->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!client->stream) {
        free(client);
        return STATUS_NO_MEMORY;
    }
    LIST_INSERT_HEAD(&server->clients, client, link);
    server->client_count++;
    bufferevent_setcb(client->stream, on_readable, on_written, on_event, client);
    bufferevent_setwatermark(client->stream, EV_READ, 0, FRAME_HEADER + TCP_QUERY_MAX);
    if (bufferevent_set_timeouts(client->stream, &idle, &idle) == 0 &&
        bufferevent_enable(client->stream, EV_READ | EV_WRITE) == 0)
        return STATUS_OK;
    close_client(client);
    return STATUS_OK; /* the descriptor is closed with it */
}

/* Strangers would only be told REFUSED: over TCP they are not worth a client's place. */
static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                      int peer_len, void *context)
{
    struct tcp_server *server = context;
    (void)listener;
    desk_meet(server->desk, peer);
    bool welcome =
        server->client_count < TCP_CLIENTS_MAX && server->desk->input.client != ANSWER_STRANGER;
    if (!welcome || open_client(server, fd, peer, (size_t)peer_len) != STATUS_OK) {
        close(fd);
        return;
    }
    server->desk->counts[COUNT_TCP_CLIENTS]++;
    desk_report(server->desk);
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
    LIST_INIT(&server->clients);
    *out = server;
    for (uint32_t i = 0; i < context->listener_count && i < CONFIG_LISTEN_MAX; i++) {
        const struct listener *listener = &context->listeners[i];
        if (!listener->bound)
            continue;
        /* The parent has it listening already; 0 leaves its backlog as it is. */
        server->listeners[i] =
            evconnlistener_new(base, on_accept, server, LEV_OPT_CLOSE_ON_EXEC, 0, listener->tcp_fd);
        if (!server->listeners[i])
            return STATUS_NO_MEMORY;
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
    free(server);
}
