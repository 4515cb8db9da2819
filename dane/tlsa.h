/* tlsa.h: does a certificate match a TLSA record? Pure matching (RFC 6698, RFC 7671).
 *
 *     struct tlsa tlsa;
 *     if (tlsa_decode(&tlsa, rdata, len) == STATUS_OK && tlsa_is_usable(&tlsa) &&
 *         tlsa_match_certificate(&tlsa, leaf) == STATUS_OK) …
 */
#ifndef HEARTH_DANE_TLSA_H
#define HEARTH_DANE_TLSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/x509.h"
#include "ledger/base/status.h"

enum { TLSA_RRS_MAX = 64, TLSA_HASH_MAX = 64 };

enum tlsa_usage { TLSA_PKIX_TA = 0, TLSA_PKIX_EE = 1, TLSA_DANE_TA = 2, TLSA_DANE_EE = 3 };
enum tlsa_selector { TLSA_FULL_CERTIFICATE = 0, TLSA_SPKI = 1 };
enum tlsa_matching { TLSA_EXACT = 0, TLSA_SHA256 = 1, TLSA_SHA512 = 2 };

struct tlsa {
    uint8_t usage, selector, matching;
    const uint8_t *data; /* borrowed */
    size_t data_len;
};

/* Decodes one rdata; form only (RFC 6698, section 2.1): TRUNCATED (less than its three octets);
 * RANGE for an unknown usage, selector or matching type; TLSA_LENGTH (also for no data at all). */
enum status tlsa_decode(struct tlsa *tlsa, const uint8_t *rdata, size_t len);

/* Can it vouch for anything here: usage 2 or 3, and not the hash of an empty input? Usages 0 and 1
 * need the public CAs, to which a household name never falls back. */
bool tlsa_is_usable(const struct tlsa *tlsa);

/* Does this one certificate have the associated data (usage not asked)? OK, NOT_FOUND = no match,
 * CRYPTO; of octets also MALFORMED = no DER certificate. */
enum status tlsa_match(const struct tlsa *tlsa, const struct x509 *certificate);
enum status tlsa_match_certificate(const struct tlsa *tlsa, struct der certificate);

#endif
