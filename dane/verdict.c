/* verdict.c: see verdict.h, which has the rules in their order; verdict_kind_of below is that
 * order.
 *
 * Whatever fails on the way (a view that can't be read, octets that are no certificate, a hash that
 * can't be computed) ends in a verdict other than matched.
 */
#include "dane/verdict.h"

#include <openssl/sha.h>
#include <string.h>

#include "dane/certificate.h"
#include "dane/chain.h"

enum { TLS_1_2 = 0x0303 };

const char *verdict_text(enum verdict_kind verdict)
{
    static const char *const texts[] = {
#define VERDICT_TEXT(name, text) text,
        VERDICT_LIST(VERDICT_TEXT)
#undef VERDICT_TEXT
    };
    return (unsigned)verdict < VERDICT_COUNT ? texts[verdict] : "unknown";
}

const char *forgiven_text(enum forgiven_bit bit)
{
    static const char *const texts[] = {
#define FORGIVEN_TEXT(name, text) text,
        FORGIVEN_LIST(FORGIVEN_TEXT)
#undef FORGIVEN_TEXT
    };
    return (unsigned)bit < FORGIVEN_COUNT ? texts[bit] : "unknown";
}

/* One judgement's inputs and its output. */
struct judgement {
    struct verdict *verdict;
    struct view *view;
    const struct published *published;
    const struct name *name;
    const struct presented *presented;
    uint64_t now_ms;
    struct x509_chain chain; /* what is presented, decoded as far as it is asked for */
};

static uint32_t bit(enum forgiven_bit which)
{
    return UINT32_C(1) << which;
}

/* --- what was expected --- */

static void note_expected(struct verdict *verdict, const struct published *published)
{
    for (size_t i = 0; i < published->count && i < TLSA_RRS_MAX; i++) {
        const struct tlsa *tlsa = &published->records[i];
        uint8_t *out = verdict->expected[verdict->expected_count];
        if (!tlsa_is_usable(tlsa))
            continue;
        if (tlsa->matching != TLSA_EXACT)
            memcpy(out, tlsa->data, tlsa->data_len);
        else if (!SHA256(tlsa->data, tlsa->data_len, out))
            continue;
        verdict->expected_len[verdict->expected_count++] =
            tlsa->matching == TLSA_SHA512 ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
    }
}

static bool has_come(uint64_t limit_ms, uint64_t now_ms)
{
    return limit_ms != 0 && now_ms >= limit_ms;
}

static bool is_soft(const struct published *published, uint64_t now_ms)
{
    const struct view_zone *zone = &published->zone;
    return published->household_name &&
           (zone->state != VIEW_ZONE_FRESH || has_come(zone->soft_ms, now_ms));
}

static bool is_stale(const struct published *published, uint64_t now_ms)
{
    const struct view_zone *zone = &published->zone;
    return published->household_name &&
           (zone->state == VIEW_ZONE_HARD || has_come(zone->hard_ms, now_ms));
}

/* --- what is wrong with what came --- */

static uint32_t wrong_dates(const struct certificate_faults *faults, uint64_t now_ms)
{
    int64_t now = now_ms > INT64_MAX ? INT64_MAX : (int64_t)now_ms;
    uint32_t wrong = 0;
    if (now < faults->not_before_ms)
        wrong |= bit(FORGIVEN_BIT_NOT_YET_VALID);
    if (now > faults->not_after_ms)
        wrong |= bit(FORGIVEN_BIT_EXPIRED);
    return wrong;
}

/* The certificate may carry the household's petname or its id: both are this device's name. */
static bool carries_name(const struct judgement *j, const struct x509 *leaf)
{
    char text[NAME_TEXT_SIZE];
    struct view_name twin;
    name_text(j->name->wire, j->name->len, text);
    if (certificate_carries(leaf, text))
        return true;
    if (!j->view || !j->published->found ||
        view_name_at(j->view, j->published->name.twin, &twin) != STATUS_OK)
        return false;
    /* The twin is of `_port._tcp.name`: its first two labels are not the device's. */
    size_t skip = 0;
    for (int labels = 0; labels < 2 && skip < twin.wire_len; labels++)
        skip += 1U + twin.wire[skip];
    if (skip >= twin.wire_len)
        return false;
    name_text(twin.wire + skip, twin.wire_len - skip, text);
    return certificate_carries(leaf, text);
}

static uint32_t wrong_connection(const struct presented *presented)
{
    uint32_t wrong = 0;
    if (presented->tls_version != 0 && presented->tls_version < TLS_1_2)
        wrong |= bit(FORGIVEN_BIT_OLD_PROTOCOL);
    if (presented->legacy_renegotiation)
        wrong |= bit(FORGIVEN_BIT_LEGACY_RENEGOTIATION);
    return wrong;
}

static uint32_t wrong_strength(const struct certificate_faults *faults, bool is_anchor)
{
    uint32_t wrong = 0;
    if (faults->weak_key)
        wrong |= bit(FORGIVEN_BIT_WEAK_KEY);
    if (faults->weak_signature && !is_anchor) /* what signed an anchor is not asked */
        wrong |= bit(FORGIVEN_BIT_WEAK_SIGNATURE);
    return wrong;
}

static void examine_leaf(struct judgement *j)
{
    struct certificate_faults faults;
    struct verdict *verdict = j->verdict;
    const struct x509 *leaf = x509_chain_at(&j->chain, 0);
    verdict->wrong = wrong_connection(j->presented);
    if (!leaf)
        return;
    certificate_faults(&faults, leaf);
    verdict->has_presented = true;
    memcpy(verdict->presented, leaf->spki_sha256, sizeof verdict->presented);
    verdict->wrong |= wrong_dates(&faults, j->now_ms) | wrong_strength(&faults, false);
    if (!carries_name(j, leaf))
        verdict->wrong |= bit(FORGIVEN_BIT_NAME);
    if (!j->presented->known_issuer)
        verdict->wrong |= bit(FORGIVEN_BIT_ISSUER);
}

/* --- withdrawals --- */

/* Is this hash withdrawn in the household? Notes who and when. OK = yes, NOT_FOUND = no, CORRUPT.
 */
static enum status find_withdrawn_hash(struct judgement *j, const uint8_t hash[static 32])
{
    struct view_withdrawn withdrawal;
    enum status status = view_find_withdrawn(j->view, &j->published->zone, hash, &withdrawal);
    if (status == STATUS_OK) {
        j->verdict->has_withdrawal = true;
        j->verdict->withdrawal = withdrawal;
    } else if (status != STATUS_NOT_FOUND) {
        j->verdict->view_status = status;
    }
    return status;
}

/* The same of a presented certificate: by its key, or as a whole. NOT_FOUND for octets that are
 * none: they match nothing. */
static enum status find_withdrawn(struct judgement *j, size_t at)
{
    uint8_t hash[32];
    if (!j->view || !j->published->household_name)
        return STATUS_NOT_FOUND;
    const struct x509 *certificate = x509_chain_at(&j->chain, at);
    if (!certificate)
        return STATUS_NOT_FOUND;
    enum status status = find_withdrawn_hash(j, certificate->spki_sha256);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (!SHA256(certificate->der.bytes, certificate->der.len, hash))
        return STATUS_CRYPTO;
    return find_withdrawn_hash(j, hash);
}

/* --- matching --- */

/* What is wrong on the way to an anchor, in place of what is wrong with the leaf's issuer. */
static uint32_t wrong_on_path(struct judgement *j, const struct chain_path *path)
{
    struct certificate_faults faults;
    uint32_t wrong = j->verdict->wrong & ~bit(FORGIVEN_BIT_ISSUER);
    for (size_t i = 1; i < path->len; i++) {
        const struct x509 *certificate = x509_chain_at(&j->chain, path->at[i]);
        if (!certificate)
            continue;
        certificate_faults(&faults, certificate);
        wrong |= wrong_dates(&faults, j->now_ms) | wrong_strength(&faults, i + 1 == path->len);
    }
    return wrong;
}

/* RFC 7671, section 5.2: for a public name, a trust anchor vouches for dates and name or for
 * nothing. */
static bool public_refuses(const struct judgement *j, uint32_t wrong)
{
    uint32_t demanded =
        bit(FORGIVEN_BIT_EXPIRED) | bit(FORGIVEN_BIT_NOT_YET_VALID) | bit(FORGIVEN_BIT_NAME);
    return !j->published->household_name && (wrong & demanded) != 0;
}

/* OK: matched. EXISTS: it would match, but a key on the way is withdrawn. Else: no match. */
static enum status match_anchor(struct judgement *j, const struct tlsa *tlsa)
{
    struct chain_path path;
    enum status status = chain_find(tlsa, &j->chain, &path);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 1; i < path.len; i++) {
        status = find_withdrawn(j, path.at[i]);
        if (status != STATUS_NOT_FOUND)
            return status == STATUS_OK ? STATUS_EXISTS : status;
    }
    uint32_t wrong = wrong_on_path(j, &path);
    if (public_refuses(j, wrong))
        return STATUS_NOT_FOUND;
    j->verdict->wrong = wrong;
    return STATUS_OK;
}

static enum status match_record(struct judgement *j, const struct tlsa *tlsa)
{
    const struct x509 *leaf = x509_chain_at(&j->chain, 0);
    if (!leaf || !tlsa_is_usable(tlsa))
        return STATUS_NOT_FOUND;
    if (tlsa->usage == TLSA_DANE_EE)
        return tlsa_match(tlsa, leaf);
    return match_anchor(j, tlsa);
}

/* Standing records. */
static enum verdict_kind match_standing(struct judgement *j)
{
    bool withdrawn = false;
    for (size_t i = 0; i < j->published->count && i < TLSA_RRS_MAX; i++) {
        enum status status = match_record(j, &j->published->records[i]);
        if (status == STATUS_OK) {
            j->verdict->matched = i;
            j->verdict->has_withdrawal = false;
            return VERDICT_MATCHED;
        }
        withdrawn = withdrawn || status == STATUS_EXISTS;
    }
    return withdrawn ? VERDICT_WITHDRAWN : VERDICT_MISMATCH;
}

/* Does a removed record match? Its withdrawal is then looked up by the record's own hash. */
static bool matches_removed(struct judgement *j)
{
    for (size_t i = 0; i < j->published->removed_count && i < TLSA_RRS_MAX; i++) {
        const struct tlsa *tlsa = &j->published->removed[i];
        uint32_t wrong = j->verdict->wrong;
        enum status status = match_record(j, tlsa);
        j->verdict->wrong = wrong;
        if (status != STATUS_OK && status != STATUS_EXISTS)
            continue;
        if (j->view && tlsa->matching == TLSA_SHA256)
            (void)find_withdrawn_hash(j, tlsa->data); /* only to say who and when */
        return true;
    }
    return false;
}

static enum verdict_kind verdict_kind_of(struct judgement *j)
{
    const struct published *published = j->published;
    enum status status = find_withdrawn(j, 0);
    if (status == STATUS_OK)
        return VERDICT_WITHDRAWN;
    if (status != STATUS_NOT_FOUND || is_stale(published, j->now_ms))
        return VERDICT_STALE;
    if (j->verdict->expected_count == 0 && published->removed_count == 0)
        return VERDICT_NO_RECORD;
    enum verdict_kind kind = match_standing(j);
    if (kind == VERDICT_MISMATCH && matches_removed(j))
        kind = VERDICT_WITHDRAWN;
    return j->verdict->view_status == STATUS_OK ? kind : VERDICT_STALE;
}

void verdict_judge(struct verdict *verdict, struct view *view, const struct published *published,
                   const struct name *name, const struct presented *presented, uint64_t now_ms)
{
    struct judgement j = {verdict, view, published, name, presented, now_ms, {0}};
    memset(verdict, 0, sizeof *verdict);
    verdict->kind = VERDICT_UNREACHABLE;
    verdict->soft = is_soft(published, now_ms);
    note_expected(verdict, published);
    if (!presented || presented->chain_len == 0)
        return;
    x509_chain_init(&j.chain, presented->chain, presented->chain_len);
    examine_leaf(&j);
    verdict->kind = verdict_kind_of(&j);
    x509_chain_deinit(&j.chain);
    if (verdict->kind == VERDICT_MATCHED)
        verdict->forgiven = verdict->wrong;
}
