/* certificate.h: what a person should know about a certificate, and everything that is wrong with
 * it. */
#ifndef HEARTH_DANE_CERTIFICATE_H
#define HEARTH_DANE_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/x509.h"
#include "ledger/base/status.h"

enum {
    CERTIFICATE_TEXT = 256,
    CERTIFICATE_NAMES = 512,
    CERTIFICATE_RSA_MIN = 2048, /* bits; fewer are weak (NIST SP 800-57: 112 bits of strength) */
    CERTIFICATE_EC_MIN = 224,   /* bits; same strength */
};

/* All texts are printable ASCII on one line, whatever the certificate holds: everything else is
 * escaped as \XX. A text that does not fit ends in "...". */
struct certificate_facts {
    char subject[CERTIFICATE_TEXT]; /* "C=DE, O=Example, CN=camera" */
    char issuer[CERTIFICATE_TEXT];
    char names[CERTIFICATE_NAMES]; /* SAN DNS and IP, comma separated; the CN when there is no such
                                      SAN */
    int64_t not_before_ms, not_after_ms; /* since 1970; a date that can't be read never lets the
                                          * certificate be valid: INT64_MAX, INT64_MIN */
    char key[64];                        /* "RSA 1024", "EC P-256", "Ed25519" */
    char signature[64];                  /* "sha1WithRSAEncryption" */
    bool self_signed;                    /* names itself as its issuer, and its own key proves it */
    bool weak_key;       /* RSA < 2048, EC < 224 bits, another below 112 bits of strength */
    bool weak_signature; /* made with MD5, SHA-1 or older */
    uint8_t spki_sha256[32];
};

/* MALFORMED, CRYPTO. */
enum status certificate_facts(struct certificate_facts *facts, struct der certificate);

/* Does the certificate carry this host name (RFC 6125; the CN when there is no SAN of that kind) or
 * IP literal? A final dot is ignored; octets that are no certificate carry no name. */
bool certificate_carries(const struct x509 *certificate, const char *host);
bool certificate_has_name(struct der certificate, const char *host);

/* Of the facts, those that can be wrong; they cost little. */
struct certificate_faults {
    int64_t not_before_ms, not_after_ms;
    bool weak_key, weak_signature;
};
void certificate_faults(struct certificate_faults *faults, const struct x509 *certificate);

#endif
