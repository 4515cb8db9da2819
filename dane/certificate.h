/* certificate.h: what a person should know about a certificate, and everything that is wrong with it. */
#ifndef HEARTH_DANE_CERTIFICATE_H
#define HEARTH_DANE_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/tlsa.h"
#include "ledger/base/status.h"

enum { CERTIFICATE_TEXT = 256, CERTIFICATE_NAMES = 512 };

struct certificate_facts {
    char subject[CERTIFICATE_TEXT]; /* one line, control characters escaped */
    char issuer[CERTIFICATE_TEXT];
    char names[CERTIFICATE_NAMES]; /* SAN DNS and IP, comma separated; the CN when there is no SAN */
    int64_t not_before_ms, not_after_ms; /* since 1970; INT64_MIN, INT64_MAX when out of range */
    char key[64];                        /* "RSA 1024", "EC P-256", "Ed25519" */
    char signature[64];                  /* "sha1WithRSAEncryption" */
    bool self_signed, weak_key, weak_signature;
    uint8_t spki_sha256[32];
};

/* MALFORMED. */
enum status certificate_facts(struct certificate_facts *facts, struct der certificate);

/* Does the certificate carry this host name (RFC 6125, CN when there is no SAN)? */
bool certificate_has_name(struct der certificate, const char *host);

#endif
