/* client_parts.h: what the parts of a client share: client.c (it comes, speaks and goes), client_route.c (where it
 * wants to go), client_tunnel.c (the way of CONNECT), client_other.c (names of a local upstream).
 *
 * Whatever is said to return nothing may have ended the client.
 */
#ifndef HEARTH_DANE_PROXY_CLIENT_PARTS_H
#define HEARTH_DANE_PROXY_CLIENT_PARTS_H

#include "dane/proxy/client.h"
#include "dane/proxy/destination.h"
#include "dane/proxy/exchange.h"
#include "dane/proxy/splice.h"

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

/* --- client.c --- */

/* Closes all that is open and frees it; the second kind first sends what is queued. */
void client_end(struct client *client);
void client_end_politely(struct client *client);

/* A page in the clear, to what is no tunnel or none yet; `request` may be NULL. Ends. */
void client_refuse(struct client *client, enum page_kind kind, const char *reason,
                   const struct http_head *request);

void client_ignore(void *context); /* for events that tell nothing */

/* --- client_route.c: a head was read --- */

void client_take_connect(struct client *client, const struct http_head *head);
void client_take_url(struct client *client, const struct http_head *head);

/* --- client_tunnel.c --- */

/* Opens the device of `client->name`, then answers CONNECT. */
void client_open_device(struct client *client, const struct destination *destination);

/* Answers CONNECT; what is kept instead of a device is shown inside the tunnel. */
void client_accept(struct client *client);
bool client_keep_refusal(struct client *client, const struct refusal *refusal); /* memory */

/* Events of the tunnel: its first octet came; its handshake is done. */
void client_read_first_octet(struct client *client);
void client_ready(void *context);

/* Hands all over to an exchange. */
void client_begin_exchange(struct client *client, enum exchange_form form,
                           const struct address *others, size_t other_count);

/* --- client_other.c --- */

void client_find_other(struct client *client);

#endif
