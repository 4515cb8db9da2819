/* resolver_tcp.h: DNS over TCP (RFC 7766) on the main thread's event loop.
 *
 * Queries may be pipelined; answers go out as they are ready, in any order. Everything is bounded:
 * clients, what one may leave unread, what one may wait for; who is idle for TCP_IDLE_S is closed,
 * and so is who does not send a query whole within TCP_FRAME_S. Guests leave places to this
 * machine's own programs, and no guest's address takes all of theirs.
 */
#ifndef HEARTH_RESOLVER_DAEMON_RESOLVER_TCP_H
#define HEARTH_RESOLVER_DAEMON_RESOLVER_TCP_H

#include "ledger/base/status.h"
#include "resolver/daemon/resolver_desk.h"

struct event_base;
struct upstream;
struct tcp_server; /* heap */

enum {
    TCP_CLIENTS_MAX = 256,
    TCP_GUESTS_MAX = 192, /* of them, those that are not on this machine */
    TCP_ADDRESS_MAX = 16, /* clients of one guest's address */
    TCP_QUERY_MAX = 4096, /* octets of one query; a client that announces more is closed */
    TCP_OUTPUT_MAX =
        131072,           /* octets not yet taken by the client: no more is read until they are */
    TCP_WAITING_MAX = 32, /* of a client's queries at the upstream: the same */
    TCP_IDLE_S = 10,
    TCP_FRAME_S = 10,   /* from the first octet of a query to its last */
    TCP_PAUSE_MS = 200, /* without accepting, when there are no descriptors left */
};

/* Listens on the context's TCP sockets. `upstream` may be NULL. NO_MEMORY. */
enum status tcp_server_start(struct tcp_server **server, struct event_base *base, struct desk *desk,
                             struct upstream *upstream);

/* Closes all clients. After the upstream is gone. NULL is fine. */
void tcp_server_stop(struct tcp_server *server);

#endif
