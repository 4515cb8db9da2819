/* Tests of household.c and names.c: what is accepted, and which SET wins (docs/ledger-rules.md,
 * "Accepting", "Names"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "tests/unit/ledger/story.h"

/* A household with an admin 'a' and a node 'b', each with a shared stream. */
struct pair {
    struct story s;
    int genesis, head, a, b;
};

static void begin(struct pair *p)
{
    p->genesis = story_begin(&p->s);
    p->head = story_grant(&p->s, p->genesis, 'a', ROLE_ADMIN, NULL);
    p->head = story_grant(&p->s, p->head, 'b', ROLE_NODE, NULL);
    p->a = story_open(&p->s, 'a', 1, KIND_SHARED, NULL);
    p->b = story_open(&p->s, 'b', 1, KIND_SHARED, NULL);
}

#define assert_status(expected, call) assert_string_equal(status_name(expected), status_name(call))

/* --- accepting --- */

/* Signs a changed copy of an entry and asks whether it is admitted. */
static enum status admit_changed(struct pair *p, int entry, char who,
                                 void (*change)(struct entry *copy, const struct story *s,
                                                int about),
                                 int about)
{
    struct entry copy = p->s.entries[entry].entry;
    uint8_t body[LIMIT_BODY];
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    memcpy(body, copy.body, copy.body_len);
    copy.body = body;
    memcpy(copy.author, story_key(who)->public_key, 32);
    change(&copy, &p->s, about);
    assert_status(STATUS_OK, entry_sign(&copy, story_key(who)->secret, bytes, &len));
    return household_admit(p->s.house, &copy);
}

static void change_seq(struct entry *copy, const struct story *s, int about)
{
    (void)s;
    copy->seq += (uint64_t)about;
}

static void change_prev(struct entry *copy, const struct story *s, int about)
{
    memcpy(copy->prev, story_id(s, about), 32);
    copy->seq = s->entries[about].entry.seq + 1;
}

static void change_stream(struct entry *copy, const struct story *s, int about)
{
    (void)s;
    copy->stream = (uint64_t)about;
}

static void change_time(struct entry *copy, const struct story *s, int about)
{
    (void)s;
    copy->time += (uint64_t)about;
}

static void change_namespace(struct entry *copy, const struct story *s, int about)
{
    (void)s;
    copy->namespace_id[0] ^= (uint8_t)about;
}

static void foreign_entries_are_refused(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    struct household *other = household_create((const uint8_t[32]){1}, (const uint8_t[16]){0});
    assert_status(STATUS_FOREIGN, household_admit(other, &p.s.entries[p.genesis].entry));
    assert_status(STATUS_FOREIGN, household_admit(other, &p.s.entries[p.a].entry));
    assert_status(STATUS_FOREIGN, household_add(other, &p.s.entries[p.a].entry));
    assert_status(STATUS_FOREIGN, admit_changed(&p, p.head, 'o', change_namespace, 1));
    household_destroy(other);
    story_end(&p.s);
}

static void an_entry_held_is_a_duplicate(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    size_t entries = household_entries(p.s.house);
    assert_status(STATUS_DUPLICATE, household_admit(p.s.house, &p.s.entries[p.a].entry));
    assert_status(STATUS_DUPLICATE, household_add(p.s.house, &p.s.entries[p.head].entry));
    assert_int_equal(household_entries(p.s.house), entries);
    assert_true(household_holds(p.s.house, story_id(&p.s, p.a)));
    story_end(&p.s);
}

static void entries_wait_for_what_is_before_them(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    p.s.hold = true;
    int grant = story_grant(&p.s, p.head, 'c', ROLE_NODE, NULL);
    int policy = story_policy(&p.s, grant, 1, 2);
    int merge = story_merge(&p.s, p.head, policy);
    int feed = story_open(&p.s, 'c', 1, KIND_SHARED, NULL);
    int set = story_set(&p.s, feed, "cam", 1, NONE);
    assert_false(household_holds(p.s.house, story_id(&p.s, set)));
    assert_status(STATUS_WAIT_PREV, household_admit(p.s.house, &p.s.entries[policy].entry));
    assert_status(STATUS_WAIT_PREV, household_admit(p.s.house, &p.s.entries[merge].entry));
    assert_status(STATUS_WAIT_GRANT, household_admit(p.s.house, &p.s.entries[feed].entry));
    assert_status(STATUS_WAIT_GRANT, household_admit(p.s.house, &p.s.entries[set].entry));
    story_arrive(&p.s, grant);
    assert_status(STATUS_WAIT_PREV, household_admit(p.s.house, &p.s.entries[set].entry));
    story_arrive(&p.s, feed);
    story_arrive(&p.s, set);
    story_wins(&p.s, "cam", set);
    story_end(&p.s);
}

static void nothing_is_accepted_before_genesis(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    struct household *h = household_create(story_id(&p.s, p.genesis), (const uint8_t[16]){0});
    struct household_authority authority;
    uint8_t root[32];
    assert_status(STATUS_WAIT_PREV, household_admit(h, &p.s.entries[p.head].entry));
    assert_status(STATUS_WAIT_GRANT, household_admit(h, &p.s.entries[p.a].entry));
    assert_status(STATUS_NOT_FOUND, household_authority(h, &authority));
    household_state_root(h, root);
    assert_int_equal(household_winners(h), 0);
    household_destroy(h);
    story_end(&p.s);
}

static void authority_is_by_the_owner_in_force(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    assert_status(STATUS_UNAUTHORISED, admit_changed(&p, p.head, 'a', change_time, 1));
    assert_status(STATUS_OK, admit_changed(&p, p.head, 'o', change_time, 1));
    /* A GENESIS is by the owner that it names. */
    struct entry genesis = p.s.entries[p.genesis].entry;
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    memcpy(genesis.author, story_key('a')->public_key, 32);
    assert_status(STATUS_OK, entry_sign(&genesis, story_key('a')->secret, bytes, &len));
    struct household *h = household_create(genesis.id, (const uint8_t[16]){0});
    assert_status(STATUS_UNAUTHORISED, household_admit(h, &genesis));
    household_destroy(h);
    /* After a RECOVER the new owner signs on its path, the old one on others. */
    int recover = story_recover(&p.s, p.head, 'O', 'R');
    int policy = story_policy(&p.s, recover, 1, 2);
    assert_status(STATUS_UNAUTHORISED, admit_changed(&p, policy, 'o', change_time, 1));
    assert_status(STATUS_OK, admit_changed(&p, policy, 'O', change_time, 1));
    assert_status(STATUS_OK, admit_changed(&p, p.head, 'o', change_time, 1));
    /* RECOVER is by the key whose commitment is in force at its `prev`. */
    p.s.entries[recover].recovery = 'r';
    p.s.hold = true;
    int old_paper = story_recover(&p.s, recover, 'o', 'r');
    p.s.entries[recover].recovery = 'R';
    assert_status(STATUS_UNAUTHORISED, household_admit(p.s.house, &p.s.entries[old_paper].entry));
    p.s.count--; /* never accepted */
    p.s.hold = false;
    int again = story_recover(&p.s, recover, 'P', 'Q');
    story_head(&p.s, again);
    story_end(&p.s);
}

static void an_owner_key_that_is_no_valid_point_signs_nothing(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    /* A RECOVER to a point of small order, whose signatures anybody can make. */
    struct body body = {
        .type = ENTRY_RECOVER,
        .recover = {.recovery = {.algorithm = KEY_ED25519}, .owner = {.algorithm = KEY_ED25519}}};
    memcpy(body.recover.recovery.key, story_key('r')->public_key, 32);
    int recover = story_sign(&p.s, 'r', 0, p.head, &body, 0);
    int policy = story_policy(&p.s, p.head, 1, 2);
    struct entry forged = p.s.entries[policy].entry;
    memset(forged.author, 0, 32);
    memcpy(forged.prev, story_id(&p.s, recover), 32);
    forged.seq = p.s.entries[recover].entry.seq + 1;
    forged.id[0] ^= 1;
    assert_status(STATUS_UNAUTHORISED, household_admit(p.s.house, &forged));
    story_end(&p.s);
}

static void seq_and_stream_must_fit_prev(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int set = story_set(&p.s, p.b, "cam", 1, NONE);
    int other = story_open(&p.s, 'b', 2, KIND_SHARED, NULL);
    assert_status(STATUS_MALFORMED, admit_changed(&p, p.head, 'o', change_seq, 1));
    assert_status(STATUS_MALFORMED, admit_changed(&p, set, 'b', change_seq, 1));
    assert_status(STATUS_MALFORMED, admit_changed(&p, set, 'b', change_stream, 7));
    assert_status(STATUS_MALFORMED, admit_changed(&p, set, 'a', change_time, 1));
    assert_status(STATUS_MALFORMED, admit_changed(&p, set, 'b', change_prev, p.head));
    assert_status(STATUS_MALFORMED, admit_changed(&p, set, 'b', change_prev, other));
    assert_status(STATUS_MALFORMED, admit_changed(&p, p.head, 'o', change_prev, set));
    assert_status(STATUS_OK, admit_changed(&p, set, 'b', change_time, 1));
    p.s.hold = true;
    int merge = story_merge(&p.s, p.head, set);
    assert_status(STATUS_MALFORMED, household_admit(p.s.house, &p.s.entries[merge].entry));
    p.s.count--;
    story_end(&p.s);
}

static void a_grant_without_effect_admits_its_feed(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    p.s.bad_possession = true;
    int grant = story_grant(&p.s, p.head, 'c', ROLE_NODE, NULL);
    int feed = story_open(&p.s, 'c', 1, KIND_SHARED, NULL);
    int set = story_set(&p.s, feed, "cam", 1, NONE);
    story_rule(&p.s, grant, RULE_POSSESSION);
    story_rule(&p.s, set, RULE_NOT_GRANTED);
    story_has_no(&p.s, "cam");
    story_not_granted(&p.s, 'c');
    story_end(&p.s);
}

static void an_authority_entry_of_a_newer_version_is_refused(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    struct entry newer = p.s.entries[p.head].entry;
    newer.upgrade = true;
    newer.id[0] ^= 1;
    assert_status(STATUS_UPGRADE, household_admit(p.s.house, &newer));
    story_end(&p.s);
}

/* --- who wins --- */

static void the_newest_wins_and_admins_before_nodes(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int early = story_set(&p.s, p.b, "cam", 1, NONE);
    int late = story_set(&p.s, early, "cam", 2, NONE);
    story_wins(&p.s, "cam", late);
    story_conflicts(&p.s, "cam", 1);
    story_rule(&p.s, early, RULE_OUTRANKED);
    p.s.time -= 100;
    int admin = story_set(&p.s, p.a, "cam", 3, NONE);
    story_wins(&p.s, "cam", admin);
    story_conflicts(&p.s, "cam", 2);
    story_end(&p.s);
}

static void equal_times_are_decided_by_the_greatest_id(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int one = story_set(&p.s, p.b, "cam", 1, NONE);
    p.s.time--;
    int two = story_set(&p.s, one, "cam", 2, NONE);
    bool first_wins = memcmp(story_id(&p.s, one), story_id(&p.s, two), 32) > 0;
    story_wins(&p.s, "cam", first_wins ? one : two);
    story_end(&p.s);
}

static void over_replaces_what_it_names(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int old = story_set(&p.s, p.a, "cam", 1, NONE);
    p.s.time -= 1000;
    int new = story_set(&p.s, p.b, "cam", 2, LIST(old));
    story_wins(&p.s, "cam", new);
    story_conflicts(&p.s, "cam", 0);
    story_rule(&p.s, old, RULE_REPLACED);
    story_end(&p.s);
}

static void what_is_named_is_dead_on_arrival(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    p.s.hold = true;
    int old = story_set(&p.s, p.a, "cam", 1, NONE);
    p.s.hold = false;
    int new = story_set(&p.s, p.b, "cam", 2, LIST(old));
    story_wins(&p.s, "cam", new);
    story_arrive(&p.s, old);
    story_wins(&p.s, "cam", new);
    story_conflicts(&p.s, "cam", 0);
    story_rule(&p.s, old, RULE_REPLACED);
    story_end(&p.s);
}

static void what_is_named_without_right_or_elsewhere_is_not(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    (void)story_grant(&p.s, p.head, 'd', ROLE_NODE, "lamp");
    int stranger = story_open(&p.s, 'd', 1, KIND_PRIVATE, "lamp");
    p.s.hold = true;
    int late = story_set(&p.s, p.a, "cam", 1, NONE);
    p.s.hold = false;
    (void)story_set(&p.s, stranger, "cam", 2, LIST(late)); /* out of its scope */
    (void)story_set(&p.s, p.b, "door", 3, LIST(late));     /* another name */
    story_has_no(&p.s, "cam");
    story_arrive(&p.s, late);
    story_wins(&p.s, "cam", late);
    story_end(&p.s);
}

static void over_counts_for_its_own_name_and_type_only(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int cam = story_set(&p.s, p.a, "cam", 1, NONE);
    int text = story_set_rr(&p.s, cam, "cam", RRTYPE_TXT, "\001x", 2, NONE);
    int other = story_set(&p.s, p.b, "door", 2, LIST(cam, text));
    int set = story_set(&p.s, other, "cam", 3, LIST(text));
    story_wins(&p.s, "door", other);
    story_rule(&p.s, text, RULE_NONE);
    story_rule(&p.s, cam, RULE_NONE);
    story_wins(&p.s, "cam", cam);
    story_rule(&p.s, set, RULE_OUTRANKED);
    story_end(&p.s);
}

static void a_dead_set_still_replaces(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int one = story_set(&p.s, p.b, "cam", 1, NONE);
    int two = story_set(&p.s, one, "cam", 2, LIST(one));
    int three = story_set(&p.s, two, "cam", 3, LIST(two));
    story_wins(&p.s, "cam", three);
    story_conflicts(&p.s, "cam", 0);
    story_rule(&p.s, one, RULE_REPLACED);
    story_rule(&p.s, two, RULE_REPLACED);
    story_end(&p.s);
}

static void a_conflict_of_twelve_is_named_in_two_writes(void **state)
{
    (void)state;
    enum { HEADS = 12 };
    struct pair p;
    begin(&p);
    int sets[HEADS];
    int at = p.b;
    for (int i = 0; i < HEADS; i++) {
        sets[i] = story_set(&p.s, at, "cam", (unsigned)i + 1, NONE);
        at = sets[i];
    }
    story_conflicts(&p.s, "cam", HEADS - 1);
    int eight[] = {sets[0], sets[1], sets[2], sets[3],   sets[4],
                   sets[5], sets[6], sets[7], STORY_LAST};
    int part = story_set(&p.s, p.a, "cam", 100, eight);
    story_conflicts(&p.s, "cam", HEADS - 8);
    int five[] = {sets[8], sets[9], sets[10], sets[11], part, STORY_LAST};
    int rest = story_set(&p.s, part, "cam", 100, five);
    story_wins(&p.s, "cam", rest);
    story_conflicts(&p.s, "cam", 0);
    story_end(&p.s);
}

static void a_deletion_wins_like_any_other(void **state)
{
    (void)state;
    struct pair p;
    struct household_set set;
    struct name cam;
    begin(&p);
    int old = story_set(&p.s, p.b, "cam", 1, NONE);
    int gone = story_set(&p.s, p.a, "cam", 0, LIST(old));
    story_wins(&p.s, "cam", gone);
    assert_status(STATUS_OK, name_parse(&cam, "cam"));
    assert_status(STATUS_OK, household_winner(p.s.house, &cam, RRTYPE_AAAA, &set));
    assert_int_equal(set.rr_count, 0);
    assert_int_equal(household_winners(p.s.house), 1);
    story_end(&p.s);
}

struct listing {
    uint8_t ids[16][32];
    size_t count;
};

static bool list_set(void *context, const struct household_set *set)
{
    struct listing *listing = context;
    memcpy(listing->ids[listing->count++], set->id, 32);
    return listing->count < 16;
}

static bool list_one(void *context, const struct household_set *set)
{
    (void)list_set(context, set);
    return false;
}

static void live_sets_come_winner_first(void **state)
{
    (void)state;
    struct pair p;
    struct listing live = {.count = 0};
    struct name cam;
    uint8_t ids[2][32];
    begin(&p);
    int one = story_set(&p.s, p.b, "cam", 1, NONE);
    int two = story_set(&p.s, one, "cam", 2, NONE);
    int three = story_set(&p.s, p.a, "cam", 3, NONE);
    int four = story_set(&p.s, two, "cam", 4, NONE);
    int order[] = {three, four, two, one};
    assert_status(STATUS_OK, name_parse(&cam, "cam"));
    household_each_live(p.s.house, &cam, RRTYPE_AAAA, list_set, &live);
    assert_int_equal(live.count, 4);
    for (int i = 0; i < 4; i++)
        assert_memory_equal(live.ids[i], story_id(&p.s, order[i]), 32);
    assert_int_equal(household_live(p.s.house, &cam, RRTYPE_AAAA, ids, 2), 4);
    assert_memory_equal(ids[0], live.ids[0], 32);
    assert_memory_equal(ids[1], live.ids[1], 32);
    assert_int_equal(household_live(p.s.house, &cam, RRTYPE_A, ids, 2), 0);
    live.count = 0;
    household_each_live(p.s.house, &cam, RRTYPE_AAAA, list_one, &live);
    assert_int_equal(live.count, 1);
    story_end(&p.s);
}

static void winners_come_in_canonical_order(void **state)
{
    (void)state;
    /* RFC 4034, section 6.1: from the last label on, shorter before longer. */
    static const char *const names[] = {"@",     "a",      "a.a", "z.a", "ab",
                                        "a-b.b", "ab.b.b", "c",   "_x.c"};
    enum { NAMES = sizeof names / sizeof names[0] };
    static const char *const expected[NAMES] = {"@",     "a",      "a.a", "z.a", "ab",
                                                "a-b.b", "ab.b.b", "c",   "_x.c"};
    struct pair p;
    struct listing listing = {.count = 0};
    int sets[NAMES];
    begin(&p);
    int at = p.b;
    for (int i = NAMES; i-- > 0;) {
        at = sets[i] = story_set(&p.s, at, names[i], 1, NONE);
        (void)household_winners(p.s.house);
        household_each_winner(p.s.house, list_one, &listing); /* sorts, again and again */
        listing.count = 0;
    }
    int text = story_set_rr(&p.s, at, "a", RRTYPE_TXT, "\001x", 2, NONE);
    household_each_winner(p.s.house, list_set, &listing);
    assert_int_equal(listing.count, NAMES + 1);
    for (int i = 0, n = 0; i < NAMES; i++, n++) {
        int found = 0;
        while (strcmp(names[found], expected[i]) != 0)
            found++;
        if (i == 2) {
            /* AAAA (28) comes after TXT (16) of the same name. */
            assert_memory_equal(listing.ids[1], story_id(&p.s, text), 32);
            n++;
        }
        assert_memory_equal(listing.ids[i == 1 ? 2 : n], story_id(&p.s, sets[found]), 32);
    }
    story_end(&p.s);
}

static bool count_set(void *context, const struct household_set *set)
{
    (void)set;
    ++*(int *)context;
    return true;
}

/* From every place in the order, one that is there or not, the same as of the whole walk. */
static void winners_come_from_any_place_on(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "a.a", "z.a", "ab", "ab.b.b", "c", "_x.c"};
    static const struct {
        const char *name;
        uint16_t type;
        int left;
    } places[] = {
        {"@", 0, 7},    {"@", UINT16_MAX, 7}, {"a", 0, 7},    {"a", RRTYPE_AAAA - 1, 7},
        {"a", 28, 6},   {"0.a", 28, 6},       {"a.a", 28, 5}, {"a.z.a", 0, 4},
        {"ab", 99, 3},  {"b", 0, 3},          {"b.b", 28, 3}, {"ab.b.b", 27, 3},
        {"bb", 0, 2},   {"c", 28, 1},         {"_x.c", 0, 1}, {"_x.c", 28, 0},
        {"zzz", 28, 0},
    };
    struct pair p;
    begin(&p);
    int at = p.b;
    for (size_t i = sizeof names / sizeof names[0]; i-- > 0;)
        at = story_set(&p.s, at, names[i], 1, NONE);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct name name;
        struct listing first = {.count = 0};
        int left = 0;
        assert_status(STATUS_OK, name_parse(&name, places[i].name));
        household_each_winner_after(p.s.house, &name, places[i].type, count_set, &left);
        if (left != places[i].left)
            fail_msg("after %s %u: %d", places[i].name, places[i].type, left);
        household_each_winner_after(p.s.house, &name, places[i].type, list_one, &first);
        assert_int_equal(first.count, left > 0);
    }
    story_end(&p.s);
}

static void an_author_knows_its_last_time_of_a_name(void **state)
{
    (void)state;
    struct pair p;
    struct name cam, door;
    begin(&p);
    assert_status(STATUS_OK, name_parse(&cam, "cam"));
    assert_status(STATUS_OK, name_parse(&door, "door"));
    int one = story_set(&p.s, p.b, "cam", 1, NONE);
    uint64_t newest = p.s.entries[one].entry.time;
    p.s.time -= 50;
    int two = story_set(&p.s, one, "cam", 2, LIST(one));
    int admin = story_set(&p.s, p.a, "cam", 3, NONE);
    const uint8_t *b = story_key('b')->public_key;
    assert_true(household_last_time(p.s.house, b, &cam, RRTYPE_AAAA) == newest);
    assert_true(household_last_time(p.s.house, story_key('a')->public_key, &cam, RRTYPE_AAAA) ==
                p.s.entries[admin].entry.time);
    assert_true(household_last_time(p.s.house, b, &door, RRTYPE_AAAA) == 0);
    assert_true(household_last_time(p.s.house, b, &cam, RRTYPE_TXT) == 0);
    assert_true(household_last_time(p.s.house, story_key('c')->public_key, &cam, RRTYPE_AAAA) == 0);
    (void)story_set(&p.s, two, "cam", 4, NONE);
    assert_true(household_last_time(p.s.house, b, &cam, RRTYPE_AAAA) == newest);
    story_end(&p.s);
}

/* --- scopes --- */

static void a_scope_has_its_names_and_all_below(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    (void)story_grant(&p.s, p.head, 'c', ROLE_NODE, "garage,cam");
    int feed = story_open(&p.s, 'c', 1, KIND_PRIVATE, "garage,cam");
    int at = feed;
    static const char *const inside[] = {"garage", "a.garage", "b.a.garage", "cam",
                                         "_443._tcp.cam"};
    static const char *const outside[] = {"@", "xgarage", "garage.house", "door", "cam.house"};
    for (size_t i = 0; i < 5; i++) {
        at = story_set_rr(&p.s, at, inside[i], RRTYPE_TXT, "\001x", 2, NONE);
        story_rule(&p.s, at, RULE_NONE);
        story_may(&p.s, 'c', inside[i], RULE_NONE);
    }
    for (size_t i = 0; i < 5; i++) {
        at = story_set_rr(&p.s, at, outside[i], RRTYPE_TXT, "\001x", 2, NONE);
        story_rule(&p.s, at, RULE_SCOPE);
        story_may(&p.s, 'c', outside[i], RULE_SCOPE);
    }
    story_end(&p.s);
}

static void a_scope_without_an_opening_has_no_name(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    (void)story_grant(&p.s, p.head, 'c', ROLE_NODE, "cam");
    int feed = story_open(&p.s, 'c', 1, KIND_SHARED, NULL);
    int set = story_set(&p.s, feed, "cam", 1, NONE);
    int wrong = story_open(&p.s, 'c', 2, KIND_PRIVATE, "door");
    (void)wrong;
    story_rule(&p.s, set, RULE_SCOPE);
    story_has_no(&p.s, "cam");
    /* Anybody's private OPEN reveals it, and late is as good as early. */
    (void)story_open(&p.s, 'b', 2, KIND_PRIVATE, "cam");
    story_wins(&p.s, "cam", set);
    story_end(&p.s);
}

static void an_over_waits_for_the_opening_too(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    (void)story_grant(&p.s, p.head, 'c', ROLE_NODE, "cam");
    int old = story_set(&p.s, p.b, "cam", 1, NONE);
    int feed = story_open(&p.s, 'c', 1, KIND_SHARED, NULL);
    int new = story_set(&p.s, feed, "cam", 2, LIST(old));
    story_wins(&p.s, "cam", old);
    (void)story_open(&p.s, 'c', 2, KIND_PRIVATE, "cam");
    story_wins(&p.s, "cam", new);
    story_rule(&p.s, old, RULE_REPLACED);
    story_end(&p.s);
}

/* --- SETs that break a rule by themselves --- */

struct bad_set {
    const char *name;
    uint16_t type;
    size_t len;
    enum rule rule;
    const char *rdata;
};

static void sets_that_break_a_rule_have_no_effect(void **state)
{
    (void)state;
    static const struct bad_set bad[] = {
        {"cam", 0, 3, RULE_RR_TYPE, "\001x"},
        {"cam", RRTYPE_OPT, 0, RULE_RR_TYPE, ""},
        {"cam", 128, 1, RULE_RR_TYPE, "x"},
        {"cam", RRTYPE_ANY, 0, RULE_RR_TYPE, ""},
        {"cam", 65535, 1, RULE_RR_TYPE, "x"},
        {"cam._peer", 4711, 1, RULE_PEER_NAME, "x"},
        {"cam", RRTYPE_A, 3, RULE_RDATA, "\012\0\0"},
        {"cam", RRTYPE_A, 4, RULE_ADDRESS, "\177\0\0\001"},
        {"cam", RRTYPE_A, 4, RULE_ADDRESS, "\251\376\0\001"},
        {"cam", RRTYPE_AAAA, 16, RULE_ADDRESS, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
        {"cam", RRTYPE_TLSA, 35, RULE_TLSA, "\003\001\000################################"},
        {"cam", RRTYPE_TLSA, 5, RULE_TLSA, "\003\001\001##"},
        {"cam", RRTYPE_PEER, 33, RULE_PEER_NAME, "################################"},
        {"x._peer", RRTYPE_AAAA, 0, RULE_PEER_NAME, ""},
        {"_peer", RRTYPE_TXT, 2, RULE_PEER_NAME, "\001x"},
    };
    struct pair p;
    begin(&p);
    int at = p.b;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        at = story_set_rr(&p.s, at, bad[i].name, bad[i].type, bad[i].rdata, bad[i].len, NONE);
        story_rule(&p.s, at, bad[i].rule);
    }
    assert_int_equal(household_winners(p.s.house), 0);
    int peer = story_set_rr(&p.s, at, "oak._peer", RRTYPE_PEER, "################################",
                            33, NONE);
    story_rule(&p.s, peer, RULE_NONE);
    assert_int_equal(household_winners(p.s.house), 1);
    story_end(&p.s);
}

/* So that all versions have the same names. */
static void unknown_types_live_and_can_be_replaced(void **state)
{
    (void)state;
    static const uint16_t types[] = {RRTYPE_NS, RRTYPE_CNAME, 127, 256, 4711, 65279, 65534};
    struct pair p;
    begin(&p);
    int at = p.b;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        int old = story_set_rr(&p.s, at, "cam", types[i], "any", 3, NONE);
        story_rule(&p.s, old, RULE_NONE);
        at = story_set_rr(&p.s, old, "cam", types[i], "other", 5, LIST(old));
        story_rule(&p.s, old, RULE_REPLACED);
        assert_int_equal(household_winners(p.s.house), i + 1);
    }
    story_end(&p.s);
}

static void a_peer_is_one_record(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    struct body body = {.type = ENTRY_SET, .set = {.type = RRTYPE_PEER, .ttl = 1, .rr_count = 2}};
    body.set.rrs[0] = (struct body_rr){(const uint8_t *)"################################", 33};
    body.set.rrs[1] = (struct body_rr){(const uint8_t *)"################################\001", 33};
    assert_status(STATUS_OK, name_parse(&body.set.name, "oak._peer"));
    int two = story_sign(&p.s, 'b', 1, p.b, &body, 0);
    story_rule(&p.s, two, RULE_RDATA);
    story_end(&p.s);
}

static void records_belong_into_streams_of_records(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int denials = story_open(&p.s, 'b', 2, KIND_DENIALS, NULL);
    int other = story_open(&p.s, 'b', 3, 7, NULL);
    int private = story_open(&p.s, 'b', 4, KIND_PRIVATE, NULL);
    int one = story_set(&p.s, denials, "cam", 1, NONE);
    int two = story_set(&p.s, other, "cam", 1, NONE);
    story_rule(&p.s, one, RULE_STREAM_KIND);
    story_rule(&p.s, two, RULE_STREAM_KIND);
    story_has_no(&p.s, "cam");
    int three = story_set(&p.s, private, "cam", 1, NONE);
    story_wins(&p.s, "cam", three);
    story_end(&p.s);
}

static void the_kind_is_that_of_the_open_it_descends_from(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    /* Two starts of one stream, of different kinds. */
    int denials = story_open(&p.s, 'b', 9, KIND_DENIALS, NULL);
    int shared = story_open(&p.s, 'b', 9, KIND_SHARED, NULL);
    int no = story_set(&p.s, denials, "cam", 1, NONE);
    int yes = story_set(&p.s, shared, "cam", 2, NONE);
    story_rule(&p.s, no, RULE_STREAM_KIND);
    story_wins(&p.s, "cam", yes);
    story_end(&p.s);
}

static void what_breaks_a_rule_replaces_nothing(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int cam = story_set(&p.s, p.a, "cam", 1, NONE);
    int denials = story_open(&p.s, 'b', 2, KIND_DENIALS, NULL);
    (void)story_set(&p.s, denials, "cam", 0, LIST(cam));
    (void)story_set_rr(&p.s, p.b, "cam", RRTYPE_AAAA, "#", 1, LIST(cam));
    story_wins(&p.s, "cam", cam);
    story_end(&p.s);
}

static void a_feed_entry_of_a_newer_version_is_kept_without_effect(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int cam = story_set(&p.s, p.b, "cam", 1, NONE);
    int newer = story_unknown(&p.s, cam, "cam", 2, LIST(cam));
    int after = story_set(&p.s, newer, "door", 3, NONE);
    story_rule(&p.s, newer, RULE_UPGRADE);
    story_wins(&p.s, "cam", cam);
    story_wins(&p.s, "door", after);
    struct body body = {.type = ENTRY_OPEN, .open = {.kind = KIND_SHARED}};
    int open = story_sign(&p.s, 'b', 5, STORY_LAST, &body, 1);
    p.s.entries[open].owner = 'b';
    int set = story_set(&p.s, open, "lamp", 4, NONE);
    story_rule(&p.s, open, RULE_UPGRADE);
    story_rule(&p.s, set, RULE_STREAM_KIND); /* a stream without a kind */
    int suspend = story_open(&p.s, 'a', 6, KIND_DENIALS, NULL);
    struct body denial = {.type = ENTRY_SUSPEND, .suspend = {.signing = {.algorithm = 1}}};
    memcpy(denial.suspend.signing.key, story_key('b')->public_key, 32);
    int unknown = story_sign(&p.s, 'a', 6, suspend, &denial, 1);
    story_rule(&p.s, unknown, RULE_UPGRADE);
    story_state(&p.s, 'b', GRANT_LIVE);
    story_end(&p.s);
}

/* --- withdrawn device keys --- */

static void a_withdrawn_key_leaves_the_winner(void **state)
{
    (void)state;
    struct pair p;
    struct household_set set;
    struct name owner;
    begin(&p);
    int old = story_tlsa(&p.s, p.b, "cam", 1, NONE);
    int new = story_tlsa(&p.s, p.a, "cam", 2, NONE);
    (void)story_withdraw(&p.s, new, 2);
    story_wins(&p.s, "_443._tcp.cam", new);
    assert_status(STATUS_OK, name_parse(&owner, "_443._tcp.cam"));
    assert_status(STATUS_OK, household_winner(p.s.house, &owner, RRTYPE_TLSA, &set));
    assert_int_equal(set.rr_count, 0); /* `old` does not come back */
    assert_int_equal(set.removed_count, 1);
    assert_int_equal(set.removed[0].len, 35);
    assert_int_equal(set.removed[0].data[3], 2);
    assert_int_equal(set.conflicts, 1);
    story_rule(&p.s, old, RULE_OUTRANKED);
    assert_int_equal(household_winners(p.s.house), 1);
    story_end(&p.s);
}

static void a_withdrawal_is_of_sha256_hashes(void **state)
{
    (void)state;
    struct pair p;
    struct household_set set;
    struct name owner;
    uint8_t sha512[67] = {3, 1, 2};
    begin(&p);
    memset(sha512 + 3, 7, 64);
    int tlsa = story_set_rr(&p.s, p.b, "_443._tcp.cam", RRTYPE_TLSA, sha512, sizeof sha512, NONE);
    uint8_t text[35] = {34, 1, 1}; /* looks like a TLSA */
    memset(text + 3, 7, 32);
    (void)story_set_rr(&p.s, tlsa, "cam", RRTYPE_TXT, text, sizeof text, NONE);
    (void)story_withdraw(&p.s, p.a, 7);
    assert_status(STATUS_OK, name_parse(&owner, "_443._tcp.cam"));
    assert_status(STATUS_OK, household_winner(p.s.house, &owner, RRTYPE_TLSA, &set));
    assert_int_equal(set.rr_count, 1);
    assert_status(STATUS_OK, name_parse(&owner, "cam"));
    assert_status(STATUS_OK, household_winner(p.s.house, &owner, RRTYPE_TXT, &set));
    assert_int_equal(set.rr_count, 1);
    story_end(&p.s);
}

struct withdrawals {
    struct household_withdrawal w[8];
    size_t count;
};

static bool list_withdrawal(void *context, const struct household_withdrawal *w)
{
    struct withdrawals *all = context;
    all->w[all->count++] = *w;
    return all->count < 8;
}

static void withdrawals_come_by_hash_then_time(void **state)
{
    (void)state;
    struct pair p;
    struct withdrawals all = {.count = 0};
    begin(&p);
    int nine = story_withdraw(&p.s, p.a, 9);
    int late = story_withdraw(&p.s, nine, 3);
    p.s.time -= 100;
    int early = story_withdraw(&p.s, p.b, 3);
    household_each_withdrawal(p.s.house, list_withdrawal, &all);
    assert_int_equal(all.count, 3);
    assert_memory_equal(all.w[0].id, story_id(&p.s, early), 32);
    assert_memory_equal(all.w[0].author, story_key('b')->public_key, 32);
    assert_int_equal(all.w[0].reason, REASON_STOLEN);
    assert_memory_equal(all.w[1].id, story_id(&p.s, late), 32);
    assert_memory_equal(all.w[2].id, story_id(&p.s, nine), 32);
    assert_int_equal(all.w[2].hash[31], 9);
    story_end(&p.s);
}

/* --- overrun --- */

static void sixty_five_streams_are_too_many(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int set = story_set(&p.s, p.b, "cam", 1, NONE);
    int suspend = story_withdraw(&p.s, set, 5);
    for (unsigned stream = 2; stream <= LIMIT_STREAMS; stream++)
        (void)story_open(&p.s, 'b', stream, KIND_SHARED, NULL);
    (void)story_open(&p.s, 'b', 7, KIND_PRIVATE, NULL); /* another start is no other stream */
    story_wins(&p.s, "cam", set);
    story_state(&p.s, 'b', GRANT_LIVE);
    (void)story_open(&p.s, 'b', LIMIT_STREAMS + 1, KIND_SHARED, NULL);
    story_rule(&p.s, set, RULE_OVERRUN);
    story_has_no(&p.s, "cam");
    story_state(&p.s, 'b', GRANT_OVERRUN);
    story_may(&p.s, 'b', "cam", RULE_OVERRUN);
    story_rule(&p.s, suspend, RULE_NONE); /* denials stand */
    story_end(&p.s);
}

static void nine_fork_points_are_too_many(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int cam = story_set(&p.s, p.a, "cam", 1, NONE);
    int at = story_set(&p.s, p.b, "cam", 2, LIST(cam));
    int first_set = at;
    int forks[8];
    for (unsigned i = 0; i < 7; i++) {
        forks[i] = at;
        at = story_set(&p.s, forks[i], "x", i, NONE);
        (void)story_set(&p.s, forks[i], "y", i, NONE);
        (void)story_set(&p.s, forks[i], "z", i, NONE); /* three children are one fork point */
    }
    (void)story_open(&p.s, 'b', 1, KIND_PRIVATE, NULL); /* the eighth, at the stream's start */
    (void)story_open(&p.s, 'b', 1, KIND_DENIALS, NULL);
    story_state(&p.s, 'b', GRANT_LIVE);
    story_wins(&p.s, "cam", first_set);
    (void)story_set(&p.s, at, "x", 9, NONE);
    story_state(&p.s, 'b', GRANT_LIVE);
    (void)story_set(&p.s, at, "y", 9, NONE);
    story_state(&p.s, 'b', GRANT_OVERRUN);
    story_rule(&p.s, first_set, RULE_OVERRUN);
    story_rule(&p.s, cam, RULE_REPLACED); /* its `over` stands */
    story_has_no(&p.s, "cam");
    story_end(&p.s);
}

/* --- streams, frontier, root --- */

struct streams {
    struct household_stream s[16];
    size_t count;
};

static bool list_stream(void *context, const struct household_stream *stream)
{
    struct streams *all = context;
    all->s[all->count++] = *stream;
    return all->count < 16;
}

static void the_leaves_of_streams_are_known(void **state)
{
    (void)state;
    struct pair p;
    struct streams all = {.count = 0};
    begin(&p);
    int one = story_set(&p.s, p.b, "cam", 1, NONE);
    int two = story_set(&p.s, one, "cam", 2, NONE);
    int fork = story_set(&p.s, p.b, "cam", 3, NONE);
    household_each_stream(p.s.house, list_stream, &all);
    assert_int_equal(all.count, 3);
    bool seen_two = false;
    bool seen_fork = false;
    for (size_t i = 0; i < all.count; i++) {
        bool is_b = memcmp(all.s[i].author, story_key('b')->public_key, 32) == 0;
        assert_int_equal(all.s[i].forked, is_b);
        assert_int_equal(all.s[i].kind, KIND_SHARED);
        assert_int_equal(all.s[i].stream, 1);
        if (memcmp(all.s[i].head, story_id(&p.s, two), 32) == 0)
            seen_two = all.s[i].seq == 2;
        if (memcmp(all.s[i].head, story_id(&p.s, fork), 32) == 0)
            seen_fork = all.s[i].seq == 1;
    }
    assert_true(seen_two && seen_fork);
    story_end(&p.s);
}

/* What docs/ledger-format.md says is hashed, put together by hand. */
struct hashed {
    struct crypt_hasher hasher;
};

static void hash_number(struct hashed *h, uint64_t number)
{
    uint8_t octets[8];
    for (int i = 0; i < 8; i++)
        octets[i] = (uint8_t)(number >> (56 - 8 * i));
    crypt_hasher_add(&h->hasher, octets, 8);
}

static void hash_leaf(struct hashed *h, const struct story *s, int entry)
{
    const struct entry *e = &s->entries[entry].entry;
    crypt_hasher_add(&h->hasher, e->author, 32);
    hash_number(h, e->stream);
    hash_number(h, e->seq);
    crypt_hasher_add(&h->hasher, e->id, 32);
}

static int by_leaf(const void *a, const void *b, void *context)
{
    const struct story *s = context;
    const struct entry *left = &s->entries[*(const int *)a].entry;
    const struct entry *right = &s->entries[*(const int *)b].entry;
    int order = memcmp(left->author, right->author, 32);
    if (order == 0 && left->stream != right->stream)
        order = left->stream < right->stream ? -1 : 1;
    if (order == 0 && left->seq != right->seq)
        order = left->seq < right->seq ? -1 : 1;
    return order ? order : memcmp(left->id, right->id, 32);
}

static void check_frontier(struct story *s, bool shared, int *leaves, int count)
{
    struct hashed h;
    uint8_t expected[32];
    uint8_t frontier[32];
    qsort_r(leaves, (size_t)count, sizeof leaves[0], by_leaf, s);
    crypt_hasher_start(&h.hasher, "hearth1.frontier");
    for (int i = 0; i < count; i++)
        hash_leaf(&h, s, leaves[i]);
    crypt_hasher_end(&h.hasher, expected);
    household_frontier(s->house, shared, frontier);
    assert_memory_equal(frontier, expected, 32);
}

static void the_frontier_is_of_all_leaves(void **state)
{
    (void)state;
    struct pair p;
    begin(&p);
    int set = story_set(&p.s, p.b, "cam", 1, NONE);
    int fork = story_set(&p.s, p.b, "cam", 2, NONE);
    int private = story_open(&p.s, 'b', 2, KIND_PRIVATE, NULL);
    int denials = story_open(&p.s, 'a', 3, KIND_DENIALS, NULL);
    check_frontier(&p.s, false, (int[]){p.head, p.a, set, fork, private, denials}, 6);
    check_frontier(&p.s, true, (int[]){p.head, p.a, set, fork, denials}, 5);
    story_end(&p.s);
}

static void the_root_is_of_winners_denials_killed_and_revoked(void **state)
{
    (void)state;
    struct pair p;
    struct hashed h;
    uint8_t expected[32];
    uint8_t root[32];
    begin(&p);
    int revoke = story_revoke(&p.s, p.head, 'c', NONE);
    (void)revoke;
    int old = story_set(&p.s, p.a, "cam", 1, NONE);
    int second = story_set(&p.s, old, "cam", 2, LIST(old));
    int new = story_set(&p.s, second, "cam", 2, LIST(old, second));
    int apex = story_set(&p.s, new, "@", 3, NONE);
    int withdraw = story_withdraw(&p.s, apex, 4);
    int suspend = story_suspend(&p.s, withdraw, 'b');
    crypt_hasher_start(&h.hasher, "hearth1.state.rt");
    hash_number(&h, 2);
    crypt_hasher_add(&h.hasher, "\0\0\034", 3);
    crypt_hasher_add(&h.hasher, story_id(&p.s, apex), 32);
    crypt_hasher_add(&h.hasher, "\003cam\0\0\034", 7);
    crypt_hasher_add(&h.hasher, story_id(&p.s, new), 32);
    bool first = memcmp(story_id(&p.s, withdraw), story_id(&p.s, suspend), 32) < 0;
    hash_number(&h, 2);
    crypt_hasher_add(&h.hasher, story_id(&p.s, first ? withdraw : suspend), 32);
    crypt_hasher_add(&h.hasher, story_id(&p.s, first ? suspend : withdraw), 32);
    first = memcmp(story_id(&p.s, old), story_id(&p.s, second), 32) < 0;
    hash_number(&h, 2); /* each once, though two name `old` */
    crypt_hasher_add(&h.hasher, story_id(&p.s, first ? old : second), 32);
    crypt_hasher_add(&h.hasher, story_id(&p.s, first ? second : old), 32);
    hash_number(&h, 1);
    crypt_hasher_add(&h.hasher, story_key('c')->public_key, 32);
    crypt_hasher_end(&h.hasher, expected);
    household_state_root(p.s.house, root);
    assert_memory_equal(root, expected, 32);
    story_end(&p.s);
}

/* A household of many names, some replaced, some questions between: the same as all at once. */
static void many_names_cost_no_more_than_their_own_slots(void **state)
{
    (void)state;
    enum { NAMES = 300 };
    struct pair p;
    begin(&p);
    int at = p.b;
    int last[NAMES];
    for (int i = 0; i < NAMES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "n%d.z%d", i, i % 7);
        at = last[i] = story_set(&p.s, at, name, (unsigned)i + 1, NONE);
        if (i % 3 == 0)
            at = last[i] = story_set(&p.s, at, name, (unsigned)i + 1000, LIST(last[i]));
        story_wins(&p.s, name, last[i]);
    }
    assert_int_equal(household_winners(p.s.house), NAMES);
    story_end(&p.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_entries_are_refused),
        cmocka_unit_test(an_entry_held_is_a_duplicate),
        cmocka_unit_test(entries_wait_for_what_is_before_them),
        cmocka_unit_test(nothing_is_accepted_before_genesis),
        cmocka_unit_test(authority_is_by_the_owner_in_force),
        cmocka_unit_test(an_owner_key_that_is_no_valid_point_signs_nothing),
        cmocka_unit_test(seq_and_stream_must_fit_prev),
        cmocka_unit_test(a_grant_without_effect_admits_its_feed),
        cmocka_unit_test(an_authority_entry_of_a_newer_version_is_refused),
        cmocka_unit_test(the_newest_wins_and_admins_before_nodes),
        cmocka_unit_test(equal_times_are_decided_by_the_greatest_id),
        cmocka_unit_test(over_replaces_what_it_names),
        cmocka_unit_test(what_is_named_is_dead_on_arrival),
        cmocka_unit_test(what_is_named_without_right_or_elsewhere_is_not),
        cmocka_unit_test(over_counts_for_its_own_name_and_type_only),
        cmocka_unit_test(a_dead_set_still_replaces),
        cmocka_unit_test(a_conflict_of_twelve_is_named_in_two_writes),
        cmocka_unit_test(a_deletion_wins_like_any_other),
        cmocka_unit_test(live_sets_come_winner_first),
        cmocka_unit_test(winners_come_in_canonical_order),
        cmocka_unit_test(winners_come_from_any_place_on),
        cmocka_unit_test(an_author_knows_its_last_time_of_a_name),
        cmocka_unit_test(a_scope_has_its_names_and_all_below),
        cmocka_unit_test(a_scope_without_an_opening_has_no_name),
        cmocka_unit_test(an_over_waits_for_the_opening_too),
        cmocka_unit_test(sets_that_break_a_rule_have_no_effect),
        cmocka_unit_test(unknown_types_live_and_can_be_replaced),
        cmocka_unit_test(a_peer_is_one_record),
        cmocka_unit_test(records_belong_into_streams_of_records),
        cmocka_unit_test(the_kind_is_that_of_the_open_it_descends_from),
        cmocka_unit_test(what_breaks_a_rule_replaces_nothing),
        cmocka_unit_test(a_feed_entry_of_a_newer_version_is_kept_without_effect),
        cmocka_unit_test(a_withdrawn_key_leaves_the_winner),
        cmocka_unit_test(a_withdrawal_is_of_sha256_hashes),
        cmocka_unit_test(withdrawals_come_by_hash_then_time),
        cmocka_unit_test(sixty_five_streams_are_too_many),
        cmocka_unit_test(nine_fork_points_are_too_many),
        cmocka_unit_test(the_leaves_of_streams_are_known),
        cmocka_unit_test(the_frontier_is_of_all_leaves),
        cmocka_unit_test(the_root_is_of_winners_denials_killed_and_revoked),
        cmocka_unit_test(many_names_cost_no_more_than_their_own_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
