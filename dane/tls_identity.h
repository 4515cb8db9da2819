/* tls_identity.h: a node's TLS key (P-256) with a self-signed certificate of which only the SPKI
 * matters. */
#ifndef HEARTH_DANE_TLS_IDENTITY_H
#define HEARTH_DANE_TLS_IDENTITY_H

#include <stdint.h>

#include "ledger/base/status.h"

/* Reads DIR/tls.key and DIR/tls.pem (PEM, both 0600), making both when there is no key, and the
 * certificate alone when only that is missing, damaged or not the key's. `spki_sha256` is the
 * key's. DENIED: the key is a symbolic link, belongs to another user, or others have rights to it
 * (file_check_private). CORRUPT: the key is not what it should be. NOT_FOUND (no such folder),
 * FULL, IO, CRYPTO. */
enum status tls_identity_open(const char *dir, uint8_t spki_sha256[static 32]);

#endif
