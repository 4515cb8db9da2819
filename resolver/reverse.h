/* reverse.h: names below in-addr.arpa (RFC 1035, section 3.5) and ip6.arpa (RFC 3596, section 2.5).
 */
#ifndef HEARTH_RESOLVER_REVERSE_H
#define HEARTH_RESOLVER_REVERSE_H

#include <stdbool.h>

#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum { REVERSE_BITS = 128 /* of an address in its mapped form */ };

struct reverse {
    struct address address; /* bits beyond `bits` are zero */
    uint8_t bits;           /* that the name's labels give; 96 and up for IPv4 */
    bool junk;              /* there are labels before those: no address has such a name */
};

/* `folded` is lower case. NOT_FOUND: in neither tree. */
enum status reverse_parse(const struct name *folded, struct reverse *reverse);

/* Is it an address and nothing else? */
bool reverse_is_address(const struct reverse *reverse);

/* Does it lie in a zone that concerns this house or nobody (RFC 6303, RFC 7793)? */
bool reverse_is_private(const struct reverse *reverse);

#endif
