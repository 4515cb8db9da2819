/* probe_reason.h: says in plain words why a handshake with a device failed. Pure. */
#ifndef HEARTH_DANE_PROBE_REASON_H
#define HEARTH_DANE_PROBE_REASON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum { PROBE_FIRST_OCTETS = 16 };

/* What is known of a failed handshake. */
struct probe_failure {
    enum status status;
    int error;                         /* errno of a connection that was not made; 0 */
    unsigned long tls_error;           /* OpenSSL's first error; 0 */
    bool connected;                    /* TCP was there */
    bool asked_client_certificate;     /* the device wants one */
    uint8_t first[PROBE_FIRST_OCTETS]; /* what the device sent first */
    size_t first_len;                  /* of `first`; less when less was sent */
};

/* A clause for "ADDRESS port N …", a string that lives for ever: "speaks plain HTTP, not TLS". */
const char *probe_reason(const struct probe_failure *failure);

#endif
