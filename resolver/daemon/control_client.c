/* control_client.c: see control_client.h.
 *
 * Each step (the connect, sending a request, each part of its answer) has the whole time-out; a
 * daemon that is gone is UNREACHABLE before the connection and CLOSED after it.
 */
#include "resolver/daemon/control_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/reader.h"

static int remaining_ms(uint64_t deadline_ms)
{
    uint64_t now_ms = clock_monotonic_ms();
    return now_ms >= deadline_ms ? 0 : (int)(deadline_ms - now_ms);
}

static enum status wait_for(int fd, short events, uint64_t deadline_ms)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = events};
        int ready = poll(&poll_fd, 1, remaining_ms(deadline_ms));
        if (ready > 0)
            return STATUS_OK;
        if (ready == 0)
            return STATUS_TIMEOUT;
        if (errno != EINTR)
            return STATUS_IO;
    }
}

static enum status connect_status(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return STATUS_DENIED;
    case EAGAIN:
        return STATUS_AGAIN;
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        return STATUS_UNREACHABLE;
    default:
        return STATUS_IO;
    }
}

/* connect(2) of a Unix socket is done at once, or EAGAIN while the backlog is full. */
static enum status connect_until(int fd, const struct sockaddr_un *to, uint64_t deadline_ms)
{
    for (;;) {
        if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
            return STATUS_OK;
        enum status status = connect_status(errno);
        if (errno == EINTR)
            continue;
        if (status != STATUS_AGAIN)
            return status;
        if (remaining_ms(deadline_ms) == 0)
            return STATUS_TIMEOUT;
        (void)poll(NULL, 0, 10);
    }
}

enum status control_client_connect(struct control_client *client, const char *path,
                                   unsigned timeout_ms)
{
    *client = (struct control_client){.fd = -1, .received_fd = -1};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof to.sun_path)
        return STATUS_TOO_LONG;
    memcpy(to.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return STATUS_IO;
    enum status status = connect_until(fd, &to, clock_monotonic_ms() + timeout_ms);
    if (status == STATUS_OK)
        client->fd = fd;
    else
        close(fd);
    return status;
}

void control_client_disconnect(struct control_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static enum status send_all(int fd, const uint8_t *bytes, size_t len, unsigned timeout_ms)
{
    uint64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes += sent;
            len -= (size_t)sent;
            continue;
        }
        if (errno == EPIPE || errno == ECONNRESET)
            return STATUS_CLOSED;
        if (errno != EAGAIN && errno != EINTR)
            return STATUS_IO;
        enum status status = wait_for(fd, POLLOUT, deadline_ms);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Keeps the first descriptor that came with a message and closes any other. */
static void keep_descriptor(struct control_client *client, struct msghdr *message)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd = -1;
            memcpy(&fd, CMSG_DATA(at) + i * sizeof fd, sizeof fd);
            if (client->received_fd < 0)
                client->received_fd = fd;
            else
                close(fd);
        }
    }
}

static enum status receive_some(struct control_client *client, uint8_t *bytes, size_t *len)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int) * 4)];
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = *len};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(client->fd, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return STATUS_AGAIN;
    if (got < 0)
        return errno == ECONNRESET ? STATUS_CLOSED : STATUS_IO;
    keep_descriptor(client, &message);
    *len = (size_t)got;
    return got == 0 ? STATUS_CLOSED : STATUS_OK;
}

static enum status receive_all(struct control_client *client, uint8_t *bytes, size_t len,
                               unsigned timeout_ms)
{
    uint64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (len > 0) {
        size_t got = len;
        enum status status = receive_some(client, bytes, &got);
        if (status == STATUS_OK) {
            bytes += got;
            len -= got;
            continue;
        }
        if (status == STATUS_AGAIN)
            status = wait_for(client->fd, POLLIN, deadline_ms);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status receive_frame(struct control_client *client, json_t **answer,
                                 unsigned timeout_ms)
{
    uint8_t header[CONTROL_HEADER_SIZE];
    enum status status = receive_all(client, header, sizeof header, timeout_ms);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_over(header, sizeof header);
    size_t len = reader_u32(&r);
    if (len > CONTROL_FRAME_MAX)
        return STATUS_TOO_LONG;
    uint8_t *payload = malloc(len + 1); /* a payload of nothing is malformed, but no fault */
    if (!payload)
        return STATUS_NO_MEMORY;
    status = receive_all(client, payload, len, timeout_ms);
    if (status == STATUS_OK)
        status = control_parse(payload, len, answer);
    free(payload);
    return status;
}

enum status control_client_ask(struct control_client *client, const json_t *request,
                               json_t **answer, unsigned timeout_ms)
{
    *answer = NULL;
    client->received_fd = -1;
    if (client->fd < 0)
        return STATUS_CLOSED;
    uint8_t *frame = NULL;
    size_t len = 0;
    enum status status = control_pack(request, &frame, &len);
    if (status == STATUS_OK)
        status = send_all(client->fd, frame, len, timeout_ms);
    free(frame);
    /* A daemon that refuses a frame answers before it closes: its reason is worth more than CLOSED.
     */
    if (status == STATUS_OK || status == STATUS_CLOSED) {
        enum status received = receive_frame(client, answer, timeout_ms);
        status = received == STATUS_OK ? STATUS_OK : status == STATUS_OK ? received : status;
    }
    return status;
}
