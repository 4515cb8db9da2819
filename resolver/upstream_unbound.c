/* upstream_unbound.c: see upstream_unbound.h. The only file that knows libunbound.
 *
 * A question is a slot. It is active while somebody waits; when its time is up they get their
 * answer and the slot stays, late, until libunbound reports: only then is its memory free. All have
 * the same time, so the list of active slots is in order of their deadlines, and one slow tick
 * looks at its head.
 *
 * To be renewed, it gets another context; the old one's end frees the slots' questions, and those
 * that somebody waits for are put to the new one.
 */
#include "resolver/upstream_unbound.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/time.h>
#include <unistd.h>

#include <event2/event.h>
#include <unbound-event.h>
#include <unbound.h>

#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "resolver/root_anchor.h"

struct slot {
    TAILQ_ENTRY(slot) link; /* among the active ones, or the free ones */
    struct upstream *upstream;
    upstream_done *done; /* NULL: late, nobody waits */
    void *context;
    uint64_t deadline_ms;
    struct name name;
    uint16_t type, class;
};

TAILQ_HEAD(slot_list, slot);

struct upstream {
    struct ub_ctx *ctx;
    struct event_base *base;
    struct event *tick;
    int home_file;  /* the local upstream's forward zone; -1 */
    bool is_ending; /* the context's questions end unanswered */
    struct slot *slots;
    struct slot_list active, free;
    size_t active_count;
};

/* --- settings --- */

/* What differs from libunbound's own defaults, or must not change under us. */
static const char *const options[][2] = {
    {"module-config:", "validator iterator"},
    {"qname-minimisation:", "yes"},
    {"harden-glue:", "yes"},
    {"harden-dnssec-stripped:", "yes"},
    {"harden-below-nxdomain:", "yes"},
    {"harden-short-bufsize:", "yes"},
    {"harden-large-queries:", "yes"},
    {"aggressive-nsec:", "yes"},
    {"use-caps-for-id:", "no"}, /* breaks too many old forwarders for what it adds to DNSSEC */
    {"edns-buffer-size:", "1232"},
    {"minimal-responses:", "yes"},
    {"prefetch:", "yes"},
    {"msg-cache-size:", "8m"},
    {"rrset-cache-size:", "16m"},
    {"cache-max-ttl:", "86400"},
    {"cache-max-negative-ttl:", "900"},
    /* A laptop that was off the network must not hold that against its servers for long. */
    {"infra-host-ttl:", "60"},
    {"infra-keep-probing:", "yes"},
    /* Rebinding: no public name may lead into the house. answer_upstream.c sees to the rest. */
    {"private-address:", "0.0.0.0/8"},
    {"private-address:", "10.0.0.0/8"},
    {"private-address:", "100.64.0.0/10"},
    {"private-address:", "127.0.0.0/8"},
    {"private-address:", "169.254.0.0/16"},
    {"private-address:", "172.16.0.0/12"},
    {"private-address:", "192.168.0.0/16"},
    {"private-address:", "::/128"},
    {"private-address:", "::1/128"},
    {"private-address:", "::ffff:0:0/96"},
    {"private-address:", "fc00::/7"},
    {"private-address:", "fe80::/10"},
    {"private-address:", "fec0::/10"},
};

/* Names below home.arpa are the local upstream's: private addresses and no DNSSEC are right there.
 */
static const char *const local_options[][2] = {
    {"local-zone:", "home.arpa. transparent"},
    {"domain-insecure:", "home.arpa."},
    {"private-domain:", "home.arpa."},
};

static enum status set_options(struct ub_ctx *ctx, const char *const (*list)[2], size_t count,
                               const char **what)
{
    for (size_t i = 0; i < count; i++) {
        *what = list[i][0];
        if (ub_ctx_set_option(ctx, list[i][0], list[i][1]) != 0)
            return STATUS_IO;
    }
    return STATUS_OK;
}

enum { ENDPOINT_TEXT_SIZE = ADDRESS_TEXT_SIZE + 6 };

static void endpoint_text(const struct upstream_endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE])
{
    char address[ADDRESS_TEXT_SIZE];
    address_text(&endpoint->address, address);
    (void)snprintf(text, ENDPOINT_TEXT_SIZE, "%s@%u", address, endpoint->port); /* it fits */
}

/* libunbound takes a forwarder for one zone from a file alone, so it is given one that exists in
 * memory. (A stub zone can be set by a call, but asks without RD, which routers may refuse.) It
 * stays open: a sandboxed process can make no other. */
static enum status make_home_file(int *fd, const struct upstream_endpoint *endpoint)
{
    char address[ENDPOINT_TEXT_SIZE];
    char text[160];
    endpoint_text(endpoint, address);
    int len = snprintf(text, sizeof text,
                       "forward-zone:\n name: \"home.arpa.\"\n forward-addr: %s\n"
                       " forward-first: no\n",
                       address);
    *fd = memfd_create("forward-zone", MFD_CLOEXEC);
    return *fd >= 0 && len > 0 && write(*fd, text, (size_t)len) == len ? STATUS_OK : STATUS_IO;
}

static enum status forward_home(struct ub_ctx *ctx, int fd)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* it fits */
    return ub_ctx_config(ctx, path) == 0 ? STATUS_OK : STATUS_IO;
}

static enum status set_upstreams(struct ub_ctx *ctx, const struct upstream_settings *settings,
                                 int home_file, const char **what)
{
    bool loopback = settings->has_local && address_is_loopback(&settings->local.address);
    *what = "forward";
    for (size_t i = 0; i < settings->forward_count; i++) {
        char text[ENDPOINT_TEXT_SIZE];
        endpoint_text(&settings->forward[i], text);
        loopback = loopback || address_is_loopback(&settings->forward[i].address);
        if (ub_ctx_set_fwd(ctx, text) != 0)
            return STATUS_IO;
    }
    *what = "do-not-query-localhost";
    if (loopback && ub_ctx_set_option(ctx, "do-not-query-localhost:", "no") != 0)
        return STATUS_IO;
    if (!settings->has_local)
        return STATUS_OK;
    enum status status =
        set_options(ctx, local_options, sizeof local_options / sizeof local_options[0], what);
    if (status != STATUS_OK)
        return status;
    *what = "local-upstream";
    return forward_home(ctx, home_file);
}

static enum status configure(struct ub_ctx *ctx, const struct upstream_settings *settings,
                             int home_file, const char **what)
{
    enum status status = set_options(ctx, options, sizeof options / sizeof options[0], what);
    if (status != STATUS_OK)
        return status;
    *what = "the root's trust anchors";
    for (size_t i = 0; root_anchors[i]; i++) {
        if (ub_ctx_add_ta(ctx, root_anchors[i]) != 0)
            return STATUS_IO;
    }
    return set_upstreams(ctx, settings, home_file, what);
}

/* A context with all its settings; NULL without. */
static enum status make_context(const struct upstream *upstream,
                                const struct upstream_settings *settings, struct ub_ctx **ctx,
                                const char **what)
{
    *what = "memory";
    *ctx = ub_ctx_create_event(upstream->base);
    if (!*ctx)
        return STATUS_NO_MEMORY;
    enum status status = configure(*ctx, settings, upstream->home_file, what);
    if (status == STATUS_OK)
        return STATUS_OK;
    ub_ctx_delete(*ctx);
    *ctx = NULL;
    return status;
}

/* --- questions --- */

static const struct upstream_result no_answer = {.rcode = RCODE_SERVFAIL, .timed_out = true};

static void start_tick(struct upstream *upstream)
{
    static const struct timeval interval = {.tv_usec = UPSTREAM_TICK_MS * 1000};
    (void)event_add(upstream->tick, &interval); /* failing: only libunbound's own limits are left */
}

/* Takes the slot from those who wait, and tells them. */
static void end_wait(struct slot *slot, const struct upstream_result *result)
{
    upstream_done *done = slot->done;
    assert(done);
    TAILQ_REMOVE(&slot->upstream->active, slot, link);
    slot->upstream->active_count--;
    slot->done = NULL;
    done(slot->context, result);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    struct upstream *upstream = context;
    uint64_t now = clock_monotonic_ms();
    struct slot *slot;
    (void)fd;
    (void)what;
    while ((slot = TAILQ_FIRST(&upstream->active)) && slot->deadline_ms <= now)
        end_wait(slot, &no_answer);
    if (!TAILQ_EMPTY(&upstream->active))
        start_tick(upstream);
}

static enum upstream_security security_of(int sec)
{
    return sec == 2 ? UPSTREAM_SECURE : sec == 1 ? UPSTREAM_BOGUS : UPSTREAM_INSECURE;
}

/* libunbound's report; the packet is its own. */
static void on_resolved(void *context, int rcode, void *packet, int packet_len, int sec,
                        char *why_bogus, int was_ratelimited)
{
    struct slot *slot = context;
    struct upstream *upstream = slot->upstream;
    struct upstream_result result = {.rcode = (enum rcode)rcode, .security = security_of(sec)};
    (void)why_bogus;
    (void)was_ratelimited;
    if (slot->done && upstream->is_ending)
        return; /* stays active, for the next context */
    if (rcode == RCODE_NOERROR && packet && packet_len > 0) {
        result.packet = packet;
        result.len = (size_t)packet_len;
    }
    if (slot->done)
        end_wait(slot, &result);
    TAILQ_INSERT_HEAD(&upstream->free, slot, link);
}

/* Puts an active slot's question to libunbound. */
static enum status put_question(struct slot *slot)
{
    char name[NAME_TEXT_SIZE];
    name_text(slot->name.wire, slot->name.len, name);
    return ub_resolve_event(slot->upstream->ctx, name, slot->type, slot->class, slot, on_resolved,
                            NULL) == 0
               ? STATUS_OK
               : STATUS_IO;
}

enum status upstream_ask(struct upstream *upstream, const struct query *query, upstream_done *done,
                         void *context)
{
    struct slot *slot = TAILQ_FIRST(&upstream->free);
    if (!slot || upstream->active_count >= UPSTREAM_ACTIVE_MAX)
        return STATUS_FULL;
    TAILQ_REMOVE(&upstream->free, slot, link);
    TAILQ_INSERT_TAIL(&upstream->active, slot, link);
    upstream->active_count++;
    slot->done = done;
    slot->context = context;
    slot->deadline_ms = clock_monotonic_ms() + UPSTREAM_TIMEOUT_MS;
    slot->name = query->folded;
    slot->type = query->type;
    slot->class = query->class;
    if (!event_pending(upstream->tick, EV_TIMEOUT, NULL))
        start_tick(upstream);
    if (put_question(slot) == STATUS_OK)
        return STATUS_OK;
    TAILQ_REMOVE(&upstream->active, slot, link);
    TAILQ_INSERT_HEAD(&upstream->free, slot, link);
    upstream->active_count--;
    return STATUS_IO;
}

/* --- life --- */

static enum status make_slots(struct upstream *upstream)
{
    upstream->slots = calloc(UPSTREAM_SLOTS_MAX, sizeof *upstream->slots);
    if (!upstream->slots)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < UPSTREAM_SLOTS_MAX; i++) {
        upstream->slots[i].upstream = upstream;
        TAILQ_INSERT_TAIL(&upstream->free, &upstream->slots[i], link);
    }
    return STATUS_OK;
}

enum status upstream_create(struct upstream **out, struct event_base *base,
                            const struct upstream_settings *settings, const char **what)
{
    struct upstream *upstream = calloc(1, sizeof *upstream);
    *what = "memory";
    if (!upstream)
        return STATUS_NO_MEMORY;
    TAILQ_INIT(&upstream->active);
    TAILQ_INIT(&upstream->free);
    upstream->base = base;
    upstream->home_file = -1;
    upstream->tick = evtimer_new(base, on_tick, upstream);
    enum status status = upstream->tick ? make_slots(upstream) : STATUS_NO_MEMORY;
    if (status == STATUS_OK && settings->has_local) {
        *what = "local-upstream";
        status = make_home_file(&upstream->home_file, &settings->local);
    }
    if (status == STATUS_OK)
        status = make_context(upstream, settings, &upstream->ctx, what);
    if (status != STATUS_OK) {
        upstream_destroy(upstream);
        return status;
    }
    *out = upstream;
    return STATUS_OK;
}

/* All active slots, of which libunbound knows nothing yet. An answer that is known at once ends its
 * slot, and its client may ask anew: that comes behind the last one. */
static void ask_again(struct upstream *upstream)
{
    struct slot *last = TAILQ_LAST(&upstream->active, slot_list);
    struct slot *next = NULL;
    bool more = last != NULL;
    for (struct slot *slot = TAILQ_FIRST(&upstream->active); more; slot = next) {
        next = TAILQ_NEXT(slot, link);
        more = slot != last;
        if (put_question(slot) == STATUS_OK)
            continue;
        end_wait(slot, &no_answer);
        TAILQ_INSERT_HEAD(&upstream->free, slot, link);
    }
}

enum status upstream_renew(struct upstream *upstream, const struct upstream_settings *settings,
                           const char **what)
{
    struct ub_ctx *fresh = NULL;
    enum status status = make_context(upstream, settings, &fresh, what);
    if (status != STATUS_OK)
        return status;
    upstream->is_ending = true;
    ub_ctx_delete(upstream->ctx); /* reports what is still open to it */
    upstream->is_ending = false;
    upstream->ctx = fresh;
    ask_again(upstream);
    return STATUS_OK;
}

void upstream_destroy(struct upstream *upstream)
{
    struct slot *slot;
    if (!upstream)
        return;
    while ((slot = TAILQ_FIRST(&upstream->active)))
        end_wait(slot, &no_answer);
    /* libunbound reports what is still open to it while it is being deleted. */
    if (upstream->ctx)
        ub_ctx_delete(upstream->ctx);
    if (upstream->tick)
        event_free(upstream->tick);
    if (upstream->home_file >= 0)
        close(upstream->home_file);
    free(upstream->slots);
    free(upstream);
}

/* --- blocking ---
 *
 * libunbound resolves in a thread of its own, so that the wait can have an end.
 */

struct upstream_look {
    struct ub_ctx *ctx;
    int home_file;
    bool done; /* the question at hand */
    struct ub_result *result;
    int error; /* libunbound's; 0 */
};

enum status upstream_look_open(struct upstream_look **out, const struct upstream_settings *settings,
                               const char **what)
{
    struct upstream_look *look = calloc(1, sizeof *look);
    *what = "memory";
    if (!look)
        return STATUS_NO_MEMORY;
    look->home_file = -1;
    look->ctx = ub_ctx_create();
    enum status status = look->ctx ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK && settings->has_local) {
        *what = "local-upstream";
        status = make_home_file(&look->home_file, &settings->local);
    }
    if (status == STATUS_OK)
        status = configure(look->ctx, settings, look->home_file, what);
    if (status == STATUS_OK) {
        *what = "threads";
        status = ub_ctx_async(look->ctx, 1) == 0 ? STATUS_OK : STATUS_IO;
    }
    if (status != STATUS_OK) {
        upstream_look_close(look);
        return status;
    }
    *out = look;
    return STATUS_OK;
}

void upstream_look_close(struct upstream_look *look)
{
    if (!look)
        return;
    if (look->ctx)
        ub_ctx_delete(look->ctx);
    if (look->home_file >= 0)
        close(look->home_file);
    free(look);
}

static void on_looked_up(void *context, int error, struct ub_result *result)
{
    struct upstream_look *look = context;
    look->done = true;
    look->error = error;
    look->result = result;
}

/* Until the question's end, or the deadline. */
static enum status wait_for_look(struct upstream_look *look, uint64_t deadline_ms)
{
    while (!look->done) {
        uint64_t now = clock_monotonic_ms();
        struct pollfd pollfd = {.fd = ub_fd(look->ctx), .events = POLLIN};
        if (now >= deadline_ms)
            return STATUS_TIMEOUT;
        uint64_t left = deadline_ms - now;
        (void)poll(&pollfd, 1, left > UPSTREAM_TICK_MS ? UPSTREAM_TICK_MS : (int)left);
        if (ub_process(look->ctx) != 0)
            return STATUS_IO;
    }
    return look->error == 0 && look->result ? STATUS_OK : STATUS_IO;
}

static void copy_records(struct upstream_found *found, const struct ub_result *result)
{
    size_t used = 0;
    for (size_t i = 0; result->havedata && result->data[i] && i < UPSTREAM_LOOK_RRS_MAX; i++) {
        size_t len = result->len[i] > 0 ? (size_t)result->len[i] : 0;
        if (len > sizeof found->bytes - used)
            return;
        memcpy(found->bytes + used, result->data[i], len);
        found->rrs[found->count].data = found->bytes + used;
        found->rrs[found->count++].len = len;
        used += len;
    }
}

/* A name that Hearth would not read is none to ask further with: the one asked for stays. */
static void copy_canonical(struct upstream_found *found, const char *text)
{
    struct name name;
    if (text && name_parse(&name, text) == STATUS_OK)
        found->canonical = name;
}

static void copy_result(struct upstream_found *found, const struct ub_result *result)
{
    found->rcode = (enum rcode)result->rcode;
    found->no_name = result->nxdomain;
    found->security = result->bogus    ? UPSTREAM_BOGUS
                      : result->secure ? UPSTREAM_SECURE
                                       : UPSTREAM_INSECURE;
    copy_canonical(found, result->canonname);
    if (result->why_bogus)
        (void)snprintf(found->why, sizeof found->why, "%s", result->why_bogus);
    copy_records(found, result);
}

enum status upstream_look_ask(struct upstream_look *look, const struct name *name, uint16_t type,
                              uint64_t deadline_ms, struct upstream_found *found)
{
    char text[NAME_TEXT_SIZE];
    int id = 0;
    memset(found, 0, sizeof *found);
    found->canonical = *name;
    name_text(name->wire, name->len, text);
    look->done = false;
    look->result = NULL;
    if (ub_resolve_async(look->ctx, text, type, RRCLASS_IN, look, on_looked_up, &id) != 0)
        return STATUS_IO;
    enum status status = wait_for_look(look, deadline_ms);
    if (!look->done)
        (void)ub_cancel(look->ctx, id);
    if (status == STATUS_OK)
        copy_result(found, look->result);
    if (look->result)
        ub_resolve_free(look->result);
    return status;
}
