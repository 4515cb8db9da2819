/* listener.h: binds the resolver's sockets, before any privilege is given up. */
#ifndef HEARTH_RESOLVER_DAEMON_LISTENER_H
#define HEARTH_RESOLVER_DAEMON_LISTENER_H

#include "ledger/base/status.h"
#include "resolver/daemon/child.h"

/* Binds one address: TCP, and `threads` UDP sockets with SO_REUSEPORT. `old` (or NULL): the same
 * address bound before, whose sockets are taken over as duplicates. All sockets are non-blocking
 * and close-on-exec. BUSY (taken), UNREACHABLE (no such address or family here), DENIED, IO; errno
 * says it exactly. */
enum status listener_open(struct listener *listener, const struct config_endpoint *endpoint,
                          unsigned threads, const struct listener *old);

/* Closes what is open; a listener that is not bound is fine. */
void listener_close(struct listener *listener);

#endif
