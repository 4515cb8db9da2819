/* Whose connection it is: told for every way in which both ends can be written, unknown where the
 * client has closed, and never another socket's owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dane/proxy/client_owner.h"

static const uid_t nobody = 65534;

/* A family and an address of this machine in it. */
struct end {
    int family;
    const char *address;
};

static socklen_t fill(struct sockaddr_storage *to, struct end end, uint16_t port)
{
    memset(to, 0, sizeof *to);
    if (end.family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)to;
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        assert_int_equal(inet_pton(AF_INET, end.address, &in->sin_addr), 1);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET6, end.address, &in6->sin6_addr), 1);
    return sizeof *in6;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&address)->sin_port)
                                        : ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
}

static int listen_at(struct end end)
{
    struct sockaddr_storage address;
    socklen_t len = fill(&address, end, 0);
    int off = 0, fd = socket(end.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (end.family == AF_INET6)
        assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static int connect_to(struct end end, uint16_t port)
{
    struct sockaddr_storage address;
    socklen_t len = fill(&address, end, port);
    int fd = socket(end.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
    return fd;
}

struct pair {
    int door, client, ours;
};

static struct pair make_pair(struct end door, struct end client)
{
    struct pair pair = {.door = listen_at(door)};
    pair.client = connect_to(client, port_of(pair.door));
    pair.ours = accept(pair.door, NULL, NULL);
    assert_true(pair.ours >= 0);
    return pair;
}

static void close_pair(struct pair *pair)
{
    close(pair->door);
    close(pair->client);
    close(pair->ours);
}

static const struct end ipv4 = {AF_INET, "127.0.0.1"}, ipv6 = {AF_INET6, "::1"};
static const struct end mapped = {AF_INET6, "::ffff:127.0.0.1"}, any = {AF_INET6, "::"};

static void every_spelling_of_both_ends(void **state)
{
    (void)state;
    const struct end ends[][2] = {
        {ipv4, ipv4},     {ipv6, ipv6},   {any, ipv4},
        {any, ipv6},      {any, mapped},  {mapped, ipv4},
        {mapped, mapped}, {ipv4, mapped}, {{AF_INET, "0.0.0.0"}, {AF_INET, "127.9.9.9"}}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        uid_t uid = 12345;
        struct pair pair = make_pair(ends[i][0], ends[i][1]);
        assert_int_equal(client_owner_uid(pair.ours, &uid), STATUS_OK);
        assert_int_equal(uid, geteuid());
        /* The same question from the other side. */
        uid = 12345;
        assert_int_equal(client_owner_uid(pair.client, &uid), STATUS_OK);
        assert_int_equal(uid, geteuid());
        close_pair(&pair);
    }
}

static void another_users(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can be somebody else */
    const struct end ends[] = {ipv4, ipv6, mapped};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int door = listen_at(any), hold[2];
        uint16_t port = port_of(door);
        assert_int_equal(pipe(hold), 0);
        pid_t child = fork();
        if (child == 0) {
            char octet;
            close(hold[1]);
            if (setgid(nobody) != 0 || setuid(nobody) != 0)
                _exit(1);
            (void)connect_to(ends[i], port);
            _exit(read(hold[0], &octet, 1) == 0 ? 0 : 2);
        }
        int ours = accept(door, NULL, NULL), how;
        /* One of our own beside it, which must not be taken for it. */
        int own = connect_to(ends[i], port), ours_too = accept(door, NULL, NULL);
        uid_t uid = 12345;
        assert_int_equal(client_owner_uid(ours, &uid), STATUS_OK);
        assert_int_equal(uid, nobody);
        assert_int_equal(client_owner_uid(ours_too, &uid), STATUS_OK);
        assert_int_equal(uid, 0);
        close(hold[0]);
        close(hold[1]);
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_int_equal(how, 0);
        /* Gone: whatever the kernel still has of it belongs to nobody, and not to root. */
        assert_int_equal(client_owner_uid(ours, &uid), STATUS_NOT_FOUND);
        assert_int_equal(uid, (uid_t)-1);
        close(own);
        close(ours);
        close(ours_too);
        close(door);
    }
}

/* FIN_WAIT, TIME_WAIT and reset: the kernel may still know the pair, but no process has it. */
static void the_client_has_closed(void **state)
{
    (void)state;
    const struct end ends[] = {ipv4, ipv6, mapped};
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        for (int how = 0; how < 3; how++) {
            uid_t uid = 12345;
            struct pair pair = make_pair(any, ends[i]);
            if (how == 1)
                assert_int_equal(shutdown(pair.ours, SHUT_WR), 0);
            if (how == 2)
                assert_int_equal(
                    setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
            close(pair.client);
            assert_int_equal(client_owner_uid(pair.ours, &uid), STATUS_NOT_FOUND);
            assert_int_equal(uid, (uid_t)-1);
            pair.client = -1;
            close_pair(&pair);
        }
    }
}

static void a_half_closed_client_is_still_one(void **state)
{
    (void)state;
    uid_t uid = 12345;
    struct pair pair = make_pair(ipv4, ipv4);
    assert_int_equal(shutdown(pair.client, SHUT_WR), 0);
    assert_int_equal(client_owner_uid(pair.ours, &uid), STATUS_OK);
    assert_int_equal(uid, geteuid());
    close_pair(&pair);
}

/* A connection that only our socket believes in, to an address where somebody listens: the kernel
 * answers with the listener. */
static void the_listener_is_not_the_client(void **state)
{
    (void)state;
    const struct end ends[] = {ipv4, ipv6};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int on = 1, door = listen_at(ends[i]);
        struct sockaddr_storage address;
        socklen_t len = fill(&address, ends[i], 0);
        int ours = socket(ends[i].family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (setsockopt(ours, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) {
            close(ours);
            close(door);
            skip(); /* only root can make such a socket */
        }
        uid_t uid = 12345;
        assert_int_equal(bind(ours, (struct sockaddr *)&address, len), 0);
        len = fill(&address, ends[i], port_of(door));
        assert_int_equal(connect(ours, (struct sockaddr *)&address, len), 0);
        assert_int_equal(client_owner_uid(ours, &uid), STATUS_NOT_FOUND);
        assert_int_equal(uid, (uid_t)-1);
        close(ours);
        close(door);
    }
}

static void what_is_no_connection(void **state)
{
    (void)state;
    uid_t uid = 12345;
    int fds[2], door = listen_at(ipv4);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(client_owner_uid(door, &uid), STATUS_NOT_FOUND);
    assert_int_equal(client_owner_uid(fds[0], &uid), STATUS_NOT_FOUND);
    assert_int_equal(client_owner_uid(-1, &uid), STATUS_IO);
    assert_int_equal(uid, (uid_t)-1);
    close(fds[0]);
    close(fds[1]);
    close(door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_both_ends),
        cmocka_unit_test(another_users),
        cmocka_unit_test(the_client_has_closed),
        cmocka_unit_test(a_half_closed_client_is_still_one),
        cmocka_unit_test(the_listener_is_not_the_client),
        cmocka_unit_test(what_is_no_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
