/* device_pool.h: what all connections to devices share, and what hangs on each of them: for
 * device.c alone.
 */
#ifndef HEARTH_DANE_PROXY_DEVICE_POOL_H
#define HEARTH_DANE_PROXY_DEVICE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "dane/proxy/device.h"
#include "dane/proxy/device_sessions.h"

struct ssl_st;
struct ssl_ctx_st;
struct x509_store_st;

struct device_pool {
    struct event_base *base;
    struct view_file *view;
    struct ssl_ctx_st *context;
    struct device_sessions *sessions;
    struct x509_store_st *known_cas; /* opened when first asked */
    bool has_known_cas;
    unsigned connect_ms;   /* for TCP to one of the addresses */
    unsigned handshake_ms; /* for all greetings of one address */
    unsigned whole_ms;     /* for an attempt */
};

/* Hangs on the SSL of a connection, and goes with it. */
struct device_link {
    struct device_key key;
    struct device_shown *shown;    /* once the handshake is done */
    bool is_matched;               /* its sessions may be kept */
    bool asked_client_certificate; /* the device wants one */
};

/* An SSL for a connection to this device, with its link. NULL: no memory. */
struct ssl_st *device_pool_connection(struct device_pool *pool, const struct device_key *key);
struct device_link *device_pool_link(const struct ssl_st *ssl); /* NULL: not of a pool */

/* What the device presented in a full handshake; one count is the caller's. NULL: nothing, or no
 * memory. */
struct device_shown *device_pool_take_shown(struct device_pool *pool, struct ssl_st *ssl,
                                            size_t greeting);

/* Remembers what a connection that matched has shown, and its session. */
void device_pool_keep(struct device_pool *pool, struct ssl_st *ssl);

uint64_t device_pool_now_ms(void); /* since the machine's start, sleep included */

#endif
