/* publication.h: when the view is built and put in place, and whose answers wait for it.
 *
 * Every change asks for a publication. A small view is published in the same turn of the loop,
 * together with all changes of that turn; a large one at most twice a second. The answer to a write
 * waits for the view that has it.
 */
#ifndef HEARTH_RESOLVER_DAEMON_PUBLICATION_H
#define HEARTH_RESOLVER_DAEMON_PUBLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ledger/base/status.h"
#include "ledger/publish.h"
#include "resolver/daemon/control_server.h"

enum { PUBLICATION_SMALL_BYTES = 2 << 20, PUBLICATION_PAUSE_MS = 500, PUBLICATION_CHECK_S = 10 };

struct ledger_service;
struct event;
struct publication_waiter;

struct publication {
    struct ledger_service *service;
    struct publisher publisher;
    bool open, scheduled;
    struct event *due, *check;
    uint64_t last_ms; /* monotonic, of the last view */
    size_t last_len;
    TAILQ_HEAD(, publication_waiter) waiters;
    enum status failed; /* of the last attempt */
    /* What readers see. */
    bool published;
    uint64_t generation, published_ms;
    uint32_t flags;
    /* Of the household, as it was then. */
    char petname[64]; /* "" when there is none */
    size_t names, conflicts;
};

/* NO_MEMORY, and what publisher_open says of the view's folder. That a first view can't be published
 * is no failure: it is said and tried again. publication_close in any case. */
enum status publication_open(struct publication *publication, struct ledger_service *service);
void publication_close(struct publication *publication); /* a zeroed one is fine */

/* Publishes now if anybody waits for it, and answers them. */
void publication_finish(struct publication *publication);

/* Something has changed. */
void publication_request(struct publication *publication);

/* The same; `answer` (taken over) goes to the session when readers see the change, with
 * `generation`. */
void publication_await(struct publication *publication, struct control_session *session,
                       json_t *answer);

#endif
