/* Our verdict beside OpenSSL's own DANE code, in real handshakes: each usage, selector, matching
 * type and place in the chain, over RSA, EC and Ed25519.
 *
 * OpenSSL judges as RFC 7671 does, names of DANE-EE not checked; we judge as for a public name,
 * which is the same rule. One record at a time: OpenSSL's digest agility among several is not ours
 * (any record that matches serves).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dane/verdict.h"
#include "tests/tools/device_server.h"
#include "tests/unit/dane/scene.h"

static const char device_name[] = "camera.maple.home.arpa";

enum { CHAIN = 3, BYSTANDER = 3 /* a certificate that is not presented */ };

static SSL *server_side(const struct card *const *chain)
{
    X509 *x509[CHAIN];
    for (size_t i = 0; i < CHAIN; i++)
        x509[i] = chain[i]->x509;
    SSL_CTX *context = device_context(chain[0]->key, x509, CHAIN, 0, 0);
    assert_non_null(context);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_accept_state(ssl);
    return ssl;
}

static SSL *client_side(const struct made_rr *rr)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    assert_int_equal(SSL_CTX_dane_enable(context), 1);
    SSL_CTX_set_security_level(context, 0);
    (void)SSL_CTX_dane_set_flags(context, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    assert_int_equal(SSL_dane_enable(ssl, device_name), 1);
    assert_int_equal(SSL_dane_tlsa_add(ssl, rr->bytes[0], rr->bytes[1], rr->bytes[2], rr->bytes + 3,
                                       rr->len - 3),
                     1);
    SSL_set_connect_state(ssl);
    return ssl;
}

static bool openssl_accepts(const struct card *const *chain, const struct made_rr *rr)
{
    BIO *a = NULL, *b = NULL;
    SSL *server = server_side(chain), *client = client_side(rr);
    assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
    SSL_set_bio(server, a, a);
    SSL_set_bio(client, b, b);
    for (int i = 0; i < 10 && !SSL_is_init_finished(client); i++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
    bool accepted = SSL_is_init_finished(client) && SSL_get_verify_result(client) == X509_V_OK;
    SSL_free(server);
    SSL_free(client);
    ERR_clear_error();
    return accepted;
}

static bool hearth_accepts(const struct card *const *chain, const struct made_rr *rr)
{
    struct published published = {.found = true, .count = 1};
    struct presented presented = presented_of(chain, CHAIN);
    struct verdict verdict;
    struct name name;
    assert_int_equal(tlsa_decode(&published.records[0], rr->bytes, rr->len), STATUS_OK);
    assert_int_equal(name_parse(&name, device_name), STATUS_OK);
    verdict_judge(&verdict, NULL, &published, &name, &presented, SCENE_NOW_MS);
    return verdict.kind == VERDICT_MATCHED;
}

struct tally {
    unsigned accepted, refused;
};

/* Every record that can be made of these certificates. cards[BYSTANDER] is not presented. */
static void compare(const struct card *const *cards, struct tally *tally)
{
    for (uint8_t usage = 2; usage <= 3; usage++) {
        for (uint8_t selector = 0; selector < 2; selector++) {
            for (uint8_t matching = 0; matching < 3; matching++) {
                for (size_t of = 0; of <= BYSTANDER; of++) {
                    /* An anchor that only the record brings is not ours (dane/chain.h). */
                    if (usage == 2 && matching == 0 && of == BYSTANDER)
                        continue;
                    struct made_rr rr = tlsa_of(cards[of], usage, selector, matching);
                    bool accepted = openssl_accepts(cards, &rr);
                    if (hearth_accepts(cards, &rr) != accepted)
                        fail_msg("%u %u %u of %zu: OpenSSL %s", usage, selector, matching, of,
                                 accepted ? "accepts" : "refuses");
                    (*(accepted ? &tally->accepted : &tally->refused))++;
                }
            }
        }
    }
}

static void good_chains(void **state)
{
    (void)state;
    static const char *const kinds[] = {"rsa1024", "rsa2048", "p256", "ed25519"};
    for (size_t i = 0; i < 4; i++) {
        struct card root, middle, leaf, other;
        card_init(&root, &(struct minted){.subject = "root", .ca = true}, kinds[i], NULL);
        card_init_signed(&middle, (struct minted){.subject = "middle", .ca = true}, kinds[i],
                         &root);
        card_init_signed(&leaf, (struct minted){.sans = device_name}, kinds[i], &middle);
        card_init(&other, &(struct minted){.subject = "other", .ca = true}, kinds[i], NULL);
        const struct card *cards[] = {&leaf, &middle, &root, &other};
        struct tally tally = {0};
        compare(cards, &tally);
        /* DANE-EE of the leaf, DANE-TA of its two issuers: each by 2 selectors and 3 matching
         * types. */
        assert_int_equal(tally.accepted, 6 + 12);
        assert_int_equal(tally.refused, 18 + 6 + 4);
        card_deinit(&root);
        card_deinit(&middle);
        card_deinit(&leaf);
        card_deinit(&other);
    }
}

/* Chains with one thing wrong: under DANE-EE nothing changes, under DANE-TA it decides. */
static void faulty_chains(void **state)
{
    (void)state;
    const struct {
        struct minted middle, leaf;
        bool forged; /* the leaf is signed by a namesake of middle */
        unsigned accepted;
    } table[] = {
        {{.subject = "m", .ca = true}, {.sans = "other.example"}, false, 6},
        {{.subject = "m", .ca = true}, {.sans = device_name, .not_after = "2021-01-01"}, false, 6},
        {{.subject = "m", .ca = true}, {.sans = device_name, .not_before = "2048-01-01"}, false, 6},
        {{.subject = "m", .ca = true}, {.sans = device_name}, true, 6},
        {{.subject = "m", .ca = false}, {.sans = device_name}, false, 6},
        {{.subject = "m", .ca = true, .hash = "sha1"},
         {.sans = device_name, .hash = "sha1"},
         false,
         18},
        {{.subject = "m", .ca = true, .hash = "md5"}, {.subject = device_name}, false, 18},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct card root, middle, namesake, leaf;
        card_init(&root, &(struct minted){.subject = "root", .ca = true}, "rsa1024", NULL);
        card_init_signed(&middle, table[i].middle, "rsa1024", &root);
        card_init_signed(&namesake, table[i].middle, "rsa1024", &root);
        card_init_signed(&leaf, table[i].leaf, "rsa1024", table[i].forged ? &namesake : &middle);
        const struct card *cards[] = {&leaf, &middle, &root, &namesake};
        struct tally tally = {0};
        compare(cards, &tally);
        assert_int_equal(tally.accepted, table[i].accepted);
        card_deinit(&root);
        card_deinit(&middle);
        card_deinit(&namesake);
        card_deinit(&leaf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_chains),
        cmocka_unit_test(faulty_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
