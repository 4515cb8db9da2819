/* board.h: the memory that all processes of hearthd share, on which they say how they are, and
 * where the parent says what of the configuration they need to know. */
#ifndef HEARTH_RESOLVER_DAEMON_BOARD_H
#define HEARTH_RESOLVER_DAEMON_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "resolver/daemon/config.h"

enum child_role { CHILD_LEDGER, CHILD_RESOLVER, CHILD_ROLES };

/* OFF: there is nothing for it to do (no listener). */
enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_READY, CHILD_FAILED, CHILD_OFF };

enum { BOARD_COUNTERS = 16 };

/* Shared memory of all processes; each word has one writer, as long as all behave. */
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

/* In every process but the parent this can only be read, for good (board.c). */
struct board_settings {
    /* configs[generation & 1] holds; the parent writes the other one, then raises the number. */
    _Atomic uint32_t generation;
    struct board_config configs[2];
};

/* Where the board is; each process has this of its own. What `children` points to may be written by
 * every process, also by a resolver that was taken over: whatever it says may be wrong. */
struct board {
    struct board_child *children; /* CHILD_ROLES of them */
    const struct board_settings *settings;
    struct board_settings *own; /* the same for writing; there in the parent alone */
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

/* Shared with what is forked later; zeroed. NULL with errno. */
struct board *board_create(void);

/* In this process alone. NULL is allowed. */
void board_destroy(struct board *board);

/* The creating process alone: puts another configuration in force. */
void board_set_config(struct board *board, const struct board_config *config);

/* A whole configuration, never half of two; never more listeners than there can be. */
void board_get_config(const struct board *board, struct board_config *config);

/* "ledger"; "ready". */
const char *board_role_text(enum child_role role);
const char *board_state_text(enum child_state state);

/* "queries"; NULL for a counter without a name. */
const char *board_counter_text(unsigned counter);

#endif
