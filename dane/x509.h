/* x509.h: between DER octets and OpenSSL's certificate, for the files of this folder. */
#ifndef HEARTH_DANE_X509_H
#define HEARTH_DANE_X509_H

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

/* Writes a certificate list's DER into bytes[size], one after the other, as far as it goes into
 * chain[X509_CHAIN_MAX]; returns how many. What is beyond either bound is left out, and so is all
 * behind it. */
size_t x509_encode_chain(struct stack_st_X509 *list, uint8_t *bytes, size_t size,
                         struct der chain[static X509_CHAIN_MAX]);

#endif
