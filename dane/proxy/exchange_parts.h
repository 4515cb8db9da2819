/* exchange_parts.h: what the two halves of an exchange share: exchange.c (the browser's side) and
 * exchange_device.c (the device's).
 *
 * A function that says whether the exchange lives on has freed it when it says no.
 */
#ifndef HEARTH_DANE_PROXY_EXCHANGE_PARTS_H
#define HEARTH_DANE_PROXY_EXCHANGE_PARTS_H

#include "dane/proxy/destination.h"
#include "dane/proxy/exchange.h"
#include "dane/proxy/http_framing.h"
#include "dane/proxy/http_head.h"
#include "dane/proxy/relay.h"
#include "dane/proxy/splice.h"

enum {
    EXCHANGE_IDLE_MS = 600000,      /* nothing moves while an answer is awaited or under way */
    EXCHANGE_LEFT_MS = 60000,       /* … and the browser has said its last */
    EXCHANGE_SWITCHED_MS = 3600000, /* … or in a WebSocket */
    EXCHANGE_REQUEST_MS = 300000,   /* no request comes */
    EXCHANGE_HEAD_MS = 10000,       /* a head has begun to come */
    EXCHANGE_REFUSAL_MS = 1000,     /* for which a refusal at CONNECT answers the first request */
    EXCHANGE_INTERIM_MAX = 64,      /* 1xx before an answer */
};

enum exchange_state {
    EXCHANGE_AT_REQUEST, /* the next head is awaited */
    EXCHANGE_OPENING,    /* the device is dialled for the present request */
    EXCHANGE_ANSWERING,  /* the request went out; its body and the answer are under way */
    EXCHANGE_SWITCHED,   /* it is a WebSocket now */
};

/* One request, with the octets that its head borrows. */
struct exchange_request {
    struct http_head head;
    struct http_framing framing;
    struct http_text path;
    char octets[];
};

struct exchange {
    struct proxy *proxy;
    struct target target;
    struct name name;
    enum exchange_form form;
    uid_t owner;
    enum exchange_state state;
    struct stream *browser;
    struct stream
        *device; /* between requests it is parked, unless the device knows it by a login */
    struct address device_address;
    struct device_shown *shown; /* by the device that was last open; NULL: none, or plain */
    struct device_attempt *attempt;
    struct exchange_request *request;
    struct relay up, down;
    struct splice splice;    /* EXCHANGE_SWITCHED */
    struct refusal *refusal; /* answers the first request, if that comes soon */
    uint64_t generation;     /* of the view that the device was judged by */
    unsigned interim;        /* 1xx so far */
    bool head_begun;         /* its deadline runs */
    bool device_is_used;     /* it has answered before, and may have gone since */
    bool browser_is_used;    /* likewise: who asks knows that, and asks again */
    bool answer_begun;       /* the head of the answer is out */
    bool keeps_browser, keeps_device;
    bool has_login;     /* the device may know its connection by a login */
    size_t other_count; /* a name that a local upstream serves: its addresses */
    struct address other_addresses[NEIGHBOUR_ADDRESSES_MAX];
    void (*ended)(void *context);
    void *context;
};

/* Frees all, and tells. What is queued for the browser is lost. */
void exchange_break(struct exchange *exchange);

/* Likewise, but the browser gets what is queued. */
void exchange_end(struct exchange *exchange);

/* Answers the present request with a page, and ends. */
void exchange_refuse(struct exchange *exchange, const struct refusal *refusal);

/* The answer is out as a whole: the next request, or the end. */
void exchange_answered(struct exchange *exchange);

/* The device's side: what of it is open is closed. */
void exchange_device_drop(struct exchange *exchange);

/* Takes over the device's connection: its handlers, and what it has shown. */
void exchange_device_watch(struct exchange *exchange);

/* Sends the present request, over the open connection, a parked one, or a new one. */
void exchange_device_ask(struct exchange *exchange, const struct address *addresses, size_t count);

/* Carries on what is under way, in each direction. False: ended. */
bool exchange_pump_up(struct exchange *exchange);
bool exchange_pump_down(struct exchange *exchange);
void exchange_pump_switched(struct exchange *exchange);

/* Is what the device showed (when it showed anything) right by the present view? Else *refusal says
 * why not. */
bool exchange_device_is_right(struct exchange *exchange, struct refusal *refusal);

#endif
