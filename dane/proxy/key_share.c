/* key_share.c: see key_share.h.
 *
 * Two lists for one generation of the view: for each zone, its household's rank (own, then in the
 * order of following), and for each published hash, cut to 16 octets, the lowest rank that has it,
 * sorted by hash. A gathering that fails leaves no lists, and is tried again at the next question.
 */
#include "dane/proxy/key_share.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "dane/tlsa.h"
#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"

enum { KEY_SIZE = 16, KEYS_FIRST = 256, KEYS_OF_LEAF = 4 };

struct ranked_key {
    uint8_t hash[KEY_SIZE];
    uint32_t rank;
};

struct key_share {
    bool is_built;
    uint64_t generation;
    uint32_t *ranks; /* by zone index */
    uint32_t zone_count;
    struct ranked_key *keys; /* sorted, each hash once */
    size_t key_count, key_room;
};

struct key_share *key_share_create(void)
{
    return calloc(1, sizeof(struct key_share));
}

static void clear(struct key_share *share)
{
    free(share->ranks);
    free(share->keys);
    memset(share, 0, sizeof *share);
}

void key_share_free(struct key_share *share)
{
    if (!share)
        return;
    clear(share);
    free(share);
}

/* --- ranks --- */

struct contender {
    uint32_t zone, twin, order;
    bool own;
};

/* Own first; then as they were followed; what says nothing of that comes last, by its place. */
static int compare_contenders(const void *a, const void *b)
{
    const struct contender *left = a, *right = b;
    if (left->own != right->own)
        return left->own ? -1 : 1;
    if (left->order != right->order)
        return left->order - 1 < right->order - 1 ? -1 : 1; /* 0 wraps round to the last */
    return (left->zone > right->zone) - (left->zone < right->zone);
}

/* One contender a household: its first form in the table. */
static enum status gather_contenders(struct view *view, struct contender *contenders,
                                     uint32_t *count)
{
    struct view_zone zone;
    *count = 0;
    for (uint32_t i = 0; i < view->tables[VIEW_ZONES].count; i++) {
        enum status status = view_zone_at(view, i, &zone);
        if (status != STATUS_OK)
            return STATUS_CORRUPT;
        if (zone.twin >= i)
            contenders[(*count)++] = (struct contender){
                .zone = i,
                .twin = zone.twin,
                .order = zone.order,
                .own = (zone.flags & VIEW_ZONE_OWN) != 0,
            };
    }
    return STATUS_OK;
}

/* --- keys --- */

static bool grow(struct key_share *share)
{
    size_t room = share->key_count < KEYS_FIRST ? KEYS_FIRST : 2 * share->key_count;
    struct ranked_key *keys = reallocarray(share->keys, room, sizeof *keys);
    if (!keys)
        return false;
    share->keys = keys;
    share->key_room = room;
    return true;
}

static enum status add_key(struct key_share *share, const uint8_t *hash, uint32_t rank)
{
    if (share->key_count == KEY_SHARE_KEYS_MAX)
        return STATUS_FULL;
    if (share->key_count == share->key_room && !grow(share))
        return STATUS_NO_MEMORY;
    struct ranked_key *key = &share->keys[share->key_count++];
    memcpy(key->hash, hash, KEY_SIZE);
    key->rank = rank;
    return STATUS_OK;
}

/* What stands in a record as it is (matching type 0) goes by its SHA-256. */
static enum status add_record(struct key_share *share, const uint8_t *rdata, size_t len,
                              uint32_t rank)
{
    struct tlsa tlsa;
    uint8_t hash[SHA256_DIGEST_LENGTH];
    if (tlsa_decode(&tlsa, rdata, len) != STATUS_OK)
        return STATUS_OK; /* vouches for nothing */
    if (tlsa.matching != TLSA_EXACT)
        return add_key(share, tlsa.data, rank);
    if (!SHA256(tlsa.data, tlsa.data_len, hash))
        return STATUS_CRYPTO;
    return add_key(share, hash, rank);
}

static enum status add_name(struct key_share *share, struct view *view,
                            const struct view_name *name, uint32_t rank)
{
    struct view_rrset rrset;
    enum status status = view_rrset(view, name, RRTYPE_TLSA, &rrset);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    struct reader r = reader_over(rrset.data, rrset.data_len);
    while (r.left > 0 && status == STATUS_OK) {
        uint16_t len = reader_u16(&r);
        const uint8_t *rdata = reader_bytes(&r, len);
        status = r.error == STATUS_OK ? add_record(share, rdata, len, rank) : STATUS_CORRUPT;
    }
    return status;
}

/* Both forms of a household say the same: one is looked at. */
static enum status add_zone(struct key_share *share, struct view *view, uint32_t index)
{
    struct view_zone zone;
    struct view_name name;
    enum status status = view_zone_at(view, index, &zone);
    for (uint32_t i = 0; status == STATUS_OK && i < zone.name_count; i++) {
        status = view_name_at(view, zone.first_name + i, &name);
        if (status == STATUS_OK)
            status = add_name(share, view, &name, share->ranks[index]);
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int compare_keys(const void *a, const void *b)
{
    const struct ranked_key *left = a, *right = b;
    int order = memcmp(left->hash, right->hash, KEY_SIZE);
    return order != 0 ? order : (left->rank > right->rank) - (left->rank < right->rank);
}

static void sort_keys(struct key_share *share)
{
    size_t kept = 0;
    if (share->key_count > 0)
        qsort(share->keys, share->key_count, sizeof share->keys[0], compare_keys);
    for (size_t i = 0; i < share->key_count; i++) {
        if (kept == 0 || memcmp(share->keys[kept - 1].hash, share->keys[i].hash, KEY_SIZE) != 0)
            share->keys[kept++] = share->keys[i];
    }
    share->key_count = kept;
}

/* --- both --- */

static enum status gather(struct key_share *share, struct view *view, struct contender *contenders)
{
    uint32_t count = 0;
    enum status status = gather_contenders(view, contenders, &count);
    if (status != STATUS_OK)
        return status;
    qsort(contenders, count, sizeof contenders[0], compare_contenders);
    for (uint32_t rank = 0; rank < count && status == STATUS_OK; rank++) {
        share->ranks[contenders[rank].zone] = share->ranks[contenders[rank].twin] = rank;
        status = add_zone(share, view, contenders[rank].zone);
    }
    sort_keys(share);
    return status;
}

static enum status build(struct key_share *share, struct view *view)
{
    uint32_t zone_count = view->tables[VIEW_ZONES].count;
    if (share->is_built && share->generation == view->generation && share->zone_count == zone_count)
        return STATUS_OK;
    clear(share);
    struct contender *contenders = calloc(zone_count + 1U, sizeof *contenders);
    share->ranks = calloc(zone_count + 1U, sizeof *share->ranks);
    enum status status =
        contenders && share->ranks ? gather(share, view, contenders) : STATUS_NO_MEMORY;
    free(contenders);
    if (status != STATUS_OK) {
        clear(share);
        return status;
    }
    share->is_built = true;
    share->generation = view->generation;
    share->zone_count = zone_count;
    return STATUS_OK;
}

static bool is_before(const struct key_share *share, const uint8_t *hash, uint32_t rank)
{
    struct ranked_key wanted = {.rank = 0};
    size_t low = 0, high = share->key_count;
    memcpy(wanted.hash, hash, KEY_SIZE);
    while (low < high) { /* the first that is not below the wanted one */
        size_t middle = low + (high - low) / 2;
        if (compare_keys(&share->keys[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < share->key_count && memcmp(share->keys[low].hash, hash, KEY_SIZE) == 0 &&
           share->keys[low].rank < rank;
}

/* --- questions --- */

static bool is_taken_by(struct key_share *share, struct view *view, const struct view_zone *zone,
                        const uint8_t hashes[][KEY_SIZE], size_t count, enum status *status)
{
    *status = build(share, view);
    if (*status != STATUS_OK)
        return true;
    if (zone->index >= share->zone_count) {
        *status = STATUS_CORRUPT;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_before(share, hashes[i], share->ranks[zone->index]))
            return true;
    }
    return false;
}

static bool is_own(const struct view_zone *zone)
{
    return (zone->flags & VIEW_ZONE_OWN) != 0;
}

/* SHA-256 and SHA-512. */
static bool hash_both(const uint8_t *octets, size_t len, uint8_t out[static 2][KEY_SIZE])
{
    uint8_t hash[SHA512_DIGEST_LENGTH];
    if (!SHA256(octets, len, hash))
        return false;
    memcpy(out[0], hash, KEY_SIZE);
    if (!SHA512(octets, len, hash))
        return false;
    memcpy(out[1], hash, KEY_SIZE);
    return true;
}

/* Of the leaf's key, then of the leaf. */
static enum status hash_leaf(struct der leaf, uint8_t hashes[static KEYS_OF_LEAF][KEY_SIZE])
{
    uint8_t *spki = NULL;
    size_t len = 0;
    struct x509_st *certificate = x509_decode(leaf);
    if (!certificate)
        return STATUS_MALFORMED;
    enum status status = x509_spki(certificate, &spki, &len);
    if (status == STATUS_OK &&
        (!hash_both(spki, len, hashes) || !hash_both(leaf.bytes, leaf.len, hashes + 2)))
        status = STATUS_CRYPTO;
    OPENSSL_free(spki);
    X509_free(certificate);
    return status;
}

bool key_share_is_taken(struct key_share *share, struct view *view, const struct view_zone *zone,
                        struct der leaf, enum status *status)
{
    uint8_t hashes[KEYS_OF_LEAF][KEY_SIZE];
    *status = STATUS_OK;
    if (is_own(zone))
        return false;
    *status = hash_leaf(leaf, hashes);
    if (*status != STATUS_OK)
        return true;
    return is_taken_by(share, view, zone, (const uint8_t(*)[KEY_SIZE])hashes, KEYS_OF_LEAF, status);
}

bool key_share_is_taken_key(struct key_share *share, struct view *view,
                            const struct view_zone *zone, const uint8_t spki[static 32],
                            enum status *status)
{
    uint8_t hashes[1][KEY_SIZE];
    *status = STATUS_OK;
    if (is_own(zone))
        return false;
    memcpy(hashes[0], spki, KEY_SIZE);
    return is_taken_by(share, view, zone, (const uint8_t(*)[KEY_SIZE])hashes, 1, status);
}
