/* What the context for old devices allows, and the little that it never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dane/tls_context.h"
#include "tests/tools/device_server.h"
#include "tests/unit/dane/scene.h"

static void every_suite_has_certificate_and_cipher(void **state)
{
    (void)state;
    SSL_CTX *context = tls_context_create_device();
    assert_non_null(context);
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
    bool has_old = false;
    assert_true(sk_SSL_CIPHER_num(ciphers) > 20);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        int nid = SSL_CIPHER_get_auth_nid(cipher);
        assert_true(nid == NID_auth_rsa || nid == NID_auth_ecdsa || nid == NID_auth_dss ||
                    nid == NID_auth_any /* TLS 1.3 */);
        assert_int_not_equal(SSL_CIPHER_get_cipher_nid(cipher), NID_undef);
        has_old = has_old || strcmp(SSL_CIPHER_get_name(cipher), "AES128-SHA") == 0;
    }
    assert_true(has_old);
    assert_int_equal(SSL_CTX_get_min_proto_version(context), TLS1_VERSION);
    assert_int_equal(SSL_CTX_get_security_level(context), 0);
    SSL_CTX_free(context);
}

/* A program's context may have been narrowed before. */
static void a_narrowed_context_is_widened(void **state)
{
    (void)state;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_options(context, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1);
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    assert_true(tls_context_allow_old(context));
    assert_int_equal(SSL_CTX_get_min_proto_version(context), TLS1_VERSION);
    uint64_t options = SSL_CTX_get_options(context);
    assert_int_equal(options & (SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1), 0);
    assert_true(options & SSL_OP_NO_RENEGOTIATION);
    assert_true(options & SSL_OP_LEGACY_SERVER_CONNECT);
    assert_true(options & SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_free(context);
}

/* A server that shows one certificate for the verdict and would like to go on with another. */
static bool certificate_changes(bool allow_renegotiation)
{
    struct card first, second;
    BIO *a = NULL, *b = NULL;
    char octet;
    card_init(&first, &(struct minted){.subject = "first"}, "p256", NULL);
    card_init(&second, &(struct minted){.subject = "second"}, "p256", NULL);
    SSL_CTX *server_context = device_context(first.key, &first.x509, 1, 0, TLS1_2_VERSION);
    SSL_CTX *client_context = tls_context_create_device();
    if (allow_renegotiation)
        SSL_CTX_clear_options(client_context, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_options(server_context, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    SSL *server = SSL_new(server_context), *client = SSL_new(client_context);
    assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
    SSL_set_bio(server, a, a);
    SSL_set_bio(client, b, b);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int i = 0; i < 10 && !SSL_is_init_finished(client); i++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
    assert_true(SSL_is_init_finished(client));
    assert_int_equal(SSL_use_certificate(server, second.x509), 1);
    assert_int_equal(SSL_use_PrivateKey(server, second.key), 1);
    assert_int_equal(SSL_renegotiate(server), 1);
    for (int i = 0; i < 10; i++) {
        (void)SSL_do_handshake(server);
        (void)SSL_read(client, &octet, 1);
        (void)SSL_read(server, &octet, 1);
    }
    X509 *now = SSL_get1_peer_certificate(client);
    bool changed = !now || X509_cmp(now, first.x509) != 0;
    X509_free(now);
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(server_context);
    SSL_CTX_free(client_context);
    card_deinit(&first);
    card_deinit(&second);
    ERR_clear_error();
    return changed;
}

static void the_certificate_stays_after_the_verdict(void **state)
{
    (void)state;
    assert_true(certificate_changes(true)); /* the danger is real */
    assert_false(certificate_changes(false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_has_certificate_and_cipher),
        cmocka_unit_test(a_narrowed_context_is_widened),
        cmocka_unit_test(the_certificate_stays_after_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
