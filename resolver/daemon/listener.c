/* listener.c: see listener.h.
 *
 * SO_REUSEPORT lets every worker have a queue of its own, but would also let a second program of
 * the same user take a share of the questions unnoticed. So TCP comes first, without it, and UDP is
 * tried once without it.
 *
 * Who names an address means it: at boot, it may come after hearthd (a lease, a router's
 * announcement, duplicate address detection). IP_FREEBIND opens the door for when it is there.
 */
#include "resolver/daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/socket_address.h"

enum { TCP_BACKLOG = 256 };

static bool bind_to(int fd, const struct config_endpoint *endpoint)
{
    struct sockaddr_storage address;
    socklen_t len = socket_address_make(&endpoint->address, endpoint->port, &address);
    bool ipv4 = address.ss_family == AF_INET;
    const int on = 1;
    if (bind(fd, (const struct sockaddr *)&address, len) == 0)
        return true;
    if (errno != EADDRNOTAVAIL || endpoint->line == 0)
        return false;
    return setsockopt(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_FREEBIND : IPV6_FREEBIND, &on,
                      sizeof on) == 0 &&
           bind(fd, (const struct sockaddr *)&address, len) == 0;
}

/* A bound socket; -1 with errno. */
static int open_socket(const struct config_endpoint *endpoint, int type, bool share)
{
    const int family = address_is_ipv4(&endpoint->address) ? AF_INET : AF_INET6;
    const int on = 1;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bool right = true;
    if (family == AF_INET6)
        right = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
    if (right && type == SOCK_STREAM) /* connections of the last run may still be closing */
        right = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (right && share)
        right = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    if (right)
        right = bind_to(fd, endpoint);
    if (right && type == SOCK_STREAM)
        right = listen(fd, TCP_BACKLOG) == 0;
    if (right)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static bool udp_is_free(const struct config_endpoint *endpoint)
{
    int fd = open_socket(endpoint, SOCK_DGRAM, false);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int duplicate(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static bool open_all(struct listener *listener, unsigned threads, const struct listener *old)
{
    const struct config_endpoint *endpoint = &listener->endpoint;
    if (!old && !udp_is_free(endpoint))
        return false;
    listener->tcp_fd = old ? duplicate(old->tcp_fd) : open_socket(endpoint, SOCK_STREAM, false);
    if (listener->tcp_fd < 0)
        return false;
    for (unsigned i = 0; i < threads; i++) {
        bool take = old && old->udp_fds[i] >= 0;
        listener->udp_fds[i] =
            take ? duplicate(old->udp_fds[i]) : open_socket(endpoint, SOCK_DGRAM, true);
        if (listener->udp_fds[i] < 0)
            return false;
    }
    return true;
}

static enum status status_of(int error)
{
    switch (error) {
    case EADDRINUSE:
        return STATUS_BUSY;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return STATUS_UNREACHABLE;
    case EACCES:
    case EPERM:
        return STATUS_DENIED;
    default:
        return STATUS_IO;
    }
}

enum status listener_open(struct listener *listener, const struct config_endpoint *endpoint,
                          unsigned threads, const struct listener *old)
{
    *listener = (struct listener){.endpoint = *endpoint, .tcp_fd = -1};
    for (unsigned i = 0; i < CONFIG_THREADS_MAX; i++)
        listener->udp_fds[i] = -1;
    listener->bound = open_all(listener, threads, old);
    if (listener->bound)
        return STATUS_OK;
    int saved = errno;
    listener_close(listener);
    errno = saved;
    return status_of(saved);
}

bool listener_is_here(const struct config_endpoint *endpoint)
{
    const struct config_endpoint any_port = {.address = endpoint->address};
    int fd = open_socket(&any_port, SOCK_DGRAM, false);
    bool here = fd >= 0 || errno != EADDRNOTAVAIL;
    if (fd >= 0)
        close(fd);
    return here;
}

void listener_close(struct listener *listener)
{
    if (listener->tcp_fd >= 0)
        close(listener->tcp_fd);
    listener->tcp_fd = -1;
    for (unsigned i = 0; i < CONFIG_THREADS_MAX; i++) {
        if (listener->udp_fds[i] >= 0)
            close(listener->udp_fds[i]);
        listener->udp_fds[i] = -1;
    }
    listener->bound = false;
}
