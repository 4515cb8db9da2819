/* tls_context.c: see tls_context.h. */
#include "dane/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dane/x509.h"

/* Every suite with a certificate and a cipher. PSK and SRP authenticate without a certificate:
 * nothing to judge. */
static const char all_ciphers[] = "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0";

bool tls_context_allow_old(struct ssl_ctx_st *context)
{
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_clear_options(context, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 |
                                       SSL_OP_NO_TLSv1_3);
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     SSL_OP_NO_RENEGOTIATION);
    return SSL_CTX_set_min_proto_version(context, TLS1_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, 0) == 1 &&
           SSL_CTX_set_cipher_list(context, all_ciphers) == 1;
}

/* The verdict is passed on the certificates afterwards, so that a chain that no public CA knows is
 * no error here, and OpenSSL spends nothing on a hostile one. */
static int leave_it_to_the_verdict(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

struct ssl_ctx_st *tls_context_create_device(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || !tls_context_allow_old(context)) {
        ERR_clear_error();
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_cert_verify_callback(context, leave_it_to_the_verdict, NULL);
    SSL_CTX_set_max_cert_list(context, X509_DER_MAX);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

bool tls_context_is_legacy_renegotiation(struct ssl_st *ssl)
{
    return SSL_version(ssl) < TLS1_3_VERSION && SSL_get_secure_renegotiation_support(ssl) == 0;
}
