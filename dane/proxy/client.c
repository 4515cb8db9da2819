/* client.c: see client.h; it comes, is asked whose it is, speaks one head, and goes.
 *
 * Happy path of CONNECT: read_head, client_take_connect (client_route.c: what the view says), the device's verdict,
 * "200", the first octet of TLS, our handshake with a leaf for the name (client_tunnel.c), then an exchange. What is
 * refused takes the same way without a device, so that the browser gets a page it can show. A whole
 * http URL leaves out the middle.
 */
#include "dane/proxy/client.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <unistd.h>

#include "dane/proxy/client_owner.h"
#include "dane/proxy/client_parts.h"
#include "dane/proxy/http_input.h"

enum { CLIENT_HEAD_MS = 10000 };

/* --- ends --- */

void client_end(struct client *client)
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

void client_end_politely(struct client *client)
{
    farewell_say(client->proxy->farewells, client->stream);
    client->stream = NULL;
    client_end(client);
}

void client_refuse(struct client *client, enum page_kind kind, const char *reason,
                   const struct http_head *request)
{
    struct refusal refusal;
    refusal_init(&refusal, kind, reason);
    refusal_send(&refusal, client->stream, &client->target, request, NULL);
    client_end_politely(client);
}
void client_ignore(void *context)
{
    (void)context;
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

/* --- events --- */

static void read_head(struct client *client)
{
    struct http_head head;
    struct evbuffer *input = stream_input(client->stream);
    enum http_fault fault = http_input_head(&head, HTTP_REQUEST, input);
    bool speaks = evbuffer_get_length(input) > 0;
    if (speaks && !client->has_spoken && !is_allowed(client)) {
        client_end(client);
        return;
    }
    client->has_spoken |= speaks;
    if (fault == HTTP_FAULT_PARTIAL) {
        if (stream_input_ended(client->stream))
            client_end(client);
    } else if (fault != HTTP_FAULT_NONE) {
        client_refuse(client, PAGE_BAD_REQUEST, http_fault_text(fault), NULL);
    } else if (http_text_is(head.method, "CONNECT")) {
        client_take_connect(client, &head);
    } else {
        client_take_url(client, &head);
    }
}
static void client_input(void *context)
{
    struct client *client = context;
    if (client->state == CLIENT_AT_HEAD)
        read_head(client);
    else if (client->state == CLIENT_AT_FIRST_OCTET)
        client_read_first_octet(client);
}

static void client_failed(void *context, enum status why)
{
    (void)why;
    client_end(context);
}

void client_create(struct proxy *proxy, int fd)
{
    static const struct stream_handlers handlers = {.ready = client_ready,
                                                    .input = client_input,
                                                    .drained = client_ignore,
                                                    .failed = client_failed};
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
        client_end(client);
}

void client_look_at_all(struct proxy *proxy)
{
    struct client *client = LIST_FIRST(&proxy->clients);
    while (client) {
        struct client *next = LIST_NEXT(client, next);
        if (client->exchange && !exchange_may_stay(client->exchange))
            client_end(client);
        client = next;
    }
}

void client_end_all(struct proxy *proxy)
{
    struct client *next, *client = LIST_FIRST(&proxy->clients);
    for (; client; client = next) {
        next = LIST_NEXT(client, next);
        client_end(client);
    }
}
