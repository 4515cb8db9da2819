/* instance.h: what there is once for each directory: its folders, its lock, its control socket.
 *
 * The lock is the kernel's (flock) and ends with the process, so that nothing is ever stale; who
 * holds it may take over a socket that a dead hearthd left.
 */
#ifndef HEARTH_RESOLVER_DAEMON_INSTANCE_H
#define HEARTH_RESOLVER_DAEMON_INSTANCE_H

#include "ledger/base/status.h"
#include "resolver/daemon/paths.h"
#include "resolver/daemon/process.h"

enum { INSTANCE_ERROR_SIZE = 2 * PATHS_SIZE };

struct instance {
    int lock_fd;
    int control_fd; /* bound, listening, non-blocking */
};

/* BUSY when another hearthd serves this directory; IO, DENIED. `error` then says what, for people.
 * Folders that the children write in are given to `user`, in system mode only. */
enum status instance_open(struct instance *instance, const struct paths *paths,
                          const struct process_user *user, char error[static INSTANCE_ERROR_SIZE]);

/* Removes the socket and gives the lock back. */
void instance_close(struct instance *instance, const struct paths *paths);

#endif
