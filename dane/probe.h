/* probe.h: connects to a device and says what it presents: TLS 1.0 up, weak keys and ciphers
 * included.
 *
 * One blocking call with a deadline, for the CLI (the proxy has its own loop and shares
 * tls_context.h). It sends nothing after the handshake.
 */
#ifndef HEARTH_DANE_PROBE_H
#define HEARTH_DANE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/verdict.h"
#include "ledger/base/address.h"
#include "ledger/base/status.h"

enum {
    PROBE_CHAIN_BYTES_MAX = 65536, /* octets of DER; a longer certificate list ends the handshake */
    PROBE_RECEIVED_MAX = 262144,   /* octets that a device may send in one handshake */
    PROBE_ADDRESSES_MAX = 16,      /* further ones are not tried */
    PROBE_REASON_SIZE = 256,
};

struct probe {
    struct presented presented; /* borrows `bytes`: a copy of this struct needs its own look */
    uint8_t bytes[PROBE_CHAIN_BYTES_MAX];
    struct address address; /* the one that answered, or that `reason` speaks of */
    char protocol[16];      /* "TLSv1.2" */
    char cipher[64];
    char reason[PROBE_REASON_SIZE]; /* for people, when the status is not OK */
};

/* Tries the addresses in order (each with its share of what is left of the deadline) and completes
 * one TLS handshake with SNI = sni (may be NULL; an IP literal is not sent). A device that refuses
 * that is greeted again: without SNI, then with TLS 1.2 and with TLS 1.0 at most. The first address
 * that completes it wins; when none does, status and reason are of the one that came furthest:
 * MALFORMED (it answered, but not with TLS that works here), CLOSED (by the device, during the
 * handshake), TIMEOUT, UNREACHABLE (refused, no route; no address given), IO, NO_MEMORY. */
enum status probe_device(struct probe *probe, const struct address *addresses, size_t count,
                         uint16_t port, const char *sni, unsigned timeout_ms);

#endif
