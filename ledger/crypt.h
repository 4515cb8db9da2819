/* crypt.h: the few operations that the ledger takes from libsodium, under its own names.
 *
 * crypt_init must have returned OK before anything else here is called.
 */
#ifndef HEARTH_LEDGER_CRYPT_H
#define HEARTH_LEDGER_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum { KEY_SEED_SIZE = 32, KEY_SECRET_SIZE = 64, KEY_PUBLIC_SIZE = 32, SIGNATURE_SIZE = 64 };

/* CRYPTO when libsodium can't be used. Safe to call again. */
enum status crypt_init(void);

/* BLAKE2b-256 with one of the 16-character personalisations of docs/ledger-format.md. */
void crypt_hash(const char personalisation[static 16], const void *bytes, size_t len,
                uint8_t out[static 32]);

/* The same over pieces: start, add …, end; or create, add …, finish. */
struct crypt_hasher {
    _Alignas(64) uint8_t state[384]; /* libsodium's */
};
void crypt_hasher_start(struct crypt_hasher *hasher, const char personalisation[static 16]);
void crypt_hasher_add(struct crypt_hasher *hasher, const void *bytes, size_t len);
void crypt_hasher_end(struct crypt_hasher *hasher, uint8_t out[static 32]);
/* On the heap, NULL when memory is out; freed by crypt_hasher_finish. */
struct crypt_hasher *crypt_hasher_create(const char personalisation[static 16]);
void crypt_hasher_finish(struct crypt_hasher *hasher, uint8_t out[static 32]);

void crypt_sha256(const void *bytes, size_t len, uint8_t out[static 32]);

/* Ed25519 over `prefix` (prefix_len octets, its NUL included; may be 0) and the message. `secret` is
 * seed and public key. TOO_LONG for both together; crypt_sign: CRYPTO;
 * crypt_verify: SIGNATURE. */
enum status crypt_sign(const char *prefix, size_t prefix_len, const void *message, size_t len,
                       const uint8_t secret[static 64], uint8_t signature[static 64]);
enum status crypt_verify(const char *prefix, size_t prefix_len, const void *message, size_t len,
                         const uint8_t key[static 32], const uint8_t signature[static 64]);

/* On the curve, in the main subgroup, canonical, not of small order. */
bool crypt_key_is_valid(const uint8_t key[static 32]);

void crypt_keypair_from_seed(const uint8_t seed[static 32], uint8_t public_key[static 32],
                             uint8_t secret[static 64]);
void crypt_random(void *out, size_t len);
void crypt_wipe(void *bytes, size_t len);

/* Locked, guarded memory for secrets; NULL when there is none. crypt_secret_free(NULL) is safe. */
void *crypt_secret_alloc(size_t len);
void crypt_secret_free(void *secret);

#endif
