/* upstream_unbound.h: every name that is not the house's, by libunbound: on the caller's event loop,
 * or, for a program that has none, one blocking question after the other (upstream_look).
 *
 * Validating, from the built-in root hints or through forwarders. Each question ends with one call
 * of its `done`: with a result, or with timed_out after UPSTREAM_TIMEOUT_MS. What libunbound still
 * does for it afterwards only fills the cache. Both counts are bounded, so a dead upstream costs
 * neither memory nor the household's names any time.
 *
 * Not thread-safe: belongs to the event loop's thread.
 */
#ifndef HEARTH_RESOLVER_UPSTREAM_UNBOUND_H
#define HEARTH_RESOLVER_UPSTREAM_UNBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/status.h"
#include "resolver/answer_upstream.h"
#include "resolver/query.h"

struct event_base;
struct upstream; /* heap */

enum {
    UPSTREAM_ACTIVE_MAX = 512,  /* questions with somebody waiting */
    UPSTREAM_SLOTS_MAX = 2048,  /* and those that nobody waits for any more */
    UPSTREAM_TIMEOUT_MS = 4000, /* less than the 5 s after which clients give up */
    UPSTREAM_TICK_MS = 250,
};

struct upstream_endpoint {
    struct address address;
    uint16_t port;
};

struct upstream_settings {
    size_t forward_count; /* 0: recursive, from the root */
    const struct upstream_endpoint *forward;
    bool has_local; /* other names below home.arpa go to `local`, and nowhere else */
    struct upstream_endpoint local;
};

/* `result` and what it points to are the callee's for the call only. */
typedef void upstream_done(void *context, const struct upstream_result *result);

/* NO_MEMORY; IO: libunbound refused a setting, and *what (borrowed) names it. */
enum status upstream_create(struct upstream **upstream, struct event_base *base,
                            const struct upstream_settings *settings, const char **what);

/* After the machine slept or its network changed: forgets all answers and all that was learnt of
 * other servers. Open questions are asked anew, in what is left of their time. The settings are
 * those of upstream_create. As upstream_create; nothing is changed then. */
enum status upstream_renew(struct upstream *upstream, const struct upstream_settings *settings,
                           const char **what);

/* Questions still open end with timed_out first. NULL is fine. */
void upstream_destroy(struct upstream *upstream);

/* Asks for the query's name, type and class. `done` may be called before this returns. FULL: too
 * many are open; IO: libunbound could not start. Without OK, `done` is never called. */
enum status upstream_ask(struct upstream *upstream, const struct query *query, upstream_done *done,
                         void *context);

/* --- blocking --- */

enum { UPSTREAM_LOOK_RRS_MAX = 64, UPSTREAM_LOOK_BYTES = 65536, UPSTREAM_WHY_SIZE = 256 };

/* What one question found; large: on the heap. */
struct upstream_found {
    enum rcode rcode; /* NOERROR also when there is no such record */
    bool no_name;     /* NXDOMAIN */
    enum upstream_security security;
    struct name canonical; /* the name asked for, or what its CNAMEs end in */
    size_t count;          /* records; further ones than fit are left out */
    struct {
        const uint8_t *data; /* rdata, in `bytes` */
        size_t len;
    } rrs[UPSTREAM_LOOK_RRS_MAX];
    char
        why[UPSTREAM_WHY_SIZE]; /* BOGUS: what libunbound has against it; from outside, escape it */
    uint8_t bytes[UPSTREAM_LOOK_BYTES];
};

struct upstream_look; /* heap */

/* As upstream_create. The caller ends it with upstream_look_close, also a NULL one. */
enum status upstream_look_open(struct upstream_look **look,
                               const struct upstream_settings *settings, const char **what);
void upstream_look_close(struct upstream_look *look);

/* Asks for name and type in class IN, and waits until `deadline_ms` of clock_monotonic_ms. TIMEOUT;
 * IO: libunbound could not do it. */
enum status upstream_look_ask(struct upstream_look *look, const struct name *name, uint16_t type,
                              uint64_t deadline_ms, struct upstream_found *found);

#endif
