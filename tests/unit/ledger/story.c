/* story.c: see story.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "ledger/scope.h"
#include "tests/unit/ledger/story.h"

#define assert_status(expected, call) assert_string_equal(status_name(expected), status_name(call))

const struct story_key *story_key(char who)
{
    static struct story_key keys[256];
    struct story_key *key = &keys[(uint8_t)who];
    static const uint8_t none[32];
    if (memcmp(key->public_key, none, 32) == 0) {
        uint8_t seed[32];
        memset(seed, who, sizeof seed);
        crypt_keypair_from_seed(seed, key->public_key, key->secret);
    }
    return key;
}

static struct body_key wire_key(char who)
{
    struct body_key key = {.algorithm = KEY_ED25519};
    memcpy(key.key, story_key(who)->public_key, 32);
    return key;
}

/* A zone key is that of the letter with its top bit set. */
static struct body_key zone_key(char who)
{
    return wire_key((char)(who | 0x80));
}

const uint8_t *story_id(const struct story *s, int entry)
{
    return s->entries[entry].entry.id;
}

int story_sign(struct story *s, char who, uint64_t stream, int at, const struct body *body,
               uint8_t flags)
{
    assert_true(s->count < STORY_MAX);
    struct story_entry *made = &s->entries[s->count];
    const struct story_entry *before = at == STORY_LAST ? NULL : &s->entries[at];
    uint8_t bytes[LIMIT_BODY];
    struct writer w = writer_over(bytes, sizeof bytes);
    assert_status(STATUS_OK, body_encode(body, &w));
    assert_status(STATUS_OK, w.error);
    *made = (struct story_entry){.owner = before ? before->owner : 0,
                                 .recovery = before ? before->recovery : 0};
    struct entry *entry = &made->entry;
    *entry = (struct entry){.type = body->type,
                            .flags = flags,
                            .stream = stream,
                            .seq = before ? before->entry.seq + 1 : 0,
                            .time = s->time++,
                            .body = bytes,
                            .body_len = (uint16_t)w.used};
    memcpy(entry->author, story_key(who)->public_key, 32);
    if (body->type != ENTRY_GENESIS)
        memcpy(entry->namespace_id, story_id(s, 0), 32);
    if (before)
        memcpy(entry->prev, before->entry.id, 32);
    assert_status(STATUS_OK, entry_sign(entry, story_key(who)->secret, made->bytes, &made->len));
    s->count++;
    if (body->type == ENTRY_GENESIS)
        s->house = household_create(entry->id, (const uint8_t[16]){0});
    if (!s->hold)
        story_arrive(s, s->count - 1);
    return s->count - 1;
}

void story_arrive(struct story *s, int entry)
{
    const struct entry *e = &s->entries[entry].entry;
    assert_status(STATUS_OK, household_admit(s->house, e));
    assert_status(STATUS_OK, entry_verify(e));
    assert_status(STATUS_OK, household_add(s->house, e));
    s->entries[entry].held = true;
}

int story_begin(struct story *s)
{
    assert_status(STATUS_OK, crypt_init());
    *s = (struct story){.time = UINT64_C(1700000000000) << 16, .seed = 1};
    s->entries = calloc(STORY_MAX, sizeof *s->entries);
    assert_non_null(s->entries);
    struct body body = {.type = ENTRY_GENESIS, .genesis = {.owner = wire_key('o')}};
    struct body_key recovery = wire_key('r');
    body_recovery_commitment(&recovery, body.genesis.recovery_commitment);
    int genesis = story_sign(s, 'o', 0, STORY_LAST, &body, 0);
    s->entries[genesis].owner = 'o';
    s->entries[genesis].recovery = 'r';
    return genesis;
}

void story_free(struct story *s)
{
    household_destroy(s->house);
    free(s->entries);
}

/* --- authority --- */

static int by_owner(struct story *s, int at, const struct body *body)
{
    return story_sign(s, s->entries[at].owner, 0, at, body, 0);
}

/* Opening and commitment of a list of names; the salt is the list's own text. */
static size_t make_list(const char *scope, uint8_t opening[static SCOPE_OPENING_MAX],
                        uint8_t commitment[static 32])
{
    struct name names[16];
    size_t count = 0;
    uint8_t salt[16] = {0};
    char text[256];
    char *rest = text;
    memset(commitment, 0, 32);
    if (!scope)
        return 0;
    assert_true(strlen(scope) < sizeof text);
    strcpy(text, scope);
    memcpy(salt, text, strlen(text) < 16 ? strlen(text) : 16);
    for (char *name = strsep(&rest, ","); name; name = strsep(&rest, ","))
        assert_status(STATUS_OK, name_parse(&names[count++], name));
    size_t len = 0;
    assert_status(STATUS_OK, scope_encode(names, count, salt, opening, &len, commitment));
    return len;
}

int story_grant(struct story *s, int at, char who, uint8_t role, const char *scope)
{
    struct body body = {
        .type = ENTRY_GRANT,
        .grant = {
            .signing = wire_key(who), .zone = zone_key(who), .role = role, .flags = s->flags}};
    struct body_grant *grant = &body.grant;
    uint8_t opening[SCOPE_OPENING_MAX];
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    (void)make_list(scope, opening, grant->scope_commitment);
    memset(grant->spki_sha256, who, 32);
    if (s->bad_zone_key)
        memset(grant->zone.key, 0, 32);
    body_possession_message(grant, story_id(s, 0), message);
    assert_status(STATUS_OK, crypt_sign("", 0, message, sizeof message, story_key(who)->secret,
                                        grant->possession));
    grant->possession[0] ^= s->bad_possession;
    s->flags = 0;
    s->bad_possession = false;
    s->bad_zone_key = false;
    return by_owner(s, at, &body);
}

static struct body_heads make_heads(const struct story *s, const int *heads)
{
    struct body_heads made = {.count = 0};
    for (; *heads != STORY_LAST; heads++) {
        const struct entry *entry = &s->entries[*heads].entry;
        struct body_head *head = &made.heads[made.count++];
        head->stream = entry->stream;
        head->seq = entry->seq;
        memcpy(head->id, entry->id, 32);
    }
    return made;
}

int story_scope(struct story *s, int at, char who, const char *scope, const int *heads)
{
    struct body body = {.type = ENTRY_SCOPE,
                        .scope = {.signing = wire_key(who),
                                  .zone = zone_key(who),
                                  .flags = s->flags,
                                  .heads = make_heads(s, heads)}};
    uint8_t opening[SCOPE_OPENING_MAX];
    (void)make_list(scope, opening, body.scope.scope_commitment);
    if (s->bad_zone_key)
        memset(body.scope.zone.key, 0, 32);
    s->flags = 0;
    s->bad_zone_key = false;
    return by_owner(s, at, &body);
}

int story_revoke(struct story *s, int at, char who, const int *heads)
{
    struct body body = {.type = ENTRY_REVOKE,
                        .revoke = {.signing = wire_key(who), .heads = make_heads(s, heads)}};
    return by_owner(s, at, &body);
}

int story_lift(struct story *s, int at, int entry)
{
    struct body body = {.type = ENTRY_LIFT};
    memcpy(body.lift.id, story_id(s, entry), 32);
    return by_owner(s, at, &body);
}

int story_policy(struct story *s, int at, uint16_t soft, uint16_t hard)
{
    struct body body = {.type = ENTRY_POLICY,
                        .policy = {.soft_hours = soft, .hard_hours = hard, .min_version = 1}};
    return by_owner(s, at, &body);
}

int story_merge(struct story *s, int at, int other)
{
    struct body body = {.type = ENTRY_MERGE};
    memcpy(body.merge.other, story_id(s, other), 32);
    return by_owner(s, at, &body);
}

int story_recover(struct story *s, int at, char owner, char recovery)
{
    char old = s->entries[at].recovery;
    struct body body = {.type = ENTRY_RECOVER,
                        .recover = {.recovery = wire_key(old), .owner = wire_key(owner)}};
    struct body_key next = wire_key(recovery);
    body_recovery_commitment(&next, body.recover.recovery_commitment);
    int entry = story_sign(s, old, 0, at, &body, 0);
    s->entries[entry].owner = owner;
    s->entries[entry].recovery = recovery;
    return entry;
}

/* --- feeds --- */

int story_open(struct story *s, char who, uint64_t stream, uint8_t kind, const char *scope)
{
    uint8_t opening[SCOPE_OPENING_MAX];
    uint8_t commitment[32];
    struct body body = {.type = ENTRY_OPEN, .open = {.kind = kind}};
    body.open.opening_len = (uint16_t)make_list(scope, opening, commitment);
    body.open.opening = scope ? opening : NULL;
    int entry = story_sign(s, who, stream, STORY_LAST, &body, 0);
    s->entries[entry].owner = who;
    return entry;
}

static int set_with(struct story *s, int at, struct body *body, const char *name, const int *over,
                    uint8_t flags)
{
    uint8_t ids[LIMIT_OVER][32];
    body->type = ENTRY_SET;
    body->set.ttl = 300;
    assert_status(STATUS_OK, name_parse(&body->set.name, name));
    for (; *over != STORY_LAST; over++)
        memcpy(ids[body->set.over_count++], story_id(s, *over), 32);
    body->set.over = ids[0];
    return story_sign(s, s->entries[at].owner, s->entries[at].entry.stream, at, body, flags);
}

int story_set_rr(struct story *s, int at, const char *name, uint16_t type, const void *rdata,
                 size_t len, const int *over)
{
    struct body body = {.set = {.type = type, .rr_count = len > 0}};
    body.set.rrs[0] = (struct body_rr){.data = rdata, .len = (uint16_t)len};
    return set_with(s, at, &body, name, over, 0);
}

static const uint8_t *make_address(unsigned value)
{
    static uint8_t address[16] = {0xfd};
    address[14] = (uint8_t)(value >> 8);
    address[15] = (uint8_t)value;
    return address;
}

int story_set(struct story *s, int at, const char *name, unsigned value, const int *over)
{
    return story_set_rr(s, at, name, RRTYPE_AAAA, make_address(value), value ? 16 : 0, over);
}

int story_unknown(struct story *s, int at, const char *name, unsigned value, const int *over)
{
    struct body body = {.set = {.type = RRTYPE_AAAA, .rr_count = 1}};
    body.set.rrs[0] = (struct body_rr){.data = make_address(value), .len = 16};
    return set_with(s, at, &body, name, over, 0x80);
}

int story_tlsa(struct story *s, int at, const char *name, uint8_t octet, const int *over)
{
    uint8_t rdata[35] = {3, 1, 1};
    char owner[128];
    memset(rdata + 3, octet, 32);
    assert_true(strlen(name) < 100);
    strcpy(owner, "_443._tcp.");
    strcat(owner, name);
    return story_set_rr(s, at, owner, RRTYPE_TLSA, rdata, sizeof rdata, over);
}

int story_suspend(struct story *s, int at, char who)
{
    struct body body = {.type = ENTRY_SUSPEND, .suspend = {.signing = wire_key(who)}};
    return story_sign(s, s->entries[at].owner, s->entries[at].entry.stream, at, &body, 0);
}

int story_withdraw(struct story *s, int at, uint8_t octet)
{
    struct body body = {.type = ENTRY_WITHDRAW, .withdraw = {.reason = REASON_STOLEN}};
    memset(body.withdraw.hash, octet, 32);
    return story_sign(s, s->entries[at].owner, s->entries[at].entry.stream, at, &body, 0);
}

/* --- what must be --- */

static enum status look(struct story *s, const char *name, struct household_set *set)
{
    struct name parsed;
    assert_status(STATUS_OK, name_parse(&parsed, name));
    bool tlsa = name[0] == '_' && strstr(name, "_tcp") != NULL;
    return household_winner(s->house, &parsed, tlsa ? RRTYPE_TLSA : RRTYPE_AAAA, set);
}

void story_wins(struct story *s, const char *name, int entry)
{
    struct household_set set;
    assert_status(STATUS_OK, look(s, name, &set));
    assert_memory_equal(set.id, story_id(s, entry), 32);
    story_rule(s, entry, RULE_NONE);
}

void story_has_no(struct story *s, const char *name)
{
    struct household_set set;
    assert_status(STATUS_NOT_FOUND, look(s, name, &set));
}

void story_conflicts(struct story *s, const char *name, uint32_t conflicts)
{
    struct household_set set;
    assert_status(STATUS_OK, look(s, name, &set));
    assert_int_equal(set.conflicts, conflicts);
}

void story_rule(struct story *s, int entry, enum rule rule)
{
    enum rule found = RULE_COUNT;
    assert_status(STATUS_OK, household_effect(s->house, story_id(s, entry), &found));
    assert_string_equal(rule_name(rule), rule_name(found));
}

void story_state(struct story *s, char who, enum grant_state state)
{
    struct household_grant grant;
    assert_status(STATUS_OK, household_find_grant(s->house, story_key(who)->public_key, &grant));
    assert_int_equal(grant.state, state);
}

void story_not_granted(struct story *s, char who)
{
    struct household_grant grant;
    assert_status(STATUS_NOT_FOUND,
                  household_find_grant(s->house, story_key(who)->public_key, &grant));
}

void story_frozen(struct story *s, int fork)
{
    struct household_authority authority;
    assert_status(STATUS_OK, household_authority(s->house, &authority));
    assert_true(authority.frozen);
    assert_memory_equal(authority.fork, story_id(s, fork), 32);
}

void story_head(struct story *s, int head)
{
    struct household_authority authority;
    assert_status(STATUS_OK, household_authority(s->house, &authority));
    assert_false(authority.frozen);
    assert_memory_equal(authority.head, story_id(s, head), 32);
    assert_int_equal(authority.head_seq, s->entries[head].entry.seq);
}

void story_may(struct story *s, char who, const char *name, enum rule rule)
{
    struct name parsed;
    assert_status(STATUS_OK, name_parse(&parsed, name));
    enum rule found = household_may_set(s->house, story_key(who)->public_key, &parsed);
    assert_string_equal(rule_name(rule), rule_name(found));
}

/* --- orders --- */

uint32_t story_random(struct story *s, uint32_t below)
{
    s->seed = s->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((s->seed >> 33) % below);
}

void story_shuffle(struct story *s, int *order)
{
    for (int i = 0; i < s->count; i++) {
        int j = (int)story_random(s, (uint32_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

static bool ignore_set(void *context, const struct household_set *set)
{
    ++*(size_t *)context;
    return set->rr_count <= LIMIT_RRS;
}

static void ask_something(struct story *s, struct household *h)
{
    uint8_t root[32];
    size_t count = 0;
    enum rule rule;
    int entry = (int)story_random(s, (uint32_t)s->count);
    switch (story_random(s, 4)) {
    case 0:
        household_state_root(h, root);
        break;
    case 1:
        household_each_winner(h, ignore_set, &count);
        assert_int_equal(count, household_winners(h));
        break;
    case 2:
        (void)household_effect(h, story_id(s, entry), &rule); /* it may not have come yet */
        break;
    default:
        (void)household_may_set(h, s->entries[entry].entry.author,
                                &(struct name){.len = 1, .wire = {0}});
        break;
    }
}

void story_replay(struct story *s, const int *order, int count, bool ask, const uint8_t *trusted,
                  uint8_t root[static 32])
{
    struct household *h = household_create(story_id(s, 0), (const uint8_t[16]){0});
    bool *held = calloc((size_t)s->count, sizeof *held);
    int left = count;
    assert_non_null(h);
    assert_non_null(held);
    while (left > 0) {
        int before = left;
        for (int i = 0; i < count; i++) {
            const struct entry *entry = &s->entries[order[i]].entry;
            enum status status = household_add(h, entry);
            if (status == STATUS_OK && !held[order[i]]) {
                held[order[i]] = true;
                left--;
            } else if (status == STATUS_DUPLICATE) {
                assert_true(held[order[i]]);
            } else {
                assert_true(status == STATUS_WAIT_PREV || status == STATUS_WAIT_GRANT);
            }
            if (ask && story_random(s, 4) == 0)
                ask_something(s, h);
        }
        assert_true(left < before);
    }
    household_trust_branch(h, trusted);
    household_state_root(h, root);
    assert_int_equal(household_entries(h), count);
    free(held);
    household_destroy(h);
}

void story_end(struct story *s)
{
    enum { ORDERS = 6 };
    int *order = calloc((size_t)s->count, sizeof *order);
    uint8_t root[32];
    assert_non_null(order);
    for (int i = 0; i < s->count; i++) {
        if (!s->entries[i].held)
            story_arrive(s, i);
    }
    household_state_root(s->house, root);
    for (int i = 0; i < ORDERS; i++) {
        uint8_t other[32];
        story_shuffle(s, order);
        story_replay(s, order, s->count, i % 2 == 0, NULL, other);
        assert_memory_equal(root, other, 32);
    }
    free(order);
    story_free(s);
}
