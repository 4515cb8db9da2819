/* device_pool.c: see device_pool.h.
 *
 * A session of TLS 1.2 is there when the handshake is done (device_pool_keep); those of TLS 1.3
 * come later, by OpenSSL's callback (on_new_session), for a connection that may have been closed by
 * its verdict: only a link that matched is remembered.
 */
#include "dane/proxy/device_pool.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dane/chain.h"
#include "dane/published.h"
#include "dane/tls_context.h"
#include "ledger/base/clock.h"

enum { CONNECT_MS = 10000, HANDSHAKE_MS = 10000, WHOLE_MS = 30000 };

/* --- links --- */

static void free_link(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number,
                      void *argument)
{
    struct device_link *link = pointer;
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)argument;
    if (link)
        device_shown_drop(link->shown);
    free(link);
}

static int link_index(void)
{
    static int index = -1; /* for the life of the process; one thread */
    if (index < 0)
        index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_link);
    return index;
}

struct device_link *device_pool_link(const struct ssl_st *ssl)
{
    return ssl && link_index() >= 0 ? SSL_get_ex_data(ssl, link_index()) : NULL;
}

struct ssl_st *device_pool_connection(struct device_pool *pool, const struct device_key *key)
{
    SSL *ssl = link_index() >= 0 ? SSL_new(pool->context) : NULL;
    struct device_link *link = ssl ? calloc(1, sizeof *link) : NULL;
    if (link && SSL_set_ex_data(ssl, link_index(), link) == 1) {
        link->key = *key;
        return ssl;
    }
    free(link);
    SSL_free(ssl);
    ERR_clear_error();
    return NULL;
}

/* --- OpenSSL's callbacks --- */

static int on_client_certificate_wish(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct device_link *link = device_pool_link(ssl);
    (void)certificate;
    (void)key;
    if (link)
        link->asked_client_certificate = true;
    return 0; /* none is sent */
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct device_pool *pool = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct device_link *link = device_pool_link(ssl);
    if (pool && link && link->is_matched)
        device_sessions_keep(pool->sessions, &link->key, link->shown, session);
    return 0; /* its reference is not taken over */
}

/* --- the pool --- */

struct device_pool *device_pool_create(struct event_base *base, struct view_file *view)
{
    struct device_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->base = base;
    pool->connect_ms = CONNECT_MS;
    pool->handshake_ms = HANDSHAKE_MS;
    pool->whole_ms = WHOLE_MS;
    pool->view = view;
    pool->sessions = device_sessions_create();
    pool->context = tls_context_create_device();
    if (!pool->sessions || !pool->context || SSL_CTX_set_app_data(pool->context, pool) != 1) {
        device_pool_free(pool);
        return NULL;
    }
    SSL_CTX_set_client_cert_cb(pool->context, on_client_certificate_wish);
    (void)SSL_CTX_set_session_cache_mode(pool->context,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(pool->context, on_new_session);
    return pool;
}

void device_pool_free(struct device_pool *pool)
{
    if (!pool)
        return;
    if (pool->context)
        (void)SSL_CTX_set_app_data(pool->context, NULL); /* open connections live on */
    SSL_CTX_free(pool->context);
    device_sessions_free(pool->sessions);
    chain_known_cas_close(pool->known_cas);
    free(pool);
}

/* --- what was shown, and what is said of it --- */

static void ask_known_cas(struct device_pool *pool, struct presented *presented)
{
    if (!chain_names_an_issuer(presented->chain, presented->chain_len))
        return;
    if (!pool->has_known_cas)
        pool->known_cas = chain_known_cas_open();
    pool->has_known_cas = true;
    presented->known_issuer =
        chain_is_issued_by_known_ca(pool->known_cas, presented->chain, presented->chain_len);
}

struct device_shown *device_pool_take_shown(struct device_pool *pool, struct ssl_st *ssl,
                                            size_t greeting)
{
    static uint8_t bytes[DEVICE_CHAIN_BYTES_MAX]; /* one thread, and copied below */
    struct presented presented = {.tls_version = (uint16_t)SSL_version(ssl)};
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    presented.chain_len = x509_encode_chain(chain, bytes, sizeof bytes, presented.chain);
    if (presented.chain_len == 0)
        return NULL;
    presented.legacy_renegotiation = tls_context_is_legacy_renegotiation(ssl);
    uint64_t now_ms = device_pool_now_ms();
    struct device_shown *known = device_sessions_recognise(
        pool->sessions, &device_pool_link(ssl)->key, &presented, greeting, now_ms);
    if (known)
        return device_shown_hold(known);
    ask_known_cas(pool, &presented);
    return device_shown_create(&presented, greeting, now_ms);
}

/* Nothing may be judged by a view that can't be read. */
static void judge_without_view(struct verdict *verdict, enum status why)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->kind = VERDICT_STALE;
    verdict->view_status = why;
}

static bool same_file(const struct view_file_id *a, const struct view_file_id *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* The verdict of the same inputs, if it was passed in this very second. */
static bool recall(const struct device_shown *shown, const struct device_judged *now,
                   struct verdict *verdict)
{
    const struct device_judged *judged = shown ? shown->judged : NULL;
    if (!judged || judged->port != now->port || !name_equal(&judged->name, &now->name) ||
        judged->generation != now->generation || judged->second != now->second ||
        !same_file(&judged->view, &now->view))
        return false;
    *verdict = judged->verdict;
    return true;
}

static void remember(struct device_shown *shown, const struct device_judged *now,
                     const struct verdict *verdict)
{
    if (!shown || !shown->is_kept)
        return;
    if (!shown->judged)
        shown->judged = malloc(sizeof *shown->judged);
    if (!shown->judged)
        return;
    *shown->judged = *now;
    shown->judged->verdict = *verdict;
}

void device_judge_again(struct device_pool *pool, struct device_shown *shown,
                        const struct name *name, uint16_t port, struct verdict *verdict)
{
    struct view *view = NULL;
    struct published published;
    enum status status = view_file_current(pool->view, &view);
    if (status != STATUS_OK) {
        judge_without_view(verdict, status);
        return;
    }
    uint64_t now_ms = clock_household_ms(clock_read(), view->published_ms);
    struct device_judged now = {.name = *name,
                                .port = port,
                                .view = pool->view->mapping.view_id,
                                .generation = view->generation,
                                .second = now_ms / 1000};
    if (recall(shown, &now, verdict))
        return;
    status = published_find(&published, view, name, port);
    if (status != STATUS_OK) {
        judge_without_view(verdict, status);
        return;
    }
    verdict_judge(verdict, view, &published, name, shown ? &shown->presented : NULL, now_ms);
    remember(shown, &now, verdict);
}

struct device_shown *device_shown_by(struct stream *stream)
{
    const struct device_link *link = device_pool_link(stream_ssl(stream));
    return link && link->shown ? device_shown_hold(link->shown) : NULL;
}

void device_pool_keep(struct device_pool *pool, struct ssl_st *ssl)
{
    struct device_link *link = device_pool_link(ssl);
    bool comes_later = SSL_version(ssl) >= TLS1_3_VERSION;
    link->is_matched = true;
    device_sessions_keep(pool->sessions, &link->key, link->shown,
                         comes_later ? NULL : SSL_get_session(ssl));
}

uint64_t device_pool_now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
