/* The contexts that the proxy shows to browsers: by real handshakes in memory with a client that
 * trusts the CA, under clocks that the test sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <unistd.h>

#include "dane/proxy/leaf.h"

#define NOW_MS  UINT64_C(1780272000000) /* 2026-06-01T00:00:00Z */
#define HOUR_MS UINT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

static const char camera[] = "camera.maple.home.arpa";

static struct ca ca;
static struct leaf_cache *cache;

static int make_cache(void **state)
{
    char dir[] = "/tmp/hearth-test-leaf-XXXXXX", path[64], error[CA_ERROR_SIZE];
    (void)state;
    if (!mkdtemp(dir) || ca_open(&ca, dir, NOW_MS, error) != STATUS_OK)
        return -1;
    (void)snprintf(path, sizeof path, "%s/ca.key", dir);
    unlink(path);
    (void)snprintf(path, sizeof path, "%s/ca.pem", dir);
    unlink(path);
    cache = leaf_cache_create(&ca);
    return rmdir(dir);
}

static int free_cache(void **state)
{
    (void)state;
    leaf_cache_free(cache);
    ca_close(&ca);
    ERR_clear_error();
    return 0;
}

static SSL_CTX *context_at(const char *host, uint64_t now_ms)
{
    SSL_CTX *context = NULL;
    assert_int_equal(leaf_context(cache, host, now_ms, &context), STATUS_OK);
    assert_non_null(context);
    return context;
}

/* --- a client --- */

struct client {
    SSL_CTX *context;
    SSL *ssl, *server;
    SSL_SESSION *session; /* the last that came */
};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct client *client = SSL_get_app_data(ssl);
    SSL_SESSION_free(client->session);
    client->session = session;
    return 1;
}

/* Trusts the CA and nothing else, asks for the host, at a time of its own. */
static void client_init(struct client *client, SSL_CTX *server, const char *host, uint64_t now_ms)
{
    BIO *one, *other;
    *client = (struct client){.context = SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
    X509_STORE *store = SSL_CTX_get_cert_store(client->context);
    assert_int_equal(X509_STORE_add_cert(store, ca.certificate), 1);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(client->context), (time_t)(now_ms / 1000));
    SSL_CTX_set_session_cache_mode(client->context, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(client->context, keep_session);
    client->ssl = SSL_new(client->context);
    client->server = SSL_new(server);
    SSL_set_app_data(client->ssl, client);
    assert_int_equal(SSL_set1_host(client->ssl, host), 1);
    assert_int_equal(SSL_set_tlsext_host_name(client->ssl, host), 1);
    assert_int_equal(BIO_new_bio_pair(&one, 0, &other, 0), 1);
    SSL_set_bio(client->ssl, one, one);
    SSL_set_bio(client->server, other, other);
    SSL_set_connect_state(client->ssl);
    SSL_set_accept_state(client->server);
}

static void client_deinit(struct client *client)
{
    SSL_SESSION_free(client->session);
    SSL_free(client->ssl);
    SSL_free(client->server);
    SSL_CTX_free(client->context);
}

static bool shake(struct client *client)
{
    for (int i = 0; i < 20; i++) {
        int of_client = SSL_do_handshake(client->ssl), of_server = SSL_do_handshake(client->server);
        if (of_client == 1 && of_server == 1) {
            char octet;
            (void)SSL_read(client->ssl, &octet, 1); /* takes the tickets */
            return true;
        }
        int why = SSL_get_error(client->server, of_server);
        if (of_server != 1 && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            (void)SSL_do_handshake(client->ssl); /* hears the alert */
            return false;
        }
    }
    return false;
}

/* --- what a browser sees --- */

static void a_client_accepts_it(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct client client;
        client_init(&client, context_at(camera, NOW_MS), camera, NOW_MS);
        assert_int_equal(SSL_set_max_proto_version(client.ssl, versions[i]), 1);
        assert_true(shake(&client));
        assert_int_equal(SSL_version(client.ssl), versions[i]);
        assert_int_equal(SSL_get_verify_result(client.ssl), X509_V_OK);
        client_deinit(&client);
    }
}

static void for_that_host_only(void **state)
{
    (void)state;
    struct client client;
    client_init(&client, context_at(camera, NOW_MS), "fridge.maple.home.arpa", NOW_MS);
    assert_false(shake(&client));
    assert_int_equal(SSL_get_verify_result(client.ssl), X509_V_ERR_HOSTNAME_MISMATCH);
    client_deinit(&client);
}

static void no_old_tls(void **state)
{
    (void)state;
    struct client client;
    client_init(&client, context_at(camera, NOW_MS), camera, NOW_MS);
    /* The library's own defaults would hide that ours is missing. */
    assert_int_equal(SSL_CTX_get_min_proto_version(context_at(camera, NOW_MS)), TLS1_2_VERSION);
    SSL_set_security_level(client.ssl, 0);
    assert_int_equal(SSL_set_min_proto_version(client.ssl, TLS1_VERSION), 1);
    assert_int_equal(SSL_set_max_proto_version(client.ssl, TLS1_1_VERSION), 1);
    assert_false(shake(&client));
    client_deinit(&client);
}

static void protocols(void **state)
{
    (void)state;
    static const struct {
        const char *offered; /* NULL: the client has no such extension */
        bool agreed;
    } offers[] = {
        {"\x08http/1.1", true},
        {"\x02h2\x08http/1.1", true},
        {"\x08http/1.1\x02h2", true},
        {NULL, true},
        {"\x02h2", false},
        {"\x08http/1.0", false},
        {"\x07http/1.", false},
    };
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        struct client client;
        const uint8_t *chosen = NULL;
        unsigned len = 0;
        client_init(&client, context_at(camera, NOW_MS), camera, NOW_MS);
        if (offers[i].offered)
            assert_int_equal(SSL_set_alpn_protos(client.ssl, (const uint8_t *)offers[i].offered,
                                                 (unsigned)strlen(offers[i].offered)),
                             0);
        ERR_clear_error();
        assert_int_equal(shake(&client), offers[i].agreed);
        if (!offers[i].agreed) {
            bool told = false;
            for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error())
                told = told || ERR_GET_REASON(error) ==
                                   SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL;
            assert_true(told);
        } else if (offers[i].offered) {
            SSL_get0_alpn_selected(client.ssl, &chosen, &len);
            assert_int_equal(len, 8);
            assert_memory_equal(chosen, "http/1.1", 8);
        }
        client_deinit(&client);
    }
}

/* Does a session of `first` resume at `second`? */
static bool resumes(SSL_CTX *first, const char *host, SSL_CTX *second, int version)
{
    struct client one, two;
    client_init(&one, first, host, NOW_MS);
    assert_int_equal(SSL_set_max_proto_version(one.ssl, version), 1);
    assert_true(shake(&one));
    assert_non_null(one.session);
    assert_int_equal(SSL_SESSION_get_max_early_data(one.session), 0);
    client_init(&two, second, host, NOW_MS);
    assert_int_equal(SSL_set_max_proto_version(two.ssl, version), 1);
    SSL_set_verify(two.ssl, SSL_VERIFY_NONE, NULL); /* to see what the server does */
    assert_int_equal(SSL_set_session(two.ssl, one.session), 1);
    assert_true(shake(&two));
    bool resumed = SSL_session_reused(two.ssl) == 1;
    client_deinit(&one);
    client_deinit(&two);
    return resumed;
}

static void sessions_resume_at_their_own_host_only(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *context = context_at(camera, NOW_MS);
        assert_true(resumes(context, camera, context, versions[i]));
        assert_false(
            resumes(context, camera, context_at("fridge.maple.home.arpa", NOW_MS), versions[i]));
    }
}

static void no_renegotiation(void **state)
{
    (void)state;
    char octet;
    struct client client;
    client_init(&client, context_at(camera, NOW_MS), camera, NOW_MS);
    assert_int_equal(SSL_set_max_proto_version(client.ssl, TLS1_2_VERSION), 1);
    assert_true(shake(&client));
    assert_true(SSL_get_options(client.server) & SSL_OP_NO_RENEGOTIATION); /* either side's */
    assert_int_equal(SSL_renegotiate(client.ssl), 1);
    (void)SSL_do_handshake(client.ssl);
    (void)SSL_read(client.server, &octet, 1);
    (void)SSL_do_handshake(client.ssl);
    assert_int_equal(SSL_total_renegotiations(client.server), 0);
    assert_int_equal(SSL_in_init(client.server), 0);
    client_deinit(&client);
}

/* --- the cache --- */

static void kept_while_it_is_good(void **state)
{
    (void)state;
    SSL_CTX *first = context_at(camera, NOW_MS);
    SSL_CTX_up_ref(first); /* so that its address is not used again */
    assert_ptr_equal(context_at(camera, NOW_MS), first);
    assert_ptr_equal(context_at(camera, NOW_MS + DAY_MS), first);
    assert_ptr_equal(context_at(camera, NOW_MS - HOUR_MS / 4), first);
    assert_ptr_not_equal(context_at("fridge.maple.home.arpa", NOW_MS), first);
    SSL_CTX_free(first);
}

/* Whatever the clock does, the leaf is good at the time that it is asked for. */
static void made_anew_when_the_clock_says_so(void **state)
{
    (void)state;
    static const uint64_t clocks[] = {
        NOW_MS,
        NOW_MS + 4 * DAY_MS,               /* near its end */
        NOW_MS + 4 * DAY_MS - 2 * HOUR_MS, /* set back */
        NOW_MS - 300 * DAY_MS,
        0,
        5000,
        NOW_MS + 3000 * DAY_MS, /* set forward */
        NOW_MS,
    };
    SSL_CTX *held[sizeof clocks / sizeof *clocks];
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct client client;
        held[i] = context_at(camera, clocks[i]);
        SSL_CTX_up_ref(held[i]);
        if (i > 0 && clocks[i] != 5000)
            assert_ptr_not_equal(held[i], held[i - 1]);
        client_init(&client, held[i], camera, clocks[i]);
        assert_true(shake(&client));
        client_deinit(&client);
    }
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        SSL_CTX_free(held[i]);
}

static const char *host_number(unsigned number)
{
    static char host[64];
    (void)snprintf(host, sizeof host, "device-%u.maple.home.arpa", number);
    return host;
}

static void the_one_used_longest_ago_goes(void **state)
{
    (void)state;
    SSL_CTX *first = context_at(host_number(0), NOW_MS),
            *second = context_at(host_number(1), NOW_MS);
    SSL_CTX_up_ref(first);
    SSL_CTX_up_ref(second);
    for (unsigned i = 2; i < LEAF_CACHE_MAX; i++)
        (void)context_at(host_number(i), NOW_MS);
    assert_ptr_equal(context_at(host_number(0), NOW_MS), first);
    (void)context_at(host_number(LEAF_CACHE_MAX), NOW_MS);
    assert_ptr_equal(context_at(host_number(0), NOW_MS), first);
    assert_ptr_not_equal(context_at(host_number(1), NOW_MS), second);
    /* A connection that still has the one that went goes on. */
    struct client client;
    client_init(&client, second, host_number(1), NOW_MS);
    assert_true(shake(&client));
    client_deinit(&client);
    SSL_CTX_free(first);
    SSL_CTX_free(second);
}

static void hosts_it_has_no_leaf_for(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "",
        ".",
        "home.arpa",
        "www.example.com",
        "evilhome.arpa",
        "home.arpa.example.com",
        "192.0.2.7",
        "::1",
        "Camera.maple.home.arpa",  /* the caller folds: one spelling, one leaf */
        "camera.maple.home.arpa.", /* and strips the dot */
        "*.maple.home.arpa",
        "a..home.arpa",
        "a.home.arpa,DNS:www.example.com",
        "a b.home.arpa",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        SSL_CTX *context = (SSL_CTX *)&cache;
        assert_int_equal(leaf_context(cache, hosts[i], NOW_MS, &context), STATUS_RANGE);
        assert_null(context);
    }
    leaf_cache_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_cache, free_cache)
    const struct CMUnitTest tests[] = {
        TEST(a_client_accepts_it),
        TEST(for_that_host_only),
        TEST(no_old_tls),
        TEST(protocols),
        TEST(sessions_resume_at_their_own_host_only),
        TEST(no_renegotiation),
        TEST(kept_while_it_is_good),
        TEST(made_anew_when_the_clock_says_so),
        TEST(the_one_used_longest_ago_goes),
        TEST(hosts_it_has_no_leaf_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
