/* dial.c: see dial.h. Every wait is a poll for what is left until the deadline, so that a peer that
 * trickles gains nothing. */
#include "dane/dial.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/socket_address.h"

static enum status wait_for(int fd, short events, uint64_t deadline_ms)
{
    for (;;) {
        uint64_t now = clock_monotonic_ms();
        if (now >= deadline_ms)
            return STATUS_TIMEOUT;
        uint64_t left = deadline_ms - now;
        struct pollfd poller = {.fd = fd, .events = events};
        int ready = poll(&poller, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0)
            return STATUS_OK; /* errors too: the next call on the socket names them */
        if (ready < 0 && errno != EINTR)
            return STATUS_IO;
    }
}

static enum status status_of_errno(int error)
{
    switch (error) {
    case 0:
        return STATUS_OK;
    case ETIMEDOUT:
        return STATUS_TIMEOUT;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EACCES:
    case EPERM:
        return STATUS_UNREACHABLE;
    default:
        return STATUS_IO;
    }
}

static enum status finish_connect(int fd, uint64_t deadline_ms)
{
    int error = 0;
    socklen_t len = sizeof error;
    enum status status = wait_for(fd, POLLOUT, deadline_ms);
    if (status != STATUS_OK)
        return status;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return STATUS_IO;
    errno = error;
    return status_of_errno(error);
}

enum status dial_connect(const struct address *address, uint16_t port, uint64_t deadline_ms,
                         int *fd)
{
    static const int on = 1;
    struct sockaddr_storage to;
    socklen_t len = socket_address_make(address, port, &to);
    *fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return status_of_errno(errno);
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only a matter of speed */
    enum status status = STATUS_OK;
    if (connect(*fd, (struct sockaddr *)&to, len) < 0)
        /* After a signal the connection goes on being made, as without one. */
        status = errno == EINPROGRESS || errno == EINTR ? finish_connect(*fd, deadline_ms)
                                                        : status_of_errno(errno);
    if (status != STATUS_OK) {
        int error = errno;
        close(*fd);
        *fd = -1;
        errno = error;
    }
    return status;
}

static enum status status_of_transfer(int error)
{
    return error == ECONNRESET || error == EPIPE ? STATUS_CLOSED : status_of_errno(error);
}

enum status dial_send(int fd, const uint8_t *bytes, size_t len, uint64_t deadline_ms)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return status_of_transfer(errno);
        enum status status = wait_for(fd, POLLOUT, deadline_ms);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status dial_receive(int fd, uint8_t *bytes, size_t size, size_t *len, uint64_t deadline_ms)
{
    for (;;) {
        /* First the clock, then the socket: a peer that always has an octet ready is bounded too.
         */
        enum status status = wait_for(fd, POLLIN, deadline_ms);
        if (status != STATUS_OK)
            return status;
        ssize_t received = recv(fd, bytes, size, 0);
        if (received > 0) {
            *len = (size_t)received;
            return STATUS_OK;
        }
        if (received == 0)
            return STATUS_CLOSED;
        if (errno != EAGAIN && errno != EINTR)
            return status_of_transfer(errno);
    }
}
