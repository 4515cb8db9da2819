/* resolver_desk.c: see resolver_desk.h. */
#include "resolver/daemon/resolver_desk.h"

#include <netinet/in.h>
#include <string.h>

enum status desk_init(struct desk *desk, struct resolver_shared *shared)
{
    memset(desk, 0, sizeof *desk);
    desk->shared = shared;
    desk->input.cookie_key = shared->cookie_key;
    desk->input.local_upstream = shared->context->config->resolver.has_local_upstream;
    return view_file_init(&desk->view, shared->context->paths->view_file);
}

void desk_deinit(struct desk *desk)
{
    view_file_deinit(&desk->view);
}

void desk_refresh(struct desk *desk)
{
    desk->input.view_status = view_file_current(&desk->view, &desk->input.view);
    if (desk->input.view_status != STATUS_OK)
        desk->input.view = NULL;
    desk->input.now_ms = atomic_load_explicit(&desk->shared->now_ms, memory_order_relaxed);
}

static struct address address_of(const struct sockaddr *peer)
{
    if (peer->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, peer, sizeof in);
        return address_from_ipv4((const uint8_t *)&in.sin_addr);
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, peer, sizeof in6);
    return address_from_ipv6((const uint8_t *)&in6.sin6_addr);
}

static bool is_loopback(const struct address *address)
{
    static const uint8_t ipv6[16] = {[15] = 1};
    if (address_is_ipv4(address))
        return address->octets[12] == 127;
    return memcmp(address->octets, ipv6, sizeof ipv6) == 0;
}

static bool has_prefix(const struct address *address, const struct config_prefix *prefix)
{
    unsigned whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;
    const uint8_t *a = address->octets;
    const uint8_t *b = prefix->address.octets;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static enum answer_client judge_client(const struct config *config, const struct address *address)
{
    if (is_loopback(address))
        return ANSWER_LOCAL;
    for (size_t i = 0; i < config->resolver.allow_count; i++) {
        if (has_prefix(address, &config->resolver.allow[i]))
            return ANSWER_GUEST;
    }
    return ANSWER_STRANGER;
}

void desk_meet(struct desk *desk, const struct sockaddr *peer)
{
    desk->input.peer = address_of(peer);
    desk->input.client = judge_client(desk->shared->context->config, &desk->input.peer);
}

void desk_count(struct desk *desk, enum answer_kind kind)
{
    static const uint8_t counters[] = {
        [ANSWER_KIND_HOUSEHOLD] = COUNT_HOUSEHOLD, [ANSWER_KIND_SPECIAL] = COUNT_QUERIES,
        [ANSWER_KIND_UPSTREAM] = COUNT_UPSTREAM,   [ANSWER_KIND_REFUSED] = COUNT_REFUSED,
        [ANSWER_KIND_MALFORMED] = COUNT_MALFORMED, [ANSWER_KIND_FAILED] = COUNT_SERVFAIL,
    };
    desk->counts[COUNT_QUERIES]++;
    if (counters[kind] != COUNT_QUERIES)
        desk->counts[counters[kind]]++;
}

void desk_report(struct desk *desk)
{
    struct board_child *child = &desk->shared->context->board->children[CHILD_RESOLVER];
    for (unsigned i = 0; i < BOARD_COUNTERS; i++) {
        if (desk->counts[i] == 0)
            continue;
        atomic_fetch_add_explicit(&child->counters[i], desk->counts[i], memory_order_relaxed);
        desk->counts[i] = 0;
    }
}
