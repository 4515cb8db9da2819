/* client_tunnel.c: see client_parts.h; the way of CONNECT from the name that the view has to the exchange inside. */
#include <event2/buffer.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "dane/proxy/admission.h"
#include "dane/proxy/client_parts.h"
#include "ledger/base/clock.h"

enum {
    CLIENT_FIRST_OCTET_MS = 30000, /* browsers connect ahead of need */
    CLIENT_HANDSHAKE_MS = 10000,
    TLS_RECORD_HANDSHAKE = 0x16,
};

/* --- into the exchange --- */

static void exchange_ended(void *context)
{
    struct client *client = context;
    client->exchange = NULL;
    client_end(client);
}

void client_begin_exchange(struct client *client, enum exchange_form form,
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
        client_end(client);
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
    client_end(client);
}

bool client_keep_refusal(struct client *client, const struct refusal *refusal)
{
    client->refusal = malloc(sizeof *refusal);
    if (!client->refusal)
        return false;
    *client->refusal = *refusal;
    return true;
}

static const char no_tls[] = "what follows CONNECT is no TLS";

/* The first octets inside the tunnel: TLS, or HTTP for a device that publishes no key. */
void client_read_first_octet(struct client *client)
{
    uint8_t octet;
    struct refusal refusal;
    if (evbuffer_copyout(stream_input(client->stream), &octet, 1) < 1) {
        if (stream_input_ended(client->stream))
            client_end(client);
        return;
    }
    if (octet == TLS_RECORD_HANDSHAKE) {
        refusal_init(&refusal, PAGE_NO_RECORD, NULL);
        if (client->is_plain_device && !client_keep_refusal(client, &refusal))
            client_end(client);
        else
            begin_tls(client);
    } else if (client->is_plain_device && !client->refusal) {
        client->target.is_tls = false;
        client_begin_exchange(client, EXCHANGE_TUNNEL, NULL, 0);
    } else {
        client_refuse(client, PAGE_BAD_REQUEST, no_tls, NULL);
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

void client_accept(struct client *client)
{
    static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    if (!may_follow(client)) {
        client_refuse(client, PAGE_BAD_REQUEST, no_tls, NULL);
        return;
    }
    stream_write(client->stream, yes, sizeof yes - 1);
    stream_set_deadline(client->stream, CLIENT_FIRST_OCTET_MS);
    client->state = CLIENT_AT_FIRST_OCTET;
    client_read_first_octet(client);
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

void client_ready(void *context)
{
    struct client *client = context;
    if (is_named_right(client)) {
        client_begin_exchange(client, EXCHANGE_TUNNEL, NULL, 0);
        return;
    }
    client_refuse(client, PAGE_BAD_REQUEST,
                  "the name in the TLS handshake is another than CONNECT's", NULL);
}

/* --- the device --- */

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

static void hold_device(struct client *client, struct stream *device)
{
    static const struct stream_handlers handlers = {.ready = client_ignore,
                                                    .input = drop_device,
                                                    .drained = client_ignore,
                                                    .failed = drop_failed_device};
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
        client_accept(client);
        return;
    }
    address_text(&client->device_address, refusal.address);
    drop_device(client);
    if (client_keep_refusal(client, &refusal))
        client_accept(client);
    else
        client_end(client);
}

void client_open_device(struct client *client, const struct destination *destination)
{
    struct stream *parked = exchange_take_parked(
        client->proxy, &client->target, &client->name, client->owner, destination->addresses,
        destination->address_count, &client->device_address);
    if (parked) {
        client->device_is_used = true;
        hold_device(client, parked);
        client_accept(client);
        return;
    }
    client->state = CLIENT_OPENING;
    stream_set_deadline(client->stream, 0); /* device.c has its own */
    client->attempt =
        device_open(client->proxy->devices, &client->name, client->target.port,
                    destination->addresses, destination->address_count, opened, client);
    if (!client->attempt)
        client_end(client);
}
