/* The verdict, rule by rule, over views and certificates made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/verdict.h"
#include "ledger/base/rrtype.h"
#include "tests/unit/dane/scene.h"

#define BIT(name) (1U << FORGIVEN_BIT_##name)

static const char camera_name[] = "camera.maple.home.arpa";

/* Certificates that many tests share: keys are slow to make. */
static struct cards {
    struct card hopeless, other, good;
    struct card root, middle, leaf; /* leaf <- middle <- root */
    struct card impostor_middle;    /* like middle, another key */
} cards;

static int make_cards(void **state)
{
    (void)state;
    card_init_hopeless(&cards.hopeless);
    card_init_hopeless(&cards.other);
    card_init(&cards.good, &(struct minted){.sans = camera_name}, "p256", NULL);
    card_init(&cards.root, &(struct minted){.subject = "root", .ca = true}, "p256", NULL);
    card_init_signed(&cards.middle, (struct minted){.subject = "middle", .ca = true}, "p256",
                     &cards.root);
    card_init_signed(&cards.impostor_middle, (struct minted){.subject = "middle", .ca = true},
                     "p256", &cards.root);
    card_init_signed(&cards.leaf, (struct minted){.sans = camera_name}, "p256", &cards.middle);
    return 0;
}

static int free_cards(void **state)
{
    (void)state;
    struct card *all[] = {&cards.hopeless, &cards.other, &cards.good,           &cards.root,
                          &cards.middle,   &cards.leaf,  &cards.impostor_middle};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        card_deinit(all[i]);
    return 0;
}

/* --- a house with one camera --- */

static struct made_household house_with(const struct made_rr *rrs, size_t count)
{
    struct made_household house = {
        .records = {{.name = "_443._tcp.camera", .type = RRTYPE_TLSA, .count = count}},
        .record_count = 1};
    for (size_t i = 0; i < count; i++)
        house.records[0].rrs[i] = rrs[i];
    return house;
}

static void withdraw(struct made_household *house, const struct made_rr *rr)
{
    memcpy(house->withdrawn[house->withdrawn_count++], rr->bytes + 3, 32);
}

static void remove_record(struct made_household *house, const struct made_rr *rr)
{
    struct made_record *record = &house->records[0];
    record->removed[record->removed_count++] = *rr;
    withdraw(house, rr);
}

static struct verdict judged_at(const struct made_household *house, const char *text,
                                const struct presented *presented, uint64_t now_ms)
{
    size_t len = 0;
    struct view view;
    struct name name;
    struct published published;
    struct verdict verdict;
    uint8_t *bytes = made_view(house, &len);
    assert_int_equal(view_open(&view, bytes, len), STATUS_OK);
    assert_int_equal(name_parse(&name, text), STATUS_OK);
    assert_int_equal(published_find(&published, &view, &name, 443), STATUS_OK);
    verdict_judge(&verdict, &view, &published, &name, presented, now_ms);
    free(bytes);
    /* Whatever is judged: only a match forgives, and all of what is wrong. */
    assert_int_equal(verdict.forgiven, verdict.kind == VERDICT_MATCHED ? verdict.wrong : 0);
    return verdict;
}

static struct verdict judged(const struct made_household *house, const struct card *card)
{
    struct presented presented = presented_of(&card, 1);
    return judged_at(house, camera_name, &presented, SCENE_NOW_MS);
}

static struct verdict judged_chain(const struct made_household *house, const struct card *a,
                                   const struct card *b, const struct card *c)
{
    const struct card *chain[] = {a, b, c};
    struct presented presented = presented_of(chain, c ? 3 : b ? 2 : 1);
    return judged_at(house, camera_name, &presented, SCENE_NOW_MS);
}

/* --- tests --- */

static void words_are_the_contract(void **state)
{
    (void)state;
    assert_string_equal(verdict_text(VERDICT_MATCHED), "matched");
    assert_string_equal(verdict_text(VERDICT_NO_RECORD), "no-record");
    assert_string_equal(verdict_text(VERDICT_UNREACHABLE), "unreachable");
    assert_string_equal(verdict_text(VERDICT_COUNT), "unknown");
    assert_string_equal(forgiven_text(FORGIVEN_BIT_EXPIRED), "expired");
    assert_string_equal(forgiven_text(FORGIVEN_BIT_LEGACY_RENEGOTIATION), "legacy-renegotiation");
    assert_string_equal(forgiven_text(FORGIVEN_COUNT), "unknown");
}

static void everything_wrong_is_forgiven_on_a_match(void **state)
{
    (void)state;
    struct made_rr rr = tlsa_of(&cards.hopeless, 3, 1, 1);
    struct made_household house = house_with(&rr, 1);
    const struct card *card = &cards.hopeless;
    struct presented presented = presented_of(&card, 1);
    presented.tls_version = 0x0301;
    presented.legacy_renegotiation = true;
    struct verdict verdict = judged_at(&house, camera_name, &presented, SCENE_NOW_MS);
    assert_int_equal(verdict.kind, VERDICT_MATCHED);
    assert_int_equal(verdict.forgiven, BIT(EXPIRED) | BIT(NAME) | BIT(ISSUER) | BIT(WEAK_KEY) |
                                           BIT(WEAK_SIGNATURE) | BIT(OLD_PROTOCOL) |
                                           BIT(LEGACY_RENEGOTIATION));
    assert_true(verdict.has_presented);
    assert_int_equal(verdict.expected_count, 1);
    assert_int_equal(verdict.expected_len[0], 32);
    assert_memory_equal(verdict.expected[0], verdict.presented, 32);
    verdict = judged_at(&house, camera_name, &presented, 0); /* a clock in 1970 */
    assert_int_equal(verdict.kind, VERDICT_MATCHED);
    assert_true(verdict.forgiven & BIT(NOT_YET_VALID));
    assert_false(verdict.forgiven & BIT(EXPIRED));
}

static void nothing_wrong_is_named_of_a_good_one(void **state)
{
    (void)state;
    struct made_rr rr = tlsa_of(&cards.good, 3, 1, 1);
    struct made_household house = house_with(&rr, 1);
    const struct card *card = &cards.good;
    struct presented presented = presented_of(&card, 1);
    presented.known_issuer = true;
    for (uint16_t version = 0x0303; version <= 0x0304; version++) {
        presented.tls_version = version;
        struct verdict verdict = judged_at(&house, camera_name, &presented, SCENE_NOW_MS);
        assert_int_equal(verdict.kind, VERDICT_MATCHED);
        assert_int_equal(verdict.wrong, 0);
    }
}

static void a_mismatch_is_never_forgiven(void **state)
{
    (void)state;
    struct made_rr rr = tlsa_of(&cards.hopeless, 3, 1, 1);
    struct made_household house = house_with(&rr, 1);
    struct verdict verdict = judged(&house, &cards.other);
    assert_int_equal(verdict.kind, VERDICT_MISMATCH);
    assert_int_equal(verdict.forgiven, 0);
    assert_true(verdict.wrong & BIT(EXPIRED));
    assert_memory_equal(verdict.expected[0], rr.bytes + 3, 32);
    assert_memory_not_equal(verdict.presented, rr.bytes + 3, 32);
    /* A certificate without fault is no better, if the key is another. */
    verdict = judged(&house, &cards.good);
    assert_int_equal(verdict.kind, VERDICT_MISMATCH);
}

static void any_record_matching_serves(void **state)
{
    (void)state;
    struct made_rr rrs[] = {tlsa_of(&cards.other, 3, 1, 1), tlsa_of(&cards.hopeless, 0, 1, 1),
                            tlsa_of(&cards.hopeless, 3, 1, 2), tlsa_of(&cards.good, 3, 0, 1)};
    struct made_household house = house_with(rrs, 4);
    struct verdict verdict = judged(&house, &cards.hopeless);
    assert_int_equal(verdict.kind, VERDICT_MATCHED);
    assert_int_equal(verdict.matched, 2);
    assert_int_equal(verdict.expected_count, 3); /* the usable ones */
    assert_int_equal(verdict.expected_len[1], 64);
    assert_memory_equal(verdict.expected[1], rrs[2].bytes + 3, 64);
    verdict = judged(&house, &cards.good);
    assert_int_equal(verdict.kind, VERDICT_MATCHED);
    assert_int_equal(verdict.matched, 3);
}

static void no_usable_record_is_no_record(void **state)
{
    (void)state;
    struct made_rr empty = {.bytes = {3,    1,    1,    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc,
                                      0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
                                      0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                      0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55},
                            .len = 35};
    struct made_rr rrs[] = {tlsa_of(&cards.good, 0, 1, 1), tlsa_of(&cards.good, 1, 1, 1), empty};
    struct made_household house = house_with(rrs, 3);
    struct verdict verdict = judged(&house, &cards.good);
    assert_int_equal(verdict.kind, VERDICT_NO_RECORD);
    assert_int_equal(verdict.expected_count, 0);
    assert_true(verdict.has_presented);
    /* Other names: of the household without a record, of no household. */
    const struct card *card = &cards.good;
    struct presented presented = presented_of(&card, 1);
    presented.known_issuer = true; /* a public CA's word is never asked instead */
    verdict = judged_at(&house, "nas.maple.home.arpa", &presented, SCENE_NOW_MS);
    assert_int_equal(verdict.kind, VERDICT_NO_RECORD);
    verdict = judged_at(&house, "camera.example", &presented, SCENE_NOW_MS);
    assert_int_equal(verdict.kind, VERDICT_NO_RECORD);
}

/* Beside a usable record that does not match, an unusable one that does is no help: standing or
 * removed. */
static void unusable_records_never_match(void **state)
{
    (void)state;
    struct made_rr rrs[] = {tlsa_of(&cards.root, 0, 1, 2), tlsa_of(&cards.leaf, 1, 1, 2),
                            tlsa_of(&cards.other, 3, 1, 1)};
    struct made_household house = house_with(rrs, 3);
    struct verdict verdict = judged_chain(&house, &cards.leaf, &cards.middle, &cards.root);
    assert_int_equal(verdict.kind, VERDICT_MISMATCH);
    assert_int_equal(verdict.expected_count, 1);
    house = house_with(&rrs[2], 1);
    house.records[0].removed[0] = rrs[0];
    house.records[0].removed[1] = rrs[1];
    house.records[0].removed_count = 2;
    verdict = judged_chain(&house, &cards.leaf, &cards.middle, &cards.root);
    assert_int_equal(verdict.kind, VERDICT_MISMATCH);
}

static void nothing_presented(void **state)
{
    (void)state;
    struct made_rr rr = tlsa_of(&cards.good, 3, 1, 1);
    struct made_household house = house_with(&rr, 1);
    struct presented nothing = {.chain_len = 0};
    for (int i = 0; i < 2; i++) {
        struct verdict verdict =
            judged_at(&house, camera_name, i == 0 ? NULL : &nothing, SCENE_NOW_MS);
        assert_int_equal(verdict.kind, VERDICT_UNREACHABLE);
        assert_false(verdict.has_presented);
        assert_int_equal(verdict.expected_count, 1);
    }
    /* Octets that are no certificate match nothing, whatever was published. */
    struct presented rubbish = {.chain = {{(const uint8_t *)"rubbish", 7}}, .chain_len = 1};
    struct verdict verdict = judged_at(&house, camera_name, &rubbish, SCENE_NOW_MS);
    assert_int_equal(verdict.kind, VERDICT_MISMATCH);
    assert_false(verdict.has_presented);
}

static void withdrawn_beats_a_match_by_another_hash(void **state)
{
    (void)state;
    struct made_rr spki = tlsa_of(&cards.good, 3, 1, 1), full = tlsa_of(&cards.good, 3, 0, 1);
    struct made_rr by_512 = tlsa_of(&cards.good, 3, 1, 2);
    const struct {
        const struct made_rr *published, *withdrawn;
    } table[] = {{&full, &spki}, {&by_512, &spki}, {&spki, &full}, {&by_512, &full}};
    for (size_t i = 0; i < 4; i++) {
        struct made_household house = house_with(table[i].published, 1);
        withdraw(&house, table[i].withdrawn);
        struct verdict verdict = judged(&house, &cards.good);
        assert_int_equal(verdict.kind, VERDICT_WITHDRAWN);
        assert_true(verdict.has_withdrawal);
        assert_int_equal(verdict.withdrawal.time >> 16, MADE_WITHDRAWN_MS);
        assert_memory_equal(verdict.withdrawal.hash, table[i].withdrawn->bytes + 3, 32);
        assert_int_equal(judged(&house, &cards.other).kind, VERDICT_MISMATCH);
    }
}

static void withdrawn_at_every_name_of_the_household(void **state)
{
    (void)state;
    struct made_rr rr = tlsa_of(&cards.good, 3, 1, 1);
    struct made_household house = house_with(&rr, 1);
    const struct card *card = &cards.good;
    struct presented presented = presented_of(&card, 1);
    remove_record(&house, &rr);
    static const char *const names[] = {"nas.maple.home.arpa", MADE_CAMERA_BY_ID};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(judged_at(&house, names[i], &presented, SCENE_NOW_MS).kind,
                         VERDICT_WITHDRAWN);
    assert_int_equal(judged_at(&house, "camera.example", &presented, SCENE_NOW_MS).kind,
                     VERDICT_NO_RECORD);
}

static void an_emptied_name_expects_nothing(void **state)
{
    (void)state;
    struct made_household house = house_with(NULL, 0);
    struct made_rr rr = tlsa_of(&cards.good, 3, 1, 1);
    remove_record(&house, &rr);
    struct verdict verdict = judged(&house, &cards.good);
    assert_int_equal(verdict.kind, VERDICT_WITHDRAWN);
    assert_true(verdict.has_withdrawal);
    verdict = judged(&house, &cards.other);
    assert_int_equal(verdict.kind, VERDICT_MISMATCH);
    assert_int_equal(verdict.expected_count, 0);
}

/* The view removed a record, and its list of withdrawals does not name the hash: removed is
 * removed. */
static void a_removed_record_is_withdrawn_without_a_list(void **state)
{
    (void)state;
    struct made_household house = house_with(NULL, 0);
    struct made_rr rr = tlsa_of(&cards.good, 3, 1, 1);
    remove_record(&house, &rr);
    house.withdrawn_count = 0;
    struct verdict verdict = judged(&house, &cards.good);
    assert_int_equal(verdict.kind, VERDICT_WITHDRAWN);
    assert_false(verdict.has_withdrawal);
}

static void freshness(void **state)
{
    (void)state;
    const uint64_t now = SCENE_NOW_MS;
    const struct {
        enum view_zone_state state;
        uint64_t soft_ms, hard_ms;
        bool stale, soft;
    } table[] = {
        {VIEW_ZONE_FRESH, 0, 0, false, false},
        {VIEW_ZONE_FRESH, now + 1, now + 2, false, false},
        {VIEW_ZONE_FRESH, now, now + 2, false, true},
        {VIEW_ZONE_FRESH, now - 9, now, true, true},
        {VIEW_ZONE_FRESH, 0, now - 1, true, false},
        {VIEW_ZONE_SOFT, 0, 0, false, true},
        {VIEW_ZONE_FROZEN, 0, 0, false, true},
        {VIEW_ZONE_HARD, 0, 0, true, true},
    };
    struct made_rr rr = tlsa_of(&cards.good, 3, 1, 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct made_household house = house_with(&rr, 1);
        house.state = table[i].state;
        house.soft_ms = table[i].soft_ms;
        house.hard_ms = table[i].hard_ms;
        struct verdict verdict = judged(&house, &cards.good);
        assert_int_equal(verdict.kind, table[i].stale ? VERDICT_STALE : VERDICT_MATCHED);
        assert_int_equal(verdict.soft, table[i].soft);
        verdict = judged(&house, &cards.other);
        assert_int_equal(verdict.kind, table[i].stale ? VERDICT_STALE : VERDICT_MISMATCH);
        withdraw(&house, &rr); /* known to be bad stays bad, however old the news */
        assert_int_equal(judged(&house, &cards.good).kind, VERDICT_WITHDRAWN);
    }
}

static void either_form_of_the_name_will_do(void **state)
{
    (void)state;
    static const char *const sans[] = {"camera.maple.home.arpa", MADE_CAMERA_BY_ID,
                                       "*.maple.home.arpa", "nas.maple.home.arpa"};
    for (size_t i = 0; i < 4; i++) {
        struct card card;
        card_init(&card, &(struct minted){.sans = sans[i]}, "p256", NULL);
        struct made_rr rr = tlsa_of(&card, 3, 1, 1);
        struct made_household house = house_with(&rr, 1);
        const struct card *list = &card;
        struct presented presented = presented_of(&list, 1);
        bool wrong = i == 3;
        for (int form = 0; form < 2; form++) {
            struct verdict verdict = judged_at(&house, sans[form], &presented, SCENE_NOW_MS);
            assert_int_equal(verdict.kind, VERDICT_MATCHED);
            assert_int_equal((verdict.wrong & BIT(NAME)) != 0, wrong);
        }
        card_deinit(&card);
    }
}

/* --- DANE-TA --- */

static void anchors_carry_what_they_signed(void **state)
{
    (void)state;
    const struct card *anchors[] = {&cards.middle, &cards.root};
    for (size_t i = 0; i < 2; i++) {
        for (uint8_t selector = 0; selector < 2; selector++) {
            for (uint8_t matching = 0; matching < 3; matching++) {
                struct made_rr rr = tlsa_of(anchors[i], 2, selector, matching);
                struct made_household house = house_with(&rr, 1);
                struct verdict verdict =
                    judged_chain(&house, &cards.leaf, &cards.middle, &cards.root);
                assert_int_equal(verdict.kind, VERDICT_MATCHED);
                assert_int_equal(verdict.forgiven, 0); /* the issuer is known by the anchor */
                /* The order after the leaf does not matter. */
                verdict = judged_chain(&house, &cards.leaf, &cards.root, &cards.middle);
                assert_int_equal(verdict.kind, VERDICT_MATCHED);
            }
        }
    }
}

static void an_anchor_that_did_not_sign_carries_nothing(void **state)
{
    (void)state;
    struct made_rr middle = tlsa_of(&cards.middle, 2, 1, 1), root = tlsa_of(&cards.root, 2, 1, 1);
    struct made_rr leaf = tlsa_of(&cards.leaf, 2, 1, 1);
    struct made_rr impostor = tlsa_of(&cards.impostor_middle, 2, 1, 1);
    struct made_household house = house_with(&middle, 1);
    /* Anybody can append the real anchor to a chain of his own. */
    assert_int_equal(judged_chain(&house, &cards.good, &cards.middle, &cards.root).kind,
                     VERDICT_MISMATCH);
    /* The anchor is not there. */
    assert_int_equal(judged_chain(&house, &cards.leaf, NULL, NULL).kind, VERDICT_MISMATCH);
    house = house_with(&root, 1);
    assert_int_equal(judged_chain(&house, &cards.leaf, &cards.root, NULL).kind, VERDICT_MISMATCH);
    /* A namesake of the issuer with another key. */
    house = house_with(&impostor, 1);
    assert_int_equal(judged_chain(&house, &cards.leaf, &cards.impostor_middle, &cards.root).kind,
                     VERDICT_MISMATCH);
    /* The leaf is nobody's anchor. */
    house = house_with(&leaf, 1);
    assert_int_equal(judged_chain(&house, &cards.leaf, &cards.middle, &cards.root).kind,
                     VERDICT_MISMATCH);
}

/* A device certified by the CA can't certify others. */
static void a_leaf_signs_nobody(void **state)
{
    (void)state;
    struct card forged;
    struct made_rr rr = tlsa_of(&cards.root, 2, 1, 1);
    struct made_household house = house_with(&rr, 1);
    card_init_signed(&forged, (struct minted){.sans = camera_name}, "p256", &cards.leaf);
    const struct card *chain[] = {&forged, &cards.leaf, &cards.middle, &cards.root};
    struct presented presented = presented_of(chain, 4);
    assert_int_equal(judged_at(&house, camera_name, &presented, SCENE_NOW_MS).kind,
                     VERDICT_MISMATCH);
    card_deinit(&forged);
}

static void weakness_on_the_way_is_named(void **state)
{
    (void)state;
    struct card root, middle, leaf;
    const struct minted old_ca = {.subject = "old", .ca = true, .hash = "sha1"};
    const struct minted weak_ca = {
        .subject = "weak", .ca = true, .hash = "sha1", .not_after = "2021-01-01"};
    card_init(&root, &old_ca, "p256", NULL);
    card_init_signed(&middle, weak_ca, "rsa1024", &root);
    card_init_signed(&leaf, (struct minted){.subject = "x.example"}, "p256", &middle);
    struct made_rr rr = tlsa_of(&root, 2, 1, 1);
    struct made_household house = house_with(&rr, 1);
    struct verdict verdict = judged_chain(&house, &leaf, &middle, &root);
    assert_int_equal(verdict.kind, VERDICT_MATCHED);
    assert_int_equal(verdict.forgiven,
                     BIT(EXPIRED) | BIT(NAME) | BIT(WEAK_KEY) | BIT(WEAK_SIGNATURE));
    /* With the intermediate as the anchor, what signed it is not asked. */
    rr = tlsa_of(&middle, 2, 1, 1);
    house = house_with(&rr, 1);
    verdict = judged_chain(&house, &leaf, &middle, &root);
    assert_int_equal(verdict.forgiven, BIT(EXPIRED) | BIT(NAME) | BIT(WEAK_KEY));
    card_deinit(&root);
    card_deinit(&middle);
    card_deinit(&leaf);
}

static void a_withdrawn_key_on_the_way(void **state)
{
    (void)state;
    struct made_rr middle = tlsa_of(&cards.middle, 2, 1, 1), root = tlsa_of(&cards.root, 2, 1, 1);
    struct made_rr middle_512 = tlsa_of(&cards.middle, 2, 1, 2);
    struct made_rr leaf = tlsa_of(&cards.leaf, 3, 1, 1);
    const struct made_rr *published[] = {&middle_512, &root};
    for (size_t i = 0; i < 2; i++) {
        struct made_household house = house_with(published[i], 1);
        withdraw(&house, &middle);
        struct verdict verdict = judged_chain(&house, &cards.leaf, &cards.middle, &cards.root);
        assert_int_equal(verdict.kind, VERDICT_WITHDRAWN);
        assert_true(verdict.has_withdrawal);
        assert_memory_equal(verdict.withdrawal.hash, middle.bytes + 3, 32);
    }
    /* The leaf's own record stands on its own. */
    struct made_rr both[] = {root, leaf};
    struct made_household house = house_with(both, 2);
    withdraw(&house, &middle);
    struct verdict verdict = judged_chain(&house, &cards.leaf, &cards.middle, &cards.root);
    assert_int_equal(verdict.kind, VERDICT_MATCHED);
    assert_int_equal(verdict.matched, 1);
    assert_false(verdict.has_withdrawal);
}

/* The same key in octets that aren't DER: a length in three octets where two will do. */
static void a_withdrawn_key_in_other_octets(void **state)
{
    (void)state;
    struct made_rr anchor = tlsa_of(&cards.root, 2, 1, 1), key = tlsa_of(&cards.middle, 3, 1, 1);
    struct made_household house = house_with(&anchor, 1);
    uint8_t octets[2048] = {0x30, 0x83, 0};
    size_t len = cards.middle.der.len;
    assert_true(len < sizeof octets - 1 && cards.middle.der.bytes[1] == 0x82);
    memcpy(octets + 3, cards.middle.der.bytes + 2, len - 2);
    struct card middle = cards.middle;
    middle.der = (struct der){octets, len + 1};
    struct verdict verdict = judged_chain(&house, &cards.leaf, &middle, &cards.root);
    assert_int_equal(verdict.kind, VERDICT_MATCHED);
    withdraw(&house, &key);
    verdict = judged_chain(&house, &cards.leaf, &middle, &cards.root);
    assert_int_equal(verdict.kind, VERDICT_WITHDRAWN);
}

/* RFC 7671: DANE-EE asks neither dates nor name, DANE-TA asks both; there is no household to say
 * otherwise. */
static void public_names_are_judged_by_the_rfc(void **state)
{
    (void)state;
    struct card late;
    struct name name;
    card_init_signed(&late, (struct minted){.sans = "www.example", .not_after = "2021-01-01"},
                     "p256", &cards.middle);
    const struct card *chain[] = {&cards.leaf, &cards.middle, &cards.root};
    struct made_rr anchor = tlsa_of(&cards.root, 2, 1, 1);
    const struct {
        const struct card *leaf;
        uint8_t usage;
        const char *name;
        enum verdict_kind kind;
    } table[] = {
        {&cards.leaf, 2, camera_name, VERDICT_MATCHED},
        {&cards.leaf, 2, "www.example", VERDICT_MISMATCH},
        {&late, 2, "www.example", VERDICT_MISMATCH},
        {&cards.leaf, 3, "www.example", VERDICT_MATCHED},
        {&late, 3, "other.example", VERDICT_MATCHED},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct published published = {.found = true, .count = 1};
        struct verdict verdict;
        struct made_rr rr = table[i].usage == 2 ? anchor : tlsa_of(table[i].leaf, 3, 1, 1);
        chain[0] = table[i].leaf;
        struct presented presented = presented_of(chain, 3);
        assert_int_equal(tlsa_decode(&published.records[0], rr.bytes, rr.len), STATUS_OK);
        assert_int_equal(name_parse(&name, table[i].name), STATUS_OK);
        verdict_judge(&verdict, NULL, &published, &name, &presented, SCENE_NOW_MS);
        assert_int_equal(verdict.kind, table[i].kind);
    }
    card_deinit(&late);
}

/* The view breaks between finding the record and asking for withdrawals: no match can come of it.
 */
static void a_damaged_view_is_never_a_match(void **state)
{
    (void)state;
    struct made_rr rr = tlsa_of(&cards.good, 3, 1, 1);
    struct made_household house = house_with(&rr, 1);
    struct view view;
    struct name name;
    struct published published;
    struct verdict verdict;
    size_t len = 0;
    withdraw(&house, &(struct made_rr){.bytes = {3, 1, 1, 7}});
    uint8_t *bytes = made_view(&house, &len);
    const struct card *card = &cards.good;
    struct presented presented = presented_of(&card, 1);
    assert_int_equal(view_open(&view, bytes, len), STATUS_OK);
    assert_int_equal(name_parse(&name, camera_name), STATUS_OK);
    assert_int_equal(published_find(&published, &view, &name, 443), STATUS_OK);
    bytes[500] ^= 1;
    memset(view.checked, 0, sizeof view.checked);
    verdict_judge(&verdict, &view, &published, &name, &presented, SCENE_NOW_MS);
    assert_int_equal(verdict.kind, VERDICT_STALE);
    assert_int_equal(verdict.view_status, STATUS_CORRUPT);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_the_contract),
        cmocka_unit_test(everything_wrong_is_forgiven_on_a_match),
        cmocka_unit_test(nothing_wrong_is_named_of_a_good_one),
        cmocka_unit_test(a_mismatch_is_never_forgiven),
        cmocka_unit_test(any_record_matching_serves),
        cmocka_unit_test(no_usable_record_is_no_record),
        cmocka_unit_test(unusable_records_never_match),
        cmocka_unit_test(nothing_presented),
        cmocka_unit_test(withdrawn_beats_a_match_by_another_hash),
        cmocka_unit_test(withdrawn_at_every_name_of_the_household),
        cmocka_unit_test(an_emptied_name_expects_nothing),
        cmocka_unit_test(a_removed_record_is_withdrawn_without_a_list),
        cmocka_unit_test(freshness),
        cmocka_unit_test(either_form_of_the_name_will_do),
        cmocka_unit_test(anchors_carry_what_they_signed),
        cmocka_unit_test(an_anchor_that_did_not_sign_carries_nothing),
        cmocka_unit_test(a_leaf_signs_nobody),
        cmocka_unit_test(weakness_on_the_way_is_named),
        cmocka_unit_test(a_withdrawn_key_on_the_way),
        cmocka_unit_test(a_withdrawn_key_in_other_octets),
        cmocka_unit_test(public_names_are_judged_by_the_rfc),
        cmocka_unit_test(a_damaged_view_is_never_a_match),
    };
    return cmocka_run_group_tests(tests, make_cards, free_cards);
}
