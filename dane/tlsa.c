/* tlsa.c: see tlsa.h.
 *
 * A record selects the whole certificate or its SubjectPublicKeyInfo, and compares it as it is or
 * by a hash. Nothing else of the certificate is looked at here, and nothing is allowed to match an
 * empty input: such records come from tools that hashed nothing, and would match every certificate
 * that another such tool can't read.
 */
#include "dane/tlsa.h"

#include <openssl/sha.h>
#include <string.h>

#include "dane/x509.h"
#include "ledger/base/reader.h"

static bool length_is_right(const struct tlsa *tlsa)
{
    switch (tlsa->matching) {
    case TLSA_SHA256:
        return tlsa->data_len == SHA256_DIGEST_LENGTH;
    case TLSA_SHA512:
        return tlsa->data_len == SHA512_DIGEST_LENGTH;
    default:
        return tlsa->data_len > 0;
    }
}

enum status tlsa_decode(struct tlsa *tlsa, const uint8_t *rdata, size_t len)
{
    struct reader r = reader_over(rdata, len);
    tlsa->usage = reader_u8(&r);
    tlsa->selector = reader_u8(&r);
    tlsa->matching = reader_u8(&r);
    tlsa->data_len = r.left;
    tlsa->data = reader_bytes(&r, r.left);
    enum status status = reader_finish(&r);
    if (status != STATUS_OK)
        return status;
    if (tlsa->usage > TLSA_DANE_EE || tlsa->selector > TLSA_SPKI || tlsa->matching > TLSA_SHA512)
        return STATUS_RANGE;
    return length_is_right(tlsa) ? STATUS_OK : STATUS_TLSA_LENGTH;
}

/* The record's hash of some octets; the octets themselves never come here (TLSA_EXACT). */
static bool hash_of(uint8_t matching, const uint8_t *bytes, size_t len,
                    uint8_t out[static TLSA_HASH_MAX])
{
    return (matching == TLSA_SHA256 ? SHA256(bytes, len, out) : SHA512(bytes, len, out)) != NULL;
}

bool tlsa_is_usable(const struct tlsa *tlsa)
{
    uint8_t empty[TLSA_HASH_MAX];
    if (tlsa->usage != TLSA_DANE_TA && tlsa->usage != TLSA_DANE_EE)
        return false;
    if (!length_is_right(tlsa))
        return false;
    if (tlsa->matching == TLSA_EXACT)
        return true;
    return hash_of(tlsa->matching, (const uint8_t *)"", 0, empty) &&
           memcmp(empty, tlsa->data, tlsa->data_len) != 0;
}

static enum status match_octets(const struct tlsa *tlsa, const uint8_t *bytes, size_t len)
{
    uint8_t hash[TLSA_HASH_MAX];
    if (len == 0 || !length_is_right(tlsa))
        return STATUS_NOT_FOUND;
    if (tlsa->matching == TLSA_EXACT)
        return len == tlsa->data_len && memcmp(bytes, tlsa->data, len) == 0 ? STATUS_OK
                                                                            : STATUS_NOT_FOUND;
    if (!hash_of(tlsa->matching, bytes, len, hash))
        return STATUS_CRYPTO;
    return memcmp(hash, tlsa->data, tlsa->data_len) == 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status tlsa_match(const struct tlsa *tlsa, const struct x509 *certificate)
{
    if (tlsa->selector == TLSA_FULL_CERTIFICATE)
        return match_octets(tlsa, certificate->der.bytes, certificate->der.len);
    return match_octets(tlsa, certificate->spki, certificate->spki_len);
}

enum status tlsa_match_certificate(const struct tlsa *tlsa, struct der certificate)
{
    struct x509 x509;
    enum status status = x509_init(&x509, certificate);
    if (status == STATUS_OK)
        status = tlsa_match(tlsa, &x509);
    x509_deinit(&x509);
    return status;
}
