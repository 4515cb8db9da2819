/* resolver_handoff.h: takes UDP queries that need the upstream from the workers to the main thread,
 * which asks and answers.
 *
 * A bounded ring under a mutex, and an eventfd that wakes the main loop: only queries for the
 * outside pay for it. When the ring is full the worker says so to the client itself.
 */
#ifndef HEARTH_RESOLVER_DAEMON_RESOLVER_HANDOFF_H
#define HEARTH_RESOLVER_DAEMON_RESOLVER_HANDOFF_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ledger/base/status.h"
#include "resolver/daemon/resolver_desk.h"
#include "resolver/query.h"

struct event_base;
struct upstream;
struct handoff; /* heap */

enum { HANDOFF_MAX = 512, UDP_CONTROL_SIZE = 64 /* one IPV6_PKTINFO, with its header */ };

/* Where a datagram came from and how the answer gets back. */
struct udp_peer {
    struct sockaddr_in6 address; /* or a sockaddr_in */
    socklen_t address_len;
    size_t
        control_len; /* the address that was asked, for the answer's source; 0: the socket's own */
    _Alignas(size_t) uint8_t control[UDP_CONTROL_SIZE];
};

struct ticket {
    struct query query;
    struct udp_peer peer;
    int fd;
};

/* `desk` is the main thread's; `upstream` may be NULL (it could not be made). NO_MEMORY, IO. */
enum status handoff_create(struct handoff **handoff, struct event_base *base, struct desk *desk,
                           struct upstream *upstream);

/* After the upstream is gone and no worker runs any more. */
void handoff_destroy(struct handoff *handoff);

/* From any thread. FULL. */
enum status handoff_put(struct handoff *handoff, const struct ticket *ticket);

#endif
