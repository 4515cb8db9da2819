/* dane_matrix.c: a matrix of devices and TLSA records, judged by Hearth and by OpenSSL's DANE code.
 *
 *     dane_matrix FOLDER PART PARTS
 *
 * Writes the certificates into FOLDER (CHAIN.pem: what is presented; CHAIN.cards.pem: leaf, middle,
 * root, other) and a line for each judgement to stdout, of words with a blank between them:
 *
 *     CHAIN DATA OF RECORD[,RECORD]… PUBLIC HOUSEHOLD TAKEN OPENSSL HANDSHAKE
 *
 * RECORD is hex; PUBLIC and HOUSEHOLD are our verdicts on it as a name of each kind; TAKEN has a
 * 1 for each record that OpenSSL finds usable, else a 0; OPENSSL is what X509_verify_cert says with these records and a store that trusts the root (yes or no), HANDSHAKE
 * the same of a real handshake, or "-" where none was made. What all of it should be is
 * test_dane.py's business. Keys are new each time. Every PARTS-th chain is this process's, from PART
 * (0 and more) on: the rest is other processes'.
 */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/verdict.h"
#include "tests/conformance/dane_chains.h"
#include "tests/tools/device_server.h"

enum { RECORDS_MAX = TLSA_RRS_MAX, HANDSHAKE_TURNS = 10 };

struct bench {
    struct chain chain;
    char name[64];
    X509_STORE *store; /* trusts the chain's root */
    SSL_CTX *client, *server;
    STACK_OF(X509) * presented;
};

struct cell {
    const char *data;
    char of[4];
    struct made_rr records[RECORDS_MAX];
    size_t count;
    bool handshake;
};

/* --- the judges --- */

static enum verdict_kind judge_hearth(const struct bench *bench, const struct cell *cell,
                                      bool household)
{
    struct published published = {
        .household_name = household, .found = true, .zone = {.state = VIEW_ZONE_FRESH}};
    struct presented presented = presented_of(bench->chain.presented, bench->chain.len);
    struct verdict verdict;
    struct name name;
    assert(name_parse(&name, CHAIN_DEVICE) == STATUS_OK);
    for (size_t i = 0; i < cell->count; i++) {
        struct tlsa *tlsa = &published.records[published.count];
        /* What can't be decoded is left out, as published.c does. */
        if (tlsa_decode(tlsa, cell->records[i].bytes, cell->records[i].len) == STATUS_OK)
            published.count++;
    }
    verdict_judge(&verdict, NULL, &published, &name, &presented, SCENE_NOW_MS);
    return verdict.kind;
}

/* With `taken`, notes there which records OpenSSL finds usable. */
static SSL *client_with(const struct bench *bench, const struct cell *cell, char *taken)
{
    SSL *ssl = SSL_new(bench->client);
    assert(ssl && SSL_dane_enable(ssl, CHAIN_DEVICE) == 1);
    for (size_t i = 0; i < cell->count; i++) {
        const struct made_rr *rr = &cell->records[i];
        /* What is unusable is left out, and the answer then 0 or -1. */
        bool usable =
            rr->len >= 3 && SSL_dane_tlsa_add(ssl, rr->bytes[0], rr->bytes[1], rr->bytes[2],
                                              rr->bytes + 3, rr->len - 3) == 1;
        if (taken)
            *taken++ = usable ? '1' : '0';
    }
    if (taken)
        *taken = '\0';
    ERR_clear_error();
    return ssl;
}

/* As libssl sets it up for a client in a handshake. */
static bool judge_openssl(const struct bench *bench, const struct cell *cell,
                          char taken[static RECORDS_MAX + 1])
{
    SSL *ssl = client_with(bench, cell, taken);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    assert(ctx && X509_STORE_CTX_init(ctx, bench->store, sk_X509_value(bench->presented, 0),
                                      bench->presented) == 1);
    assert(X509_STORE_CTX_set_default(ctx, "ssl_server") == 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_auth_level(param, SSL_get_security_level(ssl));
    assert(X509_VERIFY_PARAM_set1(param, SSL_get0_param(ssl)) == 1);
    X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(ssl));
    bool accepted = X509_verify_cert(ctx) == 1 && X509_STORE_CTX_get_error(ctx) == X509_V_OK;
    X509_STORE_CTX_free(ctx);
    SSL_free(ssl);
    ERR_clear_error();
    return accepted;
}

static bool judge_handshake(const struct bench *bench, const struct cell *cell)
{
    BIO *a = NULL, *b = NULL;
    SSL *client = client_with(bench, cell, NULL), *server = SSL_new(bench->server);
    assert(server && BIO_new_bio_pair(&a, 65536, &b, 65536) == 1);
    SSL_set_bio(server, a, a);
    SSL_set_bio(client, b, b);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < HANDSHAKE_TURNS && !SSL_is_init_finished(client); i++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
    bool accepted = SSL_is_init_finished(client) && SSL_get_verify_result(client) == X509_V_OK;
    SSL_free(server);
    SSL_free(client);
    ERR_clear_error();
    return accepted;
}

static void judge(const struct bench *bench, const struct cell *cell)
{
    char taken[RECORDS_MAX + 1];
    const bool openssl = judge_openssl(bench, cell, taken);
    const char *handshake = "-";
    if (cell->handshake)
        handshake = judge_handshake(bench, cell) ? "yes" : "no";
    (void)printf("%s %s %s ", bench->name, cell->data, cell->of);
    for (size_t i = 0; i < cell->count; i++) {
        (void)printf("%s", i ? "," : "");
        for (size_t at = 0; at < cell->records[i].len; at++)
            (void)printf("%02x", cell->records[i].bytes[at]);
    }
    (void)printf(" %s %s %s %s %s\n", verdict_text(judge_hearth(bench, cell, false)),
                 verdict_text(judge_hearth(bench, cell, true)), taken, openssl ? "yes" : "no",
                 handshake);
}

/* --- the cells --- */

/* The right record with something done to its data. */
struct distortion {
    const char *name;
    void (*apply)(struct made_rr *rr, const struct card *card);
};

static void leave(struct made_rr *rr, const struct card *card)
{
    (void)rr;
    (void)card;
}

static void flip_first(struct made_rr *rr, const struct card *card)
{
    (void)card;
    rr->bytes[3] ^= 0x80;
}

static void flip_last(struct made_rr *rr, const struct card *card)
{
    (void)card;
    rr->bytes[rr->len - 1] ^= 1;
}

static void shorten(struct made_rr *rr, const struct card *card)
{
    (void)card;
    rr->len--;
}

static void halve(struct made_rr *rr, const struct card *card)
{
    (void)card;
    rr->len = 3 + (rr->len - 3) / 2;
}

static void lengthen(struct made_rr *rr, const struct card *card)
{
    (void)card;
    assert(rr->len < sizeof rr->bytes);
    rr->bytes[rr->len++] = 0;
}

/* The data that the other selector would have. */
static void cross(struct made_rr *rr, const struct card *card)
{
    uint8_t selector = rr->bytes[1];
    *rr = tlsa_of(card, rr->bytes[0], selector == 0, rr->bytes[2]);
    rr->bytes[1] = selector;
}

static const struct distortion distortions[] = {
    {"right", leave}, {"first-bit", flip_first}, {"last-bit", flip_last}, {"short", shorten},
    {"half", halve},  {"long", lengthen},        {"crossed", cross},
};
enum { DISTORTIONS = sizeof distortions / sizeof *distortions };

static void judge_one(const struct bench *bench, const char *data, size_t of,
                      const struct made_rr *rr, bool handshake)
{
    struct cell cell = {.data = data, .count = 1, .handshake = handshake};
    cell.records[0] = *rr;
    cell.of[0] = of < CARD_COUNT ? chain_letters[of] : '-';
    judge(bench, &cell);
}

/* No data at all, and the hash of nothing. */
static void judge_nothing(const struct bench *bench, uint8_t usage, uint8_t selector,
                          uint8_t matching)
{
    struct made_rr rr = {.bytes = {usage, selector, matching}, .len = 3};
    judge_one(bench, "none", CARD_COUNT, &rr, false);
    if (matching == TLSA_SHA256) {
        SHA256((const uint8_t *)"", 0, rr.bytes + 3);
        rr.len = 3 + SHA256_DIGEST_LENGTH;
    } else if (matching == TLSA_SHA512) {
        SHA512((const uint8_t *)"", 0, rr.bytes + 3);
        rr.len = 3 + SHA512_DIGEST_LENGTH;
    } else {
        return;
    }
    judge_one(bench, "of-nothing", CARD_COUNT, &rr, false);
}

/* Every record of these three numbers, right and with what is done to it. */
static void judge_numbers(const struct bench *bench, uint8_t usage, uint8_t selector,
                          uint8_t matching)
{
    for (size_t of = 0; of < CARD_COUNT; of++) {
        const struct card *card = &bench->chain.cards[of];
        for (size_t i = 0; i < DISTORTIONS; i++) {
            struct made_rr rr = tlsa_of(card, usage, selector, matching);
            distortions[i].apply(&rr, card);
            judge_one(bench, distortions[i].name, of, &rr, i == 0);
        }
    }
    judge_nothing(bench, usage, selector, matching);
}

static void judge_known(const struct bench *bench)
{
    for (uint8_t usage = 0; usage < 4; usage++) {
        for (uint8_t selector = 0; selector < 2; selector++) {
            for (uint8_t matching = 0; matching < 3; matching++)
                judge_numbers(bench, usage, selector, matching);
        }
    }
}

/* What tells chains apart: right records of every card, and the wrong of the commonest kind. */
static void judge_right(const struct bench *bench)
{
    for (unsigned numbers = 0; numbers < 4 * 2 * 3 * CARD_COUNT; numbers++) {
        const size_t of = numbers % CARD_COUNT;
        const uint8_t usage = (uint8_t)(numbers / CARD_COUNT / 6);
        const uint8_t selector = numbers / CARD_COUNT / 3 % 2, matching = numbers / CARD_COUNT % 3;
        struct made_rr rr = tlsa_of(&bench->chain.cards[of], usage, selector, matching);
        if (usage < TLSA_DANE_TA && matching != TLSA_SHA256)
            continue; /* those need a public CA: the cards differ, their hashes do not */
        judge_one(bench, "right", of, &rr, selector == TLSA_SPKI && matching == TLSA_SHA256);
        flip_last(&rr, NULL);
        if (usage >= TLSA_DANE_TA && matching == TLSA_SHA256)
            judge_one(bench, "last-bit", of, &rr, false);
    }
}

static void judge_unknown(const struct bench *bench)
{
    static const uint8_t numbers[][3] = {
        {4, 1, 1}, {255, 1, 1}, {4, 0, 0}, {3, 2, 1}, {3, 255, 0}, {2, 2, 2},
        {3, 1, 3}, {3, 1, 255}, {2, 0, 3}, {2, 1, 4}, {0, 2, 1},   {1, 1, 3},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        judge_numbers(bench, numbers[i][0], numbers[i][1], numbers[i][2]);
    for (size_t len = 0; len < 3; len++) {
        struct made_rr rr = {.bytes = {3, 1, 1}, .len = len};
        judge_one(bench, "cut", CARD_COUNT, &rr, false);
    }
}

/* --- several records --- */

static struct made_rr wrong(struct made_rr rr)
{
    rr.bytes[rr.len - 1] ^= 1;
    return rr;
}

/* Every pair of these, the same twice included, in both orders. */
static void judge_pairs(const struct bench *bench)
{
    const struct card *leaf = &bench->chain.cards[CARD_LEAF];
    const struct card *middle = &bench->chain.cards[CARD_MIDDLE];
    const struct card *root = &bench->chain.cards[CARD_ROOT];
    const struct made_rr records[] = {
        tlsa_of(leaf, 3, 1, 1),          tlsa_of(leaf, 3, 1, 2),
        tlsa_of(leaf, 3, 0, 1),          tlsa_of(leaf, 3, 0, 0),
        wrong(tlsa_of(leaf, 3, 1, 1)),   wrong(tlsa_of(leaf, 3, 1, 2)),
        wrong(tlsa_of(leaf, 3, 0, 1)),   wrong(tlsa_of(leaf, 3, 0, 2)),
        tlsa_of(root, 2, 1, 1),          tlsa_of(middle, 2, 0, 2),
        wrong(tlsa_of(middle, 2, 1, 1)), wrong(tlsa_of(root, 2, 0, 2)),
        tlsa_of(root, 0, 1, 1),          tlsa_of(leaf, 1, 1, 1),
        wrong(tlsa_of(leaf, 1, 0, 1)),   tlsa_of(leaf, 4, 1, 1),
        tlsa_of(leaf, 3, 1, 3),          tlsa_of(leaf, 3, 2, 2),
    };
    enum { COUNT = sizeof records / sizeof *records };
    for (size_t a = 0; a < COUNT; a++) {
        for (size_t b = 0; b < COUNT; b++) {
            struct cell cell = {.data = "pair", .of = "-", .count = 2};
            cell.records[0] = records[a];
            cell.records[1] = records[b];
            judge(bench, &cell);
        }
    }
}

/* As many as there may be; only the last is right, or none is, or there are none at all. */
static void judge_many(const struct bench *bench)
{
    struct cell cell = {.data = "many", .of = "l", .count = RECORDS_MAX, .handshake = true};
    for (size_t i = 0; i < RECORDS_MAX; i++) {
        cell.records[i] = tlsa_of(&bench->chain.cards[CARD_LEAF], 3, 1, 1);
        cell.records[i].bytes[3 + i % 32] ^= (uint8_t)(1U << (i / 32));
    }
    judge(bench, &cell);
    cell.records[RECORDS_MAX - 1] = tlsa_of(&bench->chain.cards[CARD_LEAF], 3, 1, 1);
    judge(bench, &cell);
    cell.count = 0;
    judge(bench, &cell);
}

/* --- the whole --- */

static void write_pem(const char *folder, const char *name, const char *suffix,
                      const struct card *const *cards, size_t count)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s%s.pem", folder, name, suffix);
    FILE *file = fopen(path, "we");
    assert(file);
    for (size_t i = 0; i < count; i++)
        assert(PEM_write_X509(file, cards[i]->x509) == 1);
    assert(fclose(file) == 0);
}

static SSL_CTX *client_context(X509_STORE *store)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    assert(context && SSL_CTX_dane_enable(context) == 1);
    SSL_CTX_set_security_level(context, 0);
    (void)SSL_CTX_dane_set_flags(context, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set1_cert_store(context, store);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), (time_t)(SCENE_NOW_MS / 1000));
    return context;
}

static void bench_init(struct bench *bench, const struct chain_recipe *recipe, const char *kind,
                       EVP_PKEY *const keys[static CARD_COUNT], const char *folder)
{
    const struct card *cards[CARD_COUNT];
    X509 *x509[X509_CHAIN_MAX];
    struct chain *chain = &bench->chain;
    chain_init(chain, recipe, keys);
    (void)snprintf(bench->name, sizeof bench->name, "%s.%s", recipe->name, kind);
    bench->presented = sk_X509_new_null();
    for (size_t i = 0; i < chain->len; i++) {
        x509[i] = chain->presented[i]->x509;
        assert(sk_X509_push(bench->presented, x509[i]) > 0);
    }
    bench->store = X509_STORE_new();
    assert(bench->store && X509_STORE_add_cert(bench->store, chain->cards[CARD_ROOT].x509) == 1);
    bench->client = client_context(bench->store);
    bench->server = device_context(keys[CARD_LEAF], x509, chain->len, 0, 0);
    assert(bench->server);
    for (size_t i = 0; i < CARD_COUNT; i++)
        cards[i] = &chain->cards[i];
    write_pem(folder, bench->name, "", chain->presented, chain->len);
    write_pem(folder, bench->name, ".cards", cards, CARD_COUNT);
}

static void bench_deinit(struct bench *bench)
{
    sk_X509_free(bench->presented);
    SSL_CTX_free(bench->client);
    SSL_CTX_free(bench->server);
    X509_STORE_free(bench->store);
    chain_deinit(&bench->chain);
}

static bool is_named(const struct chain_recipe *recipe, const char *name)
{
    return strcmp(recipe->name, name) == 0;
}

/* The old camera's kind of key meets everything; the others meet the good chains. */
static void judge_chain(const struct bench *bench, bool first)
{
    const struct chain_recipe *recipe = bench->chain.recipe;
    if (!first || !is_named(recipe, "three")) {
        judge_right(bench);
    } else {
        judge_known(bench);
        judge_unknown(bench);
        judge_many(bench);
        judge_pairs(bench);
    }
    if (first && is_named(recipe, "misnamed"))
        judge_pairs(bench);
}

static void judge_kind(const char *kind, const char *folder, size_t part, size_t parts)
{
    const bool first = strcmp(kind, "rsa1024") == 0;
    EVP_PKEY *keys[CARD_COUNT];
    for (size_t i = 0; i < CARD_COUNT; i++)
        assert((keys[i] = minted_key(kind)));
    for (size_t i = part; i < chain_recipe_count; i += parts) {
        struct bench bench;
        if (!first && !is_named(&chain_recipes[i], "lone") && !is_named(&chain_recipes[i], "three"))
            continue;
        bench_init(&bench, &chain_recipes[i], kind, keys, folder);
        judge_chain(&bench, first);
        bench_deinit(&bench);
    }
    for (size_t i = 0; i < CARD_COUNT; i++)
        EVP_PKEY_free(keys[i]);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"rsa1024", "rsa2048", "p256", "ed25519"};
    if (argc != 4 || atoi(argv[2]) < 0 || atoi(argv[3]) < 1) {
        (void)fprintf(stderr, "usage: dane_matrix FOLDER PART PARTS\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        judge_kind(kinds[i], argv[1], (size_t)atoi(argv[2]), (size_t)atoi(argv[3]));
    return fflush(stdout) == 0 ? 0 : 1;
}
