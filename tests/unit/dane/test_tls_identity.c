/* A node's TLS key: made once, kept, and refused when others could have touched it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dane/tls_identity.h"
#include "tests/unit/dane/scene.h"

static char dir[64], key_path[96], certificate_path[96];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/hearth-test-identity-XXXXXX");
    (void)snprintf(key_path, sizeof key_path, "%s/tls.key", mkdtemp(dir));
    (void)snprintf(certificate_path, sizeof certificate_path, "%s/tls.pem", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(key_path);
    unlink(certificate_path);
    return rmdir(dir); /* fails the test when anything else is left in it */
}

static unsigned mode_of(const char *path)
{
    struct stat stat_of;
    assert_int_equal(stat(path, &stat_of), 0);
    return stat_of.st_mode & 07777;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
}

static void made_once_and_kept(void **state)
{
    (void)state;
    uint8_t first[32], again[32];
    umask(0);
    assert_int_equal(tls_identity_open(dir, first), STATUS_OK);
    assert_int_equal(mode_of(key_path), 0600);
    assert_int_equal(mode_of(certificate_path), 0600);
    assert_int_equal(tls_identity_open(dir, again), STATUS_OK);
    assert_memory_equal(first, again, 32);
    /* The certificate is only an envelope: it is made anew for the same key. */
    unlink(certificate_path);
    assert_int_equal(tls_identity_open(dir, again), STATUS_OK);
    assert_memory_equal(first, again, 32);
    assert_int_equal(mode_of(certificate_path), 0600);
}

static void certificate_is_of_the_key(void **state)
{
    (void)state;
    uint8_t spki[32], of_certificate[32], *bytes = NULL;
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    FILE *file = fopen(certificate_path, "r");
    assert_non_null(file);
    X509 *x509 = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(x509);
    int len = i2d_X509(x509, &bytes);
    assert_int_equal(spki_sha256((struct der){bytes, (size_t)len}, of_certificate), STATUS_OK);
    assert_memory_equal(spki, of_certificate, 32);
    assert_int_equal(X509_cmp_current_time(X509_get0_notBefore(x509)), -1);
    assert_int_equal(X509_cmp_current_time(X509_get0_notAfter(x509)), 1);
    OPENSSL_free(bytes);
    X509_free(x509);
}

static void rights_are_checked(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0601, 0644, 0660};
    uint8_t spki[32];
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        chmod(key_path, modes[i]);
        assert_int_equal(tls_identity_open(dir, spki), STATUS_DENIED);
    }
    chmod(key_path, 0400);
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
}

static void only_a_plain_file_is_a_key(void **state)
{
    (void)state;
    uint8_t spki[32];
    assert_int_equal(symlink("/dev/null", key_path), 0);
    assert_int_equal(tls_identity_open(dir, spki), STATUS_DENIED);
    unlink(key_path);
    assert_int_equal(mkfifo(key_path, 0600), 0);
    assert_int_equal(tls_identity_open(dir, spki), STATUS_CORRUPT);
    unlink(key_path);
    assert_int_equal(mkdir(key_path, 0700), 0);
    assert_int_equal(tls_identity_open(dir, spki), STATUS_CORRUPT);
    rmdir(key_path);
}

static void root_takes_no_strangers_key(void **state)
{
    (void)state;
    uint8_t spki[32];
    if (geteuid() != 0)
        skip();
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    assert_int_equal(chown(key_path, 65534, 65534), 0);
    assert_int_equal(tls_identity_open(dir, spki), STATUS_DENIED);
    /* … but one of the user whose folder it is. */
    assert_int_equal(chown(dir, 65534, 65534), 0);
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    assert_int_equal(chown(dir, 0, 0), 0);
}

static void damage_is_not_replaced(void **state)
{
    (void)state;
    uint8_t spki[32];
    char text[4096] = {0};
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    FILE *file = fopen(key_path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    for (size_t cut = 0; cut + 30 < len; cut += 13) {
        char kept = text[cut];
        text[cut] = '\0';
        write_text(key_path, text);
        assert_int_equal(tls_identity_open(dir, spki), STATUS_CORRUPT);
        text[cut] = kept;
    }
    assert_int_equal(mode_of(key_path), 0600);
}

static void expect_certificate_made_anew(const uint8_t before[static 32])
{
    uint8_t spki[32];
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    assert_memory_equal(spki, before, sizeof spki);
    FILE *file = fopen(certificate_path, "r");
    assert_non_null(file);
    X509 *x509 = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(x509);
    uint8_t *der = NULL;
    uint8_t hash[32];
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
    assert_true(len > 0 && SHA256(der, (size_t)len, hash));
    assert_memory_equal(hash, before, sizeof hash);
    OPENSSL_free(der);
    X509_free(x509);
}

/* The key alone is who this node is. */
static void a_certificate_that_is_not_the_keys(void **state)
{
    (void)state;
    uint8_t spki[32];
    struct card card;
    card_init(&card, &(struct minted){0}, "p256", NULL);
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    FILE *file = fopen(certificate_path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, card.x509), 1);
    fclose(file);
    expect_certificate_made_anew(spki);
    write_text(certificate_path, "nothing");
    expect_certificate_made_anew(spki);
    card_deinit(&card);
}

/* A crash leaves a half-written new file behind; it is in nobody's way. */
static void leftovers_of_a_crash(void **state)
{
    (void)state;
    uint8_t spki[32];
    char fresh[112];
    (void)snprintf(fresh, sizeof fresh, "%s.new", key_path);
    write_text(fresh, "half a k");
    assert_int_equal(tls_identity_open(dir, spki), STATUS_OK);
    assert_int_equal(access(fresh, F_OK), -1);
}

static void no_such_folder(void **state)
{
    (void)state;
    uint8_t spki[32];
    assert_int_equal(tls_identity_open("/nonexistent/folder", spki), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(made_once_and_kept, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(certificate_is_of_the_key, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(rights_are_checked, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(only_a_plain_file_is_a_key, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(root_takes_no_strangers_key, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(damage_is_not_replaced, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_certificate_that_is_not_the_keys, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(leftovers_of_a_crash, make_dir, remove_dir),
        cmocka_unit_test(no_such_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
