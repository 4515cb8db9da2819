/* TLSA records: their form, which are usable, what they match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/tlsa.h"
#include "ledger/base/text.h"
#include "tests/unit/dane/scene.h"

static void form_is_checked(void **state)
{
    (void)state;
    static const struct {
        uint8_t usage, selector, matching;
        size_t data_len;
        enum status status;
    } table[] = {
        {3, 1, 1, 32, STATUS_OK},          {3, 1, 2, 64, STATUS_OK},
        {0, 0, 0, 1, STATUS_OK},           {2, 0, 0, 300, STATUS_OK},
        {3, 1, 0, 0, STATUS_TLSA_LENGTH},  {3, 1, 1, 0, STATUS_TLSA_LENGTH},
        {3, 1, 1, 31, STATUS_TLSA_LENGTH}, {3, 1, 1, 33, STATUS_TLSA_LENGTH},
        {3, 1, 2, 32, STATUS_TLSA_LENGTH}, {3, 1, 2, 65, STATUS_TLSA_LENGTH},
        {4, 1, 1, 32, STATUS_RANGE},       {255, 1, 1, 32, STATUS_RANGE},
        {3, 2, 1, 32, STATUS_RANGE},       {3, 255, 1, 32, STATUS_RANGE},
        {3, 1, 3, 32, STATUS_RANGE},       {3, 1, 255, 32, STATUS_RANGE},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint8_t rdata[512] = {table[i].usage, table[i].selector, table[i].matching};
        struct tlsa tlsa;
        assert_int_equal(tlsa_decode(&tlsa, rdata, 3 + table[i].data_len), table[i].status);
        if (table[i].status == STATUS_OK) {
            assert_ptr_equal(tlsa.data, rdata + 3);
            assert_int_equal(tlsa.data_len, table[i].data_len);
        }
    }
}

static void every_short_length_fails(void **state)
{
    (void)state;
    for (int matching = 1; matching <= 2; matching++) {
        size_t full = matching == 1 ? 35 : 67;
        for (size_t len = 0; len <= full + 1; len++) {
            struct tlsa tlsa;
            uint8_t *rdata = calloc(1, len + 1); /* of its own, so that a look beyond is seen */
            rdata[0] = 3;
            if (len > 2)
                rdata[2] = (uint8_t)matching;
            enum status status = tlsa_decode(&tlsa, rdata, len);
            enum status expected = len < 3       ? STATUS_TRUNCATED
                                   : len == full ? STATUS_OK
                                                 : STATUS_TLSA_LENGTH;
            assert_int_equal(status, expected);
            free(rdata);
        }
    }
}

static struct tlsa decoded(const struct made_rr *rr)
{
    struct tlsa tlsa;
    assert_int_equal(tlsa_decode(&tlsa, rr->bytes, rr->len), STATUS_OK);
    return tlsa;
}

static void hash_of_nothing_is_unusable(void **state)
{
    (void)state;
    static const struct {
        uint8_t matching;
        const char *hex;
    } table[] = {
        {1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {2, "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct made_rr rr = {.bytes = {3, 1, table[i].matching},
                             .len = 3 + table[i].matching * 32U};
        assert_int_equal(hex_decode(table[i].hex, rr.bytes + 3, rr.len - 3), STATUS_OK);
        struct tlsa tlsa = decoded(&rr);
        assert_false(tlsa_is_usable(&tlsa));
        rr.bytes[3] ^= 1;
        assert_true(tlsa_is_usable(&tlsa));
    }
}

static void usages_of_public_cas_are_unusable(void **state)
{
    (void)state;
    for (uint8_t usage = 0; usage < 4; usage++) {
        struct made_rr rr = {.bytes = {usage, 1, 1, 42}, .len = 35};
        struct tlsa tlsa = decoded(&rr);
        assert_int_equal(tlsa_is_usable(&tlsa), usage >= 2);
    }
}

/* Each selector and matching type matches its own certificate, and no other, of every kind of key.
 */
static void matches_its_certificate_only(void **state)
{
    (void)state;
    static const char *const kinds[] = {"rsa1024", "rsa2048", "p256", "ed25519"};
    for (size_t kind = 0; kind < 4; kind++) {
        struct card own, other;
        card_init(&own, &(struct minted){.serial = 1}, kinds[kind], NULL);
        card_init(&other, &(struct minted){.serial = 1}, kinds[kind], NULL);
        for (uint8_t selector = 0; selector < 2; selector++) {
            for (uint8_t matching = 0; matching < 3; matching++) {
                struct made_rr rr = tlsa_of(&own, 3, selector, matching);
                struct tlsa tlsa = decoded(&rr);
                assert_int_equal(tlsa_match_certificate(&tlsa, own.der), STATUS_OK);
                assert_int_equal(tlsa_match_certificate(&tlsa, other.der), STATUS_NOT_FOUND);
                rr.bytes[rr.len - 1] ^= 1;
                assert_int_equal(tlsa_match_certificate(&tlsa, own.der), STATUS_NOT_FOUND);
                tlsa.data_len--;
                assert_int_equal(tlsa_match_certificate(&tlsa, own.der), STATUS_NOT_FOUND);
            }
        }
        card_deinit(&own);
        card_deinit(&other);
    }
}

/* A renewed certificate with the same key: the SPKI still matches, the whole does not. */
static void renewed_certificate_keeps_its_spki(void **state)
{
    (void)state;
    struct card first, renewed;
    uint8_t a[32], b[32];
    card_init(&first, &(struct minted){.serial = 1}, "p256", NULL);
    card_init(&renewed, &(struct minted){.serial = 2}, "p256", first.key);
    struct made_rr spki = tlsa_of(&first, 3, 1, 1), full = tlsa_of(&first, 3, 0, 1);
    struct tlsa by_spki = decoded(&spki), by_full = decoded(&full);
    assert_int_equal(tlsa_match_certificate(&by_spki, renewed.der), STATUS_OK);
    assert_int_equal(tlsa_match_certificate(&by_full, renewed.der), STATUS_NOT_FOUND);
    assert_int_equal(spki_sha256(first.der, a), STATUS_OK);
    assert_int_equal(spki_sha256(renewed.der, b), STATUS_OK);
    assert_memory_equal(a, b, 32);
    assert_memory_equal(a, spki.bytes + 3, 32);
    card_deinit(&first);
    card_deinit(&renewed);
}

static void broken_certificates_are_malformed(void **state)
{
    (void)state;
    struct card card;
    uint8_t hash[32];
    card_init(&card, &(struct minted){0}, "p256", NULL);
    struct made_rr rr = tlsa_of(&card, 3, 0, 1);
    struct tlsa tlsa = decoded(&rr);
    for (size_t len = 0; len < card.der.len; len++) {
        uint8_t *cut = malloc(len + 1);
        memcpy(cut, card.der.bytes, len);
        struct der der = {cut, len};
        assert_int_equal(tlsa_match_certificate(&tlsa, der), STATUS_MALFORMED);
        assert_int_equal(spki_sha256(der, hash), STATUS_MALFORMED);
        free(cut);
    }
    uint8_t *longer = calloc(1, card.der.len + 1);
    memcpy(longer, card.der.bytes, card.der.len);
    struct der trailing = {longer, card.der.len + 1};
    assert_int_equal(tlsa_match_certificate(&tlsa, trailing), STATUS_MALFORMED);
    free(longer);
    assert_int_equal(spki_sha256((struct der){NULL, 0}, hash), STATUS_MALFORMED);
    card_deinit(&card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_is_checked),
        cmocka_unit_test(every_short_length_fails),
        cmocka_unit_test(hash_of_nothing_is_unusable),
        cmocka_unit_test(usages_of_public_cas_are_unusable),
        cmocka_unit_test(matches_its_certificate_only),
        cmocka_unit_test(renewed_certificate_keeps_its_spki),
        cmocka_unit_test(broken_certificates_are_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
