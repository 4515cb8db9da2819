/* resolver_handoff.c: see resolver_handoff.h. */
#include "resolver/daemon/resolver_handoff.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "resolver/answer_upstream.h"
#include "resolver/upstream_unbound.h"

struct handoff {
    pthread_mutex_t lock; /* over ring, first, count */
    struct ticket *ring;
    size_t first, count;
    int wake_fd;
    struct event *wake;
    struct desk *desk;
    struct upstream *upstream;
};

/* A client that waits for the upstream. */
struct waiting {
    struct handoff *handoff;
    struct ticket ticket;
};

enum status handoff_put(struct handoff *handoff, const struct ticket *ticket)
{
    const uint64_t one = 1;
    enum status status = STATUS_FULL;
    (void)pthread_mutex_lock(&handoff->lock); /* can't fail: ours, and never taken twice */
    if (handoff->count < HANDOFF_MAX) {
        handoff->ring[(handoff->first + handoff->count++) % HANDOFF_MAX] = *ticket;
        status = STATUS_OK;
    }
    (void)pthread_mutex_unlock(&handoff->lock);
    /* An eventfd that can't take more is readable already. */
    if (status == STATUS_OK && write(handoff->wake_fd, &one, sizeof one) < 0)
        return STATUS_OK;
    return status;
}

static bool take(struct handoff *handoff, struct ticket *ticket)
{
    bool taken = false;
    (void)pthread_mutex_lock(&handoff->lock);
    if (handoff->count > 0) {
        *ticket = handoff->ring[handoff->first];
        handoff->first = (handoff->first + 1) % HANDOFF_MAX;
        handoff->count--;
        taken = true;
    }
    (void)pthread_mutex_unlock(&handoff->lock);
    return taken;
}

/* Best effort, like every datagram: a client that hears nothing asks again. */
static void send_reply(struct ticket *ticket, uint8_t *reply, size_t len)
{
    struct iovec iov = {.iov_base = reply, .iov_len = len};
    struct msghdr message = {.msg_name = &ticket->peer.address,
                             .msg_namelen = ticket->peer.address_len,
                             .msg_iov = &iov,
                             .msg_iovlen = 1};
    if (ticket->peer.control_len > 0) {
        message.msg_control = ticket->peer.control;
        message.msg_controllen = ticket->peer.control_len;
    }
    (void)sendmsg(ticket->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void meet(struct desk *desk, const struct ticket *ticket)
{
    desk_refresh(desk);
    desk->input.stream = false;
    desk_meet(desk, (const struct sockaddr *)&ticket->peer.address);
}

static void on_result(void *context, const struct upstream_result *result)
{
    struct waiting *waiting = context;
    struct desk *desk = waiting->handoff->desk;
    uint8_t reply[DNS_UDP_MAX];
    meet(desk, &waiting->ticket);
    struct answer answer =
        answer_upstream(&desk->input, &waiting->ticket.query, result, reply, sizeof reply);
    if (answer.kind == ANSWER_KIND_FAILED)
        desk->counts[COUNT_SERVFAIL]++; /* as a query it was counted when it came */
    send_reply(&waiting->ticket, reply, answer.len);
    free(waiting);
}

static void say_busy(struct desk *desk, struct ticket *ticket)
{
    uint8_t reply[DNS_UDP_MAX];
    meet(desk, ticket);
    struct answer answer =
        answer_failure(&desk->input, &ticket->query, EDE_NOT_READY,
                       "too much is being asked of the upstream", reply, sizeof reply);
    desk->counts[COUNT_SERVFAIL]++;
    send_reply(ticket, reply, answer.len);
}

static void ask(struct handoff *handoff, struct ticket *ticket)
{
    struct waiting *waiting = handoff->upstream ? malloc(sizeof *waiting) : NULL;
    if (waiting) {
        *waiting = (struct waiting){.handoff = handoff, .ticket = *ticket};
        if (upstream_ask(handoff->upstream, &ticket->query, on_result, waiting) == STATUS_OK)
            return;
        free(waiting);
    }
    say_busy(handoff->desk, ticket);
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    struct handoff *handoff = context;
    struct ticket ticket;
    uint64_t value;
    (void)what;
    if (read(fd, &value, sizeof value) < 0)
        return;
    while (take(handoff, &ticket))
        ask(handoff, &ticket);
}

enum status handoff_create(struct handoff **out, struct event_base *base, struct desk *desk,
                           struct upstream *upstream)
{
    enum status status = STATUS_NO_MEMORY;
    struct handoff *handoff = calloc(1, sizeof *handoff);
    if (!handoff)
        return STATUS_NO_MEMORY;
    handoff->desk = desk;
    handoff->upstream = upstream;
    handoff->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    handoff->ring = calloc(HANDOFF_MAX, sizeof *handoff->ring);
    (void)pthread_mutex_init(&handoff->lock, NULL); /* the default kind can't fail */
    if (handoff->wake_fd < 0)
        status = STATUS_IO;
    else if (handoff->ring)
        handoff->wake = event_new(base, handoff->wake_fd, EV_READ | EV_PERSIST, on_wake, handoff);
    if (handoff->wake && event_add(handoff->wake, NULL) == 0) {
        *out = handoff;
        return STATUS_OK;
    }
    handoff_destroy(handoff);
    return status;
}

void handoff_destroy(struct handoff *handoff)
{
    if (!handoff)
        return;
    if (handoff->wake)
        event_free(handoff->wake);
    if (handoff->wake_fd >= 0)
        close(handoff->wake_fd);
    (void)pthread_mutex_destroy(&handoff->lock);
    free(handoff->ring);
    free(handoff);
}
