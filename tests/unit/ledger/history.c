/* history.c: see history.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "tests/unit/ledger/history_impl.h"

static const char authors[] = "abcde";
static const char *const names[] = {"cam", "door", "cam.door"};
static const char *const scopes[] = {NULL, NULL, "cam", "door", "cam,door"};

/* A random entry of these types, the newer the likelier when `recent`; STORY_LAST if there is none.
 */
static int pick(struct story *s, bool (*fits)(const struct story_entry *entry), bool recent)
{
    int found[STORY_MAX];
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        if (fits(&s->entries[i]))
            found[count++] = i;
    }
    if (count == 0)
        return STORY_LAST;
    int from = recent && count > 3 && story_random(s, 4) > 0 ? count - 3 : 0;
    return found[from + (int)story_random(s, (uint32_t)(count - from))];
}

static bool is_authority(const struct story_entry *e)
{
    return e->entry.stream == 0;
}

static bool is_feed(const struct story_entry *e)
{
    return e->entry.stream != 0;
}

static bool is_set(const struct story_entry *e)
{
    return e->entry.type == ENTRY_SET;
}

static bool is_denial(const struct story_entry *e)
{
    return e->entry.type == ENTRY_SUSPEND || e->entry.type == ENTRY_WITHDRAW;
}

static char pick_author(struct story *s)
{
    return authors[story_random(s, sizeof authors - 1)];
}

/* Of whom a household can do without; now and then anybody. */
static char pick_victim(struct story *s)
{
    return story_random(s, 3) > 0 ? (char)('c' + (char)story_random(s, 3)) : pick_author(s);
}

/* Heads of that author, mostly; now and then anybody's. */
static void pick_heads(struct story *s, char who, int heads[static 4])
{
    uint32_t count = story_random(s, 4);
    uint32_t made = 0;
    for (int tries = 0; made < count && tries < 20; tries++) {
        int entry = pick(s, is_feed, false);
        if (entry == STORY_LAST)
            break;
        if (s->entries[entry].owner != who && story_random(s, 8) > 0)
            continue;
        bool twice = false;
        for (uint32_t i = 0; i < made; i++)
            twice = twice || heads[i] == entry;
        if (!twice)
            heads[made++] = entry;
    }
    heads[made] = STORY_LAST;
}

const char *history_scope(struct story *s)
{
    return scopes[story_random(s, sizeof scopes / sizeof scopes[0])];
}

/* One draw after the other: the order in which arguments are evaluated is the compiler's choice. */
int history_grant(struct story *s, int at, char who)
{
    const char *scope = history_scope(s);
    uint8_t role = (uint8_t)(1 + story_random(s, 2));
    return story_grant(s, at, who, role, scope);
}

/* Most owners go on: without grants a household has no names. */
static void add_recover(struct story *s, int at)
{
    char next = (char)('O' + (char)story_random(s, 4));
    at = story_recover(s, at, next, (char)(next + 32));
    for (uint32_t grants = story_random(s, 5); grants > 0; grants--)
        at = history_grant(s, at, pick_author(s));
}

static bool has_authority_after(const struct story *s, int entry)
{
    for (int i = entry + 1; i < s->count; i++) {
        if (s->entries[i].entry.stream == 0 &&
            memcmp(s->entries[i].entry.prev, story_id(s, entry), 32) == 0)
            return true;
    }
    return false;
}

/* The newest end but `at`: what a MERGE is made for. */
static int other_end(const struct story *s, int at)
{
    for (int i = s->count - 1; i > 0; i--) {
        if (i != at && s->entries[i].entry.stream == 0 && !has_authority_after(s, i))
            return i;
    }
    return at;
}

static void add_merge(struct story *s, int at)
{
    int other = story_random(s, 5) > 0 ? other_end(s, at) : pick(s, is_authority, true);
    (void)story_merge(s, at, other);
}

static void add_rare(struct story *s, int at, char who)
{
    switch (story_random(s, 6)) {
    case 0:
    case 1:
        (void)story_policy(s, at, (uint16_t)story_random(s, 3), 2);
        break;
    case 2:
        history_bad_grant(s, at, story_random(s, HISTORY_BAD_GRANTS), who);
        break;
    default:
        add_recover(s, at);
        break;
    }
}

/* Mostly after the newest entry: each fork freezes until a MERGE. */
static void add_authority(struct story *s)
{
    int at = pick(s, is_authority, true);
    if (story_random(s, 8) > 0)
        for (at = s->count - 1; s->entries[at].entry.stream != 0;)
            at--;
    int denial = pick(s, is_denial, false);
    int heads[4];
    uint32_t what = story_random(s, 32);
    char who = what < 20 && what >= 17 ? pick_victim(s) : pick_author(s);
    pick_heads(s, who, heads);
    if (what < 12)
        (void)history_grant(s, at, who);
    else if (what < 17)
        (void)story_scope(s, at, who, history_scope(s), heads);
    else if (what < 20)
        (void)story_revoke(s, at, who, heads);
    else if (what < 22)
        (void)story_lift(s, at, denial == STORY_LAST ? at : denial);
    else if (what < 28)
        add_merge(s, at);
    else
        add_rare(s, at, who);
}

static void add_set(struct story *s, int at)
{
    int over[4];
    uint32_t count = story_random(s, 4);
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        int set = pick(s, is_set, true);
        bool twice = set == STORY_LAST;
        for (uint32_t j = 0; j < made; j++)
            twice = twice || over[j] == set;
        if (!twice)
            over[made++] = set;
    }
    over[made] = STORY_LAST;
    const char *name = names[story_random(s, 3)];
    switch (story_random(s, 20)) {
    case 0:
        (void)story_tlsa(s, at, name, (uint8_t)story_random(s, 3), over);
        break;
    case 1:
        (void)story_unknown(s, at, name, 1 + story_random(s, 9), over);
        break;
    case 2:
        (void)story_set_rr(s, at, name, RRTYPE_A, "\177\0\0\1", 4, over);
        break;
    case 3:
        history_record(s, at, over);
        break;
    default:
        /* Clocks go back and forth; the lowest bits keep entries apart. */
        s->time += (uint64_t)story_random(s, 5) << 16;
        s->time -= (uint64_t)story_random(s, 5) << 16;
        (void)story_set(s, at, name, story_random(s, 9), over);
        break;
    }
}

static bool is_granted(struct story *s, char who)
{
    for (int i = 0; i < s->count; i++) {
        const struct entry *e = &s->entries[i].entry;
        if (e->type == ENTRY_GRANT && memcmp(e->body + 1, story_key(who)->public_key, 32) == 0)
            return true;
    }
    return false;
}

static void add_feed(struct story *s)
{
    int at = pick(s, is_feed, story_random(s, 3) > 0);
    if (at == STORY_LAST || story_random(s, 6) == 0) {
        char who = story_random(s, 2) ? 'a' + (char)story_random(s, 2) : pick_author(s);
        uint8_t kind = (uint8_t)(story_random(s, 6) > 0 ? 1 + story_random(s, 2) : KIND_DENIALS);
        const char *scope = kind == KIND_PRIVATE ? scopes[story_random(s, 5)] : NULL;
        if (is_granted(s, who))
            (void)story_open(s, who, 1 + story_random(s, 3), kind, scope);
        return;
    }
    switch (story_random(s, 12)) {
    case 0:
        (void)story_suspend(s, at, pick_victim(s));
        break;
    case 1:
    case 2:
        (void)story_withdraw(s, at, (uint8_t)story_random(s, 3));
        break;
    default:
        add_set(s, at);
        break;
    }
}

void history_make(struct story *s, uint64_t seed, int length)
{
    int genesis = story_begin(s);
    s->seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    (void)story_random(s, 2);
    history_theme(s, genesis, seed);
    /* The share of authority differs, so that some histories have much of it and some hardly any.
     */
    uint32_t share = story_random(s, 4);
    while (s->count < length) {
        if (story_random(s, 8) < share)
            add_authority(s);
        else
            add_feed(s);
    }
}

static void put(uint8_t *bytes, size_t *at, uint64_t value, unsigned size)
{
    while (size-- > 0)
        bytes[(*at)++] = (uint8_t)(value >> (8 * size));
}

static void put_list(const struct story *s, const bool *given, uint8_t *bytes, size_t *at,
                     bool authority)
{
    uint32_t count = 0;
    for (int i = 0; i < s->count; i++)
        count += (!given || given[i]) && is_authority(&s->entries[i]) == authority;
    put(bytes, at, count, 4);
    for (int i = 0; i < s->count; i++) {
        const struct story_entry *e = &s->entries[i];
        if ((given && !given[i]) || is_authority(e) != authority)
            continue;
        put(bytes, at, e->len, 2);
        memcpy(bytes + *at, e->bytes, e->len);
        *at += e->len;
    }
}

uint8_t *history_bundle_of(const struct story *s, const bool *given, size_t *len)
{
    uint8_t *bytes = malloc((size_t)s->count * (LIMIT_ENTRY + 2) + 256);
    size_t at = 0;
    assert_non_null(bytes);
    memcpy(bytes, "HLB1", 4);
    at = 4;
    put(bytes, &at, 1, 4);
    size_t section = at;
    memcpy(bytes + at, story_id(s, 0), 32);
    at += 32;
    size_t length = at;
    at += 8;
    put_list(s, given, bytes, &at, true);
    put(bytes, &at, 0, 4);
    put_list(s, given, bytes, &at, false);
    put(bytes, &length, at - length - 8, 8);
    crypt_hash("hearth1.bundle.1", bytes + section, at - section, bytes + at);
    at += 32;
    crypt_hash("hearth1.bundle.1", bytes, at, bytes + at);
    *len = at + 32;
    return bytes;
}

uint8_t *history_bundle(const struct story *s, size_t *len)
{
    return history_bundle_of(s, NULL, len);
}
