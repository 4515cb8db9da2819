/* greeting.h: the ways to greet a device, from today's TLS down to what the oldest understand.
 *
 * Old devices end the handshake over a name (SNI) or a version that they don't know, where they
 * should have passed over it; they are greeted again, more plainly. Nothing is lost by it: who
 * could force an older version on us still lacks the device's key, and the verdict rests on that.
 */
#ifndef HEARTH_DANE_GREETING_H
#define HEARTH_DANE_GREETING_H

#include <stdbool.h>
#include <stddef.h>

#include "dane/probe_reason.h"
#include "ledger/base/status.h"

struct ssl_st; /* OpenSSL's SSL */

enum { GREETING_COUNT = 4 };

/* Prepares a client's handshake. `sni` may be NULL; an IP literal is not sent. NO_MEMORY. */
enum status greeting_prepare(struct ssl_st *ssl, size_t greeting, const char *sni);

/* The one after it that says something else; GREETING_COUNT when there is none. */
size_t greeting_next(size_t greeting, const char *sni);

/* Is it for devices that understand today's TLS, with extensions such as ALPN? */
bool greeting_is_modern(size_t greeting);

/* Is that how a device refuses a greeting? It hung up on it, or answered with an alert. `status` is
 * CLOSED or MALFORMED then. */
bool greeting_is_refused(const struct probe_failure *failure, enum status status);

/* How much an outcome tells: an address that answered wrongly says more than one that did not
 * answer. */
int greeting_rank(enum status status);

#endif
