/* control_client.h: asks hearthd over its control socket and waits (docs/control-protocol.md): for
 * the command line and the dashboard.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONTROL_CLIENT_H
#define HEARTH_RESOLVER_DAEMON_CONTROL_CLIENT_H

#include "resolver/daemon/control_codec.h"

struct control_client {
    int fd;
    int received_fd; /* a descriptor that came with the last answer, or -1; the caller closes it */
};

/* Connects; waits at most timeout_ms for a place in the daemon's queue. UNREACHABLE, DENIED,
 * TIMEOUT, TOO_LONG (the path), IO. */
enum status control_client_connect(struct control_client *client, const char *path,
                                   unsigned timeout_ms);

/* Sends one request and waits for its answer, which becomes the caller's: at most timeout_ms for
 * each of sending, the answer's header, and its payload. TIMEOUT, CLOSED, TOO_LONG, NO_MEMORY, IO,
 * MALFORMED, UPGRADE. */
enum status control_client_ask(struct control_client *client, const json_t *request,
                               json_t **answer, unsigned timeout_ms);

/* Safe after a failed connect, and again. */
void control_client_disconnect(struct control_client *client);

#endif
