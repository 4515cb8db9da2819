/* scene.c: see scene.h. */
#include "tests/unit/dane/scene.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

void card_init(struct card *card, const struct minted *minted, const char *kind, EVP_PKEY *key)
{
    *card = (struct card){.key = key ? key : minted_key(kind)};
    assert(card->key);
    if (key)
        EVP_PKEY_up_ref(key);
    card->x509 = minted_certificate(minted, card->key);
    assert(card->x509);
    int len = i2d_X509(card->x509, &card->bytes);
    assert(len > 0);
    card->der = (struct der){card->bytes, (size_t)len};
}

void card_deinit(struct card *card)
{
    EVP_PKEY_free(card->key);
    X509_free(card->x509);
    OPENSSL_free(card->bytes);
}

void card_init_signed(struct card *card, struct minted minted, const char *kind,
                      const struct card *issuer)
{
    minted.issuer = issuer->x509;
    minted.issuer_key = issuer->key;
    card_init(card, &minted, kind, NULL);
}

void card_init_hopeless(struct card *card)
{
    const struct minted minted = {.subject = "ipcam.vendor.example",
                                  .hash = "sha1",
                                  .not_before = "2007-05-01",
                                  .not_after = "2017-05-01"};
    card_init(card, &minted, "rsa1024", NULL);
}

struct made_rr tlsa_of(const struct card *card, uint8_t usage, uint8_t selector, uint8_t matching)
{
    struct made_rr rr = {.bytes = {usage, selector, matching}};
    uint8_t *spki = NULL;
    const uint8_t *bytes = card->der.bytes;
    size_t len = card->der.len;
    if (selector == TLSA_SPKI) {
        len = (size_t)i2d_PUBKEY(card->key, &spki);
        bytes = spki;
    }
    if (matching == TLSA_SHA256) {
        SHA256(bytes, len, rr.bytes + 3);
        rr.len = 3 + 32;
    } else if (matching == TLSA_SHA512) {
        SHA512(bytes, len, rr.bytes + 3);
        rr.len = 3 + 64;
    } else {
        assert(len <= sizeof rr.bytes - 3);
        memcpy(rr.bytes + 3, bytes, len);
        rr.len = 3 + len;
    }
    OPENSSL_free(spki);
    return rr;
}

struct presented presented_of(const struct card *const *cards, size_t count)
{
    struct presented presented = {.chain_len = count, .tls_version = 0x0303};
    for (size_t i = 0; i < count; i++)
        presented.chain[i] = cards[i]->der;
    return presented;
}
