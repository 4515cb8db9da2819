/* client_route.c: see client_parts.h; where a head leads: by CONNECT, or by a whole http URL. */
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

#include "dane/proxy/client_parts.h"
#include "dane/proxy/http_framing.h"
#include "ledger/base/clock.h"
#include "ledger/base/socket_address.h"

static const char not_ours[] = "it is not the address of a household's device";

/* The page in a tunnel. */
static void accept_refused(struct client *client, enum page_kind kind)
{
    struct refusal refusal;
    refusal_init(&refusal, kind, NULL);
    if (client_keep_refusal(client, &refusal))
        client_accept(client);
    else
        client_end(client);
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
        client_refuse(client, PAGE_FORBIDDEN, not_ours, NULL);
        break;
    case DESTINATION_OTHER:
        client_find_other(client);
        break;
    case DESTINATION_DASHBOARD:
        accept_refused(client, PAGE_NO_NAME);
        break;
    case DESTINATION_TLS:
        client_open_device(client, &destination);
        break;
    case DESTINATION_PLAIN:
        client->is_plain_device = true;
        client_accept(client);
        break;
    case DESTINATION_REFUSED:
        accept_refused(client, destination.page);
        break;
    }
}

/* ffmpeg and node name the proxy in Host, which is no other destination. */
static bool is_this_door(const struct client *client, const struct target *host)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    char own[ADDRESS_TEXT_SIZE];
    if (getsockname(client->fd, (struct sockaddr *)&at, &len) != 0 ||
        socket_address_port((const struct sockaddr *)&at) != host->port)
        return false;
    struct address address = socket_address_read((const struct sockaddr *)&at);
    address_text(&address, own);
    return strcmp(host->host, "localhost") == 0 || strcmp(host->host, own) == 0;
}

static enum target_fault target_of_connect(struct client *client, const struct http_head *head)
{
    struct target host;
    struct http_text named = http_head_only(head, "host");
    enum target_fault fault = target_of_authority(&client->target, head->target, 0);
    if (fault != TARGET_FAULT_NONE || !named.at)
        return fault;
    /* Browsers leave the port out of Host or not; the name must be the same. */
    fault = target_of_authority(&host, named, client->target.port);
    if (fault != TARGET_FAULT_NONE)
        return TARGET_FAULT_HOST;
    return is_this_door(client, &host) || target_is(&host, client->target.host, client->target.port)
               ? TARGET_FAULT_NONE
               : TARGET_FAULT_HOST;
}

void client_take_connect(struct client *client, const struct http_head *head)
{
    struct http_framing framing;
    enum target_fault fault = target_of_connect(client, head);
    if (http_framing_of_request(&framing, head) != HTTP_FAULT_NONE ||
        framing.kind != HTTP_BODY_NONE) {
        client_refuse(client, PAGE_BAD_REQUEST, "CONNECT has no body", head);
        return;
    }
    if (fault != TARGET_FAULT_NONE) {
        client_refuse(client, PAGE_BAD_REQUEST, target_fault_text(fault), head);
        return;
    }
    (void)evbuffer_drain(stream_input(client->stream),
                         head->len); /* and with it the head's texts */
    stream_input_taken(client->stream);
    connect_to(client);
}

/* Does the name publish a key where https would go instead of this http address? */
static bool is_secure_at(const struct client *client, struct target *secure)
{
    struct destination destination;
    struct view *view = proxy_view(client->proxy);
    *secure = client->target;
    secure->is_tls = true;
    if (secure->port == 80)
        secure->port = 443;
    return destination_find(&destination, view, secure, clock_read().wall_ms) == STATUS_OK &&
           destination.kind == DESTINATION_TLS;
}

/* http of what publishes a key: the same by https, unless something would be sent there. */
static void redirect(struct client *client, const struct http_head *head,
                     const struct target *secure, struct http_text path)
{
    char answer[PAGE_LINK_MAX + 256], port[8] = "";
    bool only_reads = http_text_is(head->method, "GET") || http_text_is(head->method, "HEAD");
    if (secure->port != 443)
        (void)snprintf(port, sizeof port, ":%u", (unsigned)secure->port);
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 307 \r\nLocation: https://%s%s%s%.*s\r\nContent-Length: 0\r\n"
                       "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                       secure->host, port, path.len > 0 && path.at[0] == '/' ? "" : "/",
                       (int)path.len, path.at ? path.at : "");
    if (!only_reads || len < 0 || (size_t)len >= sizeof answer) {
        client_refuse(client, PAGE_FORBIDDEN, "its key is published: open it by https", head);
        return;
    }
    stream_write(client->stream, answer, (size_t)len);
    client_end_politely(client);
}

/* A whole http URL, at the proxy itself. */
void client_take_url(struct client *client, const struct http_head *head)
{
    struct http_text path = {0};
    struct destination destination;
    struct target secure;
    struct view *view = proxy_view(client->proxy);
    enum target_fault fault = target_of_url(&client->target, head->target, &path);
    if (fault == TARGET_FAULT_NONE && client->target.is_tls)
        fault = TARGET_FAULT_SCHEME;
    if (fault != TARGET_FAULT_NONE) {
        client_refuse(client, PAGE_BAD_REQUEST,
                      fault == TARGET_FAULT_SCHEME
                          ? "this is a proxy: it takes CONNECT, and GET with a whole http address"
                          : target_fault_text(fault),
                      head);
        return;
    }
    client->is_absolute = true;
    if (destination_find(&destination, view, &client->target, clock_read().wall_ms) != STATUS_OK)
        client_refuse(client, PAGE_NO_VIEW, NULL, head);
    else if (destination.kind == DESTINATION_OTHER)
        client_find_other(client);
    else if (destination.kind == DESTINATION_PLAIN)
        client_begin_exchange(client, EXCHANGE_ABSOLUTE, NULL, 0);
    else if (is_secure_at(client, &secure))
        redirect(client, head, &secure, path);
    else if (destination.kind == DESTINATION_REFUSED)
        client_refuse(client, destination.page, NULL, head);
    else
        client_refuse(client, PAGE_FORBIDDEN, not_ours, head);
}
