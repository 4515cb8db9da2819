/* Tests of dial.c: connections to a listener on loopback, also where a signal comes while one is
 * being made. */
#include "dane/dial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ledger/base/clock.h"

enum { PATIENCE_MS = 30000 };

static bool interrupted;

/* In the place of the C library's: as it is, or as if a signal had come meanwhile (connect(2)). */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    long result = syscall(SYS_connect, fd, address.__sockaddr__, len);
    if (!interrupted || (result < 0 && errno != EINPROGRESS))
        return (int)result;
    errno = EINTR;
    return -1;
}

static int listener_open(uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static enum status dial(uint16_t port, int *fd)
{
    struct address loopback = address_from_ipv4((const uint8_t[]){127, 0, 0, 1});
    return dial_connect(&loopback, port, clock_monotonic_ms() + PATIENCE_MS, fd);
}

static void a_signal_does_not_end_it(void **state)
{
    (void)state;
    uint16_t port;
    uint8_t octets[8];
    size_t len;
    int listener = listener_open(&port);
    for (unsigned with = 0; with < 2; with++) {
        int fd;
        interrupted = with;
        assert_int_equal(dial(port, &fd), STATUS_OK);
        int peer = accept(listener, NULL, NULL);
        assert_true(peer >= 0);
        assert_int_equal(dial_send(fd, (const uint8_t *)"hello", 5, UINT64_MAX), STATUS_OK);
        assert_int_equal(write(peer, "there", 5), 5);
        assert_int_equal(dial_receive(fd, octets, sizeof octets, &len, UINT64_MAX), STATUS_OK);
        assert_int_equal(len, 5);
        close(peer);
        close(fd);
    }
    close(listener);
}

static void nobody_there_is_told(void **state)
{
    (void)state;
    uint16_t port;
    int fd;
    close(listener_open(&port));
    for (unsigned with = 0; with < 2; with++) {
        interrupted = with;
        assert_int_equal(dial(port, &fd), STATUS_UNREACHABLE);
        assert_int_equal(errno, ECONNREFUSED);
        assert_int_equal(fd, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_does_not_end_it),
        cmocka_unit_test(nobody_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
