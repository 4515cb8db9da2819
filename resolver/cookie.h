/* cookie.h: DNS server cookies (RFC 7873) in RFC 9018's form: version, time, keyed hash.
 *
 * A client that sees its own cookie come back with this one knows that the answer is no blind
 * forgery. Hearth serves nobody more for a good cookie, and so checks none. The hash is
 * SipHash-1-3, with a key that lives as long as the process: no other server needs to make the
 * same.
 */
#ifndef HEARTH_RESOLVER_COOKIE_H
#define HEARTH_RESOLVER_COOKIE_H

#include <stdint.h>

#include "ledger/base/address.h"
#include "resolver/query.h"
#include "resolver/reply.h"

enum { COOKIE_KEY_SIZE = 16 };

void cookie_make(const uint8_t key[static COOKIE_KEY_SIZE],
                 const uint8_t client[static COOKIE_CLIENT_SIZE], const struct address *peer,
                 uint32_t now_s, uint8_t out[static REPLY_SERVER_COOKIE_SIZE]);

#endif
