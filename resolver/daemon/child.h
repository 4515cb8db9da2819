/* child.h: what the parent gives each child process, and the children's two functions.
 *
 * A child is one function that runs an event loop until it is told to end. It ends by itself when
 * the parent does: `parent_fd` becomes readable (end of file), and PR_SET_PDEATHSIG is set.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CHILD_H
#define HEARTH_RESOLVER_DAEMON_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/daemon/board.h"
#include "resolver/daemon/config.h"
#include "resolver/daemon/listener.h"
#include "resolver/daemon/paths.h"

struct child_context {
    const struct config *config;
    const struct paths *paths;
    struct board *board;
    int parent_fd;  /* readable (EOF) when the parent is gone */
    int control_fd; /* the ledger's: the bound and listening control socket; else -1 */
    bool verbose;
    uint32_t listener_count;
    struct listener *listeners;
};

/* Each returns the exit status of its process. They set their state on the board to CHILD_READY
 * when they serve, end within a second of SIGTERM (the ledger's: once the write that is under way
 * has been made and answered), and take nothing from the parent but the context. The ledger's
 * publishes anew at SIGHUP, when the board has another configuration. */
int ledger_child_run(const struct child_context *context);
int resolver_child_run(const struct child_context *context);

#endif
