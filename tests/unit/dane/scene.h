/* scene.h: devices with certificates of every kind, as DER, and TLSA records for them. */
#ifndef HEARTH_TESTS_UNIT_DANE_SCENE_H
#define HEARTH_TESTS_UNIT_DANE_SCENE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/tlsa.h"
#include "dane/verdict.h"
#include "tests/tools/minted.h"
#include "tests/unit/dane/made_view.h"

/* 2026-06-01T00:00:00Z */
#define SCENE_NOW_MS UINT64_C(1780272000000)

/* One certificate: its key, OpenSSL's form, and its octets. */
struct card {
    EVP_PKEY *key;
    X509 *x509;
    uint8_t *bytes;
    struct der der;
};

/* Asserts that it works. A NULL key is made new, of the kind. */
void card_init(struct card *card, const struct minted *minted, const char *kind, EVP_PKEY *key);
void card_deinit(struct card *card);

/* A certificate signed by `issuer`'s. */
void card_init_signed(struct card *card, struct minted minted, const char *kind,
                      const struct card *issuer);

/* A camera as in a real house: RSA-1024, SHA-1, another name, 2007 to 2017. */
void card_init_hopeless(struct card *card);

/* The TLSA rdata that this certificate has by this rule. */
struct made_rr tlsa_of(const struct card *card, uint8_t usage, uint8_t selector, uint8_t matching);

/* What the device with these certificates presents: TLS 1.2, nothing old. */
struct presented presented_of(const struct card *const *cards, size_t count);

#endif
