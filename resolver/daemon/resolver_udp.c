/* resolver_udp.c: see resolver_udp.h.
 *
 * Workers sleep in recvmmsg. To end them the main thread sets `stopping` and sends each one a
 * signal whose handler does nothing but interrupt that sleep, again and again until the thread is
 * gone: the signal may come just before the sleep begins. (The sockets are shared with the parent,
 * which gives them to the next resolver: they can't be shut down for this.)
 */
#include "resolver/daemon/resolver_udp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

enum { WAKE_SIGNAL = SIGUSR2, JOIN_RETRY_MS = 5, ERROR_PAUSE_MS = 100 };

/* One datagram's place in a batch. */
struct place {
    struct udp_peer peer;
    struct iovec in, out;
    bool answerable;
    struct query query;
    uint8_t packet[UDP_QUERY_MAX];
    uint8_t reply[DNS_UDP_MAX];
};

struct worker {
    SLIST_ENTRY(worker) link;
    pthread_t thread;
    bool started;
    int fd;
    bool wildcard; /* bound to all addresses: the answer must come from the one that was asked */
    struct resolver_shared *shared;
    struct handoff *handoff;
    struct desk desk;
    unsigned reply_count;
    struct mmsghdr in[UDP_BATCH], out[UDP_BATCH];
    struct place places[UDP_BATCH];
};

struct udp_workers {
    SLIST_HEAD(, worker) all; /* each its own memory: no two threads share a line of it */
};

/* --- a batch --- */

static void prepare_place(struct worker *worker, unsigned i)
{
    struct place *place = &worker->places[i];
    place->in = (struct iovec){.iov_base = place->packet, .iov_len = sizeof place->packet};
    worker->in[i].msg_hdr =
        (struct msghdr){.msg_name = &place->peer.address, .msg_iov = &place->in, .msg_iovlen = 1};
}

/* The kernel writes what it used over what it was given. */
static void reset_place(struct worker *worker, unsigned i)
{
    struct msghdr *header = &worker->in[i].msg_hdr;
    header->msg_namelen = sizeof worker->places[i].peer.address;
    header->msg_control = worker->wildcard ? worker->places[i].peer.control : NULL;
    header->msg_controllen = worker->wildcard ? UDP_CONTROL_SIZE : 0;
}

static void queue_reply(struct worker *worker, struct place *place, size_t len)
{
    place->out = (struct iovec){.iov_base = place->reply, .iov_len = len};
    worker->out[worker->reply_count++].msg_hdr = (struct msghdr){
        .msg_name = &place->peer.address,
        .msg_namelen = place->peer.address_len,
        .msg_iov = &place->out,
        .msg_iovlen = 1,
        .msg_control = place->peer.control_len > 0 ? place->peer.control : NULL,
        .msg_controllen = place->peer.control_len,
    };
}

/* Nobody can be answered at port 0. */
static bool is_answerable(const struct mmsghdr *message, const struct place *place)
{
    return (message->msg_hdr.msg_flags & MSG_TRUNC) == 0 && place->peer.address.sin6_port != 0;
}

static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
              "the port lies at the same place in both families");

static void hand_over(struct worker *worker, struct place *place)
{
    struct ticket ticket = {.query = place->query, .peer = place->peer, .fd = worker->fd};
    if (handoff_put(worker->handoff, &ticket) == STATUS_OK)
        return;
    struct answer answer = answer_failure(&worker->desk.input, &place->query, EDE_NOT_READY,
                                          "too much is being asked of the upstream", place->reply,
                                          sizeof place->reply);
    worker->desk.counts[COUNT_SERVFAIL]++;
    queue_reply(worker, place, answer.len);
}

static void read_one(struct worker *worker, unsigned i)
{
    struct mmsghdr *message = &worker->in[i];
    struct place *place = &worker->places[i];
    place->peer.address_len = message->msg_hdr.msg_namelen;
    place->peer.control_len = worker->wildcard ? message->msg_hdr.msg_controllen : 0;
    place->answerable =
        is_answerable(message, place) &&
        answer_read(&worker->desk.input, place->packet, message->msg_len, &place->query);
}

static void answer_one(struct worker *worker, struct place *place)
{
    if (!place->answerable) {
        desk_count(&worker->desk, ANSWER_KIND_MALFORMED);
        return;
    }
    desk_meet(&worker->desk, (const struct sockaddr *)&place->peer.address);
    struct answer answer =
        answer_query(&worker->desk.input, &place->query, place->reply, sizeof place->reply);
    desk_count(&worker->desk, answer.kind);
    if (answer.action == ANSWER_SEND)
        queue_reply(worker, place, answer.len);
    else if (answer.action == ANSWER_UPSTREAM)
        hand_over(worker, place);
}

/* In steps, so that the view's memory is waited for once and not for each (answer.h). */
static void answer_batch(struct worker *worker, unsigned count)
{
    desk_refresh(&worker->desk);
    for (unsigned i = 0; i < count; i++)
        read_one(worker, i);
    for (unsigned i = 0; i < count; i++) {
        if (worker->places[i].answerable)
            answer_fetch(&worker->desk.input, &worker->places[i].query);
    }
    for (unsigned i = 0; i < count; i++)
        answer_one(worker, &worker->places[i]);
}

/* A reply that the kernel refuses is left out; the rest still goes. */
static void send_replies(struct worker *worker)
{
    unsigned sent = 0;
    while (sent < worker->reply_count) {
        int n = sendmmsg(worker->fd, worker->out + sent, worker->reply_count - sent, MSG_NOSIGNAL);
        if (n > 0)
            sent += (unsigned)n;
        else if (n < 0 && errno == EINTR && !atomic_load(&worker->shared->stopping))
            continue;
        else
            sent++;
    }
    worker->reply_count = 0;
}

/* A worker makes its socket block, but another process that holds it may set that back. Any other
 * error is not expected, and must not become a busy loop. */
static void wait_after(const struct worker *worker, int error)
{
    struct pollfd wait = {.fd = worker->fd, .events = POLLIN};
    static const struct timespec pause = {.tv_nsec = ERROR_PAUSE_MS * 1000000};
    if (error == EAGAIN || error == EWOULDBLOCK)
        (void)poll(&wait, 1, -1); /* interrupted or ready: the caller looks again */
    else if (error != EINTR)
        (void)nanosleep(&pause, NULL);
}

static void *run_worker(void *context)
{
    struct worker *worker = context;
    unsigned used = UDP_BATCH; /* places to make ready again */
    while (!atomic_load_explicit(&worker->shared->stopping, memory_order_relaxed)) {
        for (unsigned i = 0; i < used; i++)
            reset_place(worker, i);
        int n = recvmmsg(worker->fd, worker->in, UDP_BATCH, MSG_WAITFORONE, NULL);
        used = n > 0 ? (unsigned)n : 0;
        if (n < 0)
            wait_after(worker, errno);
        if (n <= 0)
            continue;
        answer_batch(worker, used);
        send_replies(worker);
        desk_report(&worker->desk);
    }
    return NULL;
}

/* --- life --- */

static bool is_wildcard(const struct address *address)
{
    return address_check_publishable(address) == STATUS_ADDRESS_UNSPECIFIED;
}

static enum status set_socket(struct worker *worker, const struct address *address)
{
    const int on = 1;
    int flags = fcntl(worker->fd, F_GETFL);
    if (flags < 0 || fcntl(worker->fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
        return STATUS_IO;
    worker->wildcard = is_wildcard(address);
    if (!worker->wildcard)
        return STATUS_OK;
    int result = address_is_ipv4(address)
                     ? setsockopt(worker->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on)
                     : setsockopt(worker->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    return result == 0 ? STATUS_OK : STATUS_IO;
}

static enum status start_worker(struct udp_workers *workers, struct resolver_shared *shared,
                                struct handoff *handoff, const struct listener *listener, int fd)
{
    struct worker *worker = aligned_alloc(64, (sizeof *worker + 63) / 64 * 64);
    if (!worker)
        return STATUS_NO_MEMORY;
    memset(worker, 0, sizeof *worker);
    worker->fd = fd;
    worker->shared = shared;
    worker->handoff = handoff;
    SLIST_INSERT_HEAD(&workers->all, worker, link);
    enum status status = desk_init(&worker->desk, shared);
    if (status == STATUS_OK)
        status = set_socket(worker, &listener->endpoint.address);
    if (status != STATUS_OK)
        return status;
    for (unsigned i = 0; i < UDP_BATCH; i++)
        prepare_place(worker, i);
    worker->started = pthread_create(&worker->thread, NULL, run_worker, worker) == 0;
    return worker->started ? STATUS_OK : STATUS_NO_MEMORY;
}

static void on_wake_signal(int number)
{
    (void)number;
}

/* Threads inherit the mask: every signal but the waking one is for the main thread. */
static enum status block_signals(sigset_t *before)
{
    struct sigaction action = {.sa_handler = on_wake_signal}; /* no SA_RESTART: it must interrupt */
    sigset_t all;
    if (sigaction(WAKE_SIGNAL, &action, NULL) != 0)
        return STATUS_IO;
    if (sigfillset(&all) != 0 || sigdelset(&all, WAKE_SIGNAL) != 0)
        return STATUS_IO;
    return pthread_sigmask(SIG_SETMASK, &all, before) == 0 ? STATUS_OK : STATUS_IO;
}

static enum status start_all(struct udp_workers *workers, struct resolver_shared *shared,
                             struct handoff *handoff)
{
    const struct child_context *context = shared->context;
    enum status status = STATUS_OK;
    for (uint32_t l = 0; l < context->listener_count; l++) {
        const struct listener *listener = &context->listeners[l];
        if (!listener->bound)
            continue;
        for (unsigned i = 0; i < CONFIG_THREADS_MAX && status == STATUS_OK; i++) {
            if (listener->udp_fds[i] >= 0)
                status = start_worker(workers, shared, handoff, listener, listener->udp_fds[i]);
        }
    }
    return status;
}

enum status udp_workers_start(struct udp_workers **out, struct resolver_shared *shared,
                              struct handoff *handoff)
{
    struct udp_workers *workers = calloc(1, sizeof *workers);
    sigset_t before;
    if (!workers)
        return STATUS_NO_MEMORY;
    SLIST_INIT(&workers->all);
    *out = workers;
    enum status status = block_signals(&before);
    if (status != STATUS_OK)
        return status;
    status = start_all(workers, shared, handoff);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* a mask that was in force before */
    return status;
}

/* Joins those that have ended, wakes the others. False: some are left. */
static bool join_workers(struct udp_workers *workers)
{
    struct worker *worker;
    bool all = true;
    SLIST_FOREACH(worker, &workers->all, link)
    {
        if (!worker->started)
            continue;
        if (pthread_tryjoin_np(worker->thread, NULL) == EBUSY) {
            (void)pthread_kill(worker->thread, WAKE_SIGNAL); /* not joined, so it can be named */
            all = false;
        } else {
            worker->started = false;
        }
    }
    return all;
}

void udp_workers_stop(struct udp_workers *workers)
{
    static const struct timespec retry = {.tv_nsec = JOIN_RETRY_MS * 1000000};
    struct worker *worker;
    if (!workers)
        return;
    while (!join_workers(workers))
        (void)nanosleep(&retry, NULL);
    while ((worker = SLIST_FIRST(&workers->all))) {
        SLIST_REMOVE_HEAD(&workers->all, link);
        desk_deinit(&worker->desk);
        free(worker);
    }
    free(workers);
}
