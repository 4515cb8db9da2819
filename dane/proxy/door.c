/* door.c: see door.h. */
#include "dane/proxy/door.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/file.h"
#include "ledger/base/socket_address.h"

static const char port_file[] = "port";

enum { BACKLOG = 512, PORT_TEXT_MAX = 16 };

uint16_t door_kept_port(const char *dir)
{
    char path[FILE_PATH_SIZE], text[PORT_TEXT_MAX + 1] = "", *rest = text;
    if (file_path_join(path, dir, port_file) != STATUS_OK)
        return CONFIG_PROXY_PORT;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return CONFIG_PROXY_PORT;
    unsigned long port = 0;
    if (file_read_text(fd, text, PORT_TEXT_MAX) == STATUS_OK)
        port = strtoul(text, &rest, 10);
    close(fd);
    bool is_port = rest != text && (*rest == '\0' || *rest == '\n') && port > 0 && port <= 65535;
    return is_port ? (uint16_t)port : CONFIG_PROXY_PORT;
}

static void keep_port(const char *dir, uint16_t port)
{
    char path[FILE_PATH_SIZE], text[PORT_TEXT_MAX];
    if (door_kept_port(dir) == port || file_path_join(path, dir, port_file) != STATUS_OK)
        return;
    int len = snprintf(text, sizeof text, "%u\n", (unsigned)port);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return;
    (void)file_write_all(fd, text, (size_t)len);
    close(fd);
}

static void endpoint_text(const struct address *address, uint16_t port,
                          char text[static DOOR_TEXT_SIZE])
{
    char host[ADDRESS_TEXT_SIZE];
    address_text(address, host);
    (void)snprintf(text, DOOR_TEXT_SIZE, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
                   (unsigned)port);
}

enum status door_text(const char *dir, const struct config_listen *listen,
                      char text[static DOOR_TEXT_SIZE])
{
    const struct config_endpoint *first = &listen->endpoints[0];
    if (listen->none || listen->count == 0)
        return STATUS_RANGE;
    endpoint_text(&first->address, listen->given ? first->port : door_kept_port(dir), text);
    return STATUS_OK;
}

/* A listening socket; -1 with errno. */
static int listen_at(const struct address *address, uint16_t port)
{
    struct sockaddr_storage at;
    const int on = 1;
    socklen_t len = socket_address_make(address, port, &at);
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bool right = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (right && at.ss_family == AF_INET6)
        right = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
    if (right && bind(fd, (const struct sockaddr *)&at, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static enum status fail(const struct config_endpoint *endpoint, uint16_t port,
                        char error[static DOOR_ERROR_SIZE])
{
    char text[DOOR_TEXT_SIZE];
    int why = errno;
    endpoint_text(&endpoint->address, port, text);
    (void)snprintf(error, DOOR_ERROR_SIZE, "can't listen on %s: %s%s", text, strerror(why),
                   why == EADDRINUSE ? " (is hearth-proxy running already?)" : "");
    if (why == EADDRINUSE)
        return STATUS_BUSY;
    if (why == EADDRNOTAVAIL || why == EAFNOSUPPORT)
        return STATUS_UNREACHABLE;
    return why == EACCES || why == EPERM ? STATUS_DENIED : STATUS_IO;
}

/* The default's one: the kept port, else the next ones. */
static int listen_somewhere(const char *dir, const struct config_endpoint *endpoint)
{
    uint16_t kept = door_kept_port(dir);
    for (unsigned port = kept; port < (unsigned)kept + DOOR_PORTS_TRIED && port <= 65535; port++) {
        int fd = listen_at(&endpoint->address, (uint16_t)port);
        if (fd >= 0)
            keep_port(dir, (uint16_t)port);
        if (fd >= 0 || errno != EADDRINUSE)
            return fd;
    }
    return -1;
}

enum status door_open(const char *dir, const struct config_listen *listen,
                      int fds[static CONFIG_LISTEN_MAX], size_t *count,
                      char error[static DOOR_ERROR_SIZE])
{
    for (*count = 0; !listen->none && *count < listen->count; ++*count) {
        const struct config_endpoint *endpoint = &listen->endpoints[*count];
        int fd = listen->given ? listen_at(&endpoint->address, endpoint->port)
                               : listen_somewhere(dir, endpoint);
        if (fd < 0) {
            enum status status = fail(endpoint, endpoint->port, error);
            while (*count > 0)
                close(fds[--*count]);
            return status;
        }
        fds[*count] = fd;
    }
    return STATUS_OK;
}
