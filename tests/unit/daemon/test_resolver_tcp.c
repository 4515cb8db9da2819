/* test_resolver_tcp.c: clients of DNS over TCP that take more than their share.
 *
 * The server's sockets are real, on loopback; who is a guest is decided here, by the address that a
 * client comes from: 127.0.1.x is a guest, all else is this machine. Time goes faster for what the
 * server itself waits for.
 */
#include "resolver/daemon/resolver_tcp.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "resolver/upstream_unbound.h"

enum { FASTER = 100, TURNS = 5000 };

static struct {
    struct event_base *base;
    struct tcp_server *server;
    struct desk desk;
    struct resolver_shared shared;
    struct child_context context;
    struct listener listener;
    struct sockaddr_in address;
    bool no_descriptors, no_memory;
    unsigned accepts;
} house;

/* --- in the place of others --- */

int event_add(struct event *event, const struct timeval *wait)
{
    static int (*real)(struct event *, const struct timeval *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "event_add");
    if (!wait)
        return real(event, wait);
    const struct timeval shorter = {.tv_sec = wait->tv_sec / FASTER,
                                    .tv_usec = wait->tv_sec % FASTER * (1000000 / FASTER) +
                                               wait->tv_usec / FASTER};
    return real(event, &shorter);
}

int accept4(int fd, struct sockaddr *restrict peer, socklen_t *restrict len, int flags)
{
    static int (*real)(int, struct sockaddr *, socklen_t *, int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "accept4");
    house.accepts++;
    if (!house.no_descriptors)
        return real(fd, peer, len, flags);
    errno = EMFILE;
    return -1;
}

int bufferevent_write(struct bufferevent *stream, const void *data, size_t size)
{
    static int (*real)(struct bufferevent *, const void *, size_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "bufferevent_write");
    return house.no_memory ? -1 : real(stream, data, size);
}

void desk_refresh(struct desk *desk)
{
    desk->input.view_status = STATUS_NOT_FOUND;
}

void desk_meet(struct desk *desk, const struct sockaddr *peer)
{
    struct sockaddr_in in;
    memcpy(&in, peer, sizeof in);
    desk->input.peer = address_from_ipv4((const uint8_t *)&in.sin_addr);
    desk->input.client = desk->input.peer.octets[14] == 1 ? ANSWER_GUEST : ANSWER_LOCAL;
}

void desk_count(struct desk *desk, enum answer_kind kind)
{
    (void)desk;
    (void)kind;
}

void desk_report(struct desk *desk)
{
    (void)desk;
}

/* --- the scene --- */

static int set_up(void **state)
{
    static uint8_t cookie_key[COOKIE_KEY_SIZE];
    socklen_t len = sizeof house.address;
    (void)state;
    memset(&house, 0, sizeof house);
    house.base = event_base_new();
    house.address = (struct sockaddr_in){.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!house.base || fd < 0 ||
        bind(fd, (const struct sockaddr *)&house.address, sizeof house.address) != 0 ||
        listen(fd, 512) != 0 || getsockname(fd, (struct sockaddr *)&house.address, &len) != 0)
        return -1;
    house.listener = (struct listener){.tcp_fd = fd, .bound = true};
    house.context = (struct child_context){.listener_count = 1, .listeners = &house.listener};
    house.shared.context = &house.context;
    house.desk.shared = &house.shared;
    house.desk.input.cookie_key = cookie_key;
    return tcp_server_start(&house.server, house.base, &house.desk, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    tcp_server_stop(house.server);
    close(house.listener.tcp_fd);
    event_base_free(house.base);
    return 0;
}

static void pump(void)
{
    for (int i = 0; i < 20; i++)
        (void)event_base_loop(house.base, EVLOOP_NONBLOCK);
}

/* From 127.0.net.host. */
static int connect_from(unsigned net, unsigned host)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(0x7f000000 | net << 8 | host)};
    struct sockaddr_in to = house.address;
    to.sin_addr.s_addr = htonl(0x7f000001);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    pump();
    return fd;
}

static bool is_closed(int fd)
{
    uint8_t octet;
    ssize_t got = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

/* localhost A, which is answered without a view. */
static const uint8_t question[] = "\0\x1b\x12\x34\1\0\0\1\0\0\0\0\0\0\11localhost\0\0\1\0\1";

enum { QUESTION_SIZE = sizeof question - 1 };

static bool is_served(int fd)
{
    uint8_t answer[512];
    if (send(fd, question, QUESTION_SIZE, MSG_NOSIGNAL) != QUESTION_SIZE)
        return false;
    for (int i = 0; i < TURNS; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        pump();
        if (poll(&wait, 1, 1) > 0)
            return recv(fd, answer, sizeof answer, MSG_DONTWAIT) >= QUESTION_SIZE;
    }
    return false;
}

/* --- tests --- */

/* An octet now and then keeps nobody's place: a query has its time as a whole. */
static void test_slow_query(void **state)
{
    (void)state;
    int fd = connect_from(1, 1);
    unsigned turns = 0;
    for (; turns < TURNS && !is_closed(fd); turns++) {
        if (turns % 10 == 0) /* never idle, never whole: 4,096 octets are announced */
            (void)send(fd, turns == 0 ? "\x10" : "\0", 1, MSG_NOSIGNAL);
        (void)poll(NULL, 0, 1);
        pump();
    }
    assert_true(turns < TURNS);
    close(fd);
}

/* Each query has its own time, also when it begins together with the end of the one before. */
static void test_one_after_the_other(void **state)
{
    uint8_t octets[QUESTION_SIZE];
    (void)state;
    memcpy(octets, question + 5, QUESTION_SIZE - 5);
    memcpy(octets + QUESTION_SIZE - 5, question, 5);
    int fd = connect_from(1, 1);
    assert_int_equal(send(fd, question, 5, MSG_NOSIGNAL), 5);
    for (int i = 0; i < 20; i++) {
        uint8_t answer[512];
        pump();
        (void)poll(NULL, 0, 1000 * TCP_FRAME_S / FASTER / 10);
        pump();
        assert_int_equal(send(fd, octets, sizeof octets, MSG_NOSIGNAL), sizeof octets);
        for (int turn = 0; turn < TURNS && recv(fd, answer, sizeof answer, MSG_DONTWAIT) < 0;
             turn++) {
            (void)poll(NULL, 0, 1);
            pump();
        }
        assert_false(is_closed(fd));
    }
    close(fd);
}

static void test_one_address(void **state)
{
    int fds[TCP_ADDRESS_MAX];
    (void)state;
    for (int i = 0; i < TCP_ADDRESS_MAX; i++) {
        fds[i] = connect_from(1, 1);
        assert_true(is_served(fds[i]));
    }
    int more = connect_from(1, 1);
    int other = connect_from(1, 2);
    assert_true(is_closed(more));
    assert_true(is_served(other));
    close(more);
    close(fds[3]);
    pump();
    more = connect_from(1, 1); /* a place is free again */
    assert_true(is_served(more));
    close(more);
    close(other);
    for (int i = 0; i < TCP_ADDRESS_MAX; i++) {
        if (i != 3)
            close(fds[i]);
    }
}

/* However many guests there are, this machine's own programs find a place. */
static void test_places_kept(void **state)
{
    int guests[TCP_GUESTS_MAX];
    int own[TCP_CLIENTS_MAX - TCP_GUESTS_MAX];
    (void)state;
    for (unsigned i = 0; i < TCP_GUESTS_MAX; i++)
        guests[i] = connect_from(1, 1 + i / TCP_ADDRESS_MAX);
    int late = connect_from(1, 200);
    assert_true(is_closed(late));
    close(late);
    for (unsigned i = 0; i < TCP_CLIENTS_MAX - TCP_GUESTS_MAX; i++) {
        own[i] = connect_from(0, 1);
        assert_true(is_served(own[i]));
    }
    late = connect_from(0, 1);
    assert_true(is_closed(late));
    close(late);
    for (unsigned i = 0; i < TCP_GUESTS_MAX; i++)
        close(guests[i]);
    for (unsigned i = 0; i < TCP_CLIENTS_MAX - TCP_GUESTS_MAX; i++)
        close(own[i]);
}

/* Without descriptors the loop rests, and goes on when there are some. */
static void test_no_descriptors(void **state)
{
    (void)state;
    house.no_descriptors = true;
    int fd = connect_from(0, 1);
    for (int i = 0; i < TURNS; i++)
        pump();
    assert_true(house.accepts < TURNS);
    house.no_descriptors = false;
    assert_true(is_served(fd));
    close(fd);
}

/* An answer that finds no memory ends the client: the next one would not be understood. */
static void test_no_memory(void **state)
{
    (void)state;
    int fd = connect_from(0, 1);
    assert_true(is_served(fd));
    house.no_memory = true;
    assert_int_equal(send(fd, question, QUESTION_SIZE, MSG_NOSIGNAL), QUESTION_SIZE);
    pump();
    assert_true(is_closed(fd));
    close(fd);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(test_slow_query),  SERVED(test_one_after_the_other), SERVED(test_one_address),
        SERVED(test_places_kept), SERVED(test_no_descriptors),      SERVED(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
