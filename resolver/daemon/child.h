/* child.h: what the parent gives each child process, and the board on which all of them say how
 * they are.
 *
 * A child is one function that runs an event loop until it is told to end. It ends by itself when
 * the parent does: `parent_fd` becomes readable (end of file), and PR_SET_PDEATHSIG is set.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CHILD_H
#define HEARTH_RESOLVER_DAEMON_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "resolver/daemon/config.h"
#include "resolver/daemon/paths.h"

enum child_role { CHILD_LEDGER, CHILD_RESOLVER, CHILD_ROLES };

/* OFF: there is nothing for it to do (no listener). */
enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_READY, CHILD_FAILED, CHILD_OFF };

/* One bound address of the resolver; the parent binds, so that only it needs the right to. */
struct listener {
    struct config_endpoint endpoint;
    int tcp_fd;                      /* listening; -1 when not bound */
    int udp_fds[CONFIG_THREADS_MAX]; /* SO_REUSEPORT, one a worker; -1 beyond `threads` */
    bool bound;                      /* false: taken; the default's only, and said on the board */
};

enum { BOARD_COUNTERS = 16 };

/* Shared memory of all processes; each word has one writer. */
struct board_child {
    _Atomic int32_t pid;
    _Atomic uint32_t state;    /* enum child_state */
    _Atomic uint32_t restarts; /* since hearthd started */
    _Atomic uint64_t counters[BOARD_COUNTERS];
};

/* What of the configuration in force the other processes need to know. */
struct board_config {
    bool local_upstream;
    uint32_t listener_count;
    struct config_endpoint listeners[CONFIG_LISTEN_MAX];
    bool listener_bound[CONFIG_LISTEN_MAX];
};

struct board {
    struct board_child children[CHILD_ROLES];
    /* configs[config_generation & 1] holds; the parent writes the other one, then raises the number
     * (board.h). */
    _Atomic uint32_t config_generation;
    struct board_config configs[2];
};

/* What the resolver counts on the board. */
enum resolver_counter {
    COUNT_QUERIES,
    COUNT_HOUSEHOLD,
    COUNT_UPSTREAM,
    COUNT_REFUSED,
    COUNT_MALFORMED,
    COUNT_SERVFAIL,
    COUNT_TCP_CLIENTS
};

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
 * when they serve, end within a second of SIGTERM, and take nothing from the parent but the
 * context. The ledger's publishes anew at SIGHUP, when the board has another configuration. */
int ledger_child_run(const struct child_context *context);
int resolver_child_run(const struct child_context *context);

#endif
