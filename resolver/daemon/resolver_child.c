/* resolver_child.c: the resolver process: hostile packets in, answers out, no key held.
 *
 * Threads: the workers (resolver_udp.h) read the view and nothing else; this one has the event loop
 * with TCP, the upstream, signals, the parent's end and the clock. Without an upstream, say because
 * libunbound refused a setting, household names are served all the same. After sleep and in another
 * network the upstream is renewed; another configuration comes with another process.
 */
#include "resolver/daemon/child.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include <event2/event.h>

#include "ledger/base/clock.h"
#include "resolver/daemon/log.h"
#include "resolver/daemon/network_watch.h"
#include "resolver/daemon/resolver_desk.h"
#include "resolver/daemon/resolver_handoff.h"
#include "resolver/daemon/resolver_tcp.h"
#include "resolver/daemon/resolver_udp.h"
#include "resolver/daemon/sandbox.h"
#include "resolver/upstream_unbound.h"

struct resolver {
    struct resolver_shared shared;
    struct event_base *base;
    struct desk desk; /* of this thread */
    struct upstream *upstream;
    struct handoff *handoff;
    struct udp_workers *workers;
    struct tcp_server *tcp;
    struct event *on_term, *on_parent, *on_second;
    struct network_watch network;
};

/* Where all questions begin (a.root-servers.net): the way there is the way to the world. */
static const char *const world[] = {"198.41.0.4", "2001:503:ba3e::2:30"};

/* Household time (ledger/base/clock.h): what the ledger's clock said when it published is the
 * floor. */
static void move_clock(struct resolver *resolver)
{
    struct desk *desk = &resolver->desk;
    desk_refresh(desk);
    uint64_t floor_ms = desk->input.view ? desk->input.view->published_ms : 0;
    atomic_store_explicit(&resolver->shared.now_ms, clock_household_ms(clock_read(), floor_ms),
                          memory_order_relaxed);
}

static void on_end(evutil_socket_t fd, short what, void *context)
{
    struct resolver *resolver = context;
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(resolver->base); /* fails only without a base */
}

static struct upstream_endpoint endpoint_of(const struct config_endpoint *endpoint)
{
    return (struct upstream_endpoint){.address = endpoint->address, .port = endpoint->port};
}

/* Borrows `forward`. */
static struct upstream_settings settings_of(
    const struct resolver *resolver, struct upstream_endpoint forward[static CONFIG_FORWARD_MAX])
{
    const struct config *config = resolver->shared.context->config;
    for (size_t i = 0; i < config->resolver.forward_count; i++)
        forward[i] = endpoint_of(&config->resolver.forward[i]);
    return (struct upstream_settings){
        .forward_count = config->resolver.forward_count,
        .forward = forward,
        .has_local = config->resolver.has_local_upstream,
        .local = endpoint_of(&config->resolver.local_upstream),
    };
}

static void start_upstream(struct resolver *resolver)
{
    struct upstream_endpoint forward[CONFIG_FORWARD_MAX];
    struct upstream_settings settings = settings_of(resolver, forward);
    const char *what = "";
    enum status status = upstream_create(&resolver->upstream, resolver->base, &settings, &what);
    if (status != STATUS_OK) {
        resolver->upstream = NULL;
        log_error("only household names are served, the upstream could not be set up: %s (%s)",
                  status_text(status), what);
    }
}

static bool network_is_new(struct resolver *resolver)
{
    struct address others[NETWORK_WATCH_MAX];
    struct network_look look;
    struct upstream_endpoint forward[CONFIG_FORWARD_MAX];
    struct upstream_settings settings = settings_of(resolver, forward);
    size_t count = 0;
    for (; count < sizeof world / sizeof world[0]; count++)
        (void)address_parse(&others[count], world[count]); /* right by sight */
    for (size_t i = 0; i < settings.forward_count; i++)
        others[count++] = forward[i].address;
    if (settings.has_local)
        others[count++] = settings.local.address;
    network_look_take(&look, others, count);
    return network_watch_step(&resolver->network, &look);
}

static void renew_upstream(struct resolver *resolver)
{
    struct upstream_endpoint forward[CONFIG_FORWARD_MAX];
    struct upstream_settings settings = settings_of(resolver, forward);
    const char *what = "";
    enum status status = upstream_renew(resolver->upstream, &settings, &what);
    if (status == STATUS_OK)
        log_info("after sleep or in another network: what the upstream had learnt is forgotten");
    else
        log_error("the upstream could not be renewed: %s (%s)", status_text(status), what);
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
    struct resolver *resolver = context;
    (void)fd;
    (void)what;
    move_clock(resolver);
    desk_report(&resolver->desk);
    if (resolver->upstream && network_is_new(resolver))
        renew_upstream(resolver);
}

static enum status start_events(struct resolver *resolver)
{
    static const struct timeval second = {.tv_sec = 1};
    const struct child_context *context = resolver->shared.context;
    resolver->on_term = evsignal_new(resolver->base, SIGTERM, on_end, resolver);
    resolver->on_second = event_new(resolver->base, -1, EV_PERSIST, on_second, resolver);
    if (context->parent_fd >= 0)
        resolver->on_parent =
            event_new(resolver->base, context->parent_fd, EV_READ, on_end, resolver);
    if (!resolver->on_term || !resolver->on_second ||
        (context->parent_fd >= 0 && !resolver->on_parent))
        return STATUS_NO_MEMORY;
    if (event_add(resolver->on_term, NULL) != 0 || event_add(resolver->on_second, &second) != 0 ||
        (resolver->on_parent && event_add(resolver->on_parent, NULL) != 0))
        return STATUS_IO;
    return STATUS_OK;
}

static enum status start(struct resolver *resolver)
{
    struct resolver_shared *shared = &resolver->shared;
    if (getrandom(shared->cookie_key, sizeof shared->cookie_key, 0) != COOKIE_KEY_SIZE)
        return STATUS_IO;
    resolver->base = event_base_new();
    if (!resolver->base)
        return STATUS_NO_MEMORY;
    enum status status = desk_init(&resolver->desk, shared);
    if (status != STATUS_OK)
        return status;
    move_clock(resolver);
    (void)network_is_new(resolver); /* what is compared with later */
    start_upstream(resolver);
    status = start_events(resolver);
    if (status == STATUS_OK)
        status =
            handoff_create(&resolver->handoff, resolver->base, &resolver->desk, resolver->upstream);
    if (status == STATUS_OK)
        status =
            tcp_server_start(&resolver->tcp, resolver->base, &resolver->desk, resolver->upstream);
    if (status == STATUS_OK)
        status = sandbox_enter(CHILD_RESOLVER, shared->context->paths); /* workers inherit it */
    if (status == STATUS_OK)
        status = udp_workers_start(&resolver->workers, shared, resolver->handoff);
    return status == STATUS_OK ? sandbox_seal(CHILD_RESOLVER) : status;
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

/* Workers first: nothing new comes then. The upstream answers all who still wait for it; they
 * belong to handoff and TCP, which go after it. */
static void stop(struct resolver *resolver)
{
    atomic_store(&resolver->shared.stopping, true);
    udp_workers_stop(resolver->workers);
    upstream_destroy(resolver->upstream);
    tcp_server_stop(resolver->tcp);
    handoff_destroy(resolver->handoff);
    desk_report(&resolver->desk);
    desk_deinit(&resolver->desk);
    free_event(resolver->on_term);
    free_event(resolver->on_parent);
    free_event(resolver->on_second);
    if (resolver->base)
        event_base_free(resolver->base);
}

int resolver_child_run(const struct child_context *context)
{
    struct board_child *board = &context->board->children[CHILD_RESOLVER];
    struct resolver *resolver = calloc(1, sizeof *resolver);
    int exit_status = EXIT_FAILURE;
    log_init("hearthd resolver", context->verbose);
    if (!resolver)
        return EXIT_FAILURE;
    resolver->shared.context = context;
    enum status status = start(resolver);
    if (status == STATUS_OK) {
        atomic_store(&board->state, CHILD_READY);
        if (event_base_dispatch(resolver->base) == 0)
            exit_status = EXIT_SUCCESS;
    } else {
        log_error("the resolver can't start: %s", status_text(status));
    }
    stop(resolver);
    free(resolver);
    return exit_status;
}
