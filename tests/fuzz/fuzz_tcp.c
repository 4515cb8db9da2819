/* DNS over TCP: one client's whole stream through the real server, over a socket pair.
 *
 * What must come back is worked out from the stream in one piece, by answer_packet alone. Then the
 * server gets the same stream in pieces, from a client that reads at once or only when it must,
 * with an upstream that answers soon or late, and gives the same answers, all of them and no
 * others. What the server keeps of one client is looked at all along. The first octet: who asks,
 * how the client reads, what the upstream does. */
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/crypt.h"
#include "resolver/daemon/resolver_tcp.h"
#include "resolver/upstream_unbound.h"
#include "tests/fuzz/stream.h"
#include "tests/support/view_text.h"

enum { FRAME_HEADER = 2, TURNS_MAX = 100000, SEND_BUFFER = 4608 };
enum { CHOICE_LOCAL = 1, CHOICE_SLOW = 2, CHOICE_LATE = 4, CHOICE_FULL = 8 };

/* --- what stands in the place of the network, the view's file and the world --- */

static struct {
    struct event_base *base;
    struct tcp_server *server;
    struct desk desk;
    struct resolver_shared shared;
    struct child_context context;
    struct config config;
    struct paths paths;
    struct board board;
    struct board_child children[CHILD_ROLES];
    struct listener listener;
    struct view view;
    evconnlistener_cb accept;
    void *accept_context;
    struct bufferevent *stream; /* the client's, at the server; NULL: none */
} house;

struct evconnlistener *evconnlistener_new(struct event_base *base, evconnlistener_cb callback,
                                          void *context, unsigned flags, int backlog,
                                          evutil_socket_t fd)
{
    (void)base;
    (void)flags;
    (void)backlog;
    (void)fd;
    house.accept = callback;
    house.accept_context = context;
    return (struct evconnlistener *)(void *)&house;
}

void evconnlistener_set_error_cb(struct evconnlistener *listener, evconnlistener_errorcb callback)
{
    (void)listener;
    (void)callback;
}

int evconnlistener_enable(struct evconnlistener *listener)
{
    (void)listener;
    return 0;
}

int evconnlistener_disable(struct evconnlistener *listener)
{
    (void)listener;
    return 0;
}

struct bufferevent *bufferevent_socket_new(struct event_base *base, evutil_socket_t fd, int options)
{
    static struct bufferevent *(*real)(struct event_base *, evutil_socket_t, int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "bufferevent_socket_new");
    house.stream = real(base, fd, options);
    return house.stream;
}

void bufferevent_free(struct bufferevent *stream)
{
    static void (*real)(struct bufferevent *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "bufferevent_free");
    house.stream = NULL;
    real(stream);
}

enum status view_file_init(struct view_file *file, const char *view_path)
{
    (void)file;
    (void)view_path;
    return STATUS_OK;
}

enum status view_file_current(struct view_file *file, struct view **view)
{
    (void)file;
    *view = &house.view;
    return STATUS_OK;
}

void view_file_deinit(struct view_file *file)
{
    (void)file;
}

/* Every question gets NXDOMAIN, when the target says so. */
struct upstream {
    bool full;
    unsigned count;
    struct {
        upstream_done *done;
        void *context;
    } questions[TCP_WAITING_MAX];
};

static struct upstream upstream;
static const struct upstream_result nothing_there = {.rcode = RCODE_NXDOMAIN};

enum status upstream_ask(struct upstream *asked, const struct query *query, upstream_done *done,
                         void *context)
{
    (void)query;
    if (asked->full)
        return STATUS_FULL;
    assert(asked->count < TCP_WAITING_MAX);
    asked->questions[asked->count].done = done;
    asked->questions[asked->count++].context = context;
    return STATUS_OK;
}

/* The newest question first, so that answers come out of order. */
static void answer_one(void)
{
    if (upstream.count == 0)
        return;
    upstream.count--;
    upstream.questions[upstream.count].done(upstream.questions[upstream.count].context,
                                            &nothing_there);
}

/* `big` has an RRset that fills what the server keeps for a client in few questions. */
static void make_view(void)
{
    static const char *const lines[] = {"household maple own", "camera A 192.168.1.5",
                                        "camera AAAA fd00::5"};
    struct view_text text = {.build = {.published_ms = 1790000000000, .serial = 1}};
    text.build.generation = 7;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        view_text_line(&text, lines[i]);
    struct household_set *big = stub_add(text.households[0].household, "big", RRTYPE_TXT);
    for (uint8_t i = 0; i < LIMIT_RRS; i++) {
        uint8_t txt[8 * 256] = {0};
        for (size_t part = 0; part < sizeof txt; part += 256)
            txt[part] = 255;
        txt[1] = i;
        stub_add_rr(big, txt, sizeof txt);
    }
    stub_sort(text.households[0].household);
    text.build.households = text.households;
    size_t len = 0;
    uint8_t *bytes = NULL;
    enum status status = view_build(&text.build, &bytes, &len);
    assert(status == STATUS_OK);
    status = view_open(&house.view, bytes, len);
    assert(status == STATUS_OK);
    stub_destroy(text.households[0].household);
}

static void open_house(void)
{
    make_view();
    enum status status = crypt_init();
    house.base = stream_loop();
    assert(status == STATUS_OK);
    struct config_prefix *allow = &house.config.resolver.allow[house.config.resolver.allow_count++];
    allow->address = address_from_ipv4((const uint8_t[]){192, 168, 0, 0});
    allow->bits = 96 + 16;
    house.board.children = house.children;
    house.listener.bound = true;
    house.listener.tcp_fd = -1;
    house.context = (struct child_context){.config = &house.config,
                                           .paths = &house.paths,
                                           .board = &house.board,
                                           .listener_count = 1,
                                           .listeners = &house.listener};
    house.shared.context = &house.context;
    house.shared.now_ms = 1800000000000;
    status = desk_init(&house.desk, &house.shared);
    assert(status == STATUS_OK);
    status = tcp_server_start(&house.server, house.base, &house.desk, &upstream);
    assert(status == STATUS_OK && house.accept);
}

/* --- what came, and what should have come --- */

struct tally {
    size_t count;
    uint64_t sum;   /* of all answers, in any order */
    uint64_t chain; /* and in this one */
};

/* A failure counts by its id alone: its words are the server's own affair. */
static void tally_add(struct tally *tally, const uint8_t *packet, size_t len)
{
    uint8_t digest[32];
    uint64_t hash = 0;
    assert(len >= DNS_HEADER_SIZE);
    bool failed = (packet[3] & DNS_RCODE) == RCODE_SERVFAIL;
    crypt_hash("hearth1.fuzz.tcp", packet, failed ? 2 : len, digest);
    memcpy(&hash, digest, sizeof hash);
    tally->count++;
    tally->sum += hash;
    tally->chain = (tally->chain ^ hash) * 0x100000001b3;
}

static struct sockaddr_in peer_of(uint8_t choice)
{
    struct sockaddr_in peer = {.sin_family = AF_INET};
    peer.sin_addr.s_addr = htonl((choice & CHOICE_LOCAL) ? 0x7f000001 : 0xc0a80107);
    return peer;
}

/* Walks the stream as it stands. False: the order of answers is not known. */
static bool expect(const uint8_t *stream, size_t size, uint8_t choice, struct tally *tally)
{
    static uint8_t buffer[DNS_MESSAGE_MAX];
    struct sockaddr_in peer = peer_of(choice);
    struct desk desk = house.desk;
    bool ordered = true;
    desk_refresh(&desk);
    desk_meet(&desk, (const struct sockaddr *)&peer);
    desk.input.stream = true;
    for (size_t at = 0; at + FRAME_HEADER <= size;) {
        struct query query;
        size_t len = stream_length(stream + at, FRAME_HEADER);
        at += FRAME_HEADER;
        if (len > TCP_QUERY_MAX || len > size - at)
            break;
        struct answer answer =
            answer_packet(&desk.input, stream + at, len, &query, buffer, sizeof buffer);
        if (answer.action == ANSWER_DROP)
            break;
        if (answer.action == ANSWER_UPSTREAM) {
            ordered = ordered && (choice & CHOICE_FULL);
            answer =
                (choice & CHOICE_FULL)
                    ? answer_failure(&desk.input, &query, EDE_NOT_READY, "", buffer, sizeof buffer)
                    : answer_upstream(&desk.input, &query, &nothing_there, buffer, sizeof buffer);
        }
        tally_add(tally, buffer, answer.len);
        at += len;
    }
    return ordered;
}

/* --- the client --- */

struct client_end {
    int fd;
    bool ended;
    size_t have;
    uint8_t buffer[FRAME_HEADER + DNS_MESSAGE_MAX];
    struct tally tally;
};

static void take_answers(struct client_end *client)
{
    size_t at = 0;
    while (client->have - at >= FRAME_HEADER) {
        size_t len = stream_length(client->buffer + at, FRAME_HEADER);
        if (len > client->have - at - FRAME_HEADER)
            break;
        tally_add(&client->tally, client->buffer + at + FRAME_HEADER, len);
        at += FRAME_HEADER + len;
    }
    client->have -= at;
    memmove(client->buffer, client->buffer + at, client->have);
}

static void read_answers(struct client_end *client)
{
    while (!client->ended) {
        ssize_t got = recv(client->fd, client->buffer + client->have,
                           sizeof client->buffer - client->have, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return;
        client->ended = got <= 0;
        client->have += got > 0 ? (size_t)got : 0;
        take_answers(client);
    }
}

static void turn(void)
{
    int looped = event_base_loop(house.base, EVLOOP_NONBLOCK);
    assert(looped >= 0);
    if (!house.stream)
        return;
    size_t unread = evbuffer_get_length(bufferevent_get_input(house.stream));
    size_t unsent = evbuffer_get_length(bufferevent_get_output(house.stream));
    assert(unread <= FRAME_HEADER + TCP_QUERY_MAX);
    assert(unsent < TCP_OUTPUT_MAX + FRAME_HEADER + DNS_MESSAGE_MAX);
}

/* Sends one piece, or reads when the server takes no more. */
static size_t send_piece(struct client_end *client, const uint8_t *at, size_t len)
{
    ssize_t sent = send(client->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    bool closed = errno != EAGAIN;
    answer_one();
    read_answers(client);
    return closed ? len : 0; /* a server that has closed does not hear the rest */
}

static void send_stream(struct client_end *client, const uint8_t *stream, size_t size,
                        uint8_t choice, uint8_t seed)
{
    struct stream_cut cut = stream_cut(seed);
    for (size_t at = 0, turns = 0; at < size; turns++) {
        at += send_piece(client, stream + at, stream_piece(&cut, size - at));
        turn();
        if ((choice & CHOICE_SLOW) == 0)
            read_answers(client);
        if ((choice & CHOICE_LATE) == 0)
            answer_one();
        assert(turns < TURNS_MAX);
    }
    (void)shutdown(client->fd, SHUT_WR);
    for (size_t turns = 0; !client->ended || upstream.count > 0; turns++) {
        turn();
        answer_one();
        turn();
        read_answers(client);
        assert(turns < TURNS_MAX);
    }
}

static void connect_client(struct client_end *client, uint8_t choice)
{
    int fds[2];
    const int size = SEND_BUFFER;
    struct sockaddr_in peer = peer_of(choice);
    int made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
    assert(made == 0);
    if (choice & CHOICE_SLOW) /* soon full */
        (void)setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    client->fd = fds[0];
    client->ended = false;
    client->have = 0;
    client->tally = (struct tally){0};
    house.accept(NULL, fds[1], (struct sockaddr *)&peer, sizeof peer, house.accept_context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct client_end client;
    struct tally expected = {0};
    if (!house.base)
        open_house();
    if (size < STREAM_HEAD)
        return 0;
    const uint8_t *stream = data + STREAM_HEAD;
    size -= STREAM_HEAD;
    upstream.full = data[0] & CHOICE_FULL;
    bool ordered = expect(stream, size, data[0], &expected);
    connect_client(&client, data[0]);
    send_stream(&client, stream, size, data[0], data[1]);
    close(client.fd);
    turn();
    assert(!house.stream && client.have == 0);
    assert(client.tally.count == expected.count && client.tally.sum == expected.sum);
    assert(!ordered || client.tally.chain == expected.chain);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return stream_mutate(data, size, max_size, seed, FRAME_HEADER);
}
