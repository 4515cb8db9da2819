/* x509.c: see x509.h. */
#include "dane/x509.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

struct x509_st *x509_decode(struct der certificate)
{
    const uint8_t *at = certificate.bytes;
    if (!at || certificate.len == 0 || certificate.len > X509_DER_MAX)
        return NULL;
    (void)ERR_set_mark();
    X509 *x509 = d2i_X509(NULL, &at, (long)certificate.len);
    (void)ERR_pop_to_mark();
    if (x509 && at != certificate.bytes + certificate.len) {
        X509_free(x509);
        return NULL;
    }
    return x509;
}

enum status x509_spki(const struct x509_st *certificate, uint8_t **spki, size_t *len)
{
    *spki = NULL;
    int written = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), spki);
    if (written <= 0) {
        ERR_clear_error();
        return STATUS_CRYPTO;
    }
    *len = (size_t)written;
    return STATUS_OK;
}

enum status x509_init(struct x509 *x509, struct der der)
{
    *x509 = (struct x509){.der = der, .openssl = x509_decode(der)};
    if (!x509->openssl)
        return STATUS_MALFORMED;
    enum status status = x509_spki(x509->openssl, &x509->spki, &x509->spki_len);
    if (status == STATUS_OK && !SHA256(x509->spki, x509->spki_len, x509->spki_sha256))
        status = STATUS_CRYPTO;
    if (status != STATUS_OK)
        x509_deinit(x509);
    return status;
}

void x509_deinit(struct x509 *x509)
{
    X509_free(x509->openssl);
    OPENSSL_free(x509->spki);
    *x509 = (struct x509){0};
}

enum status spki_sha256(struct der certificate, uint8_t out[static SPKI_SHA256_SIZE])
{
    struct x509 x509;
    enum status status = x509_init(&x509, certificate);
    if (status == STATUS_OK)
        memcpy(out, x509.spki_sha256, SPKI_SHA256_SIZE);
    x509_deinit(&x509);
    return status;
}

/* --- chains --- */

void x509_chain_init(struct x509_chain *chain, const struct der *der, size_t len)
{
    *chain = (struct x509_chain){.der = der, .len = len < X509_CHAIN_MAX ? len : X509_CHAIN_MAX};
}

void x509_chain_deinit(struct x509_chain *chain)
{
    for (size_t i = 0; i < chain->len; i++)
        x509_deinit(&chain->decoded[i]);
    chain->len = 0;
}

const struct x509 *x509_chain_at(struct x509_chain *chain, size_t at)
{
    if (at >= chain->len)
        return NULL;
    struct x509 *x509 = &chain->decoded[at];
    if (!chain->tried[at])
        (void)x509_init(x509, chain->der[at]); /* failed: `openssl` says so */
    chain->tried[at] = true;
    return x509->openssl ? x509 : NULL;
}

size_t x509_encode_chain(struct stack_st_X509 *list, uint8_t *bytes, size_t size,
                         struct der chain[static X509_CHAIN_MAX])
{
    size_t count = 0, used = 0;
    for (int i = 0; i < sk_X509_num(list) && count < X509_CHAIN_MAX; i++) {
        const X509 *x509 = sk_X509_value(list, i);
        int len = i2d_X509(x509, NULL);
        if (len <= 0 || (size_t)len > size - used)
            break;
        uint8_t *at = bytes + used;
        chain[count].bytes = at;
        chain[count].len = (size_t)i2d_X509(x509, &at);
        used += chain[count++].len;
    }
    return count;
}
