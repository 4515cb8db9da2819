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

enum { PROBE_CHAIN_MAX = 16, PROBE_CHAIN_BYTES_MAX = 65536, PROBE_REASON_SIZE = 256 };

struct probe {
    struct presented presented; /* borrows `bytes` */
    uint8_t bytes[PROBE_CHAIN_BYTES_MAX];
    struct address address; /* the one that answered */
    char protocol[16];      /* "TLSv1.2" */
    char cipher[64];
    char reason[PROBE_REASON_SIZE]; /* for people, when the status is not OK */
};

/* Tries the addresses in order (each with its share of the deadline) and completes one TLS
 * handshake with SNI = sni (may be NULL). UNREACHABLE (refused, no route), TIMEOUT, UNSUPPORTED
 * spoken as MALFORMED: it answered, but not with TLS (reason says what), IO. */
enum status probe_device(struct probe *probe, const struct address *addresses, size_t count,
                         uint16_t port, const char *sni, unsigned timeout_ms);

#endif
