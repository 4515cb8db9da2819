/* What is said about a certificate, and that nothing in one can play tricks on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/certificate.h"
#include "tests/unit/dane/scene.h"

static struct certificate_facts facts_of(const struct card *card)
{
    struct certificate_facts facts;
    assert_int_equal(certificate_facts(&facts, card->der), STATUS_OK);
    return facts;
}

static void hopeless_camera(void **state)
{
    (void)state;
    struct card card;
    uint8_t spki[32];
    card_init_hopeless(&card);
    struct certificate_facts facts = facts_of(&card);
    assert_string_equal(facts.subject, "CN=ipcam.vendor.example");
    assert_string_equal(facts.issuer, "CN=ipcam.vendor.example");
    assert_string_equal(facts.names, "ipcam.vendor.example");
    assert_string_equal(facts.key, "RSA 1024");
    assert_string_equal(facts.signature, "sha1WithRSAEncryption");
    assert_true(facts.self_signed && facts.weak_key && facts.weak_signature);
    assert_int_equal(facts.not_before_ms, INT64_C(1177977600000));
    assert_int_equal(facts.not_after_ms, INT64_C(1493596800000));
    assert_true(minted_spki_sha256(card.key, spki));
    assert_memory_equal(facts.spki_sha256, spki, 32);
    card_deinit(&card);
}

static void keys_and_signatures(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *hash, *key, *signature;
        bool weak_key, weak_signature;
    } table[] = {
        {"rsa1024", "md5", "RSA 1024", "md5WithRSAEncryption", true, true},
        {"rsa2040", "sha256", "RSA 2040", "sha256WithRSAEncryption", true, false},
        {"rsa2048", "sha256", "RSA 2048", "sha256WithRSAEncryption", false, false},
        {"p256", "sha1", "EC P-256", "ecdsa-with-SHA1", false, true},
        {"p256", "sha256", "EC P-256", "ecdsa-with-SHA256", false, false},
        {"p384", "sha384", "EC P-384", "ecdsa-with-SHA384", false, false},
        {"secp224r1", "sha256", "EC P-224", "ecdsa-with-SHA256", false, false},
        {"prime192v1", "sha256", "EC P-192", "ecdsa-with-SHA256", true, false},
        {"ed25519", NULL, "Ed25519", "ED25519", false, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct card card;
        card_init(&card, &(struct minted){.hash = table[i].hash}, table[i].kind, NULL);
        struct certificate_facts facts = facts_of(&card);
        assert_string_equal(facts.key, table[i].key);
        assert_string_equal(facts.signature, table[i].signature);
        assert_int_equal(facts.weak_key, table[i].weak_key);
        assert_int_equal(facts.weak_signature, table[i].weak_signature);
        assert_true(facts.self_signed);
        card_deinit(&card);
    }
}

/* Claiming to be one's own issuer is not enough. */
static void self_signed_is_proved(void **state)
{
    (void)state;
    struct card ca, leaf;
    card_init(&ca, &(struct minted){.subject = "same", .ca = true}, "p256", NULL);
    card_init_signed(&leaf, (struct minted){.subject = "same"}, "p256", &ca);
    assert_false(facts_of(&leaf).self_signed);
    assert_true(facts_of(&ca).self_signed);
    card_deinit(&ca);
    card_deinit(&leaf);
}

static void names_of_a_certificate(void **state)
{
    (void)state;
    struct card card;
    const struct minted minted = {.subject = "cn.example",
                                  .sans = "cam.example,*.wild.example,192.0.2.7,2001:db8::7"};
    card_init(&card, &minted, "p256", NULL);
    assert_string_equal(facts_of(&card).names,
                        "cam.example, *.wild.example, 192.0.2.7, 2001:db8::7");
    static const struct {
        const char *host;
        bool has;
    } table[] = {
        {"cam.example", true},
        {"CAM.Example.", true},
        {"a.wild.example", true},
        {"a.b.wild.example", false},
        {"cn.example", false},
        {"xcam.example", false},
        {"192.0.2.7", true},
        {"192.0.2.8", false},
        {"2001:db8:0::7", true},
        {"", false},
        {".", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(certificate_has_name(card.der, table[i].host), table[i].has);
    card_deinit(&card);
    card_init(&card, &(struct minted){.subject = "cn.example"}, "p256", NULL);
    assert_true(certificate_has_name(card.der, "cn.example"));
    assert_false(certificate_has_name((struct der){card.der.bytes, 7}, "cn.example"));
    card_deinit(&card);
}

static void assert_printable(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    assert_true(len < size);
    for (size_t i = 0; i < len; i++)
        assert_in_range(text[i], 0x20, 0x7e);
}

/* Terminal controls, line breaks, a text that turns its direction, and one that is too long. */
static void texts_are_printable(void **state)
{
    (void)state;
    static char long_name[64 + 1];
    memset(long_name, 'x', 64);
    const char *const subjects[] = {"\x1b[2Jgone",
                                    "two\nlines\r",
                                    "\xe2\x80\xae"
                                    "arpa.emoh",
                                    "K\xc3\xbc"
                                    "che",
                                    "a,b=c\\d",
                                    long_name};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct card card;
        card_init(&card, &(struct minted){.subject = subjects[i]}, "p256", NULL);
        struct certificate_facts facts = facts_of(&card);
        assert_printable(facts.subject, sizeof facts.subject);
        assert_printable(facts.issuer, sizeof facts.issuer);
        assert_printable(facts.names, sizeof facts.names);
        card_deinit(&card);
    }
}

static void long_lists_are_cut(void **state)
{
    (void)state;
    static char sans[1900];
    size_t used = 0;
    for (int i = 0; used < sizeof sans - 32; i++)
        used += (size_t)snprintf(sans + used, sizeof sans - used, "%sname%04d.example",
                                 i ? "," : "", i);
    struct card card;
    card_init(&card, &(struct minted){.sans = sans}, "p256", NULL);
    struct certificate_facts facts = facts_of(&card);
    size_t len = strlen(facts.names);
    assert_true(len < sizeof facts.names && len > sizeof facts.names - 32);
    assert_string_equal(facts.names + len - 3, "...");
    card_deinit(&card);
}

static void dates_that_cannot_be_read_are_wrong(void **state)
{
    (void)state;
    struct card card;
    uint8_t copy[2048];
    struct certificate_facts facts;
    card_init(&card, &(struct minted){0}, "p256", NULL);
    memcpy(copy, card.der.bytes, card.der.len);
    uint8_t *date = memmem(copy, card.der.len, "200101000000Z", 13);
    assert_non_null(date);
    memcpy(date, "209901000000Z", 13); /* month 99 */
    assert_int_equal(certificate_facts(&facts, (struct der){copy, card.der.len}), STATUS_OK);
    assert_int_equal(facts.not_before_ms, INT64_MAX);
    date = memmem(copy, card.der.len, "491231000000Z", 13);
    assert_non_null(date);
    memcpy(date, "49123100000xZ", 13);
    assert_int_equal(certificate_facts(&facts, (struct der){copy, card.der.len}), STATUS_OK);
    assert_int_equal(facts.not_after_ms, INT64_MIN);
    card_deinit(&card);
}

static void octets_that_are_none(void **state)
{
    (void)state;
    struct card card;
    struct certificate_facts facts;
    card_init(&card, &(struct minted){.sans = "a.example"}, "p256", NULL);
    for (size_t len = 0; len < card.der.len; len++)
        assert_int_equal(certificate_facts(&facts, (struct der){card.der.bytes, len}),
                         STATUS_MALFORMED);
    /* Any octet changed: refused or described, never worse. */
    uint8_t *copy = malloc(card.der.len);
    for (size_t i = 0; i < card.der.len; i++) {
        memcpy(copy, card.der.bytes, card.der.len);
        copy[i] ^= 0x55;
        if (certificate_facts(&facts, (struct der){copy, card.der.len}) == STATUS_OK)
            assert_printable(facts.names, sizeof facts.names);
    }
    free(copy);
    card_deinit(&card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hopeless_camera),
        cmocka_unit_test(keys_and_signatures),
        cmocka_unit_test(self_signed_is_proved),
        cmocka_unit_test(names_of_a_certificate),
        cmocka_unit_test(texts_are_printable),
        cmocka_unit_test(long_lists_are_cut),
        cmocka_unit_test(dates_that_cannot_be_read_are_wrong),
        cmocka_unit_test(octets_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
