/* client.c: see client.h.
 *
 * Happy path of CONNECT: read_head, connect_to (what the view says), the device's verdict (opened),
 * "200", the first octet (of TLS), our handshake with a leaf for the name, then an exchange. What is
 * refused takes the same way without a device, so that the browser gets a page it can show. A whole
 * http URL leaves out the middle.
 */
#include "dane/proxy/client.h"

#include <event2/buffer.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dane/proxy/admission.h"
#include "dane/proxy/client_owner.h"
#include "dane/proxy/destination.h"
#include "dane/proxy/exchange.h"
#include "dane/proxy/http_framing.h"
#include "dane/proxy/http_input.h"
#include "dane/proxy/splice.h"
#include "ledger/base/clock.h"

enum {
    CLIENT_HEAD_MS = 10000,
    CLIENT_FIRST_OCTET_MS = 30000, /* browsers connect ahead of need */
    CLIENT_HANDSHAKE_MS = 10000,
    CLIENT_SPLICE_IDLE_MS = 3600000,
    TLS_RECORD_HANDSHAKE = 0x16,
};

enum client_state {
    CLIENT_AT_HEAD,
    CLIENT_ASKING,  /* a local upstream, for addresses */
    CLIENT_OPENING, /* the device */
    CLIENT_AT_FIRST_OCTET,
    CLIENT_AT_HANDSHAKE,
    CLIENT_EXCHANGING,
    CLIENT_SPLICED,
};

struct client {
    LIST_ENTRY(client) next;
    struct proxy *proxy;
    int fd; /* the stream's */
    uid_t owner;
    enum client_state state;
    bool has_spoken;
    bool is_absolute;     /* a whole URL came, no CONNECT */
    bool is_plain_device; /* what CONNECT named publishes no key */
    bool device_is_used;  /* `device` has served before */
    struct target target;
    struct name name;
    struct stream *stream;               /* the browser's, until an exchange has it */
    struct neighbour_question *question; /* CLIENT_ASKING */
    struct device_attempt *attempt;      /* CLIENT_OPENING */
    struct stream *device;               /* opened and judged */
    struct address device_address;
    uint64_t generation;       /* of the view that it was judged by */
    struct refusal *refusal;   /* instead of it */
    struct exchange *exchange; /* CLIENT_EXCHANGING */
    struct splice splice;      /* CLIENT_SPLICED */
};

/* --- ends --- */

static void end(struct client *client)
{
    struct proxy *proxy = client->proxy;
    if (client->question)
        neighbour_cancel(client->question);
    if (client->attempt)
        device_cancel(client->attempt);
    exchange_free(client->exchange);
    stream_free(client->device);
    stream_free(client->stream);
    free(client->refusal);
    LIST_REMOVE(client, next);
    free(client);
    proxy_client_ended(proxy);
}

static void end_politely(struct client *client)
{
    farewell_say(client->proxy->farewells, client->stream);
    client->stream = NULL;
    end(client);
}

/* A page in the clear: to what is no tunnel, or none yet. */
static void refuse_here(struct client *client, enum page_kind kind, const char *reason,
                        const struct http_head *request)
{
    struct refusal refusal;
    refusal_init(&refusal, kind, reason);
    refusal_send(&refusal, client->stream, &client->target, request, NULL);
    end_politely(client);
}

/* --- whose it is --- */

/* One user shall not take all places. */
static bool has_too_many(const struct client *client)
{
    size_t count = 0;
    const struct client *other;
    LIST_FOREACH(other, &client->proxy->clients, next)
        count += other->owner == client->owner;
    return count > PROXY_CLIENTS_MAX / 2;
}

static bool is_allowed(struct client *client)
{
    struct proxy *proxy = client->proxy;
    uid_t owner = (uid_t)-1;
    enum status status = client_owner_uid(client->fd, &owner);
    client->owner = owner;
    if (proxy->any_user ? !has_too_many(client) : status == STATUS_OK && owner == proxy->uid)
        return true;
    if (proxy->any_user) {
        log_limited(&proxy->refused, LOG_LEVEL_WARNING, "user %lu has half of all connections",
                    (unsigned long)owner);
        return false;
    }
    if (status == STATUS_OK)
        log_limited(&proxy->refused, LOG_LEVEL_WARNING,
                    "refused a connection of user %lu: this proxy is for user %lu alone",
                    (unsigned long)owner, (unsigned long)proxy->uid);
    else
        log_limited(&proxy->refused, LOG_LEVEL_WARNING,
                    "refused a connection: whose it is can't be told (%s)", status_text(status));
    return false;
}

/* --- into the exchange --- */

static void exchange_ended(void *context)
{
    struct client *client = context;
    client->exchange = NULL;
    end(client);
}

static void begin_exchange(struct client *client, enum exchange_form form,
                           const struct address *others, size_t other_count)
{
    struct exchange_start start = {
        .target = client->target,
        .form = form,
        .owner = client->owner,
        .browser = client->stream,
        .device = client->device,
        .device_address = client->device_address,
        .generation = client->generation,
        .device_is_used = client->device_is_used,
        .name = client->name,
        .refusal = client->refusal,
        .other_count = other_count,
        .other_addresses = others,
        .ended = exchange_ended,
        .context = client,
    };
    client->stream = client->device = NULL;
    client->state = CLIENT_EXCHANGING;
    client->exchange = exchange_create(client->proxy, &start);
    free(client->refusal);
    client->refusal = NULL;
    if (!client->exchange)
        end(client);
}

/* --- the tunnel --- */

static void begin_tls(struct client *client)
{
    SSL_CTX *context = NULL;
    enum status status =
        leaf_context(client->proxy->leaves, client->target.host, clock_read().wall_ms, &context);
    SSL *ssl = status == STATUS_OK ? SSL_new(context) : NULL;
    client->state = CLIENT_AT_HANDSHAKE;
    client->target.is_tls = true;
    if (ssl)
        status = stream_start_tls(client->stream, ssl, true);
    if (ssl && status == STATUS_OK) {
        stream_set_deadline(client->stream, CLIENT_HANDSHAKE_MS);
        return;
    }
    log_limited(&client->proxy->refused, LOG_LEVEL_ERROR, "no certificate for %s: %s",
                client->target.host, status_text(status));
    end(client);
}

static bool refuse_in_tunnel(struct client *client, const struct refusal *refusal)
{
    client->refusal = malloc(sizeof *refusal);
    if (!client->refusal)
        return false;
    *client->refusal = *refusal;
    return true;
}

static const char no_tls[] = "what follows CONNECT is no TLS";

/* The first octets inside the tunnel: TLS, or HTTP for a device that publishes no key. */
static void read_first_octet(struct client *client)
{
    uint8_t octet;
    struct refusal refusal;
    if (evbuffer_copyout(stream_input(client->stream), &octet, 1) < 1) {
        if (stream_input_ended(client->stream))
            end(client);
        return;
    }
    if (octet == TLS_RECORD_HANDSHAKE) {
        refusal_init(&refusal, PAGE_NO_RECORD, NULL);
        if (client->is_plain_device && !refuse_in_tunnel(client, &refusal))
            end(client);
        else
            begin_tls(client);
    } else if (client->is_plain_device && !client->refusal) {
        client->target.is_tls = false;
        begin_exchange(client, EXCHANGE_TUNNEL, NULL, 0);
    } else {
        refuse_here(client, PAGE_BAD_REQUEST, no_tls, NULL);
    }
}

/* What was sent along with CONNECT, before there was an answer, is TLS too. */
static bool may_follow(const struct client *client)
{
    uint8_t octet;
    return client->is_plain_device ||
           evbuffer_copyout(stream_input(client->stream), &octet, 1) < 1 ||
           octet == TLS_RECORD_HANDSHAKE;
}

static void accept_connect(struct client *client)
{
    static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    if (!may_follow(client)) {
        refuse_here(client, PAGE_BAD_REQUEST, no_tls, NULL);
        return;
    }
    stream_write(client->stream, yes, sizeof yes - 1);
    stream_set_deadline(client->stream, CLIENT_FIRST_OCTET_MS);
    client->state = CLIENT_AT_FIRST_OCTET;
    read_first_octet(client);
}

/* CONNECT's name is the one in the handshake (RFC 6066, section 3), if there is one. */
static bool is_named_right(const struct client *client)
{
    struct target target;
    const char *sni = SSL_get_servername(stream_ssl(client->stream), TLSEXT_NAMETYPE_host_name);
    if (!sni)
        return true;
    return target_of_authority(&target, (struct http_text){sni, strlen(sni)},
                               client->target.port) == TARGET_FAULT_NONE &&
           target_is(&target, client->target.host, client->target.port);
}

static void client_ready(void *context)
{
    struct client *client = context;
    if (is_named_right(client)) {
        begin_exchange(client, EXCHANGE_TUNNEL, NULL, 0);
        return;
    }
    refuse_here(client, PAGE_BAD_REQUEST, "the name in the TLS handshake is another than CONNECT's",
                NULL);
}

/* --- where to --- */

/* While the browser shakes hands, the device has nothing to say. If it does, or goes, the exchange
 * opens it anew. */
static void drop_device(void *context)
{
    struct client *client = context;
    stream_free(client->device);
    client->device = NULL;
}

static void drop_failed_device(void *context, enum status why)
{
    (void)why;
    drop_device(context);
}

static void ignore(void *context)
{
    (void)context;
}

static void hold_device(struct client *client, struct stream *device)
{
    static const struct stream_handlers handlers = {
        .ready = ignore, .input = drop_device, .drained = ignore, .failed = drop_failed_device};
    client->device = device;
    client->generation = proxy_generation(client->proxy);
    stream_set_handlers(device, &handlers, client);
}

static void opened(void *context, struct device_result *result)
{
    struct client *client = context;
    struct refusal refusal;
    bool is_open = result->outcome == DEVICE_OPEN;
    client->attempt = NULL;
    client->device_address = result->address;
    if (is_open)
        hold_device(client, result->stream);
    else
        refusal_of_device(&refusal, result, proxy_view(client->proxy), &client->name,
                          client->target.port);
    if (is_open && admission_ask(client->proxy, client->device, &client->target, &client->name,
                                 &result->verdict, &refusal)) {
        accept_connect(client);
        return;
    }
    address_text(&client->device_address, refusal.address);
    drop_device(client);
    if (refuse_in_tunnel(client, &refusal))
        accept_connect(client);
    else
        end(client);
}

static void open_device(struct client *client, const struct destination *destination)
{
    struct stream *parked = exchange_take_parked(
        client->proxy, &client->target, &client->name, client->owner, destination->addresses,
        destination->address_count, &client->device_address);
    if (parked) {
        client->device_is_used = true;
        hold_device(client, parked);
        accept_connect(client);
        return;
    }
    client->state = CLIENT_OPENING;
    stream_set_deadline(client->stream, 0); /* device.c has its own */
    client->attempt =
        device_open(client->proxy->devices, &client->name, client->target.port,
                    destination->addresses, destination->address_count, opened, client);
    if (!client->attempt)
        end(client);
}

/* --- names of a local upstream --- */

static void splice_input(void *context)
{
    struct client *client = context;
    if (!splice_pump(&client->splice))
        return;
    farewell_say(client->proxy->farewells, client->device);
    client->device = NULL;
    end_politely(client);
}

static void splice_failed(void *context, enum status why)
{
    (void)why;
    end(context);
}

static void begin_splice(struct client *client)
{
    static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    static const struct stream_handlers handlers = {
        .ready = ignore, .input = splice_input, .drained = splice_input, .failed = splice_failed};
    client->state = CLIENT_SPLICED;
    stream_write(client->stream, yes, sizeof yes - 1);
    splice_begin(&client->splice, client->stream, client->device);
    stream_set_deadline(client->stream, 0);
    stream_set_idle_timeout(client->stream, CLIENT_SPLICE_IDLE_MS);
    stream_set_idle_timeout(client->device, CLIENT_SPLICE_IDLE_MS);
    stream_set_handlers(client->stream, &handlers, client);
    stream_set_handlers(client->device, &handlers, client);
}

static void other_opened(void *context, struct device_result *result)
{
    struct client *client = context;
    client->attempt = NULL;
    if (result->outcome != DEVICE_OPEN) {
        refuse_here(client, PAGE_UNREACHABLE, result->reason, NULL);
        return;
    }
    client->device = result->stream;
    begin_splice(client);
}

static void other_found(void *context, const struct address *addresses, size_t count)
{
    struct client *client = context;
    client->question = NULL;
    if (count == 0) {
        refuse_here(client, PAGE_NO_ADDRESS, NULL, NULL);
    } else if (client->is_absolute) {
        begin_exchange(client, EXCHANGE_ABSOLUTE, addresses, count);
    } else {
        client->state = CLIENT_OPENING;
        client->attempt = device_open_plain(client->proxy->devices, client->target.port, addresses,
                                            count, other_opened, client);
        if (!client->attempt)
            end(client);
    }
}

static void find_other(struct client *client)
{
    if (!client->proxy->neighbour) {
        refuse_here(client, PAGE_FORBIDDEN, "no household that is known here has this name", NULL);
        return;
    }
    client->state = CLIENT_ASKING;
    stream_set_deadline(client->stream, 0);
    client->question =
        neighbour_find(client->proxy->neighbour, client->target.host, other_found, client);
    if (!client->question)
        end(client);
}

/* --- the head --- */

static const char not_ours[] = "it is not the address of a household's device";

/* The page in a tunnel. */
static void accept_refused(struct client *client, enum page_kind kind)
{
    struct refusal refusal;
    refusal_init(&refusal, kind, NULL);
    if (refuse_in_tunnel(client, &refusal))
        accept_connect(client);
    else
        end(client);
}

static void connect_to(struct client *client)
{
    struct destination destination;
    struct view *view = proxy_view(client->proxy);
    client->target.is_tls = true;
    if (destination_find(&destination, view, &client->target, clock_read().wall_ms) != STATUS_OK) {
        accept_refused(client, PAGE_NO_VIEW);
        return;
    }
    client->name = destination.name;
    switch (destination.kind) {
    case DESTINATION_FOREIGN:
        refuse_here(client, PAGE_FORBIDDEN, not_ours, NULL);
        break;
    case DESTINATION_OTHER:
        find_other(client);
        break;
    case DESTINATION_DASHBOARD:
        accept_refused(client, PAGE_NO_NAME);
        break;
    case DESTINATION_TLS:
        open_device(client, &destination);
        break;
    case DESTINATION_PLAIN:
        client->is_plain_device = true;
        accept_connect(client);
        break;
    case DESTINATION_REFUSED:
        accept_refused(client, destination.page);
        break;
    }
}

static enum target_fault target_of_connect(struct client *client, const struct http_head *head)
{
    struct target host;
    struct http_text named = http_head_only(head, "host");
    enum target_fault fault = target_of_authority(&client->target, head->target, 0);
    if (fault != TARGET_FAULT_NONE || !named.at)
        return fault;
    /* Browsers leave the port out of Host or not; the name must be the same. ffmpeg and node say
     * the proxy's address instead, which is no other destination. */
    fault = target_of_authority(&host, named, client->target.port);
    if (fault != TARGET_FAULT_NONE)
        return TARGET_FAULT_HOST;
    bool is_proxy = host.is_address || strcmp(host.host, "localhost") == 0;
    return is_proxy || target_is(&host, client->target.host, client->target.port)
               ? TARGET_FAULT_NONE
               : TARGET_FAULT_HOST;
}

static void take_connect(struct client *client, const struct http_head *head)
{
    struct http_framing framing;
    enum target_fault fault = target_of_connect(client, head);
    if (http_framing_of_request(&framing, head) != HTTP_FAULT_NONE ||
        framing.kind != HTTP_BODY_NONE) {
        refuse_here(client, PAGE_BAD_REQUEST, "CONNECT has no body", head);
        return;
    }
    if (fault != TARGET_FAULT_NONE) {
        refuse_here(client, PAGE_BAD_REQUEST, target_fault_text(fault), head);
        return;
    }
    (void)evbuffer_drain(stream_input(client->stream),
                         head->len); /* and with it the head's texts */
    stream_input_taken(client->stream);
    connect_to(client);
}

/* http of what publishes a key: the same by https. */
static bool redirect(struct client *client, const struct http_head *head, struct http_text path)
{
    char answer[PAGE_LINK_MAX + 256], port[8] = "";
    struct destination destination;
    struct target secure = client->target;
    struct view *view = proxy_view(client->proxy);
    if (!http_text_is(head->method, "GET") && !http_text_is(head->method, "HEAD"))
        return false;
    secure.is_tls = true;
    if (secure.port == 80)
        secure.port = 443;
    if (destination_find(&destination, view, &secure, clock_read().wall_ms) != STATUS_OK ||
        destination.kind != DESTINATION_TLS)
        return false;
    if (secure.port != 443)
        (void)snprintf(port, sizeof port, ":%u", (unsigned)secure.port);
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 307 \r\nLocation: https://%s%s%s%.*s\r\nContent-Length: 0\r\n"
                       "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                       secure.host, port, path.len > 0 && path.at[0] == '/' ? "" : "/",
                       (int)path.len, path.at ? path.at : "");
    if (len < 0 || (size_t)len >= sizeof answer)
        return false;
    stream_write(client->stream, answer, (size_t)len);
    end_politely(client);
    return true;
}

/* A whole http URL, at the proxy itself. */
static void take_url(struct client *client, const struct http_head *head)
{
    struct http_text path = {0};
    struct destination destination;
    struct view *view = proxy_view(client->proxy);
    enum target_fault fault = target_of_url(&client->target, head->target, &path);
    if (fault == TARGET_FAULT_NONE && client->target.is_tls)
        fault = TARGET_FAULT_SCHEME;
    if (fault != TARGET_FAULT_NONE) {
        refuse_here(client, PAGE_BAD_REQUEST,
                    fault == TARGET_FAULT_SCHEME
                        ? "this is a proxy: it takes CONNECT, and GET with a whole http address"
                        : target_fault_text(fault),
                    head);
        return;
    }
    client->is_absolute = true;
    if (destination_find(&destination, view, &client->target, clock_read().wall_ms) != STATUS_OK)
        refuse_here(client, PAGE_NO_VIEW, NULL, head);
    else if (destination.kind == DESTINATION_OTHER)
        find_other(client);
    else if (destination.kind == DESTINATION_PLAIN)
        begin_exchange(client, EXCHANGE_ABSOLUTE, NULL, 0);
    else if (!redirect(client, head, path))
        refuse_here(client,
                    destination.kind == DESTINATION_REFUSED ? destination.page : PAGE_FORBIDDEN,
                    destination.kind == DESTINATION_REFUSED ? NULL : not_ours, head);
}

static void read_head(struct client *client)
{
    struct http_head head;
    struct evbuffer *input = stream_input(client->stream);
    enum http_fault fault = http_input_head(&head, HTTP_REQUEST, input);
    bool speaks = evbuffer_get_length(input) > 0;
    if (speaks && !client->has_spoken && !is_allowed(client)) {
        end(client);
        return;
    }
    client->has_spoken |= speaks;
    if (fault == HTTP_FAULT_PARTIAL) {
        if (stream_input_ended(client->stream))
            end(client);
    } else if (fault != HTTP_FAULT_NONE) {
        refuse_here(client, PAGE_BAD_REQUEST, http_fault_text(fault), NULL);
    } else if (http_text_is(head.method, "CONNECT")) {
        take_connect(client, &head);
    } else {
        take_url(client, &head);
    }
}

/* --- events --- */

static void client_input(void *context)
{
    struct client *client = context;
    if (client->state == CLIENT_AT_HEAD)
        read_head(client);
    else if (client->state == CLIENT_AT_FIRST_OCTET)
        read_first_octet(client);
}

static void client_failed(void *context, enum status why)
{
    (void)why;
    end(context);
}

void client_create(struct proxy *proxy, int fd)
{
    static const struct stream_handlers handlers = {
        .ready = client_ready, .input = client_input, .drained = ignore, .failed = client_failed};
    struct client *client = calloc(1, sizeof *client);
    if (!client) {
        close(fd);
        return;
    }
    *client = (struct client){.proxy = proxy, .fd = fd};
    LIST_INSERT_HEAD(&proxy->clients, client, next);
    proxy_client_begun(proxy);
    bool may = is_allowed(client);
    client->stream = stream_create(proxy->base, fd, &handlers, client);
    if (may && client->stream)
        stream_set_deadline(client->stream, CLIENT_HEAD_MS);
    else
        end(client);
}

void client_look_at_all(struct proxy *proxy)
{
    struct client *client = LIST_FIRST(&proxy->clients);
    while (client) {
        struct client *next = LIST_NEXT(client, next);
        if (client->exchange && !exchange_may_stay(client->exchange))
            end(client);
        client = next;
    }
}

void client_end_all(struct proxy *proxy)
{
    while (!LIST_EMPTY(&proxy->clients))
        end(LIST_FIRST(&proxy->clients));
}
