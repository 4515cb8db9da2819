/* resolver_desk.h: what one thread of the resolver answers with: its own mapping of the view, the
 * judgement of who asks, its counts.
 */
#ifndef HEARTH_RESOLVER_DAEMON_RESOLVER_DESK_H
#define HEARTH_RESOLVER_DAEMON_RESOLVER_DESK_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ledger/base/status.h"
#include "ledger/base/view_file.h"
#include "resolver/answer.h"
#include "resolver/daemon/child.h"

/* What all threads share. The main one writes the words, the others read them. */
struct resolver_shared {
    const struct child_context *context;
    _Atomic uint64_t now_ms; /* household time, moved on once a second */
    _Atomic bool stopping;
    uint8_t cookie_key[COOKIE_KEY_SIZE];
};

struct desk {
    struct resolver_shared *shared;
    struct view_file view;
    struct answer_input input;       /* `client`, `peer` and `stream` are set for each query */
    uint64_t counts[BOARD_COUNTERS]; /* not yet on the board */
};

/* Maps nothing yet. TOO_LONG. */
enum status desk_init(struct desk *desk, struct resolver_shared *shared);
void desk_deinit(struct desk *desk);

/* To be called before each batch of queries: the present view and time. Costs one load while
 * nothing changes. */
void desk_refresh(struct desk *desk);

/* Who is it? Fills in peer and client. */
void desk_meet(struct desk *desk, const struct sockaddr *peer);

/* One query more, and what became of it. */
void desk_count(struct desk *desk, enum answer_kind kind);

/* Puts the counts on the board. A zeroed desk is fine. */
void desk_report(struct desk *desk);

#endif
