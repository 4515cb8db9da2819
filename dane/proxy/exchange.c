/* exchange.c: see exchange.h; the browser's side.
 *
 * Happy path of a request: read_request (its head whole, strictly read), route (destination and
 * guard, by the present view), exchange_device_ask; then exchange_device.c until
 * exchange_answered. What fails on the way ends in exchange_refuse: a page, and no further request.
 */
#include "dane/proxy/exchange.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/proxy/device_sessions.h"
#include "dane/proxy/exchange_parts.h"
#include "dane/proxy/guard.h"
#include "dane/proxy/http_input.h"
#include "ledger/base/clock.h"

static const char dashboard_origin[] = "https://hearth.home.arpa";

/* --- ends --- */

static void release(struct exchange *exchange)
{
    exchange_device_drop(exchange);
    device_shown_drop(exchange->shown);
    stream_free(exchange->browser);
    free(exchange->request);
    free(exchange->refusal);
    free(exchange);
}

void exchange_free(struct exchange *exchange)
{
    if (exchange)
        release(exchange);
}

static void park_device(struct exchange *exchange)
{
    struct stream *device = exchange->device;
    if (!device || exchange->state != EXCHANGE_AT_REQUEST || exchange->has_login ||
        stream_input_ended(device))
        return;
    exchange->device = NULL;
    parking_put(exchange->proxy->parking, &exchange->target, exchange->owner,
                &exchange->device_address, device);
}

void exchange_break(struct exchange *exchange)
{
    void (*ended)(void *) = exchange->ended;
    void *context = exchange->context;
    release(exchange);
    ended(context);
}

void exchange_end(struct exchange *exchange)
{
    park_device(exchange);
    farewell_say(exchange->proxy->farewells, exchange->browser);
    exchange->browser = NULL;
    exchange_break(exchange);
}

static const char *link_of(const struct exchange *exchange, char link[static PAGE_LINK_MAX])
{
    const struct target *target = &exchange->target;
    const struct http_text *path = &exchange->request->path;
    unsigned usual = target->is_tls ? 443 : 80;
    char port[8] = "";
    if (target->port != usual)
        (void)snprintf(port, sizeof port, ":%u", (unsigned)target->port);
    int len = snprintf(link, PAGE_LINK_MAX, "%s://%s%s%s%.*s", target->is_tls ? "https" : "http",
                       target->host, port, path->len > 0 && path->at[0] == '/' ? "" : "/",
                       (int)path->len, path->at);
    return len > 0 && len < PAGE_LINK_MAX ? link : NULL;
}

/* Does another site ask? Whom the household lets in is another site too. */
static bool is_foreign(const struct exchange *exchange, const struct http_head *request)
{
    const char *reason = NULL;
    const struct guard guard = {.device = &exchange->target};
    return guard_judge(&guard, request, &reason) != GUARD_PASS;
}

void exchange_refuse(struct exchange *exchange, const struct refusal *refusal)
{
    char link[PAGE_LINK_MAX];
    struct exchange_request *request = exchange->request;
    bool is_link = refusal->kind == PAGE_FOREIGN_LINK;
    struct refusal told = *refusal;
    told.foreign = request && is_foreign(exchange, &request->head);
    exchange_device_drop(exchange);
    refusal_send(&told, exchange->browser, &exchange->target, request ? &request->head : NULL,
                 is_link ? link_of(exchange, link) : NULL);
    exchange_end(exchange);
}

static void refuse_kind(struct exchange *exchange, enum page_kind kind, const char *reason)
{
    struct refusal refusal;
    refusal_init(&refusal, kind, reason);
    exchange_refuse(exchange, &refusal);
}

/* --- where to --- */

static bool is_judged(struct exchange *exchange, const struct destination *destination)
{
    const char *reason = NULL;
    const struct guard guard = {.device = &exchange->target,
                                .origins = destination->origins,
                                .origin_count = destination->origin_count,
                                .dashboard = dashboard_origin};
    switch (guard_judge(&guard, &exchange->request->head, &reason)) {
    case GUARD_PASS:
        return true;
    case GUARD_ASK:
        refuse_kind(exchange, PAGE_FOREIGN_LINK, reason);
        return false;
    case GUARD_REFUSE:
        break;
    }
    refuse_kind(exchange, PAGE_FORBIDDEN, reason);
    return false;
}

/* The page for a destination that is not, or no longer, of the kind that this exchange is for. */
static void refuse_destination(struct exchange *exchange, const struct destination *destination)
{
    switch (destination->kind) {
    case DESTINATION_REFUSED:
        refuse_kind(exchange, destination->page, NULL);
        break;
    case DESTINATION_TLS:
        refuse_kind(exchange, PAGE_FORBIDDEN, "its key is published: open it by https");
        break;
    case DESTINATION_PLAIN:
        refuse_kind(exchange, PAGE_NO_RECORD, NULL);
        break;
    case DESTINATION_FOREIGN:
    case DESTINATION_OTHER:
    case DESTINATION_DASHBOARD:
        refuse_kind(exchange, PAGE_NO_NAME, NULL);
        break;
    }
}

static bool is_its_kind(const struct exchange *exchange, const struct destination *destination)
{
    return destination->kind == (exchange->target.is_tls ? DESTINATION_TLS : DESTINATION_PLAIN);
}

static void route(struct exchange *exchange)
{
    struct destination destination;
    struct view *view = proxy_view(exchange->proxy);
    if (exchange->other_count > 0) {
        exchange_device_ask(exchange, exchange->other_addresses, exchange->other_count);
        return;
    }
    if (destination_find(&destination, view, &exchange->target, clock_read().wall_ms) !=
        STATUS_OK) {
        refuse_kind(exchange, PAGE_NO_VIEW, NULL);
        return;
    }
    if (!is_its_kind(exchange, &destination)) {
        refuse_destination(exchange, &destination);
        return;
    }
    exchange->name = destination.name;
    if (is_judged(exchange, &destination))
        exchange_device_ask(exchange, destination.addresses, destination.address_count);
}

/* --- the browser's requests --- */

/* Is it a request of the form that belongs here? */
static bool read_path(const struct exchange *exchange, struct exchange_request *request)
{
    struct target target;
    request->path = request->head.target;
    if (exchange->form == EXCHANGE_TUNNEL)
        return http_head_is_to_path(&request->head);
    return target_of_url(&target, request->head.target, &request->path) == TARGET_FAULT_NONE;
}

/* Browsers connect ahead of need: what was wrong then may be right by now, and is looked at again. */
static bool still_refuses(const struct exchange *exchange)
{
    return exchange->refusal &&
           clock_monotonic_ms() - exchange->refusal->time_ms < EXCHANGE_REFUSAL_MS;
}

static void take_request(struct exchange *exchange, size_t len)
{
    struct exchange_request *request = malloc(sizeof *request + len);
    if (!request) {
        exchange_break(exchange);
        return;
    }
    (void)evbuffer_remove(stream_input(exchange->browser), request->octets, len);
    stream_input_taken(exchange->browser);
    exchange->request = request;
    exchange->head_begun = false;
    stream_set_deadline(exchange->browser, 0);
    enum http_fault fault = http_head_read(&request->head, HTTP_REQUEST, request->octets, len);
    if (fault == HTTP_FAULT_NONE)
        fault = http_framing_of_request(&request->framing, &request->head);
    if (fault == HTTP_FAULT_NONE && !read_path(exchange, request))
        fault = HTTP_FAULT_TARGET;
    if (fault != HTTP_FAULT_NONE)
        refuse_kind(exchange, PAGE_BAD_REQUEST, http_fault_text(fault));
    else if (still_refuses(exchange))
        exchange_refuse(exchange, exchange->refusal);
    else
        route(exchange);
}

static void await_head(struct exchange *exchange)
{
    if (stream_input_ended(exchange->browser)) {
        exchange_end(exchange);
        return;
    }
    if (exchange->head_begun || evbuffer_get_length(stream_input(exchange->browser)) == 0)
        return;
    exchange->head_begun = true;
    stream_set_deadline(exchange->browser, EXCHANGE_HEAD_MS);
}

static void read_request(struct exchange *exchange)
{
    struct http_head head;
    struct evbuffer *input = stream_input(exchange->browser);
    enum http_fault fault = http_input_head(&head, HTTP_REQUEST, input);
    if (fault == HTTP_FAULT_PARTIAL)
        await_head(exchange);
    else if (fault != HTTP_FAULT_NONE)
        refuse_kind(exchange, PAGE_BAD_REQUEST, http_fault_text(fault));
    else
        take_request(exchange, head.len);
}

void exchange_answered(struct exchange *exchange)
{
    struct stream *device = exchange->device;
    bool is_whole = exchange->up.is_done;
    if (!exchange->keeps_device || !is_whole || stream_input_ended(device) ||
        evbuffer_get_length(stream_input(device)) > 0)
        exchange_device_drop(exchange);
    free(exchange->request);
    exchange->request = NULL;
    exchange->device_is_used = exchange->browser_is_used = true;
    exchange->state = EXCHANGE_AT_REQUEST;
    if (!exchange->keeps_browser || !is_whole) {
        exchange_end(exchange);
        return;
    }
    park_device(exchange);
    stream_set_idle_timeout(exchange->browser, EXCHANGE_REQUEST_MS);
    read_request(exchange);
}

/* --- events of the browser --- */

static void browser_input(void *context)
{
    struct exchange *exchange = context;
    switch (exchange->state) {
    case EXCHANGE_AT_REQUEST:
        read_request(exchange);
        break;
    case EXCHANGE_OPENING:
        break; /* it waits in the buffer */
    case EXCHANGE_ANSWERING:
        /* Who has gone shall not hold the device's place for long. */
        if (stream_input_ended(exchange->browser))
            stream_set_idle_timeout(exchange->device, EXCHANGE_LEFT_MS);
        (void)exchange_pump_up(exchange);
        break;
    case EXCHANGE_SWITCHED:
        exchange_pump_switched(exchange);
        break;
    }
}

static void browser_drained(void *context)
{
    struct exchange *exchange = context;
    if (exchange->state == EXCHANGE_ANSWERING)
        (void)exchange_pump_down(exchange);
    else if (exchange->state == EXCHANGE_SWITCHED)
        exchange_pump_switched(exchange);
}

static void browser_failed(void *context, enum status why)
{
    struct exchange *exchange = context;
    (void)why; /* it has gone, or says nothing any more: nobody is there to be told */
    park_device(exchange);
    exchange_break(exchange);
}

static void browser_ready(void *context)
{
    (void)context; /* it was before it came here */
}

static const struct stream_handlers browser_handlers = {.ready = browser_ready,
                                                        .input = browser_input,
                                                        .drained = browser_drained,
                                                        .failed = browser_failed};

/* --- from outside --- */

static void take_start(struct exchange *exchange, const struct exchange_start *start)
{
    exchange->target = start->target;
    exchange->form = start->form;
    exchange->owner = start->owner;
    exchange->browser = start->browser;
    exchange->device = start->device;
    exchange->device_address = start->device_address;
    exchange->device_is_used = start->device_is_used;
    exchange->name = start->name;
    exchange->generation = start->generation;
    exchange->other_count = start->other_count;
    for (size_t i = 0; i < start->other_count; i++)
        exchange->other_addresses[i] = start->other_addresses[i];
    exchange->ended = start->ended;
    exchange->context = start->context;
}

struct exchange *exchange_create(struct proxy *proxy, const struct exchange_start *start)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    struct refusal *refusal = start->refusal ? malloc(sizeof *refusal) : NULL;
    if (!exchange || (start->refusal && !refusal)) {
        free(exchange);
        free(refusal);
        stream_free(start->browser);
        stream_free(start->device);
        return NULL;
    }
    exchange->proxy = proxy;
    take_start(exchange, start);
    if (refusal) {
        *refusal = *start->refusal;
        exchange->refusal = refusal;
    }
    if (exchange->device)
        exchange_device_watch(exchange);
    stream_set_deadline(exchange->browser, 0);
    stream_set_idle_timeout(exchange->browser, EXCHANGE_REQUEST_MS);
    stream_set_handlers(exchange->browser, &browser_handlers, exchange);
    return exchange;
}

static bool has_address(const struct destination *destination, const struct address *address)
{
    for (size_t i = 0; i < destination->address_count; i++) {
        if (memcmp(&destination->addresses[i], address, sizeof *address) == 0)
            return true;
    }
    return false;
}

bool exchange_may_stay(struct exchange *exchange)
{
    struct destination destination;
    struct refusal refusal;
    if ((!exchange->device && !exchange->shown) || exchange->other_count > 0)
        return true; /* it has shown nothing yet, or it is not ours to judge */
    struct view *view = proxy_view(exchange->proxy);
    return destination_find(&destination, view, &exchange->target, clock_read().wall_ms) ==
               STATUS_OK &&
           is_its_kind(exchange, &destination) &&
           has_address(&destination, &exchange->device_address) &&
           exchange_device_is_right(exchange, &refusal);
}
