/* hearth_dane.c: libhearth-dane, see hearth-dane.h.
 *
 * A thin door: it gathers what the peer presented, maps the present view (view_file), asks
 * verdict_judge, and puts the answer into words that need no other header. Every result starts as
 * HEARTH_DANE_ERROR, so that no way out of here is a yes by accident. The host's OpenSSL error
 * queue is left as it was.
 */
#include "dane/hearth-dane.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/chain.h"
#include "dane/tls_context.h"
#include "dane/verdict.h"
#include "dane/x509.h"
#include "ledger/base/clock.h"
#include "ledger/base/name.h"
#include "ledger/base/text.h"
#include "ledger/base/view.h"
#include "ledger/base/view_file.h"

#define SAME_BIT(name)                                                                             \
    static_assert(HEARTH_DANE_##name == 1 << FORGIVEN_BIT_##name,                                  \
                  "the header's bits are the verdict's")
SAME_BIT(EXPIRED);
SAME_BIT(NOT_YET_VALID);
SAME_BIT(NAME);
SAME_BIT(ISSUER);
SAME_BIT(WEAK_KEY);
SAME_BIT(WEAK_SIGNATURE);
SAME_BIT(OLD_PROTOCOL);
SAME_BIT(LEGACY_RENEGOTIATION);
static_assert(FORGIVEN_COUNT == 8, "a new bit needs a name in the header");
static_assert((int)HEARTH_DANE_CHAIN_MAX == (int)X509_CHAIN_MAX, "one limit");
static_assert((int)HEARTH_DANE_DER_MAX == (int)X509_DER_MAX, "one limit");

struct hearth_dane {
    pthread_mutex_t lock;  /* over all below */
    struct view_file file; /* the next call may replace its mapping */
    bool asked_known_cas;
    struct x509_store_st *known_cas; /* opened when first needed; may be NULL */
};

/* --- handle --- */

struct hearth_dane *hearth_dane_open(const char *view_path)
{
    struct hearth_dane *dane = calloc(1, sizeof *dane);
    if (!dane)
        return NULL;
    if (!view_path)
        view_path = secure_getenv("HEARTH_VIEW");
    if (!view_path || !*view_path)
        view_path = VIEW_SYSTEM_PATH;
    if (view_file_init(&dane->file, view_path) == STATUS_OK) {
        if (pthread_mutex_init(&dane->lock, NULL) == 0)
            return dane;
        view_file_deinit(&dane->file);
    }
    free(dane);
    return NULL;
}

void hearth_dane_close(struct hearth_dane *dane)
{
    if (!dane)
        return;
    view_file_deinit(&dane->file);
    chain_known_cas_close(dane->known_cas);
    pthread_mutex_destroy(&dane->lock);
    free(dane);
}

/* --- result --- */

static void result_begin(struct hearth_dane_result *result)
{
    memset(result, 0, sizeof *result);
    result->verdict = HEARTH_DANE_ERROR;
}

static void result_error(struct hearth_dane_result *result, const char *what, const char *why)
{
    (void)snprintf(result->reason, sizeof result->reason, "%s%s%s", what, *why ? ": " : "", why);
}

static enum hearth_dane_verdict verdict_outside(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_MATCHED:
        return HEARTH_DANE_MATCHED;
    case VERDICT_MISMATCH:
        return HEARTH_DANE_MISMATCH;
    case VERDICT_NO_RECORD:
        return HEARTH_DANE_NO_RECORD;
    case VERDICT_WITHDRAWN:
        return HEARTH_DANE_WITHDRAWN;
    case VERDICT_STALE:
        return HEARTH_DANE_STALE;
    default:
        return HEARTH_DANE_ERROR;
    }
}

/* A label is another machine's text, and this one goes to terminals: as it is, or not at all. */
static void describe_author(const struct view_author *author, char *out, size_t size)
{
    size_t len = author->label_len;
    if (len == 0 || len >= size || !text_is_plain(author->label, len)) {
        hex_encode(author->key, sizeof author->key, out);
        return;
    }
    memcpy(out, author->label, len);
    out[len] = '\0';
}

static void describe_withdrawal(struct view *view, const struct verdict *verdict,
                                struct hearth_dane_result *result)
{
    struct view_author author;
    if (!verdict->has_withdrawal)
        return;
    result->withdrawn_ms = (int64_t)clock_stamp_ms(verdict->withdrawal.time);
    if (view_author_at(view, verdict->withdrawal.author, &author) == STATUS_OK)
        describe_author(&author, result->withdrawn_by, sizeof result->withdrawn_by);
}

/* Cut at the end of the text. */
static void reason_add(struct hearth_dane_result *result, const char *piece)
{
    size_t used = strlen(result->reason);
    (void)snprintf(result->reason + used, sizeof result->reason - used, "%s", piece);
}

static void describe_forgiven(struct hearth_dane_result *result)
{
    const char *before = "; forgiven: ";
    for (int i = 0; i < FORGIVEN_COUNT; i++) {
        if (!(result->forgiven >> i & 1))
            continue;
        reason_add(result, before);
        reason_add(result, forgiven_text((enum forgiven_bit)i));
        before = ", ";
    }
}

static void describe_verdict(struct hearth_dane_result *result)
{
    static const char *const reasons[] = {
        [HEARTH_DANE_ERROR] = "it could not be judged",
        [HEARTH_DANE_MATCHED] = "it is the published device",
        [HEARTH_DANE_MISMATCH] =
            "it presented another key than the published one: possibly an impostor",
        [HEARTH_DANE_NO_RECORD] = "the household publishes no usable key for this name and port",
        [HEARTH_DANE_WITHDRAWN] = "it presented a key that the household has withdrawn",
        [HEARTH_DANE_STALE] = "the household has not been heard of for too long",
    };
    result_error(result, reasons[result->verdict], "");
    if (result->verdict == HEARTH_DANE_MATCHED)
        describe_forgiven(result);
}

static void result_fill(struct hearth_dane_result *result, struct view *view,
                        const struct verdict *verdict)
{
    result->verdict = verdict_outside(verdict->kind);
    result->forgiven = verdict->forgiven;
    result->wrong = verdict->wrong;
    result->soft = verdict->soft;
    if (verdict->has_presented)
        hex_encode(verdict->presented, sizeof verdict->presented, result->presented);
    for (size_t i = 0; i < verdict->expected_count && i < HEARTH_DANE_EXPECTED_MAX; i++)
        hex_encode(verdict->expected[i], verdict->expected_len[i],
                   result->expected[result->expected_count++]);
    if (verdict->kind == VERDICT_WITHDRAWN)
        describe_withdrawal(view, verdict, result);
    describe_verdict(result);
    if (verdict->view_status != STATUS_OK) {
        result->verdict = HEARTH_DANE_ERROR;
        result_error(result, "the household's view", status_text(verdict->view_status));
    }
}

/* --- judging --- */

static void judge_in_view(struct view *view, const struct presented *presented,
                          const struct name *name, uint16_t port, struct hearth_dane_result *result)
{
    struct published published;
    struct verdict verdict;
    struct clock_reading clock = clock_read();
    enum status status = published_find(&published, view, name, port);
    if (status != STATUS_OK) {
        result_error(result, "the household's view", status_text(status));
        return;
    }
    verdict_judge(&verdict, view, &published, name, presented,
                  clock_household_ms(clock, view->published_ms));
    result_fill(result, view, &verdict);
}

static void ask_known_cas(struct hearth_dane *dane, struct presented *presented)
{
    if (!chain_names_an_issuer(presented->chain, presented->chain_len))
        return;
    if (!dane->asked_known_cas)
        dane->known_cas = chain_known_cas_open();
    dane->asked_known_cas = true;
    presented->known_issuer =
        chain_is_issued_by_known_ca(dane->known_cas, presented->chain, presented->chain_len);
}

static void judge(struct hearth_dane *dane, struct presented *presented, const char *text,
                  uint16_t port, struct hearth_dane_result *result)
{
    struct name name;
    struct view *view = NULL;
    enum status status = name_parse(&name, text);
    if (status != STATUS_OK) {
        result_error(result, "the name", status_text(status));
        return;
    }
    pthread_mutex_lock(&dane->lock);
    ask_known_cas(dane, presented);
    status = view_file_current(&dane->file, &view);
    if (status == STATUS_OK)
        judge_in_view(view, presented, &name, port, result);
    else
        result_error(result, dane->file.view_path, status_text(status));
    pthread_mutex_unlock(&dane->lock);
}

enum hearth_dane_verdict hearth_dane_verify_der(struct hearth_dane *dane,
                                                const struct hearth_dane_der *chain, size_t count,
                                                const char *name, uint16_t port,
                                                struct hearth_dane_result *result)
{
    struct presented presented = {.chain_len = count < X509_CHAIN_MAX ? count : X509_CHAIN_MAX};
    result_begin(result);
    if (!dane || !chain || count == 0 || !name) {
        result_error(result, "there is no certificate, name or handle", "");
        return result->verdict;
    }
    for (size_t i = 0; i < presented.chain_len; i++)
        presented.chain[i] = (struct der){chain[i].bytes, chain[i].len};
    (void)ERR_set_mark();
    judge(dane, &presented, name, port, result);
    (void)ERR_pop_to_mark();
    return result->verdict;
}

/* The leaf, then what else was presented. A client's chain has the leaf in it, a server's has not,
 * and of a resumed session the leaf alone is left. The list borrows; NULL when memory is out. */
static STACK_OF(X509) * gather(SSL *ssl, X509 *leaf)
{
    STACK_OF(X509) *presented = SSL_get_peer_cert_chain(ssl);
    STACK_OF(X509) *list = sk_X509_new_null();
    bool held = list && sk_X509_push(list, leaf) > 0;
    for (int i = 0; held && i < sk_X509_num(presented); i++) {
        X509 *next = sk_X509_value(presented, i);
        if (X509_cmp(next, leaf) != 0)
            held = sk_X509_push(list, next) > 0;
    }
    if (held)
        return list;
    sk_X509_free(list);
    return NULL;
}

static void judge_peer(struct hearth_dane *dane, SSL *ssl, X509 *leaf, const char *name,
                       uint16_t port, struct hearth_dane_result *result)
{
    struct presented presented = {
        .tls_version = (uint16_t)SSL_version(ssl),
        .legacy_renegotiation = tls_context_is_legacy_renegotiation(ssl),
    };
    uint8_t *bytes = malloc(X509_DER_MAX);
    STACK_OF(X509) *list = gather(ssl, leaf);
    if (bytes && list)
        presented.chain_len = x509_encode_chain(list, bytes, X509_DER_MAX, presented.chain);
    if (presented.chain_len > 0)
        judge(dane, &presented, name, port, result);
    else
        result_error(result, "the peer's certificate can't be taken", "");
    sk_X509_free(list);
    free(bytes);
}

enum hearth_dane_verdict hearth_dane_verify_ssl(struct hearth_dane *dane, struct ssl_st *ssl,
                                                const char *name, uint16_t port,
                                                struct hearth_dane_result *result)
{
    result_begin(result);
    if (!dane || !ssl || !name) {
        result_error(result, "there is no connection, name or handle", "");
        return result->verdict;
    }
    if (!SSL_is_init_finished(ssl)) {
        result_error(result, "the TLS handshake is not complete", "");
        return result->verdict;
    }
    (void)ERR_set_mark();
    X509 *leaf = SSL_get1_peer_certificate(ssl);
    if (leaf)
        judge_peer(dane, ssl, leaf, name, port, result);
    else
        result_error(result, "the peer presented no certificate", "");
    X509_free(leaf);
    (void)ERR_pop_to_mark();
    return result->verdict;
}

int hearth_dane_allow_old_devices(struct ssl_ctx_st *context)
{
    return context && tls_context_allow_old(context);
}

/* --- words --- */

const char *hearth_dane_verdict_text(enum hearth_dane_verdict verdict)
{
    for (int kind = 0; kind < VERDICT_COUNT; kind++) {
        if (verdict != HEARTH_DANE_ERROR && verdict_outside((enum verdict_kind)kind) == verdict)
            return verdict_text((enum verdict_kind)kind);
    }
    return "error";
}

const char *hearth_dane_wrong_text(unsigned bit)
{
    for (int i = 0; i < FORGIVEN_COUNT; i++) {
        if (bit == 1U << i)
            return forgiven_text((enum forgiven_bit)i);
    }
    return "unknown";
}

const char *hearth_dane_version(void)
{
    return HEARTH_VERSION;
}
