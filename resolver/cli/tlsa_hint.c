/* tlsa_hint.c: see tlsa_hint.h. */
#include "resolver/cli/tlsa_hint.h"

#include <stdio.h>

#include "dane/tlsa.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"

static void hint_exact(const uint8_t *rdata, size_t len, char hint[static TLSA_HINT_SIZE])
{
    uint8_t hash[SPKI_SHA256_SIZE];
    char hex[2 * SPKI_SHA256_SIZE + 1];
    struct der der = {.bytes = rdata + 3, .len = len - 3};
    enum status status = STATUS_MALFORMED;
    if (rdata[1] == TLSA_FULL_CERTIFICATE) {
        status = spki_sha256(der, hash);
    } else if (der.len > 32 && der.bytes[0] == 0x30 && crypt_init() == STATUS_OK) {
        crypt_sha256(der.bytes, der.len, hash); /* a SubjectPublicKeyInfo as it stands */
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        (void)snprintf(hint, TLSA_HINT_SIZE, "3 1 1 and the SHA-256 of the device's public key");
        return;
    }
    hex_encode(hash, sizeof hash, hex);
    (void)snprintf(hint, TLSA_HINT_SIZE, "3 1 1 %s", hex);
}

void tlsa_hint(enum status status, const uint8_t *rdata, size_t len,
               char hint[static TLSA_HINT_SIZE])
{
    hint[0] = '\0';
    if (status == STATUS_TLSA_MATCHING && len > 3)
        hint_exact(rdata, len, hint);
    else if (status == STATUS_TLSA_LENGTH)
        (void)snprintf(hint, TLSA_HINT_SIZE,
                       "matching type 1 (SHA-256) has 64 hex digits, 2 (SHA-512) has 128");
    else if (status == STATUS_TLSA_EMPTY)
        (void)snprintf(hint, TLSA_HINT_SIZE,
                       "hash the key itself: hearth adopt NAME ADDR reads it from the device");
    else if (status == STATUS_RDATA)
        (void)snprintf(hint, TLSA_HINT_SIZE, "3 1 1 and the 64 hex digits of the key's SHA-256");
}
