/* tls_identity.h: a node's TLS key (P-256) with a self-signed certificate of which only the SPKI
 * matters. */
#ifndef HEARTH_DANE_TLS_IDENTITY_H
#define HEARTH_DANE_TLS_IDENTITY_H

#include <stdint.h>

#include "ledger/base/status.h"

/* Reads DIR/tls.key and DIR/tls.pem (PEM, key 0600), making both when there is no key.
 * *spki_sha256* is the key's. DENIED (rights), CORRUPT, IO. */
enum status tls_identity_open(const char *dir, uint8_t spki_sha256[static 32]);

#endif
