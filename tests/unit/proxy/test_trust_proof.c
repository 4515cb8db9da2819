/* `status` must be able to say no: a root that vouches for too much is found out, by OpenSSL and by NSS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "dane/proxy/trust.h"
#include "dane/proxy/trust_nss.h"
#include "ledger/base/clock.h"

static char folder[64];
static struct ca ca;

static void add_extension(int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, ca.certificate, ca.certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert_int_equal(X509_add_ext(ca.certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* A CA without constraints, or with the given ones. */
static void make_ca(const char *constraints)
{
    ca = (struct ca){.certificate = X509_new(), .key = EVP_EC_gen("P-256")};
    X509 *root = ca.certificate;
    X509_NAME *name = X509_get_subject_name(root);
    assert_int_equal(X509_set_version(root, 2), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const uint8_t *)"Hearth CA test", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(root, name), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(root), 1), 1);
    X509_gmtime_adj(X509_getm_notBefore(root), -86400);
    X509_gmtime_adj(X509_getm_notAfter(root), 86400 * 30);
    assert_int_equal(X509_set_pubkey(root, ca.key), 1);
    add_extension(NID_basic_constraints, "critical,CA:TRUE");
    add_extension(NID_key_usage, "critical,keyCertSign");
    add_extension(NID_subject_key_identifier, "hash");
    if (constraints)
        add_extension(NID_name_constraints, constraints);
    assert_true(X509_sign(root, ca.key, EVP_sha256()) > 0);
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/hearth-trust-proof.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static void remove_file(const char *name)
{
    char path[FILE_PATH_SIZE];
    if (trust_file_path(path, "%s/%s", folder, name))
        (void)unlink(path);
}

static int tear_down(void **state)
{
    static const char *const names[] = {"cert9.db", "key4.db",    "pkcs11.txt",  "password",
                                        "root.pem", "inside.pem", "outside.pem", "made"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove_file(names[i]);
    ca_close(&ca);
    return rmdir(folder);
}

static void write_pem(const char *name, const struct x509_st *certificate)
{
    char path[FILE_PATH_SIZE];
    size_t len = 0;
    char *pem = trust_root_pem(certificate, &len);
    assert_true(trust_file_path(path, "%s/%s", folder, name));
    assert_int_equal(trust_file_replace(path, pem, len, 0600), STATUS_OK);
    free(pem);
}

static void judge(const char *constraints, enum trust_answer expected_inside,
                  enum trust_answer expected_outside)
{
    enum trust_answer inside, outside;
    struct trust_made made;
    struct trust *trust = calloc(1, sizeof *trust);
    make_ca(constraints);
    assert_int_equal(trust_proof_init(&trust->proof, &ca, clock_read().wall_ms), STATUS_OK);
    trust_proof_by_anchor(&trust->proof, ca.certificate, &inside, &outside);
    assert_int_equal(inside, expected_inside);
    assert_int_equal(outside, expected_outside);

    assert_int_equal(trust_root_init(&trust->root, ca.certificate), STATUS_OK);
    trust->has_root = true;
    (void)strcpy(trust->work, folder);
    (void)strcpy(trust->places.home, folder);
    assert_true(trust_file_path(made.path, "%s/made", folder));
    char password[FILE_PATH_SIZE];
    assert_true(trust_file_path(password, "%s/password", folder));
    assert_int_equal(trust_file_replace(password, "\n", 1, 0600), STATUS_OK);
    write_pem("root.pem", ca.certificate);
    write_pem("inside.pem", trust->proof.inside);
    write_pem("outside.pem", trust->proof.outside);
    assert_int_equal(trust_nss_create(trust, &made, folder), TRUST_NSS_CHANGED);
    assert_int_equal(trust_nss_prove(trust, folder, &inside, &outside), TRUST_NSS_NOTHING);
    assert_int_equal(inside, TRUST_NO);
    assert_int_equal(trust_nss_install(trust, folder), TRUST_NSS_CHANGED);
    assert_int_equal(trust_nss_install(trust, folder), TRUST_NSS_NOTHING);
    assert_int_equal(trust_nss_prove(trust, folder, &inside, &outside), TRUST_NSS_NOTHING);
    assert_int_equal(inside, expected_inside);
    assert_int_equal(outside, expected_outside);
    trust_proof_deinit(&trust->proof);
    trust_root_deinit(&trust->root);
    free(trust);
}

static void ours(void **state)
{
    (void)state;
    judge("critical,permitted;DNS:home.arpa", TRUST_YES, TRUST_NO);
}

static void too_much(void **state)
{
    (void)state;
    judge(NULL, TRUST_YES, TRUST_YES);
}

static void another_zone(void **state)
{
    (void)state;
    judge("critical,permitted;DNS:example.com", TRUST_NO, TRUST_YES);
}

/* Only a CA for the zone alone is taken for Hearth's, whatever its name. */
static void whose_it_is(void **state)
{
    (void)state;
    make_ca("critical,permitted;DNS:home.arpa");
    assert_true(trust_root_is_hearths(ca.certificate, "x"));
    ca_close(&ca);
    make_ca(NULL);
    assert_false(trust_root_is_hearths(ca.certificate, "Hearth CA 11"));
    ca_close(&ca);
    make_ca("critical,permitted;DNS:home.arpa,permitted;DNS:example.com");
    assert_false(trust_root_is_hearths(ca.certificate, "Hearth CA 11"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_zone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whose_it_is, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
