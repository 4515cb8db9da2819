/* Tests of authority*.c: what each authority entry does, branches, RECOVER, MERGE, joins
 * (docs/ledger-rules.md, "The authority tree"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ledger/story.h"

/* An owner, and an admin 'a' with a shared stream. */
struct house {
    struct story s;
    int genesis, head, a;
};

static void begin(struct house *h)
{
    h->genesis = story_begin(&h->s);
    h->head = story_grant(&h->s, h->genesis, 'a', ROLE_ADMIN, NULL);
    h->a = story_open(&h->s, 'a', 1, KIND_SHARED, NULL);
}

/* --- what each type does --- */

static void a_grant_makes_a_key_live(void **state)
{
    (void)state;
    struct house h;
    struct household_grant grant;
    begin(&h);
    h.s.flags = GRANT_WITNESS;
    int granted = story_grant(&h.s, h.head, 'b', ROLE_NODE, "cam");
    assert_int_equal(STATUS_OK,
                     household_find_grant(h.s.house, story_key('b')->public_key, &grant));
    assert_int_equal(grant.role, ROLE_NODE);
    assert_int_equal(grant.flags, GRANT_WITNESS);
    assert_int_equal(grant.state, GRANT_LIVE);
    assert_true(grant.scoped);
    assert_memory_equal(grant.grant_id, story_id(&h.s, granted), 32);
    assert_int_equal(grant.spki_sha256[0], 'b');
    assert_memory_equal(grant.zone_key, story_key((char)('b' | 0x80))->public_key, 32);
    assert_true(grant.granted == h.s.entries[granted].entry.time);
    story_end(&h.s);
}

static void a_second_grant_of_a_live_key_has_no_effect(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, "cam");
    int again = story_grant(&h.s, b, 'b', ROLE_ADMIN, NULL);
    story_rule(&h.s, again, RULE_KEY_LIVE);
    story_may(&h.s, 'b', "door", RULE_SCOPE);
    story_end(&h.s);
}

static void a_burnt_key_never_comes_back(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int revoke = story_revoke(&h.s, b, 'b', NONE);
    int again = story_grant(&h.s, revoke, 'b', ROLE_NODE, NULL);
    story_rule(&h.s, again, RULE_KEY_BURNT);
    story_state(&h.s, 'b', GRANT_REVOKED);
    /* Also one that was never granted, and after a RECOVER. */
    int never = story_revoke(&h.s, again, 'c', NONE);
    int c = story_grant(&h.s, never, 'c', ROLE_NODE, NULL);
    story_rule(&h.s, never, RULE_NONE);
    story_rule(&h.s, c, RULE_KEY_BURNT);
    int recover = story_recover(&h.s, c, 'O', 'R');
    int b3 = story_grant(&h.s, recover, 'b', ROLE_NODE, NULL);
    story_rule(&h.s, b3, RULE_KEY_BURNT);
    story_may(&h.s, 'b', "cam", RULE_REVOKED);
    story_end(&h.s);
}

static void the_sixty_fifth_grant_has_no_effect_ever(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int at = h.head;
    for (char who = 1; who < LIMIT_GRANTS; who++)
        at = story_grant(&h.s, at, who, ROLE_NODE, NULL);
    story_rule(&h.s, at, RULE_NONE);
    int one_more = story_grant(&h.s, at, LIMIT_GRANTS, ROLE_NODE, NULL);
    story_rule(&h.s, one_more, RULE_GRANTS_FULL);
    /* Room made later does not wake it, but lets another in. */
    int revoke = story_revoke(&h.s, one_more, 1, NONE);
    story_rule(&h.s, one_more, RULE_GRANTS_FULL);
    story_not_granted(&h.s, LIMIT_GRANTS);
    int again = story_grant(&h.s, revoke, LIMIT_GRANTS, ROLE_NODE, NULL);
    int full = story_grant(&h.s, again, LIMIT_GRANTS + 1, ROLE_NODE, NULL);
    story_rule(&h.s, again, RULE_NONE);
    story_rule(&h.s, full, RULE_GRANTS_FULL);
    story_end(&h.s);
}

static void a_grant_must_be_well_made(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int at = story_grant(&h.s, h.head, 'b', 3, NULL);
    story_rule(&h.s, at, RULE_ROLE);
    at = story_grant(&h.s, at, 'b', 0, NULL);
    story_rule(&h.s, at, RULE_ROLE);
    h.s.flags = 4;
    at = story_grant(&h.s, at, 'b', ROLE_NODE, NULL);
    story_rule(&h.s, at, RULE_GRANT_FLAGS);
    h.s.flags = GRANT_SHARE;
    at = story_grant(&h.s, at, 'b', ROLE_NODE, "cam");
    story_rule(&h.s, at, RULE_GRANT_FLAGS);
    h.s.bad_zone_key = true;
    at = story_grant(&h.s, at, 'b', ROLE_NODE, NULL);
    story_rule(&h.s, at, RULE_KEY_INVALID);
    h.s.bad_possession = true;
    at = story_grant(&h.s, at, 'b', ROLE_NODE, NULL);
    story_rule(&h.s, at, RULE_POSSESSION);
    story_not_granted(&h.s, 'b');
    h.s.flags = GRANT_SHARE | GRANT_WITNESS;
    at = story_grant(&h.s, at, 'b', ROLE_NODE, NULL);
    story_rule(&h.s, at, RULE_NONE);
    /* A signing key that is no point of the curve. */
    struct body body = {.type = ENTRY_GRANT,
                        .grant = {.signing = {.algorithm = KEY_ED25519},
                                  .zone = {.algorithm = KEY_ED25519},
                                  .role = ROLE_NODE}};
    memset(body.grant.signing.key, 0xee, 32);
    memcpy(body.grant.zone.key, story_key('z')->public_key, 32);
    at = story_sign(&h.s, 'o', 0, at, &body, 0);
    story_rule(&h.s, at, RULE_KEY_INVALID);
    story_end(&h.s);
}

static void scope_replaces_what_the_grant_said(void **state)
{
    (void)state;
    struct house h;
    struct household_grant grant;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, "cam");
    (void)story_open(&h.s, 'b', 1, KIND_PRIVATE, "cam");
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "door");
    h.s.flags = GRANT_WITNESS;
    int scope = story_scope(&h.s, b, 'b', "door", NONE);
    story_may(&h.s, 'b', "cam", RULE_SCOPE);
    story_may(&h.s, 'b', "door", RULE_NONE);
    h.s.flags = GRANT_SHARE;
    scope = story_scope(&h.s, scope, 'b', NULL, NONE);
    story_may(&h.s, 'b', "lamp", RULE_NONE);
    assert_int_equal(STATUS_OK,
                     household_find_grant(h.s.house, story_key('b')->public_key, &grant));
    assert_int_equal(grant.flags, GRANT_SHARE);
    assert_false(grant.scoped);
    assert_int_equal(grant.spki_sha256[0], 0); /* as the last SCOPE has it */
    story_end(&h.s);
}

static void scope_must_be_of_a_live_key_and_well_made(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int at = story_scope(&h.s, h.head, 'b', "cam", NONE);
    story_rule(&h.s, at, RULE_KEY_NOT_LIVE);
    at = story_grant(&h.s, at, 'b', ROLE_NODE, NULL);
    h.s.flags = 8;
    at = story_scope(&h.s, at, 'b', "cam", NONE);
    story_rule(&h.s, at, RULE_GRANT_FLAGS);
    h.s.flags = GRANT_SHARE;
    at = story_scope(&h.s, at, 'b', "cam", NONE);
    story_rule(&h.s, at, RULE_GRANT_FLAGS);
    h.s.bad_zone_key = true;
    at = story_scope(&h.s, at, 'b', "cam", NONE);
    story_rule(&h.s, at, RULE_KEY_INVALID);
    story_may(&h.s, 'b', "door", RULE_NONE);
    at = story_revoke(&h.s, at, 'b', NONE);
    at = story_scope(&h.s, at, 'b', NULL, NONE);
    story_rule(&h.s, at, RULE_KEY_NOT_LIVE);
    story_end(&h.s);
}

static void policy_must_be_in_order(void **state)
{
    (void)state;
    struct house h;
    struct household_authority authority;
    begin(&h);
    assert_int_equal(STATUS_OK, household_authority(h.s.house, &authority));
    assert_int_equal(authority.soft_hours, 168);
    assert_int_equal(authority.hard_hours, 720);
    int at = story_policy(&h.s, h.head, 5, 5);
    story_rule(&h.s, at, RULE_NONE);
    at = story_policy(&h.s, at, 0, 9);
    story_rule(&h.s, at, RULE_POLICY_RANGE);
    at = story_policy(&h.s, at, 8, 7);
    story_rule(&h.s, at, RULE_POLICY_RANGE);
    assert_int_equal(STATUS_OK, household_authority(h.s.house, &authority));
    assert_int_equal(authority.soft_hours, 5);
    assert_int_equal(authority.hard_hours, 5);
    assert_int_equal(authority.head_seq, 4);
    story_end(&h.s);
}

static void recover_clears_grants_and_changes_the_owner(void **state)
{
    (void)state;
    struct house h;
    struct household_authority authority;
    begin(&h);
    int set = story_set(&h.s, h.a, "cam", 1, NONE);
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    story_state(&h.s, 'a', GRANT_CLEARED);
    story_rule(&h.s, set, RULE_NOT_GRANTED);
    story_has_no(&h.s, "cam");
    assert_int_equal(STATUS_OK, household_authority(h.s.house, &authority));
    assert_memory_equal(authority.owner, story_key('O')->public_key, 32);
    int again = story_grant(&h.s, recover, 'a', ROLE_NODE, NULL);
    story_rule(&h.s, again, RULE_NONE);
    story_wins(&h.s, "cam", set);
    /* The count of live grants starts anew. */
    int at = again;
    for (char who = 1; who < LIMIT_GRANTS; who++)
        at = story_grant(&h.s, at, who, ROLE_NODE, NULL);
    story_rule(&h.s, at, RULE_NONE);
    story_end(&h.s);
}

struct grants {
    uint8_t keys[8][32];
    size_t count;
};

static bool list_grant(void *context, const struct household_grant *grant)
{
    struct grants *all = context;
    memcpy(all->keys[all->count++], grant->key, 32);
    return all->count < 8;
}

static void grants_are_listed_in_their_order(void **state)
{
    (void)state;
    struct house h;
    struct grants all = {.count = 0};
    begin(&h);
    int at = story_grant(&h.s, h.head, 'd', ROLE_NODE, NULL);
    at = story_grant(&h.s, at, 'b', ROLE_NODE, NULL);
    at = story_revoke(&h.s, at, 'd', NONE);
    at = story_revoke(&h.s, at, 'x', NONE);
    (void)story_grant(&h.s, at, 'c', ROLE_NODE, NULL);
    household_each_grant(h.s.house, list_grant, &all);
    assert_int_equal(all.count, 4);
    static const char order[] = "adbc";
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(all.keys[i], story_key(order[i])->public_key, 32);
    story_end(&h.s);
}

static void a_grant_says_what_ended_it(void **state)
{
    (void)state;
    struct house h;
    struct household_grant grant;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int late = story_suspend(&h.s, h.a, 'b');
    h.s.time -= 100;
    int early = story_suspend(&h.s, late, 'b');
    assert_int_equal(STATUS_OK,
                     household_find_grant(h.s.house, story_key('b')->public_key, &grant));
    assert_int_equal(grant.state, GRANT_SUSPENDED);
    assert_memory_equal(grant.by_id, story_id(&h.s, early), 32);
    int revoke = story_revoke(&h.s, b, 'b', NONE);
    (void)story_revoke(&h.s, revoke, 'b', NONE);
    assert_int_equal(STATUS_OK,
                     household_find_grant(h.s.house, story_key('b')->public_key, &grant));
    assert_int_equal(grant.state, GRANT_REVOKED);
    assert_memory_equal(grant.by_id, story_id(&h.s, revoke), 32);
    story_end(&h.s);
}

/* --- branches --- */

static void equal_branches_freeze_at_their_branch_point(void **state)
{
    (void)state;
    struct house h;
    struct household_authority authority;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int feed = story_open(&h.s, 'b', 1, KIND_SHARED, NULL);
    int set = story_set(&h.s, feed, "cam", 1, NONE);
    int left = story_grant(&h.s, b, 'c', ROLE_NODE, NULL);
    story_head(&h.s, left);
    int right = story_policy(&h.s, b, 1, 2);
    story_frozen(&h.s, b);
    /* Grants and policy are those of the branch point. */
    story_not_granted(&h.s, 'c');
    story_state(&h.s, 'b', GRANT_LIVE);
    story_wins(&h.s, "cam", set);
    story_rule(&h.s, left, RULE_TIED);
    story_rule(&h.s, right, RULE_TIED);
    assert_int_equal(STATUS_OK, household_authority(h.s.house, &authority));
    assert_int_equal(authority.soft_hours, 168);
    bool left_is_greater = memcmp(story_id(&h.s, left), story_id(&h.s, right), 32) > 0;
    assert_memory_equal(authority.head, story_id(&h.s, left_is_greater ? left : right), 32);
    /* A REVOKE on either branch holds. */
    int revoke = story_revoke(&h.s, left, 'b', NONE);
    story_frozen(&h.s, b);
    story_rule(&h.s, revoke, RULE_NONE);
    story_state(&h.s, 'b', GRANT_REVOKED);
    story_has_no(&h.s, "cam");
    story_end(&h.s);
}

static void a_branch_with_recover_beats_one_without(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int plain = story_revoke(&h.s, h.head, 'a', NONE);
    int other = story_policy(&h.s, h.head, 3, 4);
    story_frozen(&h.s, h.head);
    story_state(&h.s, 'a', GRANT_REVOKED);
    int recover = story_recover(&h.s, other, 'O', 'R'); /* deep in its branch */
    story_head(&h.s, recover);
    story_rule(&h.s, plain, RULE_BEATEN);
    story_rule(&h.s, other, RULE_NONE);
    /* Nothing of a beaten branch counts: 'a' is cleared, not burnt. */
    story_state(&h.s, 'a', GRANT_CLEARED);
    int again = story_grant(&h.s, recover, 'a', ROLE_NODE, NULL);
    story_rule(&h.s, again, RULE_NONE);
    /* It may grow, and its GRANTs admit feeds; that changes nothing. */
    int thief = story_grant(&h.s, plain, 't', ROLE_ADMIN, NULL);
    int feed = story_open(&h.s, 't', 1, KIND_SHARED, NULL);
    int set = story_set(&h.s, feed, "cam", 1, NONE);
    story_rule(&h.s, thief, RULE_BEATEN);
    story_rule(&h.s, set, RULE_NOT_GRANTED);
    story_head(&h.s, again);
    story_end(&h.s);
}

static void two_recovers_freeze_and_trust_branch_chooses(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int set = story_set(&h.s, h.a, "cam", 1, NONE);
    int one = story_recover(&h.s, h.head, 'O', 'R');
    int two = story_recover(&h.s, h.head, 'P', 'Q');
    story_frozen(&h.s, h.head);
    story_state(&h.s, 'a', GRANT_LIVE);
    story_wins(&h.s, "cam", set);
    int b = story_grant(&h.s, two, 'b', ROLE_NODE, NULL);
    story_not_granted(&h.s, 'b');
    household_trust_branch(h.s.house, story_id(&h.s, b));
    story_head(&h.s, b);
    story_state(&h.s, 'b', GRANT_LIVE);
    story_state(&h.s, 'a', GRANT_CLEARED);
    story_rule(&h.s, one, RULE_TIED);
    story_rule(&h.s, b, RULE_NONE);
    household_trust_branch(h.s.house, story_id(&h.s, one));
    story_head(&h.s, one);
    story_rule(&h.s, b, RULE_TIED);
    story_rule(&h.s, one, RULE_NONE);
    /* An entry above the tie, one not held, or none at all chooses nothing. */
    household_trust_branch(h.s.house, story_id(&h.s, h.head));
    story_frozen(&h.s, h.head);
    household_trust_branch(h.s.house, story_id(&h.s, set));
    story_frozen(&h.s, h.head);
    household_trust_branch(h.s.house, (const uint8_t[32]){9});
    story_frozen(&h.s, h.head);
    household_trust_branch(h.s.house, NULL);
    story_frozen(&h.s, h.head);
    story_end(&h.s);
}

static void trust_does_not_bring_back_a_beaten_branch(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int plain = story_policy(&h.s, h.head, 3, 4);
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    household_trust_branch(h.s.house, story_id(&h.s, plain));
    story_head(&h.s, recover);
    household_trust_branch(h.s.house, NULL);
    story_end(&h.s);
}

static void recover_after_recover_goes_on(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int one = story_recover(&h.s, h.head, 'O', 'R');
    int b = story_grant(&h.s, one, 'b', ROLE_NODE, NULL);
    /* The second paper, used from before `b`: both branches below `one`, only one with a RECOVER in
     * it. */
    int two = story_recover(&h.s, one, 'P', 'Q');
    story_head(&h.s, two);
    story_rule(&h.s, b, RULE_BEATEN);
    story_not_granted(&h.s, 'b');
    story_end(&h.s);
}

static void a_tie_within_a_winning_branch_freezes_there(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    (void)story_policy(&h.s, h.head, 3, 4); /* beaten */
    int b = story_grant(&h.s, recover, 'b', ROLE_NODE, NULL);
    (void)story_policy(&h.s, b, 1, 2);
    (void)story_policy(&h.s, b, 1, 3);
    story_frozen(&h.s, b);
    story_state(&h.s, 'b', GRANT_LIVE);
    story_end(&h.s);
}

static void sides_of_a_tie_are_what_is_left_within_it(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int fork = story_grant(&h.s, b, 'c', ROLE_NODE, NULL);
    /* Two branches with a RECOVER; within the first, one without: beaten there. */
    int one = story_policy(&h.s, fork, 5, 6);
    (void)story_recover(&h.s, one, 'O', 'R');
    (void)story_revoke(&h.s, one, 'b', NONE);
    int two = story_recover(&h.s, fork, 'P', 'Q');
    story_frozen(&h.s, fork);
    story_state(&h.s, 'b', GRANT_LIVE);
    /* A tie within the second: both its ends are sides. */
    (void)story_revoke(&h.s, two, 'b', NONE);
    (void)story_revoke(&h.s, two, 'c', NONE);
    story_frozen(&h.s, fork);
    story_state(&h.s, 'b', GRANT_REVOKED);
    story_state(&h.s, 'c', GRANT_REVOKED);
    story_end(&h.s);
}

static void a_revoke_before_a_sides_recover_holds(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int feed = story_open(&h.s, 'b', 1, KIND_SHARED, NULL);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    (void)story_set(&h.s, feed, "cam", 2, LIST(cam));
    int revoke = story_revoke(&h.s, b, 'b', NONE);
    (void)story_recover(&h.s, revoke, 'O', 'R');
    (void)story_recover(&h.s, b, 'P', 'Q');
    story_frozen(&h.s, b);
    story_state(&h.s, 'b', GRANT_REVOKED);
    story_rule(&h.s, revoke, RULE_NONE);
    story_wins(&h.s, "cam", cam); /* no head was listed: its `over` does not count */
    story_end(&h.s);
}

static void frozen_names_lie_in_every_sides_list(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    (void)story_open(&h.s, 'b', 1, KIND_PRIVATE, "cam,door");
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "door,lamp");
    int left = story_scope(&h.s, b, 'b', "cam,door", NONE);
    int right = story_policy(&h.s, b, 1, 2);
    story_frozen(&h.s, b);
    story_may(&h.s, 'b', "cam", RULE_NONE); /* the other side left it as it was: any name */
    story_may(&h.s, 'b', "lamp", RULE_SCOPE);
    int narrowed = story_scope(&h.s, right, 'b', "door,lamp", NONE);
    story_may(&h.s, 'b', "cam", RULE_SCOPE);
    story_may(&h.s, 'b', "door", RULE_NONE);
    story_may(&h.s, 'b', "lamp", RULE_SCOPE);
    story_rule(&h.s, left, RULE_NONE);
    /* With a RECOVER on either side the key is live on none of them: what these left behind bounds
     * it as before. */
    (void)story_recover(&h.s, left, 'O', 'R');
    (void)story_recover(&h.s, narrowed, 'P', 'Q');
    story_frozen(&h.s, b);
    story_may(&h.s, 'b', "x", RULE_SCOPE);
    story_may(&h.s, 'b', "cam", RULE_SCOPE);
    story_may(&h.s, 'b', "lamp", RULE_SCOPE);
    story_may(&h.s, 'b', "door", RULE_NONE);
    story_end(&h.s);
}

static void a_side_that_keeps_the_old_list_bounds_too(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, "cam");
    (void)story_open(&h.s, 'b', 1, KIND_PRIVATE, "cam");
    (void)story_scope(&h.s, b, 'b', NULL, NONE);
    story_may(&h.s, 'b', "door", RULE_NONE);
    (void)story_policy(&h.s, b, 1, 2);
    story_frozen(&h.s, b);
    story_may(&h.s, 'b', "door", RULE_SCOPE);
    story_may(&h.s, 'b', "cam", RULE_NONE);
    story_end(&h.s);
}

static void a_list_that_both_sides_widened_bounds_until_the_merge(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, "cam");
    (void)story_open(&h.s, 'b', 1, KIND_PRIVATE, "cam");
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "cam,door");
    int left = story_scope(&h.s, b, 'b', NULL, NONE);
    int right = story_scope(&h.s, b, 'b', "cam,door", NONE);
    story_frozen(&h.s, b);
    story_may(&h.s, 'b', "cam", RULE_NONE);
    story_may(&h.s, 'b', "door", RULE_SCOPE);
    (void)story_merge(&h.s, left, right);
    story_may(&h.s, 'b', "door", RULE_NONE);
    story_may(&h.s, 'b', "lamp", RULE_SCOPE);
    story_end(&h.s);
}

/* --- MERGE --- */

static void a_merge_heals_a_fork(void **state)
{
    (void)state;
    struct house h;
    struct household_authority authority;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int kept = story_grant(&h.s, b, 'c', ROLE_NODE, NULL);
    int policy = story_policy(&h.s, kept, 10, 20);
    int lost = story_grant(&h.s, b, 'd', ROLE_NODE, NULL);
    int revoke = story_revoke(&h.s, lost, 'b', NONE);
    int other = story_policy(&h.s, revoke, 30, 40);
    story_frozen(&h.s, b);
    int merge = story_merge(&h.s, policy, other);
    story_head(&h.s, merge);
    story_rule(&h.s, merge, RULE_NONE);
    story_state(&h.s, 'c', GRANT_LIVE);    /* grants are those of `prev` */
    story_state(&h.s, 'd', GRANT_CLEARED); /* granted on the other side alone */
    story_state(&h.s, 'b', GRANT_REVOKED); /* REVOKEs of both */
    story_rule(&h.s, lost, RULE_TIED);
    story_rule(&h.s, other, RULE_TIED);
    story_rule(&h.s, revoke, RULE_NONE);
    assert_int_equal(STATUS_OK, household_authority(h.s.house, &authority));
    assert_int_equal(authority.soft_hours, 10);
    int again = story_grant(&h.s, merge, 'd', ROLE_NODE, NULL);
    story_rule(&h.s, again, RULE_NONE);
    story_state(&h.s, 'd', GRANT_LIVE);
    int burnt = story_grant(&h.s, again, 'b', ROLE_NODE, NULL);
    story_rule(&h.s, burnt, RULE_KEY_BURNT);
    story_end(&h.s);
}

static void a_merge_makes_room_for_what_it_revokes(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int at = h.head;
    for (char who = 1; who < LIMIT_GRANTS; who++)
        at = story_grant(&h.s, at, who, ROLE_NODE, NULL);
    int left = story_policy(&h.s, at, 1, 2);
    int right = story_revoke(&h.s, at, 1, NONE);
    int merge = story_merge(&h.s, left, right);
    int room = story_grant(&h.s, merge, 'x', ROLE_NODE, NULL);
    int full = story_grant(&h.s, room, 'y', ROLE_NODE, NULL);
    story_rule(&h.s, room, RULE_NONE);
    story_rule(&h.s, full, RULE_GRANTS_FULL);
    story_end(&h.s);
}

static void a_key_cleared_before_stays_cleared_by_a_merge(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    int left = story_policy(&h.s, recover, 1, 2);
    int right = story_grant(&h.s, recover, 'a', ROLE_ADMIN, NULL);
    int merge = story_merge(&h.s, left, right);
    story_head(&h.s, merge);
    story_state(&h.s, 'a', GRANT_CLEARED);
    story_may(&h.s, 'a', "cam", RULE_NOT_GRANTED);
    story_end(&h.s);
}

static void merged_names_lie_in_every_list(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    (void)story_open(&h.s, 'b', 1, KIND_PRIVATE, "cam,door");
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "door,lamp");
    int left = story_scope(&h.s, b, 'b', "cam,door", NONE);
    int right = story_scope(&h.s, b, 'b', "door,lamp", NONE);
    int merge = story_merge(&h.s, left, right);
    story_may(&h.s, 'b', "door", RULE_NONE);
    story_may(&h.s, 'b', "cam", RULE_SCOPE);
    story_may(&h.s, 'b', "lamp", RULE_SCOPE);
    /* A later SCOPE replaces them all. */
    (void)story_scope(&h.s, merge, 'b', "cam,door", NONE);
    story_may(&h.s, 'b', "cam", RULE_NONE);
    story_end(&h.s);
}

static void a_side_where_the_key_is_not_granted_bounds_nothing(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int left = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int right = story_policy(&h.s, h.head, 1, 2);
    int merge = story_merge(&h.s, left, right);
    story_may(&h.s, 'b', "cam", RULE_NONE);
    /* Granted on both sides, in different scopes: both bound it. */
    (void)story_open(&h.s, 'b', 1, KIND_PRIVATE, "cam");
    int one = story_grant(&h.s, merge, 'c', ROLE_NODE, NULL);
    int two = story_grant(&h.s, merge, 'c', ROLE_NODE, "cam");
    (void)story_merge(&h.s, one, two);
    story_may(&h.s, 'c', "cam", RULE_NONE);
    story_may(&h.s, 'c', "door", RULE_SCOPE);
    story_end(&h.s);
}

static void a_merge_needs_two_heads_of_one_era(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int policy = story_policy(&h.s, h.head, 1, 2);
    int own = story_merge(&h.s, policy, h.head);
    story_rule(&h.s, own, RULE_MERGE_PATHS);
    int self = story_merge(&h.s, own, own);
    story_rule(&h.s, self, RULE_MERGE_PATHS);
    int side = story_revoke(&h.s, h.head, 'a', NONE);
    int recover = story_recover(&h.s, self, 'O', 'R');
    int across = story_merge(&h.s, recover, side);
    story_rule(&h.s, across, RULE_MERGE_PATHS);
    story_state(&h.s, 'a', GRANT_CLEARED);
    story_head(&h.s, across);
    int back = story_merge(&h.s, side, recover);
    story_rule(&h.s, back, RULE_BEATEN);
    story_head(&h.s, across);
    /* An ancestor that merges its descendant. */
    int down = story_merge(&h.s, h.genesis, side);
    (void)down;
    story_head(&h.s, across);
    story_end(&h.s);
}

static void an_ancestor_can_not_merge_its_descendant(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int policy = story_policy(&h.s, h.head, 1, 2);
    (void)story_merge(&h.s, h.head, policy);
    story_frozen(&h.s, h.head); /* two branches: the MERGE has no effect */
    story_end(&h.s);
}

static void what_comes_to_an_absorbed_branch_forks_again(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int left = story_policy(&h.s, b, 1, 2);
    int right = story_policy(&h.s, b, 1, 3);
    int merge = story_merge(&h.s, left, right);
    story_head(&h.s, merge);
    int late = story_revoke(&h.s, right, 'b', NONE);
    story_frozen(&h.s, b);
    story_state(&h.s, 'b', GRANT_REVOKED);
    int again = story_merge(&h.s, merge, late);
    story_head(&h.s, again);
    story_state(&h.s, 'b', GRANT_REVOKED);
    story_end(&h.s);
}

static void two_merges_of_each_other_tie(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int left = story_policy(&h.s, h.head, 1, 2);
    int right = story_policy(&h.s, h.head, 1, 3);
    int one = story_merge(&h.s, left, right);
    int two = story_merge(&h.s, right, left);
    story_frozen(&h.s, h.head);
    int healed = story_merge(&h.s, one, two);
    story_head(&h.s, healed);
    story_end(&h.s);
}

static void a_branch_may_be_absorbed_in_parts(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int c = story_grant(&h.s, b, 'c', ROLE_NODE, NULL);
    int main_line = story_policy(&h.s, c, 1, 2);
    int side = story_policy(&h.s, c, 1, 3);
    int left = story_revoke(&h.s, side, 'b', NONE);
    int right = story_revoke(&h.s, side, 'c', NONE);
    int one = story_merge(&h.s, main_line, left);
    story_frozen(&h.s, c);
    int two = story_merge(&h.s, one, right);
    story_head(&h.s, two);
    story_state(&h.s, 'b', GRANT_REVOKED);
    story_state(&h.s, 'c', GRANT_REVOKED);
    story_end(&h.s);
}

static void what_an_absorbed_branch_absorbed_goes_with_it(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int main_line = story_policy(&h.s, b, 1, 2);
    int side = story_policy(&h.s, b, 1, 3);
    int left = story_policy(&h.s, side, 1, 4);
    int right = story_revoke(&h.s, side, 'b', NONE);
    int inner = story_merge(&h.s, left, right);
    int outer = story_merge(&h.s, main_line, inner);
    story_head(&h.s, outer);
    story_state(&h.s, 'b', GRANT_REVOKED);
    story_rule(&h.s, right, RULE_NONE);
    story_end(&h.s);
}

static void a_branch_absorbed_by_two_siblings_falls_away(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int c = story_grant(&h.s, b, 'c', ROLE_NODE, NULL);
    int first = story_policy(&h.s, c, 1, 2);
    int second = story_policy(&h.s, c, 1, 3);
    int third = story_policy(&h.s, c, 1, 4);
    int left = story_revoke(&h.s, third, 'b', NONE);
    int right = story_revoke(&h.s, third, 'c', NONE);
    int one = story_merge(&h.s, first, left);
    int two = story_merge(&h.s, second, right);
    story_frozen(&h.s, c);
    story_state(&h.s, 'b', GRANT_REVOKED);
    story_state(&h.s, 'c', GRANT_REVOKED);
    int healed = story_merge(&h.s, one, two);
    story_head(&h.s, healed);
    story_end(&h.s);
}

static void a_merge_further_down_absorbs_only_there(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int b = story_grant(&h.s, h.head, 'b', ROLE_NODE, NULL);
    int left = story_policy(&h.s, b, 1, 2);
    int right = story_revoke(&h.s, b, 'b', NONE);
    int plain = story_policy(&h.s, left, 1, 3);
    int merge = story_merge(&h.s, left, right);
    /* `right` is absorbed at `b`; at `left` a branch with the MERGE and one without are tied. */
    story_frozen(&h.s, left);
    story_state(&h.s, 'b', GRANT_REVOKED);
    /* A RECOVER in the other branch beats the MERGE and what it absorbed. */
    int recover = story_recover(&h.s, plain, 'O', 'R');
    story_head(&h.s, recover);
    story_state(&h.s, 'b', GRANT_CLEARED);
    story_rule(&h.s, merge, RULE_BEATEN);
    story_rule(&h.s, right, RULE_BEATEN);
    story_end(&h.s);
}

static void a_merge_from_above_absorbs_only_above(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int point = story_policy(&h.s, h.head, 1, 2);
    int end = story_policy(&h.s, point, 1, 3);
    int other = story_policy(&h.s, point, 1, 4);
    int beside = story_policy(&h.s, h.head, 1, 5);
    int merge = story_merge(&h.s, beside, end);
    story_frozen(&h.s, h.head);
    /* Whoever trusts that branch has both ends in it: the MERGE stands elsewhere. */
    household_trust_branch(h.s.house, story_id(&h.s, point));
    story_frozen(&h.s, point);
    household_trust_branch(h.s.house, story_id(&h.s, other));
    story_head(&h.s, other);
    household_trust_branch(h.s.house, NULL);
    int healed = story_merge(&h.s, merge, other);
    story_head(&h.s, healed);
    story_end(&h.s);
}

static void an_end_absorbed_twice_is_absorbed_at_both_points(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int point = story_policy(&h.s, h.head, 1, 2);
    int end = story_policy(&h.s, point, 1, 3);
    int line = story_policy(&h.s, point, 1, 4);
    int merge = story_merge(&h.s, line, end);
    story_head(&h.s, merge);
    int beside = story_policy(&h.s, h.head, 1, 5);
    int again =
        story_merge(&h.s, beside, end); /* of an end that is absorbed further down already */
    story_frozen(&h.s, h.head);
    household_trust_branch(h.s.house, story_id(&h.s, point));
    story_head(&h.s, merge);
    household_trust_branch(h.s.house, NULL);
    int healed = story_merge(&h.s, again, merge);
    story_head(&h.s, healed);
    story_end(&h.s);
}

struct heads {
    uint8_t ids[8][32];
    size_t count;
};

static bool list_head(void *context, const uint8_t id[static 32])
{
    struct heads *all = context;
    memcpy(all->ids[all->count++], id, 32);
    return all->count < 8;
}

static void heads_are_ends_that_nothing_absorbed(void **state)
{
    (void)state;
    struct house h;
    struct heads all = {.count = 0};
    begin(&h);
    int left = story_policy(&h.s, h.head, 1, 2);
    int right = story_policy(&h.s, h.head, 1, 3);
    int merge = story_merge(&h.s, left, right);
    int third = story_policy(&h.s, h.head, 1, 4);
    household_each_authority_head(h.s.house, list_head, &all);
    assert_int_equal(all.count, 2);
    assert_memory_equal(all.ids[0], story_id(&h.s, merge), 32);
    assert_memory_equal(all.ids[1], story_id(&h.s, third), 32);
    story_end(&h.s);
}

static void a_long_tree_is_walked_without_recursion(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int at = h.head;
    int fork = at;
    for (int i = 0; i < 400; i++) {
        int next = story_policy(&h.s, at, 1, 2);
        if (i % 50 == 49) {
            int side = story_policy(&h.s, at, 1, 3);
            next = story_merge(&h.s, next, side);
        }
        at = next;
        if (i == 200)
            fork = at;
    }
    story_head(&h.s, at);
    int other = story_policy(&h.s, fork, 4, 5);
    story_frozen(&h.s, fork);
    int merge = story_merge(&h.s, at, other);
    story_head(&h.s, merge);
    story_end(&h.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_makes_a_key_live),
        cmocka_unit_test(a_second_grant_of_a_live_key_has_no_effect),
        cmocka_unit_test(a_burnt_key_never_comes_back),
        cmocka_unit_test(the_sixty_fifth_grant_has_no_effect_ever),
        cmocka_unit_test(a_grant_must_be_well_made),
        cmocka_unit_test(scope_replaces_what_the_grant_said),
        cmocka_unit_test(scope_must_be_of_a_live_key_and_well_made),
        cmocka_unit_test(policy_must_be_in_order),
        cmocka_unit_test(recover_clears_grants_and_changes_the_owner),
        cmocka_unit_test(grants_are_listed_in_their_order),
        cmocka_unit_test(a_grant_says_what_ended_it),
        cmocka_unit_test(equal_branches_freeze_at_their_branch_point),
        cmocka_unit_test(a_branch_with_recover_beats_one_without),
        cmocka_unit_test(two_recovers_freeze_and_trust_branch_chooses),
        cmocka_unit_test(trust_does_not_bring_back_a_beaten_branch),
        cmocka_unit_test(recover_after_recover_goes_on),
        cmocka_unit_test(a_tie_within_a_winning_branch_freezes_there),
        cmocka_unit_test(sides_of_a_tie_are_what_is_left_within_it),
        cmocka_unit_test(a_revoke_before_a_sides_recover_holds),
        cmocka_unit_test(frozen_names_lie_in_every_sides_list),
        cmocka_unit_test(a_side_that_keeps_the_old_list_bounds_too),
        cmocka_unit_test(a_list_that_both_sides_widened_bounds_until_the_merge),
        cmocka_unit_test(a_key_cleared_before_stays_cleared_by_a_merge),
        cmocka_unit_test(a_merge_from_above_absorbs_only_above),
        cmocka_unit_test(an_end_absorbed_twice_is_absorbed_at_both_points),
        cmocka_unit_test(a_merge_heals_a_fork),
        cmocka_unit_test(a_merge_makes_room_for_what_it_revokes),
        cmocka_unit_test(merged_names_lie_in_every_list),
        cmocka_unit_test(a_side_where_the_key_is_not_granted_bounds_nothing),
        cmocka_unit_test(a_merge_needs_two_heads_of_one_era),
        cmocka_unit_test(an_ancestor_can_not_merge_its_descendant),
        cmocka_unit_test(what_comes_to_an_absorbed_branch_forks_again),
        cmocka_unit_test(two_merges_of_each_other_tie),
        cmocka_unit_test(a_branch_may_be_absorbed_in_parts),
        cmocka_unit_test(what_an_absorbed_branch_absorbed_goes_with_it),
        cmocka_unit_test(a_branch_absorbed_by_two_siblings_falls_away),
        cmocka_unit_test(a_merge_further_down_absorbs_only_there),
        cmocka_unit_test(heads_are_ends_that_nothing_absorbed),
        cmocka_unit_test(a_long_tree_is_walked_without_recursion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
