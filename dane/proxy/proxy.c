/* proxy.c: see proxy.h.
 *
 * Happy path: proxy_open (CA, view, doors), the loop, proxy_close. A door that finds too many
 * clients closes until some have gone; those who come meanwhile wait in the kernel's queue. The
 * watch looks at the view's generation a few times a second, as long as there are clients.
 */
#include "dane/proxy/proxy.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dane/proxy/client.h"
#include "dane/proxy/door.h"
#include "ledger/base/clock.h"
#include "ledger/base/socket_address.h"
#include "resolver/daemon/notify.h"

enum { DESCRIPTORS_A_CLIENT = 3, DESCRIPTORS_BESIDES = FAREWELL_MAX + PARKED_MAX + 256 };

struct view *proxy_view(struct proxy *proxy)
{
    struct view *view = NULL;
    return view_file_current(&proxy->view, &view) == STATUS_OK ? view : NULL;
}

uint64_t proxy_generation(struct proxy *proxy)
{
    const struct view *view = proxy_view(proxy);
    return view ? view->generation : 0;
}

/* --- the watch --- */

static void look(evutil_socket_t fd, short what, void *context)
{
    struct proxy *proxy = context;
    uint64_t generation = proxy_generation(proxy), now_ms = clock_coarse_ms();
    (void)fd, (void)what;
    bool is_other = generation != proxy->generation;
    if (!is_other && now_ms - proxy->looked_ms < PROXY_LOOK_AGAIN_MS)
        return;
    proxy->generation = generation;
    proxy->looked_ms = now_ms;
    client_look_at_all(proxy);
    if (is_other) /* rather than ask each: they only save a handshake */
        parking_clear(proxy->parking);
}

static void set_watch(struct proxy *proxy, bool on)
{
    const struct timeval pause = {.tv_usec = PROXY_LOOK_MS * 1000};
    if (on)
        proxy->generation = proxy_generation(proxy);
    if (on)
        (void)event_add(proxy->look, &pause);
    else
        (void)event_del(proxy->look);
}

/* --- the doors --- */

static void set_doors(struct proxy *proxy, bool open)
{
    proxy->doors_closed = !open;
    for (size_t i = 0; i < proxy->door_count; i++)
        (void)(open ? evconnlistener_enable(proxy->doors[i])
                    : evconnlistener_disable(proxy->doors[i]));
}

void proxy_client_begun(struct proxy *proxy)
{
    if (++proxy->client_count == 1)
        set_watch(proxy, true);
    if (proxy->client_count >= PROXY_CLIENTS_MAX)
        set_doors(proxy, false);
}

void proxy_client_ended(struct proxy *proxy)
{
    if (--proxy->client_count == 0)
        set_watch(proxy, false);
    if (proxy->doors_closed && proxy->client_count < PROXY_CLIENTS_MAX)
        set_doors(proxy, true);
}

static void take_client(struct evconnlistener *door, evutil_socket_t fd, struct sockaddr *from,
                        int len, void *context)
{
    (void)door, (void)from, (void)len;
    client_create(context, fd);
}

static void resume(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    set_doors(context, true);
}

/* Out of descriptors, as a rule: later there are some again. */
static void door_failed(struct evconnlistener *door, void *context)
{
    struct proxy *proxy = context;
    const struct timeval pause = {.tv_usec = PROXY_PAUSE_MS * 1000};
    (void)door;
    log_limited(&proxy->refused, LOG_LEVEL_WARNING, "a connection can't be taken: %s",
                evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    set_doors(proxy, false);
    (void)event_add(proxy->resume, &pause);
}

static bool open_door(struct proxy *proxy, int fd)
{
    struct evconnlistener *door = evconnlistener_new(
        proxy->base, take_client, proxy, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1, fd);
    if (!door) {
        close(fd);
        return false;
    }
    evconnlistener_set_error_cb(door, door_failed);
    proxy->doors[proxy->door_count++] = door;
    return true;
}

/* --- opening and closing --- */

static void raise_descriptors(void)
{
    struct rlimit limit;
    const rlim_t wanted = PROXY_CLIENTS_MAX * DESCRIPTORS_A_CLIENT + DESCRIPTORS_BESIDES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void say_where(const struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->door_count; i++) {
        struct sockaddr_storage at;
        socklen_t len = sizeof at;
        char text[CONFIG_ENDPOINT_TEXT_SIZE];
        evutil_socket_t fd = evconnlistener_get_fd(proxy->doors[i]);
        if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
            continue;
        const struct config_endpoint endpoint = {
            .address = socket_address_read((const struct sockaddr *)&at),
            .port = socket_address_port((const struct sockaddr *)&at)};
        config_endpoint_text(&endpoint, text);
        log_info("passes on what is for home.arpa, at %s", text);
    }
}

static bool open_doors(struct proxy *proxy, const char *dir, const struct config_listen *listen)
{
    int fds[CONFIG_LISTEN_MAX];
    size_t count = 0;
    char error[DOOR_ERROR_SIZE];
    if (listen->none) {
        log_error("[proxy] listen = none: there is nothing to serve");
        return false;
    }
    if (door_open(dir, listen, fds, &count, error) != STATUS_OK) {
        log_error("%s", error);
        return false;
    }
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all = open_door(proxy, fds[i]) && all;
    return all;
}

static bool open_parts(struct proxy *proxy, const struct ca *ca, const struct paths *paths,
                       const struct config *config)
{
    if (view_file_init(&proxy->view, paths->view_file) != STATUS_OK)
        return false;
    proxy->base = event_base_new();
    if (!proxy->base)
        return false;
    proxy->devices = device_pool_create(proxy->base, &proxy->view);
    proxy->parking = parking_create();
    proxy->farewells = farewells_create();
    proxy->key_share = key_share_create();
    proxy->leaves = leaf_cache_create(ca);
    proxy->look = event_new(proxy->base, -1, EV_PERSIST, look, proxy);
    proxy->resume = event_new(proxy->base, -1, 0, resume, proxy);
    if (config->resolver.has_local_upstream)
        proxy->neighbour = neighbour_create(proxy->base, &config->resolver.local_upstream);
    return proxy->devices && proxy->parking && proxy->farewells && proxy->key_share &&
           proxy->leaves && proxy->look && proxy->resume &&
           (proxy->neighbour || !config->resolver.has_local_upstream);
}

static void close_parts(struct proxy *proxy)
{
    client_end_all(proxy);
    for (size_t i = 0; i < proxy->door_count; i++)
        evconnlistener_free(proxy->doors[i]);
    neighbour_free(proxy->neighbour);
    farewells_free(proxy->farewells);
    parking_free(proxy->parking);
    device_pool_free(proxy->devices);
    key_share_free(proxy->key_share);
    leaf_cache_free(proxy->leaves);
    if (proxy->look)
        event_free(proxy->look);
    if (proxy->resume)
        event_free(proxy->resume);
    if (proxy->base)
        event_base_free(proxy->base);
    view_file_deinit(&proxy->view);
}

static void stop(evutil_socket_t signal, short what, void *context)
{
    (void)signal, (void)what;
    (void)event_base_loopbreak(context);
}

static int serve(struct proxy *proxy)
{
    struct event *term = evsignal_new(proxy->base, SIGTERM, stop, proxy->base);
    struct event *interrupt = evsignal_new(proxy->base, SIGINT, stop, proxy->base);
    int result = EXIT_FAILURE;
    if (term && interrupt && event_add(term, NULL) == 0 && event_add(interrupt, NULL) == 0) {
        say_where(proxy);
        notify_send("READY=1");
        result = event_base_dispatch(proxy->base) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        notify_send("STOPPING=1");
    }
    if (term)
        event_free(term);
    if (interrupt)
        event_free(interrupt);
    return result;
}

int proxy_run(const struct paths *paths, const struct config *config,
              const struct config_listen *listen, bool any_user)
{
    static struct proxy proxy;
    struct ca ca;
    char error[CA_ERROR_SIZE];
    int result = EXIT_FAILURE;
    proxy = (struct proxy){.any_user = any_user, .uid = geteuid()};
    LIST_INIT(&proxy.clients);
    /* The CA's key is in this memory: no other process of the same user may look at it. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    if (ca_open(&ca, paths->proxy, clock_read().wall_ms, error) != STATUS_OK) {
        log_error("%s", error);
        return EXIT_FAILURE;
    }
    if (!open_parts(&proxy, &ca, paths, config))
        log_error("no memory to begin");
    else if (open_doors(&proxy, paths->proxy, listen ? listen : &config->proxy.listen))
        result = serve(&proxy);
    close_parts(&proxy);
    ca_close(&ca);
    return result;
}
