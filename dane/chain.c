/* chain.c: see chain.h.
 *
 * OpenSSL walks and verifies; this file says from where to where. The happy path: one presented
 * certificate matches, it becomes the only trusted one, and X509_verify_cert builds leaf -> … ->
 * anchor from what was presented. Time is not checked there, because the verdict names dates
 * itself.
 */
#include "dane/chain.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

/* What is behind the leaf; the list borrows. A certificate that can't be read is passed over: it
 * can't help the chain. */
static STACK_OF(X509) * gather_rest(struct x509_chain *chain)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    for (size_t i = 1; list && i < chain->len; i++) {
        const struct x509 *x509 = x509_chain_at(chain, i);
        if (x509 && sk_X509_push(list, x509->openssl) <= 0) {
            sk_X509_free(list);
            return NULL;
        }
    }
    return list;
}

static bool same_der(struct der a, struct der b)
{
    return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* The verified chain in terms of the presented one, of whose certificates it consists. */
static enum status note_path(STACK_OF(X509) * verified, const struct x509_chain *chain,
                             struct chain_path *path)
{
    for (int i = 0; i < sk_X509_num(verified); i++) {
        size_t at = 0;
        while (at < chain->len && chain->decoded[at].openssl != sk_X509_value(verified, i))
            at++;
        if (at == chain->len || path->len == X509_CHAIN_MAX)
            return STATUS_SIGNATURE;
        path->at[path->len++] = at;
    }
    return STATUS_OK;
}

/* Builds and verifies leaf -> store with the help of `rest`. *verified: the caller frees it. */
static enum status verify(X509_STORE *store, X509 *leaf, STACK_OF(X509) * rest, unsigned long flags,
                          STACK_OF(X509) * *verified)
{
    enum status status = STATUS_NO_MEMORY;
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!ctx || X509_STORE_CTX_init(ctx, store, leaf, rest) != 1)
        goto out;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    if (X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) != 1 ||
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME | flags) != 1)
        goto out;
    X509_VERIFY_PARAM_set_auth_level(param, 0); /* weak algorithms are named, not refused */
    X509_VERIFY_PARAM_set_depth(param, X509_CHAIN_MAX);
    status = STATUS_SIGNATURE;
    if (X509_verify_cert(ctx) == 1) {
        status = STATUS_OK;
        if (verified && !(*verified = X509_STORE_CTX_get1_chain(ctx)))
            status = STATUS_NO_MEMORY;
    }
out:
    X509_STORE_CTX_free(ctx);
    return status;
}

static enum status verify_to(const struct x509 *anchor, X509 *leaf, STACK_OF(X509) * rest,
                             const struct x509_chain *chain, struct chain_path *path)
{
    enum status status = STATUS_NO_MEMORY;
    STACK_OF(X509) *verified = NULL;
    X509_STORE *store = X509_STORE_new();
    /* PARTIAL_CHAIN: an intermediate may be the anchor, its own issuer is nobody's business. */
    if (store && X509_STORE_add_cert(store, anchor->openssl) == 1)
        status = verify(store, leaf, rest, X509_V_FLAG_PARTIAL_CHAIN, &verified);
    if (status == STATUS_OK)
        status = note_path(verified, chain, path);
    sk_X509_pop_free(verified, X509_free);
    X509_STORE_free(store);
    return status;
}

/* Is it one to try? The leaf again is none: as the only trusted certificate it would carry itself,
 * without the right to sign. */
static bool is_candidate(const struct tlsa *tlsa, const struct x509 *x509, const struct x509 *leaf)
{
    return x509 && !same_der(x509->der, leaf->der) && tlsa_match(tlsa, x509) == STATUS_OK;
}

enum status chain_find(const struct tlsa *tlsa, struct x509_chain *chain, struct chain_path *path)
{
    const struct x509 *leaf = x509_chain_at(chain, 0);
    path->len = 0;
    if (!leaf)
        return STATUS_MALFORMED;
    (void)ERR_set_mark();
    STACK_OF(X509) *rest = gather_rest(chain);
    enum status best = rest ? STATUS_NOT_FOUND : STATUS_NO_MEMORY;
    for (size_t i = 1; rest && best != STATUS_OK && i < chain->len; i++) {
        const struct x509 *anchor = x509_chain_at(chain, i);
        if (is_candidate(tlsa, anchor, leaf))
            best = verify_to(anchor, leaf->openssl, rest, chain, path);
    }
    (void)ERR_pop_to_mark();
    sk_X509_free(rest);
    return best;
}

enum status chain_find_anchor(const struct tlsa *tlsa, const struct der *der, size_t len,
                              struct chain_path *path)
{
    struct x509_chain chain;
    x509_chain_init(&chain, der, len);
    enum status status = chain_find(tlsa, &chain, path);
    x509_chain_deinit(&chain);
    return status;
}

/* What X509_STORE_set_default_paths does; but that also empties the error queue, which is the
 * host's. */
static bool load_known_cas(X509_STORE *store)
{
    X509_LOOKUP *file = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    X509_LOOKUP *dir = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    if (!file || !dir)
        return false;
    /* Debian has the folder and not the file; either will do. */
    bool has_file = X509_LOOKUP_load_file(file, NULL, X509_FILETYPE_DEFAULT) == 1;
    return X509_LOOKUP_add_dir(dir, NULL, X509_FILETYPE_DEFAULT) == 1 || has_file;
}

struct x509_store_st *chain_known_cas_open(void)
{
    (void)ERR_set_mark();
    X509_STORE *store = X509_STORE_new();
    if (store && !load_known_cas(store)) {
        X509_STORE_free(store);
        store = NULL;
    }
    (void)ERR_pop_to_mark();
    return store;
}

void chain_known_cas_close(struct x509_store_st *known_cas)
{
    X509_STORE_free(known_cas);
}

bool chain_names_an_issuer(const struct der *chain, size_t len)
{
    X509 *leaf = len > 0 ? x509_decode(chain[0]) : NULL;
    bool names =
        leaf && X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) != 0;
    X509_free(leaf);
    return names;
}

bool chain_is_issued_by_known_ca(struct x509_store_st *known_cas, const struct der *der, size_t len)
{
    struct x509_chain chain;
    x509_chain_init(&chain, der, len);
    const struct x509 *leaf = known_cas ? x509_chain_at(&chain, 0) : NULL;
    (void)ERR_set_mark();
    STACK_OF(X509) *rest = leaf ? gather_rest(&chain) : NULL;
    bool known = rest && verify(known_cas, leaf->openssl, rest, 0, NULL) == STATUS_OK;
    (void)ERR_pop_to_mark();
    sk_X509_free(rest);
    x509_chain_deinit(&chain);
    return known;
}
