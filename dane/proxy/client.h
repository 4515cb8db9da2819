/* client.h: one connection to the proxy's door, from whose it is to where it wants to go.
 *
 * Its owner is asked of the kernel when it comes and again when it first speaks; then one head is
 * read: CONNECT, or a whole http URL. A name of the household is dialled and judged before CONNECT
 * is answered at all, so that the browser's handshake comes after the verdict.
 */
#ifndef HEARTH_DANE_PROXY_CLIENT_H
#define HEARTH_DANE_PROXY_CLIENT_H

#include "dane/proxy/proxy.h"

/* Takes the descriptor. It ends by itself, and tells the proxy when it comes and goes
 * (proxy_client_begun, proxy_client_ended). */
void client_create(struct proxy *proxy, int fd);

/* The view has changed: ends those that must not live on. */
void client_look_at_all(struct proxy *proxy);

/* Closes all at once. */
void client_end_all(struct proxy *proxy);

#endif
