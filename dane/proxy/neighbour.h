/* neighbour.h: other names under home.arpa, which a local upstream serves (the network's own, before
 * Hearth came): their addresses, for a tunnel that is not looked into.
 */
#ifndef HEARTH_DANE_PROXY_NEIGHBOUR_H
#define HEARTH_DANE_PROXY_NEIGHBOUR_H

#include <stddef.h>

#include "ledger/base/address.h"
#include "resolver/daemon/config.h"

struct event_base;
struct neighbour;
struct neighbour_question;

enum { NEIGHBOUR_ADDRESSES_MAX = 8 };

/* NULL: no memory. */
struct neighbour *neighbour_create(struct event_base *base,
                                   const struct config_endpoint *local_upstream);
void neighbour_free(struct neighbour *neighbour);

/* Asks for AAAA and A. `done` is called once, from the loop; `count` 0: there is none, or no answer.
 * This machine's own and other unpublishable addresses are left out. NULL: no memory. */
struct neighbour_question *neighbour_find(
    struct neighbour *neighbour, const char *host,
    void (*done)(void *context, const struct address *addresses, size_t count), void *context);

/* Before `done` only: it is then not called any more. */
void neighbour_cancel(struct neighbour_question *question);

#endif
