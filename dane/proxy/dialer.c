/* dialer.c: see dialer.h.
 *
 * The happy path: `step`, a timer, opens the next address and sets itself anew; a socket that is
 * writable has its answer (on_answer). The first without an error wins, all others are closed. A
 * failure calls `step` at once. When all have failed, or the deadline comes, the failure that tells
 * most is told: one that did not answer is more than one that can't be reached.
 */
#include "dane/proxy/dialer.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/socket_address.h"

struct
try {
    struct dialer *dialer;
    size_t index; /* of the list that was given */
    struct address address;
    int fd; /* -1: not begun, or failed */
    struct event answer;
};

struct dialer {
    struct event_base *base;
    uint16_t port;
    size_t count, begun, failed;
    struct try tries[DIALER_ADDRESSES_MAX];
    struct event step, deadline;
    struct dialer_result result;
    void (*done)(void *context, const struct dialer_result *result);
    void *context;
};

static const struct timeval at_once = {0};
static const struct timeval stagger = {.tv_usec = DIALER_STAGGER_MS * 1000};

static void close_try(struct try *try)
{
    if (try->fd < 0)
        return;
    (void)event_del(&try->answer);
    close(try->fd);
    try->fd = -1;
}

void dialer_cancel(struct dialer *dialer)
{
    if (!dialer)
        return;
    for (size_t i = 0; i < dialer->begun; i++)
        close_try(&dialer->tries[i]);
    (void)event_del(&dialer->step);
    (void)event_del(&dialer->deadline);
    free(dialer);
}

static void end(struct dialer *dialer)
{
    struct dialer_result result = dialer->result;
    void (*done)(void *, const struct dialer_result *) = dialer->done;
    void *context = dialer->context;
    dialer_cancel(dialer);
    done(context, &result);
}

static enum status status_of(int error)
{
    switch (error) {
    case ETIMEDOUT:
        return STATUS_TIMEOUT;
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
        return STATUS_IO;
    default:
        return STATUS_UNREACHABLE;
    }
}

static int rank(enum status status)
{
    return status == STATUS_TIMEOUT ? 2 : status == STATUS_UNREACHABLE ? 1 : 0;
}

static void note_failure(struct try *try, int error)
{
    struct dialer_result *result = &try->dialer->result;
    enum status status = status_of(error);
    close_try(try);
    result->failed |= UINT32_C(1) << try->index;
    if (try->dialer->failed++ > 0 && rank(status) <= rank(result->status))
        return;
    result->status = status;
    result->error = error;
    result->address = try->address;
    result->index = try->index;
}

static void on_answer(evutil_socket_t fd, short what, void *context)
{
    struct try *try = context;
    struct dialer *dialer = try->dialer;
    int error = 0;
    socklen_t len = sizeof error;
    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    if (error != 0) {
        note_failure(try, error);
        (void)event_add(&dialer->step, &at_once);
        return;
    }
    (void)event_del(&try->answer);
    try->fd = -1;
    dialer->result.status = STATUS_OK;
    dialer->result.fd = fd;
    dialer->result.address = try->address;
    dialer->result.index = try->index;
    dialer->result.error = 0;
    end(dialer);
}

/* 0, or errno. What is connected at once is told by the event as well. */
static int open_try(struct try *try)
{
    struct sockaddr_storage to;
    socklen_t len = socket_address_make(&try->address, try->dialer->port, &to);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS && errno != EINTR) {
        int error = errno;
        close(fd);
        return error;
    }
    if (event_assign(&try->answer, try->dialer->base, fd, EV_WRITE, on_answer, try) != 0 ||
        event_add(&try->answer, NULL) != 0) {
        close(fd);
        return ENOMEM;
    }
    try->fd = fd;
    return 0;
}

static void on_step(evutil_socket_t fd, short what, void *context)
{
    struct dialer *dialer = context;
    int error = -1;
    (void)fd;
    (void)what;
    while (error != 0 && dialer->begun < dialer->count) {
        struct try *try = &dialer->tries[dialer->begun++];
        error = open_try(try);
        if (error != 0)
            note_failure(try, error);
    }
    if (dialer->failed == dialer->count)
        end(dialer);
    else if (dialer->begun < dialer->count)
        (void)event_add(&dialer->step, &stagger);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    struct dialer *dialer = context;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < dialer->begun; i++) {
        if (dialer->tries[i].fd >= 0)
            note_failure(&dialer->tries[i], ETIMEDOUT);
    }
    end(dialer);
}

/* RFC 8305, section 4: the families by turns; within one as they were given. */
static void put_in_order(struct dialer *dialer, const struct address *addresses, size_t count)
{
    size_t next[2] = {0}; /* IPv6, IPv4 */
    bool wants_ipv4 = false;
    while (dialer->count < count) {
        size_t *at = &next[wants_ipv4];
        while (*at < count && address_is_ipv4(&addresses[*at]) != wants_ipv4)
            ++*at;
        if (*at < count) {
            struct try *try = &dialer->tries[dialer->count++];
            *try =
                (struct try){.dialer = dialer, .index = *at, .address = addresses[*at], .fd = -1};
            ++*at;
        }
        wants_ipv4 = !wants_ipv4;
    }
}

struct dialer *dialer_start(struct event_base *base, const struct address *addresses, size_t count,
                            uint16_t port, unsigned timeout_ms,
                            void (*done)(void *context, const struct dialer_result *result),
                            void *context)
{
    struct timeval deadline = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
    struct dialer *dialer = calloc(1, sizeof *dialer);
    if (!dialer)
        return NULL;
    dialer->base = base;
    dialer->port = port;
    dialer->done = done;
    dialer->context = context;
    dialer->result = (struct dialer_result){.status = STATUS_UNREACHABLE, .fd = -1};
    put_in_order(dialer, addresses, count < DIALER_ADDRESSES_MAX ? count : DIALER_ADDRESSES_MAX);
    (void)evtimer_assign(&dialer->step, base, on_step, dialer);
    (void)evtimer_assign(&dialer->deadline, base, on_deadline, dialer);
    if (event_add(&dialer->step, &at_once) != 0 || event_add(&dialer->deadline, &deadline) != 0) {
        dialer_cancel(dialer);
        return NULL;
    }
    return dialer;
}
