/* children.h: starts hearthd's processes, again when they end by themselves, and ends them. The parent's.
 *
 * A child that ends is started again after a while (backoff.h). When told to end, children get their
 * time, then SIGKILL. The ledger's is long: a large write that is under way is one step for it, and
 * whoever waits for the answer shall have it. Its store survives SIGKILL at any moment all the same.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CHILDREN_H
#define HEARTH_RESOLVER_DAEMON_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "resolver/daemon/backoff.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/child.h"

/* Sockets of all doors, besides what else a child keeps. */
enum { CHILDREN_KEEP_MAX = 2 + CONFIG_LISTEN_MAX * (1 + CONFIG_THREADS_MAX) };

struct child {
    pid_t pid; /* 0: not running */
    bool wanted;
    uint64_t due_ms; /* when it is started, if it is not running */
    struct backoff backoff;
};

struct children {
    /* The context of whichever child is started next: the owner keeps it at what is in force. The
     * control socket and the listeners are given only to the child they are for. */
    struct child_context context;
    struct child each[CHILD_ROLES];
};

/* Wants this child or not, from now on; forgets how often it ended. One that runs stays. */
void children_want(struct children *children, enum child_role role, bool wanted);

/* Starts those that are wanted and due. */
void children_start_due(struct children *children);

/* Takes in those that have ended, and plans their next start. False if there was none. */
bool children_reap(struct children *children);

/* Do all that are wanted serve? */
bool children_are_ready(const struct children *children);

/* Milliseconds until the next start, at most `most`. */
unsigned children_wait_ms(const struct children *children, unsigned most);

/* Ends the resolver; half a second at most. */
void children_stop_resolver(struct children *children);

/* Ends all; 10 seconds at most, for a write of the ledger's, else 0.7. */
void children_stop(struct children *children);

/* Tells the ledger that the configuration on the board is another one. */
void children_notify_ledger(const struct children *children);

#endif
