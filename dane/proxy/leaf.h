/* leaf.h: the certificates that the proxy shows to its own user's browser: one a host, made in memory
 * when it is first needed, signed by that user's CA (ca.h), never written anywhere.
 */
#ifndef HEARTH_DANE_PROXY_LEAF_H
#define HEARTH_DANE_PROXY_LEAF_H

#include <stddef.h>

#include "dane/proxy/ca.h"
#include "ledger/base/status.h"

struct leaf_cache;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

enum { LEAF_CACHE_MAX = 256 /* hosts; the one used longest ago goes first */ };

/* `ca` is borrowed for the cache's life. NULL: no memory. */
struct leaf_cache *leaf_cache_create(const struct ca *ca);
void leaf_cache_free(struct leaf_cache *cache);

/* A server context for the host (TLS 1.2 up, ALPN http/1.1 only, tickets, no early data) whose leaf
 * is good at `now_ms` (wall clock): made anew before its end, and when the clock was set back. Its
 * reference belongs to the cache: take one's own with SSL_CTX_up_ref, or by SSL_new. CRYPTO,
 * NO_MEMORY, RANGE (no host below home.arpa: the CA can't vouch for it). */
enum status leaf_context(struct leaf_cache *cache, const char *host, unsigned long long now_ms,
                         struct ssl_ctx_st **context);

#endif
