/* peers.h: the far ends of streams: plain sockets in the test's hand, on one loop with the streams.
 *
 *     struct peer device;
 *     struct stream *stream = peer_stream(&device, &handlers, context);
 *     peer_say(&device, "…");
 *     run_until(device.ended);      // turns the loop, and reads what came for each peer
 *     peer_drop(&device);
 *
 * Include it in one file of a test program, after cmocka.h.
 */
#ifndef HEARTH_TESTS_UNIT_PROXY_PEERS_H
#define HEARTH_TESTS_UNIT_PROXY_PEERS_H

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dane/proxy/stream.h"

enum { PEER_ROUNDS_MAX = 400000, PEER_DRY_ROUNDS = 12, PEER_BULK = 3000000 };

struct peer {
    LIST_ENTRY(peer) next;
    int fd;
    char *got; /* all that came, and a NUL */
    size_t len, size;
    bool deaf;  /* reads nothing for now */
    bool ended; /* an orderly end, or a reset */
    bool reset;
    size_t to_send, sent; /* bulk: peer_pattern's octets */
};

static struct event_base *base;
static LIST_HEAD(, peer) peers = LIST_HEAD_INITIALIZER(peers);

static inline char peer_pattern(size_t at)
{
    return (char)(at * 7 + at / 251);
}

static inline void peer_begin(struct peer *peer, int fd)
{
    memset(peer, 0, sizeof *peer);
    peer->fd = fd;
    peer->size = 1024;
    peer->got = calloc(1, peer->size);
    assert_non_null(peer->got);
    LIST_INSERT_HEAD(&peers, peer, next);
}

static inline struct stream *peer_stream(struct peer *peer, const struct stream_handlers *handlers,
                                         void *context)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    peer_begin(peer, fds[0]);
    struct stream *stream = stream_create(base, fds[1], handlers, context);
    assert_non_null(stream);
    return stream;
}

static inline void peer_hang_up(struct peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

static inline void peer_drop(struct peer *peer)
{
    if (!peer->got)
        return;
    LIST_REMOVE(peer, next);
    peer_hang_up(peer);
    free(peer->got);
    peer->got = NULL;
}

static inline void peer_send(struct peer *peer, const char *octets, size_t len)
{
    assert_int_equal(send(peer->fd, octets, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void peer_say(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
}

static inline void peer_finish(struct peer *peer)
{
    assert_int_equal(shutdown(peer->fd, SHUT_WR), 0);
}

static inline void peer_forget(struct peer *peer)
{
    peer->len = 0;
    peer->got[0] = '\0';
}

static inline void peer_read(struct peer *peer)
{
    while (!peer->deaf && !peer->ended && peer->fd >= 0) {
        if (peer->size - peer->len < 65536) {
            peer->size = peer->size * 2 + 65536;
            peer->got = realloc(peer->got, peer->size);
            assert_non_null(peer->got);
        }
        ssize_t got = recv(peer->fd, peer->got + peer->len, peer->size - peer->len - 1, 0);
        if (got < 0 && errno == EAGAIN)
            return;
        peer->reset = got < 0;
        peer->ended = got <= 0;
        peer->len += got > 0 ? (size_t)got : 0;
        peer->got[peer->len] = '\0';
    }
}

static inline void peer_send_bulk(struct peer *peer)
{
    char octets[8192];
    while (peer->sent < peer->to_send) {
        size_t len = peer->to_send - peer->sent;
        len = len < sizeof octets ? len : sizeof octets;
        for (size_t i = 0; i < len; i++)
            octets[i] = peer_pattern(peer->sent + i);
        ssize_t sent = send(peer->fd, octets, len, MSG_NOSIGNAL);
        if (sent < 0)
            return;
        peer->sent += (size_t)sent;
    }
}

/* Is what came from `at` on the bulk's first `len` octets? */
static inline void peer_check_bulk(const struct peer *peer, size_t at, size_t len)
{
    assert_true(peer->len >= at + len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(peer->got[at + i], peer_pattern(i));
}

static inline void peers_turn(void)
{
    struct peer *peer;
    assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
    LIST_FOREACH(peer, &peers, next) {
        peer_read(peer);
        if (peer->fd >= 0)
            peer_send_bulk(peer);
    }
}

#define run_until(condition)                                                                       \
    do {                                                                                           \
        for (size_t rounds = 0; !(condition); rounds++) {                                          \
            assert_true(rounds < PEER_ROUNDS_MAX);                                                 \
            peers_turn();                                                                          \
        }                                                                                          \
    } while (0)

/* What can happen without anybody's doing. */
static inline void run_dry(void)
{
    for (int i = 0; i < PEER_DRY_ROUNDS; i++)
        peers_turn();
}

static inline bool peer_has(const struct peer *peer, const char *text)
{
    return strstr(peer->got, text) != NULL;
}

static inline int peers_open(void **state)
{
    (void)state;
    base = event_base_new();
    return base ? 0 : -1;
}

static inline int peers_close(void **state)
{
    (void)state;
    event_base_free(base);
    return LIST_EMPTY(&peers) ? 0 : -1;
}

#endif
