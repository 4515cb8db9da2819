/* device.h: from a name's addresses to an open connection to the device that was judged, or to the
 * reason why there is none.
 *
 * Dials as RFC 8305 has it, greets (and greets again more plainly, as dane/probe.c does for the old
 * ones), and passes the verdict on what was presented against the view as it is then. Nothing of a
 * request is sent before. TLS sessions are resumed: kept by (name, address, port) together with the
 * chain that they were begun with, judged again at each use, for an hour at most.
 */
#ifndef HEARTH_DANE_PROXY_DEVICE_H
#define HEARTH_DANE_PROXY_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/proxy/stream.h"
#include "dane/verdict.h"
#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/view_file.h"

struct event_base;
struct device_shown; /* device_sessions.h */
struct device_pool;  /* TLS context, known CAs, sessions */
struct device_attempt;

enum device_outcome {
    DEVICE_OPEN,
    DEVICE_REFUSED,     /* `verdict` says why */
    DEVICE_UNREACHABLE, /* no address answered, or not in time */
    DEVICE_NOT_TLS,     /* something answered that is no TLS that works here */
    DEVICE_H2_ONLY,     /* it speaks TLS, and no HTTP/1.1 */
};

enum { DEVICE_REASON_SIZE = 256, DEVICE_CHAIN_BYTES_MAX = 65536 };

struct device_result {
    enum device_outcome outcome;
    struct stream *stream;  /* DEVICE_OPEN: the callee's now; its handlers are to be set */
    struct address address; /* that answered, or that `reason` speaks of */
    struct verdict verdict; /* DEVICE_OPEN, DEVICE_REFUSED */
    bool timed_out;         /* DEVICE_UNREACHABLE: nobody answered; else they refused */
    bool resumed;
    char protocol[16];               /* "TLSv1.2" */
    char reason[DEVICE_REASON_SIZE]; /* for people: "192.0.2.7 port 443 …" */
};

/* `view` is borrowed for the pool's life. NULL: no memory. */
struct device_pool *device_pool_create(struct event_base *base, struct view_file *view);
void device_pool_free(struct device_pool *pool);

/* TLS to `_port._tcp.name`. `done` is called once, from the loop, and the result is its caller's
 * for the length of the call (all but the stream). NULL: no memory, `done` is not called. */
struct device_attempt *device_open(struct device_pool *pool, const struct name *name, uint16_t port,
                                   const struct address *addresses, size_t count,
                                   void (*done)(void *context, struct device_result *result),
                                   void *context);

/* Plain TCP, for what publishes no key (and for other names under home.arpa): DEVICE_OPEN says only
 * that somebody answered. */
struct device_attempt *device_open_plain(struct device_pool *pool, uint16_t port,
                                         const struct address *addresses, size_t count,
                                         void (*done)(void *context, struct device_result *result),
                                         void *context);

/* Before `done` only: it is then not called any more. */
void device_cancel(struct device_attempt *attempt);

/* What the device showed that this stream leads to: a count of the caller's (device_shown_drop), so
 * that it can be judged when the stream is closed or somebody else's. NULL: a plain one. */
struct device_shown *device_shown_by(struct stream *stream);

/* Is it the right device by the present view? `shown` may be NULL (nothing was presented). */
void device_judge_again(struct device_pool *pool, struct device_shown *shown,
                        const struct name *name, uint16_t port, struct verdict *verdict);

#endif
