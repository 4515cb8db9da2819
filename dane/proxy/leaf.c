/* leaf.c: see leaf.h.
 *
 * One list, the host used last at its head: found, it moves there; not found, a context with a fresh
 * leaf is put there, and beyond LEAF_CACHE_MAX the last one goes. Connections that still use a
 * context hold their own reference. Each context has ticket keys of its own: a session of one host
 * resumes at no other, and at none after the leaf was made anew.
 */
#include "dane/proxy/leaf.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "ledger/base/name.h"

enum {
    /* The clock may be corrected by less than the leaf is backdated without a new leaf … */
    SET_BACK_MAX_MS = CA_LEAF_BACKDATED_S * 1000 / 2,
    /* … and a leaf is replaced while it has as long again to go. */
    USED_MAX_MS = CA_LEAF_LIFE_S * 1000 / 2,
};

struct leaf {
    TAILQ_ENTRY(leaf) next;
    SSL_CTX *context;
    uint64_t made_ms;
    char host[]; /* with its NUL */
};

struct leaf_cache {
    const struct ca *ca;
    size_t count;
    TAILQ_HEAD(leaves, leaf) leaves;
};

static const uint8_t http_1_1[] = "\x08http/1.1";

struct leaf_cache *leaf_cache_create(const struct ca *ca)
{
    struct leaf_cache *cache = calloc(1, sizeof *cache);
    if (cache) {
        cache->ca = ca;
        TAILQ_INIT(&cache->leaves);
    }
    return cache;
}

static void drop(struct leaf_cache *cache, struct leaf *leaf)
{
    TAILQ_REMOVE(&cache->leaves, leaf, next);
    cache->count--;
    SSL_CTX_free(leaf->context);
    free(leaf);
}

void leaf_cache_free(struct leaf_cache *cache)
{
    struct leaf *next, *leaf = cache ? TAILQ_FIRST(&cache->leaves) : NULL;
    for (; leaf; leaf = next) {
        next = TAILQ_NEXT(leaf, next);
        drop(cache, leaf);
    }
    free(cache);
}

/* --- contexts --- */

/* RFC 7301, section 3.2: no protocol in common is the alert no_application_protocol. */
static int choose_protocol(SSL *ssl, const uint8_t **out, uint8_t *out_len, const uint8_t *in,
                           unsigned in_len, void *unused)
{
    uint8_t *chosen = NULL;
    (void)ssl, (void)unused;
    if (SSL_select_next_proto(&chosen, out_len, http_1_1, sizeof http_1_1 - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Tickets carry the sessions: nothing is kept here for a client that doesn't come back. */
static bool set_up(SSL_CTX *context, X509 *certificate, EVP_PKEY *key)
{
    uint8_t id[32];
    unsigned id_len = sizeof id;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, 0) == 1 &&
           SSL_CTX_set_max_early_data(context, 0) == 1 &&
           SSL_CTX_set_recv_max_early_data(context, 0) == 1 &&
           SSL_CTX_use_certificate(context, certificate) == 1 &&
           SSL_CTX_use_PrivateKey(context, key) == 1 &&
           X509_digest(certificate, EVP_sha256(), id, &id_len) == 1 &&
           SSL_CTX_set_session_id_context(context, id, id_len) == 1;
}

static enum status make_context(const struct ca *ca, const char *host, uint64_t now_ms,
                                SSL_CTX **out)
{
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    enum status status = ca_sign_leaf(ca, host, now_ms, &certificate, &key);
    *out = NULL;
    if (status == STATUS_OK) {
        *out = SSL_CTX_new(TLS_server_method());
        status = *out ? STATUS_OK : STATUS_NO_MEMORY;
    }
    if (status == STATUS_OK && !set_up(*out, certificate, key)) {
        SSL_CTX_free(*out);
        *out = NULL;
        status = STATUS_CRYPTO;
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return status;
}

/* --- the list --- */

/* One spelling, so that there is one leaf a host; and below the zone, since browsers refuse more. */
static bool is_ours(const char *host)
{
    struct name name;
    char text[NAME_TEXT_SIZE];
    if (name_parse(&name, host) != STATUS_OK || name_equal(&name, &name_home_arpa) ||
        !name_is_within(name.wire, name.len, name_home_arpa.wire, name_home_arpa.len))
        return false;
    name_text(name.wire, name.len, text);
    return strcmp(text, host) == 0;
}

static struct leaf *find(const struct leaf_cache *cache, const char *host)
{
    struct leaf *leaf;
    TAILQ_FOREACH(leaf, &cache->leaves, next)
        if (strcmp(leaf->host, host) == 0)
            return leaf;
    return NULL;
}

static bool is_good_at(const struct leaf *leaf, uint64_t now_ms)
{
    return now_ms + SET_BACK_MAX_MS >= leaf->made_ms && now_ms < leaf->made_ms + USED_MAX_MS;
}

static enum status add(struct leaf_cache *cache, const char *host, uint64_t now_ms)
{
    size_t size = strlen(host) + 1;
    struct leaf *leaf = malloc(sizeof *leaf + size);
    if (!leaf)
        return STATUS_NO_MEMORY;
    enum status status = make_context(cache->ca, host, now_ms, &leaf->context);
    if (status != STATUS_OK) {
        free(leaf);
        return status;
    }
    leaf->made_ms = now_ms;
    memcpy(leaf->host, host, size);
    TAILQ_INSERT_HEAD(&cache->leaves, leaf, next);
    if (++cache->count > LEAF_CACHE_MAX)
        drop(cache, TAILQ_LAST(&cache->leaves, leaves));
    return STATUS_OK;
}

enum status leaf_context(struct leaf_cache *cache, const char *host, unsigned long long now_ms,
                         struct ssl_ctx_st **context)
{
    enum status status = STATUS_OK;
    struct leaf *leaf = find(cache, host);
    *context = NULL;
    if (leaf && is_good_at(leaf, now_ms)) {
        TAILQ_REMOVE(&cache->leaves, leaf, next);
        TAILQ_INSERT_HEAD(&cache->leaves, leaf, next);
    } else {
        if (!is_ours(host))
            return STATUS_RANGE;
        if (leaf)
            drop(cache, leaf);
        status = add(cache, host, now_ms);
    }
    if (status == STATUS_OK)
        *context = TAILQ_FIRST(&cache->leaves)->context;
    return status;
}
