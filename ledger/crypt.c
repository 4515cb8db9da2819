/* crypt.c: see crypt.h. libsodium is used here and nowhere else, so that its rules (strict S, no
 * small-order keys) are the ledger's one rule for signatures. */
#include "ledger/crypt.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNED_MAX = 4096 /* prefix and message of the longest thing that is ever signed */ };

enum status crypt_init(void)
{
    return sodium_init() < 0 ? STATUS_CRYPTO : STATUS_OK;
}

static_assert(sizeof(struct crypt_hasher) >= sizeof(crypto_generichash_blake2b_state),
              "crypt.h has room for libsodium's state");
static_assert(_Alignof(struct crypt_hasher) >= _Alignof(crypto_generichash_blake2b_state),
              "crypt.h aligns it as libsodium does");

void crypt_hash(const char personalisation[static 16], const void *bytes, size_t len,
                uint8_t out[static 32])
{
    int failed = crypto_generichash_blake2b_salt_personal(out, 32, bytes, len, NULL, 0, NULL,
                                                          (const unsigned char *)personalisation);
    assert(failed == 0);
}

static crypto_generichash_blake2b_state *state_of(struct crypt_hasher *hasher)
{
    return (crypto_generichash_blake2b_state *)(void *)hasher->state;
}

void crypt_hasher_start(struct crypt_hasher *hasher, const char personalisation[static 16])
{
    int failed = crypto_generichash_blake2b_init_salt_personal(
        state_of(hasher), NULL, 0, 32, NULL, (const unsigned char *)personalisation);
    assert(failed == 0);
}

void crypt_hasher_add(struct crypt_hasher *hasher, const void *bytes, size_t len)
{
    int failed = crypto_generichash_blake2b_update(state_of(hasher), bytes, len);
    assert(failed == 0);
}

void crypt_hasher_end(struct crypt_hasher *hasher, uint8_t out[static 32])
{
    int failed = crypto_generichash_blake2b_final(state_of(hasher), out, 32);
    assert(failed == 0);
}

struct crypt_hasher *crypt_hasher_create(const char personalisation[static 16])
{
    struct crypt_hasher *hasher = NULL;
    if (posix_memalign((void **)&hasher, _Alignof(struct crypt_hasher), sizeof *hasher) != 0)
        return NULL;
    crypt_hasher_start(hasher, personalisation);
    return hasher;
}

void crypt_hasher_finish(struct crypt_hasher *hasher, uint8_t out[static 32])
{
    crypt_hasher_end(hasher, out);
    free(hasher);
}

void crypt_sha256(const void *bytes, size_t len, uint8_t out[static 32])
{
    crypto_hash_sha256(out, bytes, len);
}

/* Prefix and message in one buffer, since Ed25519 reads its message twice. */
static enum status join_message(uint8_t joined[static SIGNED_MAX], const char *prefix,
                                size_t prefix_len, const void *message, size_t len)
{
    if (prefix_len > SIGNED_MAX || len > SIGNED_MAX - prefix_len)
        return STATUS_TOO_LONG;
    memcpy(joined, prefix, prefix_len);
    memcpy(joined + prefix_len, message, len);
    return STATUS_OK;
}

enum status crypt_sign(const char *prefix, size_t prefix_len, const void *message, size_t len,
                       const uint8_t secret[static 64], uint8_t signature[static 64])
{
    uint8_t joined[SIGNED_MAX];
    enum status status = join_message(joined, prefix, prefix_len, message, len);
    if (status != STATUS_OK)
        return status;
    return crypto_sign_detached(signature, NULL, joined, prefix_len + len, secret) == 0
               ? STATUS_OK
               : STATUS_CRYPTO;
}

enum status crypt_verify(const char *prefix, size_t prefix_len, const void *message, size_t len,
                         const uint8_t key[static 32], const uint8_t signature[static 64])
{
    uint8_t joined[SIGNED_MAX];
    enum status status = join_message(joined, prefix, prefix_len, message, len);
    if (status != STATUS_OK)
        return status;
    return crypto_sign_verify_detached(signature, joined, prefix_len + len, key) == 0
               ? STATUS_OK
               : STATUS_SIGNATURE;
}

bool crypt_key_is_valid(const uint8_t key[static 32])
{
    return crypto_core_ed25519_is_valid_point(key) == 1;
}

void crypt_keypair_from_seed(const uint8_t seed[static 32], uint8_t public_key[static 32],
                             uint8_t secret[static 64])
{
    int failed = crypto_sign_seed_keypair(public_key, secret, seed);
    assert(failed == 0);
}

void crypt_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

void crypt_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

void *crypt_secret_alloc(size_t len)
{
    return sodium_malloc(len);
}

void crypt_secret_free(void *secret)
{
    sodium_free(secret);
}
