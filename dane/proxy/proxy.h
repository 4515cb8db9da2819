/* proxy.h: hearth-proxy as a whole: its doors, what its connections share, and the watch over the
 * view that cuts them.
 */
#ifndef HEARTH_DANE_PROXY_PROXY_H
#define HEARTH_DANE_PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "dane/proxy/device.h"
#include "dane/proxy/farewell.h"
#include "dane/proxy/key_share.h"
#include "dane/proxy/leaf.h"
#include "dane/proxy/neighbour.h"
#include "dane/proxy/parked.h"
#include "ledger/base/view_file.h"
#include "resolver/daemon/config.h"
#include "resolver/daemon/log.h"
#include "resolver/daemon/paths.h"

struct client;
struct event;

enum {
    PROXY_CLIENTS_MAX = 2048,
    PROXY_LOOK_MS = 200,        /* how often the view is asked whether it has changed */
    PROXY_LOOK_AGAIN_MS = 5000, /* when it has not: a household's hard time may have come */
    PROXY_PAUSE_MS = 200,       /* after a connection that could not be taken */
};

/* What the connections share; all of it outlives them. */
struct proxy {
    struct event_base *base;
    struct view_file view;
    struct device_pool *devices;
    struct parking *parking;
    struct farewells *farewells;
    struct key_share *key_share;
    struct leaf_cache *leaves;
    struct neighbour *neighbour; /* NULL: no local upstream */
    bool any_user;               /* --system: whoever reaches the door may use it */
    uid_t uid;                   /* ours */
    LIST_HEAD(, client) clients;
    size_t client_count;
    uint64_t generation; /* of the view at the last look */
    uint64_t looked_ms;  /* at all clients; coarse clock */
    struct event *look, *resume;
    struct evconnlistener *doors[CONFIG_LISTEN_MAX];
    size_t door_count;
    bool doors_closed; /* too many clients */
    struct log_limit refused;
};

/* A client has come or gone: for the bound, and for the watch, which sleeps without clients. */
void proxy_client_begun(struct proxy *proxy);
void proxy_client_ended(struct proxy *proxy);

/* The present view; NULL when there is none. Borrowed until the next call. */
struct view *proxy_view(struct proxy *proxy);

/* Its generation; 0 when there is none. */
uint64_t proxy_generation(struct proxy *proxy);

/* Serves until SIGTERM or SIGINT; the exit status. `listen` of the command line goes before the
 * configuration's (NULL: none). */
int proxy_run(const struct paths *paths, const struct config *config,
              const struct config_listen *listen, bool any_user);

#endif
