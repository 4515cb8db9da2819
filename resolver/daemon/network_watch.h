/* network_watch.h: has the machine slept, or does it reach others by another way than before?
 *
 * What a resolver has learnt of the world's servers, and what they answered, belongs to the network
 * it was learnt in. The rule is pure: looks go in, one after the other. A look asks the kernel by
 * which of its own addresses it would reach some others. That sends nothing, and a sandboxed
 * process may do it.
 */
#ifndef HEARTH_RESOLVER_DAEMON_NETWORK_WATCH_H
#define HEARTH_RESOLVER_DAEMON_NETWORK_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "resolver/daemon/config.h"

enum {
    NETWORK_WATCH_MAX = CONFIG_FORWARD_MAX + 3, /* others that are looked at */
    NETWORK_SLEPT_MS = 1000,                    /* less is no sleep */
};

struct network_look {
    uint64_t slept_ms;                      /* since the machine started */
    struct address from[NETWORK_WATCH_MAX]; /* all zero: no way there */
};

/* Zeroed at first. */
struct network_watch {
    struct network_look last;
    bool has_looked, is_due;
};

/* True once after each sleep and each change, as soon as there is any way again. */
bool network_watch_step(struct network_watch *watch, const struct network_look *look);

/* Looks now, towards the first NETWORK_WATCH_MAX of `others`. */
void network_look_take(struct network_look *look, const struct address *others, size_t count);

#endif
