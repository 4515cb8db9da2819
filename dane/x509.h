/* x509.h: between DER octets and OpenSSL's certificate, for the files of this folder.
 *
 * To decode a certificate is by far the dearest step of a verdict (OpenSSL 3.0 looks for a decoder
 * of its key anew each time), so what is asked of one more than once is asked of a struct x509.
 *
 *     struct x509_chain chain;
 *     x509_chain_init(&chain, presented->chain, presented->chain_len);
 *     const struct x509 *leaf = x509_chain_at(&chain, 0);
 *     if (leaf) …
 *     x509_chain_deinit(&chain);
 */
#ifndef HEARTH_DANE_X509_H
#define HEARTH_DANE_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

struct x509_st;       /* OpenSSL's X509 */
struct stack_st_X509; /* OpenSSL's STACK_OF(X509) */

struct der {
    const uint8_t *bytes; /* borrowed */
    size_t len;
};

enum {
    SPKI_SHA256_SIZE = 32,
    X509_DER_MAX = 65536, /* octets of one certificate, and of a presented chain */
    X509_CHAIN_MAX = 16,  /* certificates of a chain that are looked at, the leaf included */
};

/* The octets as exactly one certificate; NULL when they are not, or longer than X509_DER_MAX. The
 * caller frees it with X509_free. Leaves no error in OpenSSL's queue. */
struct x509_st *x509_decode(struct der certificate);

/* The certificate's SubjectPublicKeyInfo as DER, malloc'd by OpenSSL: the caller frees *spki with
 * OPENSSL_free. CRYPTO. */
enum status x509_spki(const struct x509_st *certificate, uint8_t **spki, size_t *len);

/* SHA-256 of the certificate's SubjectPublicKeyInfo. MALFORMED, CRYPTO. */
enum status spki_sha256(struct der certificate, uint8_t out[static SPKI_SHA256_SIZE]);

/* One certificate, decoded. */
struct x509 {
    struct der der; /* the octets it was decoded from, borrowed */
    struct x509_st
        *openssl;  /* owned; OpenSSL notes in it what it found out, so one thread at a time */
    uint8_t *spki; /* DER of its SubjectPublicKeyInfo, owned */
    size_t spki_len;
    uint8_t spki_sha256[SPKI_SHA256_SIZE];
};

/* MALFORMED (not exactly one certificate, or longer than X509_DER_MAX), CRYPTO; then there is
 * nothing to free, and x509_deinit is harmless. */
enum status x509_init(struct x509 *x509, struct der der);
void x509_deinit(struct x509 *x509);

/* A presented chain, leaf first, each certificate decoded when it is first asked for. */
struct x509_chain {
    const struct der *der; /* borrowed */
    size_t len;            /* at most X509_CHAIN_MAX */
    bool tried[X509_CHAIN_MAX];
    struct x509 decoded[X509_CHAIN_MAX]; /* `openssl` NULL: octets that are no certificate */
};

/* What is beyond X509_CHAIN_MAX is left out. */
void x509_chain_init(struct x509_chain *chain, const struct der *der, size_t len);
void x509_chain_deinit(struct x509_chain *chain);

/* NULL: beyond the chain, or octets that are no certificate. Borrowed from the chain. */
const struct x509 *x509_chain_at(struct x509_chain *chain, size_t at);

/* Writes a certificate list's DER into bytes[size], one after the other, as far as it goes into
 * chain[X509_CHAIN_MAX]; returns how many. What is beyond either bound is left out, and so is all
 * behind it. */
size_t x509_encode_chain(struct stack_st_X509 *list, uint8_t *bytes, size_t size,
                         struct der chain[static X509_CHAIN_MAX]);

#endif
