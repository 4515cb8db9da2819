/* dialer.h: TCP to the first of several addresses that answers (RFC 8305).
 *
 * IPv6 and IPv4 by turns, IPv6 first; the next address is tried when one fails, and after a quarter
 * of a second in any case, while those before go on.
 */
#ifndef HEARTH_DANE_PROXY_DIALER_H
#define HEARTH_DANE_PROXY_DIALER_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/status.h"

struct event_base;
struct dialer;

enum { DIALER_ADDRESSES_MAX = 16, DIALER_STAGGER_MS = 250 };

struct dialer_result {
    enum status status; /* OK; UNREACHABLE (refused, no route, no address); TIMEOUT (no answer from
                             at least one); IO */
    int fd;             /* OK: connected, non-blocking, the callee's to close; else -1 */
    struct address address; /* that answered, or whose failure tells most */
    size_t index;           /* its place in the list that was given */
    int error;              /* errno of that failure; 0 */
    uint32_t failed;        /* bits by place: these have failed */
};

/* Dials; further addresses than the first DIALER_ADDRESSES_MAX are left out. `done` is called once,
 * from the loop; the dialer is gone then. NULL: no memory. */
struct dialer *dialer_start(struct event_base *base, const struct address *addresses, size_t count,
                            uint16_t port, unsigned timeout_ms,
                            void (*done)(void *context, const struct dialer_result *result),
                            void *context);

/* Before `done` only, which is then not called. NULL is allowed. */
void dialer_cancel(struct dialer *dialer);

#endif
