/* Certificates and TLSA records, up to the verdict. Octets: choice; number of records, then each
 * with its length (1 octet); then certificates, each with its length (2 octets), leaf first.
 *
 * To the records of the input one is added that is made here from the leaf, as the choice says: the
 * right one must match, one with a bit changed must not, one that stands nowhere but among the
 * withdrawn must say so, and a household past its hard limit must vouch for nothing. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

#include "dane/certificate.h"
#include "dane/tlsa.h"
#include "dane/verdict.h"
#include "ledger/base/reader.h"
#include "tests/support/view_text.h"

enum { RECORDS_MAX = 4, CHAIN_MAX = 4, RDATA_SIZE = 35, CHOICES = 8 };
enum choice {
    CHOICE_NONE,
    CHOICE_SPKI,
    CHOICE_WHOLE,
    CHOICE_CHANGED,
    CHOICE_WITHDRAWN,
    CHOICE_HARD,
    CHOICE_PUBLIC,
    CHOICE_ANCHOR, /* a DANE-TA record of the second certificate's key */
};

static const uint64_t now_ms = 1800000000000;

struct scene {
    struct published published;
    struct presented presented;
    struct certificate_facts facts; /* of the leaf */
    enum status readable;           /* is the leaf a certificate? */
    uint8_t made[RDATA_SIZE];
};

static void read_records(struct reader *r, struct published *published)
{
    unsigned count = reader_u8(r) % (RECORDS_MAX + 1);
    for (unsigned i = 0; i < count; i++) {
        uint8_t len = reader_u8(r);
        const uint8_t *rdata = reader_bytes(r, len);
        struct tlsa *tlsa = &published->records[published->count];
        if (rdata && tlsa_decode(tlsa, rdata, len) == STATUS_OK) {
            assert(tlsa->data_len == len - 3U && tlsa->data == rdata + 3);
            published->count++;
        }
    }
}

static void read_chain(struct reader *r, struct presented *presented)
{
    while (r->error == STATUS_OK && r->left > 2 && presented->chain_len < CHAIN_MAX) {
        size_t len = reader_u16(r);
        len = len < r->left ? len : r->left;
        presented->chain[presented->chain_len++] =
            (struct der){.bytes = reader_bytes(r, len), .len = len};
    }
}

static void check_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    assert(len < size);
    for (size_t i = 0; i < len; i++)
        assert(text[i] >= 0x20 && text[i] < 0x7f);
}

static void check_facts(const struct certificate_facts *facts)
{
    check_text(facts->subject, sizeof facts->subject);
    check_text(facts->issuer, sizeof facts->issuer);
    check_text(facts->names, sizeof facts->names);
    check_text(facts->key, sizeof facts->key);
    check_text(facts->signature, sizeof facts->signature);
}

/* Against a comparison of its own. */
static void check_match(const struct tlsa *tlsa, struct der leaf,
                        const struct certificate_facts *facts)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    enum status status = tlsa_match_certificate(tlsa, leaf);
    assert(status == STATUS_OK || status == STATUS_NOT_FOUND);
    if (tlsa->matching != TLSA_SHA256)
        return;
    const uint8_t *right = facts->spki_sha256;
    if (tlsa->selector == TLSA_FULL_CERTIFICATE)
        right = SHA256(leaf.bytes, leaf.len, hash);
    assert((status == STATUS_OK) == (memcmp(tlsa->data, right, 32) == 0));
}

/* --- the record that is made here --- */

static bool make_record(struct scene *scene, enum choice choice)
{
    const struct presented *presented = &scene->presented;
    struct der leaf = presented->chain[0];
    uint8_t *hash = scene->made + 3;
    memcpy(scene->made, (const uint8_t[]){TLSA_DANE_EE, TLSA_SPKI, TLSA_SHA256}, 3);
    if (choice == CHOICE_NONE || scene->readable != STATUS_OK)
        return false;
    memcpy(hash, scene->facts.spki_sha256, 32);
    if (choice == CHOICE_WHOLE) {
        scene->made[1] = TLSA_FULL_CERTIFICATE;
        SHA256(leaf.bytes, leaf.len, hash);
    } else if (choice == CHOICE_CHANGED) {
        hash[leaf.len % 32] ^= (uint8_t)(1U << leaf.len / 32 % 8);
    } else if (choice == CHOICE_ANCHOR) {
        scene->made[0] = TLSA_DANE_TA;
        return presented->chain_len > 1 && spki_sha256(presented->chain[1], hash) == STATUS_OK;
    }
    return true;
}

static void add_record(struct scene *scene, enum choice choice)
{
    struct published *published = &scene->published;
    bool withdrawn = choice == CHOICE_WITHDRAWN;
    struct tlsa *tlsa = withdrawn ? &published->removed[published->removed_count++]
                                  : &published->records[published->count++];
    enum status status = tlsa_decode(tlsa, scene->made, RDATA_SIZE);
    assert(status == STATUS_OK && tlsa_is_usable(tlsa));
}

/* Alone, without the input's records, whose verdict is their own. */
static void check_alone(const struct scene *scene, const struct verdict *verdict,
                        enum choice choice)
{
    bool alone = scene->published.count + scene->published.removed_count == 1;
    if (choice == CHOICE_SPKI || choice == CHOICE_WHOLE || choice == CHOICE_PUBLIC)
        assert(verdict->kind == VERDICT_MATCHED);
    if (choice == CHOICE_HARD)
        assert(verdict->kind == VERDICT_STALE);
    if (choice == CHOICE_CHANGED && alone)
        assert(verdict->kind == VERDICT_MISMATCH && verdict->expected_count == 1);
    if (choice == CHOICE_WITHDRAWN && alone)
        assert(verdict->kind == VERDICT_WITHDRAWN && verdict->expected_count == 0);
}

static void check_verdict(const struct scene *scene, const struct verdict *verdict)
{
    bool readable = scene->readable == STATUS_OK;
    bool matched = verdict->kind == VERDICT_MATCHED;
    assert(verdict->has_presented == (scene->presented.chain_len > 0 && readable));
    assert(!readable || scene->presented.chain_len == 0 ||
           memcmp(verdict->presented, scene->facts.spki_sha256, 32) == 0);
    assert(verdict->forgiven == (matched ? verdict->wrong : 0));
    assert(!matched || (readable && verdict->matched < scene->published.count &&
                        tlsa_is_usable(&scene->published.records[verdict->matched])));
    assert(verdict->expected_count <= scene->published.count);
    assert(verdict_text(verdict->kind)[0] != '\0');
}

/* What a person is told of it, and each record alone. */
static void look_at(struct scene *scene)
{
    struct der leaf = scene->presented.chain[0];
    if (certificate_facts(&scene->facts, leaf) != STATUS_OK)
        return;
    check_facts(&scene->facts);
    for (size_t i = 0; i < scene->published.count; i++)
        check_match(&scene->published.records[i], leaf, &scene->facts);
    (void)certificate_has_name(leaf, "192.168.1.5");
    (void)certificate_has_name(leaf, "camera.maple.home.arpa.");
}

/* --- in a view --- */

static struct view view;

/* The camera's household has one key published and the same one, and another, withdrawn. */
static void make_view(void)
{
    /* SPKI of the corpus's Ed25519 certificates, and of its P-256 ones. */
    static const uint8_t gone[32] = {0x5a, 0x8e, 0xde, 0x8f, 0xa8, 0x58, 0x52, 0x44,
                                     0xaf, 0x08, 0xe9, 0x64, 0xe4, 0xc3, 0x1f, 0xcf,
                                     0x99, 0x7e, 0x80, 0xbe, 0x3e, 0x6f, 0xf3, 0x85,
                                     0xf7, 0x9d, 0xb6, 0xe1, 0xd3, 0x7c, 0x4e, 0x81};
    static const uint8_t published[35] = {3,    1,    1,    0x77, 0xdf, 0x78, 0x86, 0xd3, 0x68,
                                          0x3d, 0xde, 0xb7, 0xeb, 0xcd, 0xaa, 0x11, 0xc9, 0x8e,
                                          0xee, 0x61, 0x14, 0x64, 0x2c, 0x26, 0xc9, 0x57, 0x8b,
                                          0xc1, 0xbe, 0x06, 0xc0, 0xb8, 0x21, 0xf0, 0xa5};
    struct view_text text = {.build = {.published_ms = 1790000000000, .generation = 7}};
    view_text_line(&text, "household maple own");
    view_text_line(&text, "camera AAAA fd00::5");
    struct household *household = text.households[0].household;
    struct household_set *set = stub_add(household, "_443._tcp.camera", RRTYPE_TLSA);
    stub_add_rr(set, published, sizeof published);
    uint8_t removed[35] = {3, 1, 1};
    memcpy(removed + 3, gone, sizeof gone);
    stub_add_removed(set, removed, sizeof removed);
    memcpy(household->withdrawn[household->withdrawn_count++].hash, gone, sizeof gone);
    stub_sort(household);
    text.build.households = text.households;
    size_t len = 0;
    uint8_t *bytes = NULL;
    enum status status = view_build(&text.build, &bytes, &len);
    assert(status == STATUS_OK);
    status = view_open(&view, bytes, len);
    assert(status == STATUS_OK);
    stub_destroy(household);
}

/* As `hearth verify` does: what the view publishes, and what the input adds to it. */
static void judge_in_view(struct scene *scene)
{
    static struct published published;
    static struct verdict verdict;
    struct name name;
    if (!view.bytes)
        make_view();
    enum status status = name_parse(&name, "camera.maple.home.arpa");
    assert(status == STATUS_OK);
    status = published_find(&published, &view, &name, 443);
    assert(status == STATUS_OK && published.household_name && published.count == 1 &&
           published.removed_count == 1);
    for (size_t i = 0; i < scene->published.count; i++)
        published.records[published.count++] = scene->published.records[i];
    scene->published = published;
    scene->readable = spki_sha256(scene->presented.chain[0], scene->facts.spki_sha256);
    verdict_judge(&verdict, &view, &published, &name, &scene->presented, now_ms);
    check_verdict(scene, &verdict);
    bool readable = scene->readable == STATUS_OK;
    if (readable && memcmp(scene->facts.spki_sha256, published.removed[0].data, 32) == 0)
        assert(verdict.kind == VERDICT_WITHDRAWN && verdict.has_withdrawal);
    else if (readable && memcmp(scene->facts.spki_sha256, published.records[0].data, 32) == 0)
        assert(verdict.kind == VERDICT_MATCHED);
}

static void judge(struct scene *scene, enum choice choice)
{
    static struct verdict verdict;
    struct name name;
    enum status status = name_parse(&name, "camera.maple.home.arpa");
    assert(status == STATUS_OK);
    scene->readable = spki_sha256(scene->presented.chain[0], scene->facts.spki_sha256);
    scene->published.household_name = choice != CHOICE_PUBLIC;
    scene->published.zone.state = choice == CHOICE_HARD ? VIEW_ZONE_HARD : VIEW_ZONE_FRESH;
    bool made = make_record(scene, choice);
    if (made)
        add_record(scene, choice);
    verdict_judge(&verdict, NULL, &scene->published, &name, &scene->presented, now_ms);
    check_verdict(scene, &verdict);
    if (made)
        check_alone(scene, &verdict, choice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene scene;
    struct reader r = reader_over(data, size);
    uint8_t octet = reader_u8(&r);
    memset(&scene, 0, sizeof scene);
    scene.presented.tls_version = octet & 8 ? 0x0301 : 0x0303;
    scene.presented.legacy_renegotiation = octet & 64;
    scene.presented.known_issuer = octet & 128;
    read_records(&r, &scene.published);
    read_chain(&r, &scene.presented);
    if (octet & 16)
        look_at(&scene);
    else if (octet & 32)
        judge_in_view(&scene);
    else
        judge(&scene, (enum choice)(octet % CHOICES));
    return 0;
}
