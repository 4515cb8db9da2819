/* listener.h: binds the resolver's sockets, with the one right that is kept for it. */
#ifndef HEARTH_RESOLVER_DAEMON_LISTENER_H
#define HEARTH_RESOLVER_DAEMON_LISTENER_H

#include <stdbool.h>

#include "ledger/base/status.h"
#include "resolver/daemon/config.h"

/* One bound address of the resolver; the parent binds, so that only it needs the right to. */
struct listener {
    struct config_endpoint endpoint;
    int tcp_fd;                      /* listening; -1 when not bound */
    int udp_fds[CONFIG_THREADS_MAX]; /* SO_REUSEPORT, one a worker; -1 beyond `threads` */
    bool bound;                      /* false: taken; the default's only, and said on the board */
};

/* Binds one address: TCP, and `threads` UDP sockets with SO_REUSEPORT. `old` (or NULL): the same
 * address bound before, whose sockets are taken over as duplicates. All sockets are non-blocking
 * and close-on-exec. BUSY (taken), UNREACHABLE (no such address or family here), DENIED, IO; errno
 * says it exactly. One from the file is bound also when this machine does not have it yet. */
enum status listener_open(struct listener *listener, const struct config_endpoint *endpoint,
                          unsigned threads, const struct listener *old);

/* Does this machine have the address? */
bool listener_is_here(const struct config_endpoint *endpoint);

/* Closes what is open; a listener that is not bound is fine. */
void listener_close(struct listener *listener);

#endif
