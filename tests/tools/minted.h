/* minted.h: makes certificates as hopeless as those of real devices, for tests and the demo. */
#ifndef HEARTH_TESTS_TOOLS_MINTED_H
#define HEARTH_TESTS_TOOLS_MINTED_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* What to make. Zero and NULL mean: RSA-2048 or what `key` is, SHA-256, "device", no SAN, serial 1,
 * valid 2020 to 2049, self-signed, no CA. */
struct minted {
    const char *subject;    /* CN */
    const char *sans;       /* "camera.example,192.0.2.1": DNS names and addresses */
    const char *hash;       /* "md5", "sha1", "sha256" …; ignored for Ed25519 */
    const char *not_before; /* "2007-05-01" or "2007-05-01T10:00:00Z" */
    const char *not_after;
    long serial;
    bool ca;
    X509 *issuer; /* with issuer_key: who signs; NULL: self-signed */
    EVP_PKEY *issuer_key;
};

/* "rsa1024", "rsa2048", …, "p256", "p384", "secp224r1", "ed25519". NULL when there is no such kind.
 * The caller frees. */
EVP_PKEY *minted_key(const char *kind);

/* The key in a PEM file; when there is no such file, one of that kind, written to it with 0600.
 * NULL on failure. */
EVP_PKEY *minted_key_file(const char *path, const char *kind);

/* NULL on failure. The caller frees. */
X509 *minted_certificate(const struct minted *minted, EVP_PKEY *key);

bool minted_spki_sha256(EVP_PKEY *key, uint8_t out[static 32]);

#endif
