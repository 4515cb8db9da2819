/* exchange_device.c: see exchange_parts.h; the device's side: opened, asked, its answer passed on.
 *
 * A connection that has answered before may be closed by the device at any time, also just when the
 * next request is on its way. Then a request that only reads and has no body is sent again, once,
 * over a new one; of any other it can't be known whether it was carried out, so the browser's
 * connection ends as the device's did, and the browser decides.
 */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dane/proxy/admission.h"
#include "dane/proxy/device_sessions.h"
#include "dane/proxy/exchange_parts.h"
#include "dane/proxy/http_input.h"
#include "dane/proxy/http_rewrite.h"

void exchange_device_drop(struct exchange *exchange)
{
    if (exchange->attempt)
        device_cancel(exchange->attempt);
    exchange->attempt = NULL;
    stream_free(exchange->device);
    exchange->device = NULL;
    exchange->has_login = false;
}

static void refuse_broken(struct exchange *exchange, const char *reason)
{
    struct refusal refusal;
    refusal_init(&refusal, PAGE_BROKEN, reason);
    address_text(&exchange->device_address, refusal.address);
    exchange_refuse(exchange, &refusal);
}

/* --- the request --- */

static const char *host_of(const struct target *target, char host[static TARGET_HOST_SIZE + 6])
{
    unsigned usual = target->is_tls ? 443 : 80;
    if (target->port == usual)
        (void)snprintf(host, TARGET_HOST_SIZE + 6, "%s", target->host);
    else
        (void)snprintf(host, TARGET_HOST_SIZE + 6, "%s:%u", target->host, (unsigned)target->port);
    return host;
}

/* A login that belongs to the connection and not to each request (RFC 4559, section 6). */
static bool binds_login(const struct http_head *head, const char *field)
{
    static const char *const schemes[] = {"negotiate", "ntlm", "kerberos"};
    const struct http_field *found;
    for (size_t nth = 0; (found = http_head_field(head, field, nth)); nth++) {
        for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
            size_t len = strlen(schemes[i]);
            if (found->value.len >= len && strncasecmp(found->value.at, schemes[i], len) == 0)
                return true;
        }
    }
    return false;
}

/* May another request follow this one? A device that answers without having read a body takes it
 * for the next request. Nobody can tell, so no other request follows one with a body; unless the
 * connection is worth a login. */
static bool may_go_on(const struct exchange *exchange)
{
    return exchange->request->framing.kind == HTTP_BODY_NONE || exchange->has_login;
}

static void send_request(struct exchange *exchange)
{
    static uint8_t octets[HTTP_REWRITE_MAX]; /* one loop, one head at a time */
    char host[TARGET_HOST_SIZE + 6];
    struct exchange_request *request = exchange->request;
    struct writer w = writer_over(octets, sizeof octets);
    exchange->has_login |= binds_login(&request->head, "authorization");
    http_rewrite_request(&w, &request->head, &request->framing, request->path,
                         host_of(&exchange->target, host), may_go_on(exchange));
    if (w.error != STATUS_OK) {
        struct refusal refusal;
        refusal_init(&refusal, PAGE_BAD_REQUEST, http_fault_text(HTTP_FAULT_HEAD_TOO_LONG));
        exchange_refuse(exchange, &refusal);
        return;
    }
    exchange->state = EXCHANGE_ANSWERING;
    exchange->answer_begun = false;
    exchange->interim = 0;
    relay_begin(&exchange->up, &request->framing, request->framing.kind == HTTP_BODY_CHUNKED);
    stream_set_idle_timeout(exchange->device, EXCHANGE_IDLE_MS);
    /* Longer: when the device is silent, the browser is still there to be told. */
    stream_set_idle_timeout(exchange->browser, EXCHANGE_IDLE_MS + EXCHANGE_HEAD_MS);
    stream_write(exchange->device, octets, w.used);
    (void)exchange_pump_up(exchange);
}

/* --- opening --- */

bool exchange_device_is_right(struct exchange *exchange, struct refusal *refusal)
{
    exchange->generation = proxy_generation(exchange->proxy);
    return !exchange->shown ||
           admission_ask_shown(exchange->proxy, exchange->shown, &exchange->target, &exchange->name,
                               NULL, refusal);
}

struct stream *exchange_take_parked(struct proxy *proxy, const struct target *target,
                                    const struct name *name, uid_t owner,
                                    const struct address *addresses, size_t count,
                                    struct address *address)
{
    struct refusal refusal;
    struct stream *device = parking_take(proxy->parking, target, owner, address);
    for (size_t i = 0; device && i < count; i++) {
        if (memcmp(&addresses[i], address, sizeof *address) == 0 &&
            admission_ask(proxy, device, target, name, NULL, &refusal))
            return device;
    }
    stream_free(device);
    return NULL;
}

static void opened(void *context, struct device_result *result)
{
    struct exchange *exchange = context;
    struct refusal refusal;
    exchange->attempt = NULL;
    exchange->device_address = result->address;
    if (result->outcome != DEVICE_OPEN) {
        refusal_of_device(&refusal, result, proxy_view(exchange->proxy), &exchange->name,
                          exchange->target.port);
        exchange_refuse(exchange, &refusal);
        return;
    }
    bool is_of_this_view = exchange->generation == proxy_generation(exchange->proxy);
    exchange->device = result->stream;
    exchange->device_is_used = false;
    exchange->generation = proxy_generation(exchange->proxy);
    exchange_device_watch(exchange);
    if (exchange->other_count > 0 ||
        admission_ask(exchange->proxy, exchange->device, &exchange->target, &exchange->name,
                      &result->verdict, &refusal)) {
        /* A plain device has no key to be judged by; and what was asked for may be gone by now. */
        if (is_of_this_view || exchange_may_stay(exchange))
            send_request(exchange);
        else
            exchange_break(exchange);
        return;
    }
    address_text(&exchange->device_address, refusal.address);
    exchange_refuse(exchange, &refusal);
}

static void open_device(struct exchange *exchange, const struct address *addresses, size_t count)
{
    struct device_pool *pool = exchange->proxy->devices;
    uint16_t port = exchange->target.port;
    exchange->state = EXCHANGE_OPENING;
    exchange->generation = proxy_generation(exchange->proxy);
    exchange->attempt =
        exchange->target.is_tls
            ? device_open(pool, &exchange->name, port, addresses, count, opened, exchange)
            : device_open_plain(pool, port, addresses, count, opened, exchange);
    if (!exchange->attempt)
        exchange_break(exchange);
}

static bool take_parked(struct exchange *exchange, const struct address *addresses, size_t count)
{
    exchange->device =
        exchange_take_parked(exchange->proxy, &exchange->target, &exchange->name, exchange->owner,
                             addresses, count, &exchange->device_address);
    if (!exchange->device)
        return false;
    exchange->device_is_used = true;
    exchange->generation = proxy_generation(exchange->proxy);
    exchange_device_watch(exchange);
    return true;
}

/* It only reads, and has no body: asked twice, it does nothing twice. */
static bool is_repeatable(const struct exchange_request *request)
{
    const struct http_text *method = &request->head.method;
    return request->framing.kind == HTTP_BODY_NONE &&
           (http_text_is(*method, "GET") || http_text_is(*method, "HEAD") ||
            http_text_is(*method, "OPTIONS"));
}

/* May the request go over a connection that the device may have closed meanwhile? Somebody must be
 * able to send it again: we, or a browser that has used its own connection before. */
static bool may_go_over_used(const struct exchange *exchange)
{
    return is_repeatable(exchange->request) || exchange->browser_is_used || exchange->has_login;
}

/* Is the connection at hand good for this request, at an address and with a key that are published
 * now? A login does not outlive that. */
static bool is_good(struct exchange *exchange, const struct address *addresses, size_t count)
{
    struct refusal refusal;
    if (!exchange->device || (exchange->device_is_used && !may_go_over_used(exchange)))
        return false;
    bool is_published = exchange->generation == proxy_generation(exchange->proxy);
    for (size_t i = 0; !is_published && i < count; i++)
        is_published = memcmp(&addresses[i], &exchange->device_address, sizeof *addresses) == 0;
    return is_published && (exchange->generation == proxy_generation(exchange->proxy) ||
                            exchange_device_is_right(exchange, &refusal));
}

void exchange_device_ask(struct exchange *exchange, const struct address *addresses, size_t count)
{
    if (!is_good(exchange, addresses, count))
        exchange_device_drop(exchange);
    if (exchange->device || (may_go_over_used(exchange) && take_parked(exchange, addresses, count)))
        send_request(exchange);
    else
        open_device(exchange, addresses, count);
}

/* --- the answer --- */

/* The device has gone without an answer. */
static void device_lost(struct exchange *exchange, enum status why)
{
    bool is_used = exchange->device_is_used, again = is_used && is_repeatable(exchange->request);
    bool browser_asks = is_used && exchange->browser_is_used && !again && why != STATUS_TIMEOUT;
    if (exchange->answer_begun || browser_asks) {
        exchange_break(exchange);
    } else if (why == STATUS_TIMEOUT) {
        struct refusal refusal;
        refusal_init(&refusal, PAGE_UNREACHABLE, "it took the request and does not answer");
        address_text(&exchange->device_address, refusal.address);
        exchange_refuse(exchange, &refusal);
    } else if (again) {
        struct address address = exchange->device_address;
        exchange_device_drop(exchange);
        open_device(exchange, &address, 1);
    } else {
        refuse_broken(exchange, "the device closed the connection and did not answer");
    }
}

/* Writes the answer's head for the browser. */
static bool send_head(struct exchange *exchange, const struct http_head *head,
                      const struct http_framing *framing, bool chunk)
{
    static uint8_t octets[HTTP_REWRITE_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    http_rewrite_response(&w, head, framing, chunk, exchange->keeps_browser);
    if (w.error == STATUS_OK)
        stream_write(exchange->browser, octets, w.used);
    return w.error == STATUS_OK;
}

static void begin_switched(struct exchange *exchange)
{
    exchange->state = EXCHANGE_SWITCHED;
    splice_begin(&exchange->splice, exchange->browser, exchange->device);
    stream_set_idle_timeout(exchange->browser, EXCHANGE_SWITCHED_MS);
    stream_set_idle_timeout(exchange->device, EXCHANGE_SWITCHED_MS);
}

/* 1xx: passed on, unless the browser is too old for it; the answer is still to come. */
static enum http_fault pass_interim(struct exchange *exchange, const struct http_head *head,
                                    const struct http_framing *framing)
{
    if (++exchange->interim > EXCHANGE_INTERIM_MAX)
        return HTTP_FAULT_STATUS;
    if (exchange->request->head.minor == 1)
        (void)send_head(exchange, head, framing, false);
    return HTTP_FAULT_NONE;
}

static enum http_fault pass_head(struct exchange *exchange, const struct http_head *head)
{
    struct http_framing framing;
    const struct http_head *request = &exchange->request->head;
    enum http_fault fault = http_framing_of_response(&framing, head, request);
    if (fault != HTTP_FAULT_NONE)
        return fault;
    if (head->status < 200 && framing.kind != HTTP_BODY_SWITCHED)
        return pass_interim(exchange, head, &framing);
    bool has_end = framing.kind != HTTP_BODY_TO_CLOSE && framing.kind != HTTP_BODY_CHUNKED;
    bool chunk = !has_end && request->minor == 1;
    exchange->has_login |= binds_login(head, "www-authenticate");
    exchange->keeps_device =
        framing.kind != HTTP_BODY_TO_CLOSE && http_framing_keeps_alive(head) && may_go_on(exchange);
    exchange->keeps_browser = exchange->form == EXCHANGE_TUNNEL && exchange->up.is_done &&
                              (has_end || chunk) && http_framing_keeps_alive(request);
    if (!send_head(exchange, head, &framing, chunk))
        return HTTP_FAULT_HEAD_TOO_LONG;
    exchange->answer_begun = true;
    if (framing.kind == HTTP_BODY_SWITCHED)
        begin_switched(exchange);
    else
        relay_begin(&exchange->down, &framing, chunk);
    return HTTP_FAULT_NONE;
}

/* One head of the device's, if it is there. False: nothing more is to be done now. */
static bool read_head(struct exchange *exchange)
{
    struct http_head head;
    struct evbuffer *input = stream_input(exchange->device);
    enum http_fault fault = http_input_head(&head, HTTP_RESPONSE, input);
    if (fault == HTTP_FAULT_PARTIAL) {
        if (stream_input_ended(exchange->device))
            device_lost(exchange, STATUS_CLOSED);
        return false;
    }
    if (fault == HTTP_FAULT_NONE)
        fault = pass_head(exchange, &head);
    if (fault != HTTP_FAULT_NONE) {
        refuse_broken(exchange, http_fault_text(fault));
        return false;
    }
    (void)evbuffer_drain(input, head.len);
    stream_input_taken(exchange->device);
    return true;
}

bool exchange_pump_down(struct exchange *exchange)
{
    enum http_fault fault;
    while (exchange->state == EXCHANGE_ANSWERING && !exchange->answer_begun) {
        if (stream_is_full(exchange->browser))
            return true;
        if (!read_head(exchange))
            return false;
    }
    if (exchange->state == EXCHANGE_SWITCHED) {
        exchange_pump_switched(exchange);
        return false;
    }
    /* Half an answer is out: all that is left is to break off, so that it is not taken for a whole. */
    if (relay_pump(&exchange->down, exchange->device, exchange->browser, &fault) != STATUS_OK) {
        exchange_break(exchange);
        return false;
    }
    if (!exchange->down.is_done)
        return true;
    exchange_answered(exchange);
    return false;
}

bool exchange_pump_up(struct exchange *exchange)
{
    enum http_fault fault;
    enum status status = relay_pump(&exchange->up, exchange->browser, exchange->device, &fault);
    if (status == STATUS_OK)
        return true;
    exchange_break(exchange);
    return false;
}

void exchange_pump_switched(struct exchange *exchange)
{
    if (!splice_pump(&exchange->splice))
        return;
    farewell_say(exchange->proxy->farewells, exchange->device);
    exchange->device = NULL;
    exchange_end(exchange);
}

/* --- events of the device --- */

static void device_input(void *context)
{
    struct exchange *exchange = context;
    if (exchange->state == EXCHANGE_ANSWERING)
        (void)exchange_pump_down(exchange);
    else if (exchange->state == EXCHANGE_SWITCHED)
        exchange_pump_switched(exchange);
    else if (exchange->state == EXCHANGE_AT_REQUEST)
        exchange_device_drop(exchange); /* nobody has asked it anything */
}

static void device_drained(void *context)
{
    struct exchange *exchange = context;
    if (exchange->state == EXCHANGE_ANSWERING)
        (void)exchange_pump_up(exchange);
    else if (exchange->state == EXCHANGE_SWITCHED)
        exchange_pump_switched(exchange);
}

static void device_failed(void *context, enum status why)
{
    struct exchange *exchange = context;
    if (exchange->state == EXCHANGE_ANSWERING)
        device_lost(exchange, why);
    else if (exchange->state == EXCHANGE_SWITCHED)
        exchange_break(exchange);
    else
        exchange_device_drop(exchange);
}

static void device_ready(void *context)
{
    (void)context; /* device.c saw to it */
}

void exchange_device_watch(struct exchange *exchange)
{
    static const struct stream_handlers handlers = {.ready = device_ready,
                                                    .input = device_input,
                                                    .drained = device_drained,
                                                    .failed = device_failed};
    device_shown_drop(exchange->shown);
    exchange->shown = device_shown_by(exchange->device);
    stream_set_handlers(exchange->device, &handlers, exchange);
}
