/* exchange.h: one browser's connection to one destination: requests in, each judged and written
 * anew, the device's answers out, until one of the two ends it.
 *
 * Every request is held against the present view before it goes anywhere: name, addresses, key,
 * guard. What does not pass gets one page of the proxy's own, after which the connection ends; the
 * device gets no octet of it.
 */
#ifndef HEARTH_DANE_PROXY_EXCHANGE_H
#define HEARTH_DANE_PROXY_EXCHANGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "dane/proxy/device.h"
#include "dane/proxy/proxy.h"
#include "dane/proxy/refusal.h"
#include "dane/proxy/target.h"

struct exchange;

/* How the requests come. */
enum exchange_form {
    EXCHANGE_TUNNEL,   /* inside CONNECT: paths; `target.is_tls` says whether inside TLS */
    EXCHANGE_ABSOLUTE, /* one request with a whole http URL, at the proxy itself */
};

struct exchange_start {
    struct target target;
    enum exchange_form form;
    uid_t owner;
    struct stream *browser;        /* taken; ready to be read */
    struct stream *device;         /* taken; NULL: opened when it is needed */
    struct address device_address; /* of `device` */
    bool device_is_used;           /* it has answered requests before */
    struct name name;              /* of `device` */
    uint64_t generation;           /* of the view that `device` was judged by */
    /* Of a name that a local upstream serves, which is passed without guard and verdict. */
    size_t other_count;
    const struct address *other_addresses;
    const struct refusal *refusal; /* the page for the first request, if it comes soon; or NULL */
    void (*ended)(void *context);  /* once, when both sides are closed; frees nothing of ours */
    void *context;
};

/* NULL: no memory; what was to be taken is freed. `ended` is never called from inside. */
struct exchange *exchange_create(struct proxy *proxy, const struct exchange_start *start);

/* A connection that waits unused for just this, at an address that is still published, with a key
 * that is still right; the caller's from here on. NULL: there is none. */
struct stream *exchange_take_parked(struct proxy *proxy, const struct target *target,
                                    const struct name *name, uid_t owner,
                                    const struct address *addresses, size_t count,
                                    struct address *address);

/* Closes both sides; `ended` is not called. */
void exchange_free(struct exchange *exchange);

/* The view has changed: false when this connection must not live on. */
bool exchange_may_stay(struct exchange *exchange);

#endif
