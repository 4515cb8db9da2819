/* A device is shown under one household's names: whose key is whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "dane/proxy/key_share.h"
#include "tests/unit/proxy/made_house.h"

/* A self-signed certificate, and every hash that a record may have of it. */
struct device {
    uint8_t *bytes;
    struct der der;
    uint8_t hashes[2][3][64]; /* [selector][matching] */
    uint8_t spki[200];
    size_t spki_len;
};

static void device_init(struct device *device)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    uint8_t *spki = device->spki;
    assert_non_null(key);
    assert_non_null(x509);
    assert_int_equal(X509_set_version(x509, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x509), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 86400));
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    device->bytes = NULL;
    int len = i2d_X509(x509, &device->bytes);
    assert_true(len > 0);
    device->der = (struct der){device->bytes, (size_t)len};
    len = i2d_PUBKEY(key, NULL);
    assert_in_range(len, 1, sizeof device->spki);
    device->spki_len = (size_t)i2d_PUBKEY(key, &spki);
    SHA256(device->bytes, device->der.len, device->hashes[0][1]);
    SHA512(device->bytes, device->der.len, device->hashes[0][2]);
    SHA256(device->spki, device->spki_len, device->hashes[1][1]);
    SHA512(device->spki, device->spki_len, device->hashes[1][2]);
    X509_free(x509);
    EVP_PKEY_free(key);
}

static struct device camera, door;

static int make_devices(void **state)
{
    (void)state;
    device_init(&camera);
    device_init(&door);
    return 0;
}

static int free_devices(void **state)
{
    (void)state;
    OPENSSL_free(camera.bytes);
    OPENSSL_free(door.bytes);
    return 0;
}

static struct view_zone zone_of(struct made_house *house, const char *apex)
{
    struct name name;
    struct view_zone zone;
    assert_int_equal(name_parse(&name, apex), STATUS_OK);
    assert_int_equal(view_find_zone(&house->view, name.wire, name.len, &zone), STATUS_OK);
    return zone;
}

static bool is_taken(struct key_share *share, struct made_house *house, const char *apex,
                     const struct device *device)
{
    enum status status = STATUS_CORRUPT;
    struct view_zone zone = zone_of(house, apex);
    bool taken = key_share_is_taken(share, &house->view, &zone, device->der, &status);
    assert_int_equal(status, STATUS_OK);
    return taken;
}

static void publish(struct household *household, const char *name, const struct device *device)
{
    house_key(household, name, 3, 1, 1, device->hashes[1][1]);
}

/* --- */

static void ones_own_key_is_not_served_under_anothers_name(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct household *maple = house_add(&house, "maple", true);
    struct household *birch = house_add(&house, "birch", false);
    struct key_share *share = key_share_create();
    publish(maple, "_8443._tcp.some.name", &camera);
    publish(birch, "_443._tcp.camera", &camera);
    publish(birch, "_443._tcp.door", &door);
    house_finish(&house);
    assert_true(is_taken(share, &house, "birch.home.arpa", &camera));
    assert_false(is_taken(share, &house, "birch.home.arpa", &door));
    assert_false(is_taken(share, &house, "maple.home.arpa", &camera));
    struct view_zone birch_zone = zone_of(&house, "birch.home.arpa"), by_id;
    assert_int_equal(view_zone_at(&house.view, birch_zone.twin, &by_id), STATUS_OK);
    enum status status;
    assert_true(key_share_is_taken(share, &house.view, &by_id, camera.der, &status));
    assert_false(key_share_is_taken(share, &house.view, &by_id, door.der, &status));
    key_share_free(share);
    house_drop(&house);
}

/* Names are against the order of following: oak comes last in the alphabet, and first here. */
static void the_first_followed_has_it(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    publish(house_add(&house, "maple", true), "_443._tcp.own", &door);
    publish(house_add(&house, "oak", false), "_443._tcp.camera", &camera);
    publish(house_add(&house, "birch", false), "_443._tcp.camera", &camera);
    house_finish(&house);
    assert_false(is_taken(share, &house, "oak.home.arpa", &camera));
    assert_true(is_taken(share, &house, "birch.home.arpa", &camera));
    key_share_free(share);
    house_drop(&house);
}

/* Whatever stands first in the view. */
static void ones_own_goes_before_all(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    publish(house_add(&house, "birch", false), "_443._tcp.camera", &camera);
    publish(house_add(&house, "maple", true), "_443._tcp.camera", &camera);
    house_finish(&house);
    assert_true(is_taken(share, &house, "birch.home.arpa", &camera));
    assert_false(is_taken(share, &house, "maple.home.arpa", &camera));
    key_share_free(share);
    house_drop(&house);
}

/* The household itself may have one device under two names. */
static void two_names_of_one_household_are_no_matter(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    house_add(&house, "maple", true);
    struct household *birch = house_add(&house, "birch", false);
    publish(birch, "_443._tcp.camera", &camera);
    publish(birch, "_443._tcp.porch", &camera);
    house_finish(&house);
    assert_false(is_taken(share, &house, "birch.home.arpa", &camera));
    key_share_free(share);
    house_drop(&house);
}

/* Whatever form the own record has, what counts is the device that answers. */
static void every_form_of_record_counts(void **state)
{
    (void)state;
    for (unsigned usage = 0; usage < 4; usage++) {
        for (unsigned form = 0; form < 4; form++) {
            unsigned selector = form / 2, matching = 1 + form % 2;
            struct made_house house = {0};
            struct key_share *share = key_share_create();
            struct household *maple = house_add(&house, "maple", true);
            house_add(&house, "birch", false);
            house_key(maple, "_443._tcp.camera", (uint8_t)usage, (uint8_t)selector,
                      (uint8_t)matching, camera.hashes[selector][matching]);
            house_finish(&house);
            assert_true(is_taken(share, &house, "birch.home.arpa", &camera));
            assert_false(is_taken(share, &house, "birch.home.arpa", &door));
            key_share_free(share);
            house_drop(&house);
        }
    }
}

static void a_key_as_it_is_counts_too(void **state)
{
    (void)state;
    uint8_t rdata[3 + sizeof camera.spki] = {3, 1, 0};
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    struct household *maple = house_add(&house, "maple", true);
    house_add(&house, "birch", false);
    memcpy(rdata + 3, camera.spki, camera.spki_len);
    house_rr(house_set(maple, "_443._tcp.camera", RRTYPE_TLSA), rdata, 3 + camera.spki_len);
    house_finish(&house);
    assert_true(is_taken(share, &house, "birch.home.arpa", &camera));
    key_share_free(share);
    house_drop(&house);
}

static void a_withdrawn_key_is_free(void **state)
{
    (void)state;
    uint8_t rdata[67];
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    struct household *maple = house_add(&house, "maple", true);
    house_add(&house, "birch", false);
    stub_add_removed(house_set(maple, "_443._tcp.camera", RRTYPE_TLSA), rdata,
                     (uint16_t)house_tlsa(rdata, 3, 1, 1, camera.hashes[1][1]));
    house_finish(&house);
    assert_false(is_taken(share, &house, "birch.home.arpa", &camera));
    key_share_free(share);
    house_drop(&house);
}

static void by_the_key_alone(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    enum status status;
    publish(house_add(&house, "maple", true), "_443._tcp.camera", &camera);
    house_add(&house, "birch", false);
    house_finish(&house);
    struct view_zone maple = zone_of(&house, "maple.home.arpa");
    struct view_zone birch = zone_of(&house, "birch.home.arpa");
    assert_true(key_share_is_taken_key(share, &house.view, &birch, camera.hashes[1][1], &status));
    assert_int_equal(status, STATUS_OK);
    assert_false(key_share_is_taken_key(share, &house.view, &birch, door.hashes[1][1], &status));
    assert_int_equal(status, STATUS_OK);
    assert_false(key_share_is_taken_key(share, &house.view, &maple, camera.hashes[1][1], &status));
    key_share_free(share);
    house_drop(&house);
}

/* The lists are those of the view that is asked, not of one before. */
static void a_new_view_is_looked_at_anew(void **state)
{
    (void)state;
    struct key_share *share = key_share_create();
    for (uint64_t generation = 1; generation <= 4; generation++) {
        struct made_house house = {.input = {.generation = generation}};
        struct household *maple = house_add(&house, "maple", true);
        house_add(&house, "birch", false);
        bool has = generation % 2 == 0;
        publish(maple, "_443._tcp.camera", has ? &camera : &door);
        house_finish(&house);
        assert_int_equal(is_taken(share, &house, "birch.home.arpa", &camera), has);
        assert_int_equal(is_taken(share, &house, "birch.home.arpa", &camera), has);
        house_drop(&house);
    }
    key_share_free(share);
    key_share_free(NULL);
}

static void many_keys(void **state)
{
    (void)state;
    enum { KEYS = 3000 };
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    struct household *maple = house_add(&house, "maple", true);
    house_add(&house, "birch", false);
    for (uint32_t i = 0; i < KEYS; i++) {
        char name[32];
        uint8_t hash[32];
        snprintf(name, sizeof name, "_443._tcp.n%u", (unsigned)i);
        SHA256((const uint8_t *)&i, sizeof i, hash);
        house_key(maple, name, 3, 1, 1, hash);
    }
    house_finish(&house);
    struct view_zone birch = zone_of(&house, "birch.home.arpa");
    for (uint32_t i = 0; i < 2 * KEYS; i++) {
        uint8_t hash[32];
        enum status status;
        SHA256((const uint8_t *)&i, sizeof i, hash);
        assert_int_equal(key_share_is_taken_key(share, &house.view, &birch, hash, &status),
                         i < KEYS);
    }
    key_share_free(share);
    house_drop(&house);
}

/* --- in doubt it is taken --- */

static void what_is_no_certificate_is_taken(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct key_share *share = key_share_create();
    enum status status = STATUS_OK;
    house_add(&house, "birch", false);
    house_finish(&house);
    struct view_zone birch = zone_of(&house, "birch.home.arpa");
    struct der half = {camera.bytes, camera.der.len - 1};
    assert_true(key_share_is_taken(share, &house.view, &birch, half, &status));
    assert_int_equal(status, STATUS_MALFORMED);
    key_share_free(share);
    house_drop(&house);
}

static void a_damaged_view_says_taken_and_is_tried_again(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct view damaged, whole;
    struct key_share *share = key_share_create();
    enum status status = STATUS_OK;
    publish(house_add(&house, "maple", true), "_443._tcp.camera", &camera);
    house_add(&house, "birch", false);
    house_finish(&house);
    struct view_zone birch = zone_of(&house, "birch.home.arpa");
    house.bytes[house.len / 2] ^= 1;
    assert_int_equal(view_open(&damaged, house.bytes, house.len), STATUS_OK);
    assert_true(key_share_is_taken(share, &damaged, &birch, door.der, &status));
    assert_int_equal(status, STATUS_CORRUPT);
    house.bytes[house.len / 2] ^= 1;
    assert_int_equal(view_open(&whole, house.bytes, house.len), STATUS_OK);
    assert_false(key_share_is_taken(share, &whole, &birch, door.der, &status));
    assert_int_equal(status, STATUS_OK);
    assert_true(key_share_is_taken(share, &whole, &birch, camera.der, &status));
    birch.index = 1000; /* of another view */
    assert_true(key_share_is_taken(share, &whole, &birch, door.der, &status));
    assert_int_equal(status, STATUS_CORRUPT);
    key_share_free(share);
    house_drop(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ones_own_key_is_not_served_under_anothers_name),
        cmocka_unit_test(the_first_followed_has_it),
        cmocka_unit_test(ones_own_goes_before_all),
        cmocka_unit_test(two_names_of_one_household_are_no_matter),
        cmocka_unit_test(every_form_of_record_counts),
        cmocka_unit_test(a_key_as_it_is_counts_too),
        cmocka_unit_test(a_withdrawn_key_is_free),
        cmocka_unit_test(by_the_key_alone),
        cmocka_unit_test(a_new_view_is_looked_at_anew),
        cmocka_unit_test(many_keys),
        cmocka_unit_test(what_is_no_certificate_is_taken),
        cmocka_unit_test(a_damaged_view_says_taken_and_is_tried_again),
    };
    return cmocka_run_group_tests(tests, make_devices, free_devices);
}
