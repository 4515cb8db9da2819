/* resolver_udp.h: the threads that answer over UDP, one for each socket.
 *
 * A worker takes a batch of datagrams, answers what it can from its view, and sends the batch: two
 * system calls for up to UDP_BATCH queries, no lock, no allocation. What needs the upstream goes
 * through the handoff to the main thread.
 */
#ifndef HEARTH_RESOLVER_DAEMON_RESOLVER_UDP_H
#define HEARTH_RESOLVER_DAEMON_RESOLVER_UDP_H

#include "ledger/base/status.h"
#include "resolver/daemon/resolver_desk.h"
#include "resolver/daemon/resolver_handoff.h"

enum {
    UDP_BATCH = 64,
    UDP_QUERY_MAX = 1280, /* a longer query is dropped */
};

struct udp_workers; /* heap */

/* Starts a thread for each bound UDP socket of the context's listeners. NO_MEMORY, IO. */
enum status udp_workers_start(struct udp_workers **workers, struct resolver_shared *shared,
                              struct handoff *handoff);

/* Ends and joins all of them; shared->stopping must be set. NULL is fine. */
void udp_workers_stop(struct udp_workers *workers);

#endif
