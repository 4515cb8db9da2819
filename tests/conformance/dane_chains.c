/* dane_chains.c: see dane_chains.h. What each recipe means for the judges stands in test_dane.py. */
#include "tests/conformance/dane_chains.h"

#include <assert.h>
#include <openssl/x509v3.h>
#include <string.h>

const char chain_letters[CARD_COUNT + 1] = "lmro";

static const char past[] = "2021-01-01", future[] = "2048-01-01";

#define LEAF(...)   [CARD_LEAF] = {__VA_ARGS__}
#define MIDDLE(...) [CARD_MIDDLE] = {__VA_ARGS__}
#define ROOT(...)   [CARD_ROOT] = {__VA_ARGS__}
#define OTHER(...)  [CARD_OTHER] = {__VA_ARGS__}

const struct chain_recipe chain_recipes[] = {
    {"lone", "l", {LEAF(.by = 'l')}},
    {"lone-ca", "l", {LEAF(.by = 'l', .ca = 'y')}},
    {"lone-expired", "l", {LEAF(.by = 'l', .not_after = past)}},
    {"lone-misnamed", "l", {LEAF(.by = 'l', .sans = "other.example")}},
    {"twice", "ll", {LEAF(.by = 'l')}},
    {"lone-and-root", "lr", {LEAF(.by = 'l')}},
    {"pair", "lr", {LEAF(.by = 'r')}},
    {"three", "lmr", {{0}}},
    {"leaf-only", "l", {{0}}},
    {"no-root", "lm", {{0}}},
    {"no-middle", "lr", {{0}}},
    {"shuffled", "lrm", {{0}}},
    {"stranger-between", "lomr", {{0}}},
    {"leaf-again", "lml", {{0}}},
    {"expired", "lmr", {LEAF(.not_after = past)}},
    {"expired-middle", "lmr", {MIDDLE(.not_after = past)}},
    {"expired-root", "lmr", {ROOT(.not_after = past)}},
    {"not-yet", "lmr", {LEAF(.not_before = future)}},
    {"not-yet-middle", "lmr", {MIDDLE(.not_before = future)}},
    {"wildcard", "lmr", {LEAF(.sans = "*.maple.home.arpa")}},
    {"misnamed", "lmr", {LEAF(.sans = "other.example")}},
    {"name-in-cn", "lmr", {LEAF(.subject = CHAIN_DEVICE, .sans = "")}},
    {"forged", "lmr", {LEAF(.by = 'o'), OTHER(.subject = "middle", .by = 'r')}},
    {"forged-middle", "lmr", {MIDDLE(.by = 'o'), OTHER(.subject = "root")}},
    {"broken", "lmr", {LEAF(.broken = true)}},
    {"broken-middle", "lmr", {MIDDLE(.broken = true)}},
    {"no-ca", "lmr", {MIDDLE(.ca = 'n')}},
    {"path-too-long",
     "lmr",
     {ROOT(.ca = 'n', .nid = NID_basic_constraints, .extension = "critical,CA:TRUE,pathlen:0")}},
    {"constrained",
     "lmr",
     {MIDDLE(.nid = NID_name_constraints, .extension = "critical,permitted;DNS:other.example")}},
    {"client-only", "lmr", {LEAF(.nid = NID_ext_key_usage, .extension = "clientAuth")}},
    {"sha1", "lmr", {LEAF(.hash = "sha1"), MIDDLE(.hash = "sha1")}},
    {"md5", "lmr", {LEAF(.hash = "md5"), MIDDLE(.hash = "md5")}},
    /* The other: the same key's certificate of before, signed by the middle as well. */
    {"renewed", "lmr", {OTHER(.key_of = 'l', .by = 'm', .ca = 'n', .not_after = "2030-01-01")}},
    /* A stranger's leaf in front of the real device's whole chain; the other is the real leaf. */
    {"impostor", "lomr", {LEAF(.by = 'l'), OTHER(.by = 'm', .ca = 'n', .sans = CHAIN_DEVICE)}},
    /* The same, with the real middle named as the issuer. */
    {"impostor-named", "lmro", {LEAF(.by = 'o'), OTHER(.subject = "middle", .by = 'r', .ca = 'n')}},
};
const size_t chain_recipe_count = sizeof chain_recipes / sizeof *chain_recipes;

static size_t index_of(char letter)
{
    const char *at = strchr(chain_letters, letter);
    assert(at && *at);
    return (size_t)(at - chain_letters);
}

static void card_encode(struct card *card)
{
    OPENSSL_free(card->bytes);
    card->bytes = NULL;
    int len = i2d_X509(card->x509, &card->bytes);
    assert(len > 0);
    card->der = (struct der){card->bytes, (size_t)len};
}

static void card_decode(struct card *card)
{
    X509_free(card->x509);
    card->x509 = x509_decode(card->der);
    assert(card->x509);
}

static void card_extend(struct card *card, const struct chain_flaw *flaw, EVP_PKEY *signer)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, NULL, card->x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, flaw->nid, flaw->extension);
    const EVP_MD *hash = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    assert(extension && X509_add_ext(card->x509, extension, -1) == 1);
    assert(X509_sign(card->x509, signer, hash) > 0);
    X509_EXTENSION_free(extension);
    card_encode(card);
}

/* The card is made; its signer, unless it is that itself, has been. */
static void make_card(struct chain *chain, size_t which, EVP_PKEY *const *keys)
{
    static const char *const subjects[] = {"camera", "middle", "root", "other"};
    const struct chain_flaw *flaw = &chain->recipe->flaws[which];
    const size_t signer = index_of(flaw->by ? flaw->by : "mrro"[which]);
    struct minted minted = {.subject = flaw->subject ? flaw->subject : subjects[which],
                            .sans = which == CARD_LEAF ? CHAIN_DEVICE : NULL,
                            .hash = flaw->hash,
                            .not_before = flaw->not_before,
                            .not_after = flaw->not_after,
                            .serial = (long)which + 1,
                            .ca = flaw->ca ? flaw->ca == 'y' : which != CARD_LEAF};
    struct card *card = &chain->cards[which];
    if (flaw->sans)
        minted.sans = *flaw->sans ? flaw->sans : NULL;
    if (signer != which) {
        minted.issuer = chain->cards[signer].x509;
        minted.issuer_key = keys[signer];
    }
    card_init(card, &minted, NULL, keys[flaw->key_of ? index_of(flaw->key_of) : which]);
    if (flaw->extension)
        card_extend(card, flaw, keys[signer]);
    if (flaw->broken)
        card->bytes[card->der.len - 1] ^= 1;
    card_decode(card); /* OpenSSL's form is of these very octets, and of nothing before */
}

void chain_init(struct chain *chain, const struct chain_recipe *recipe,
                EVP_PKEY *const keys[static CARD_COUNT])
{
    static const size_t usual[] = {CARD_ROOT, CARD_MIDDLE, CARD_OTHER, CARD_LEAF};
    static const size_t other_first[] = {CARD_ROOT, CARD_OTHER, CARD_MIDDLE, CARD_LEAF};
    const size_t *order = recipe->flaws[CARD_MIDDLE].by == 'o' ? other_first : usual;
    *chain = (struct chain){.recipe = recipe, .len = strlen(recipe->presented)};
    for (size_t i = 0; i < CARD_COUNT; i++)
        make_card(chain, order[i], keys);
    for (size_t i = 0; i < chain->len; i++)
        chain->presented[i] = &chain->cards[index_of(recipe->presented[i])];
}

void chain_deinit(struct chain *chain)
{
    for (size_t i = 0; i < CARD_COUNT; i++)
        card_deinit(&chain->cards[i]);
}
