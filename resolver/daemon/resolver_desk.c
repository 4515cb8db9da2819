/* resolver_desk.c: see resolver_desk.h. */
#include "resolver/daemon/resolver_desk.h"

#include <string.h>

#include "ledger/base/socket_address.h"

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

static enum answer_client judge_client(const struct config *config, const struct address *address)
{
    if (address_is_loopback(address))
        return ANSWER_LOCAL;
    for (size_t i = 0; i < config->resolver.allow_count; i++) {
        const struct config_prefix *allowed = &config->resolver.allow[i];
        if (address_has_prefix(address, &allowed->address, allowed->bits))
            return ANSWER_GUEST;
    }
    return ANSWER_STRANGER;
}

void desk_meet(struct desk *desk, const struct sockaddr *peer)
{
    desk->input.peer = socket_address_read(peer);
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
    if (!desk->shared)
        return; /* it was never set up */
    struct board_child *child = &desk->shared->context->board->children[CHILD_RESOLVER];
    for (unsigned i = 0; i < BOARD_COUNTERS; i++) {
        if (desk->counts[i] == 0)
            continue;
        atomic_fetch_add_explicit(&child->counters[i], desk->counts[i], memory_order_relaxed);
        desk->counts[i] = 0;
    }
}
