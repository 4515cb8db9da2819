/* neighbour.c: see neighbour.h. Two questions to one server, by libevent's resolver; a question
 * lives until both are answered, also when nobody waits for it any more. */
#include "dane/proxy/neighbour.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "ledger/base/socket_address.h"

struct neighbour_question {
    LIST_ENTRY(neighbour_question) next;
    unsigned unanswered;
    bool cancelled;
    size_t count;
    struct address addresses[NEIGHBOUR_ADDRESSES_MAX];
    void (*done)(void *context, const struct address *addresses, size_t count);
    void *context;
};

struct neighbour {
    struct evdns_base *resolver;
    LIST_HEAD(, neighbour_question) questions;
};

struct neighbour *neighbour_create(struct event_base *base,
                                   const struct config_endpoint *local_upstream)
{
    struct sockaddr_storage address;
    socklen_t len = socket_address_make(&local_upstream->address, local_upstream->port, &address);
    struct neighbour *neighbour = calloc(1, sizeof *neighbour);
    if (!neighbour)
        return NULL;
    neighbour->resolver = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (neighbour->resolver && evdns_base_nameserver_sockaddr_add(
                                   neighbour->resolver, (struct sockaddr *)&address, len, 0) == 0)
        return neighbour;
    neighbour_free(neighbour);
    return NULL;
}

void neighbour_free(struct neighbour *neighbour)
{
    if (!neighbour)
        return;
    if (neighbour->resolver)
        evdns_base_free(neighbour->resolver, 0); /* calls nobody back */
    while (!LIST_EMPTY(&neighbour->questions)) {
        struct neighbour_question *question = LIST_FIRST(&neighbour->questions);
        LIST_REMOVE(question, next);
        free(question);
    }
    free(neighbour);
}

static void add(struct neighbour_question *question, const struct address *address)
{
    if (question->count < NEIGHBOUR_ADDRESSES_MAX &&
        address_check_publishable(address) == STATUS_OK)
        question->addresses[question->count++] = *address;
}

static void take(struct neighbour_question *question, char type, int count, const void *octets)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *at = (const uint8_t *)octets + (type == DNS_IPv4_A ? 4 : 16) * (size_t)i;
        struct address address = type == DNS_IPv4_A ? address_from_ipv4(at) : address_from_ipv6(at);
        add(question, &address);
    }
}

/* Called once for each of the two. */
static void answer(int result, char type, int count, int ttl, void *octets, void *context)
{
    struct neighbour_question *question = context;
    (void)ttl;
    if (result == DNS_ERR_NONE && (type == DNS_IPv4_A || type == DNS_IPv6_AAAA))
        take(question, type, count, octets);
    if (--question->unanswered > 0)
        return;
    LIST_REMOVE(question, next);
    if (!question->cancelled)
        question->done(question->context, question->addresses, question->count);
    free(question);
}

struct neighbour_question *neighbour_find(
    struct neighbour *neighbour, const char *host,
    void (*done)(void *context, const struct address *addresses, size_t count), void *context)
{
    struct neighbour_question *question = calloc(1, sizeof *question);
    if (!question)
        return NULL;
    question->done = done;
    question->context = context;
    LIST_INSERT_HEAD(&neighbour->questions, question, next);
    if (evdns_base_resolve_ipv6(neighbour->resolver, host, DNS_QUERY_NO_SEARCH, answer, question))
        question->unanswered++;
    if (evdns_base_resolve_ipv4(neighbour->resolver, host, DNS_QUERY_NO_SEARCH, answer, question))
        question->unanswered++;
    if (question->unanswered > 0)
        return question;
    LIST_REMOVE(question, next);
    free(question);
    return NULL;
}

void neighbour_cancel(struct neighbour_question *question)
{
    question->cancelled = true;
}
