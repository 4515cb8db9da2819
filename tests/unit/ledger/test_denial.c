/* Tests of denial.c: which SUSPENDs, WITHDRAWs and `over`s count, and what ends them
 * (docs/ledger-rules.md, "Denials"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ledger/story.h"

/* Admins 'a' and 'c', a node 'b', each with a shared stream. */
struct house {
    struct story s;
    int genesis, head, a, b, c;
};

static void begin(struct house *h)
{
    h->genesis = story_begin(&h->s);
    h->head = story_grant(&h->s, h->genesis, 'a', ROLE_ADMIN, NULL);
    h->head = story_grant(&h->s, h->head, 'b', ROLE_NODE, NULL);
    h->head = story_grant(&h->s, h->head, 'c', ROLE_ADMIN, NULL);
    h->a = story_open(&h->s, 'a', 1, KIND_SHARED, NULL);
    h->b = story_open(&h->s, 'b', 1, KIND_SHARED, NULL);
    h->c = story_open(&h->s, 'c', 1, KIND_SHARED, NULL);
}

/* --- the right --- */

static void an_admin_suspends(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int set = story_set(&h.s, h.b, "cam", 1, NONE);
    story_wins(&h.s, "cam", set);
    int suspend = story_suspend(&h.s, h.a, 'b');
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, set, RULE_SUSPENDED);
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    story_may(&h.s, 'b', "cam", RULE_SUSPENDED);
    story_has_no(&h.s, "cam");
    story_end(&h.s);
}

static void a_node_does_not_suspend(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.b, 'a');
    story_rule(&h.s, suspend, RULE_NO_RIGHT);
    story_state(&h.s, 'a', GRANT_LIVE);
    story_end(&h.s);
}

static void a_suspended_admin_still_denies(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int old = story_set(&h.s, h.b, "cam", 1, NONE);
    int new = story_set(&h.s, h.a, "cam", 0, LIST(old));
    int by_a = story_suspend(&h.s, new, 'c');
    int by_c = story_suspend(&h.s, h.c, 'a');
    int own = story_suspend(&h.s, by_c, 'c');
    /* Each suspended the other: both hold, whichever came first. */
    story_state(&h.s, 'a', GRANT_SUSPENDED);
    story_state(&h.s, 'c', GRANT_SUSPENDED);
    story_rule(&h.s, by_a, RULE_NONE);
    story_rule(&h.s, by_c, RULE_NONE);
    story_rule(&h.s, own, RULE_NONE);
    /* What `a` deleted does not come back. */
    story_rule(&h.s, old, RULE_REPLACED);
    story_has_no(&h.s, "cam");
    story_end(&h.s);
}

static void an_over_of_a_suspended_author_counts_at_once(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    (void)story_suspend(&h.s, h.c, 'b');
    story_wins(&h.s, "cam", cam);
    int set = story_set(&h.s, h.b, "cam", 2, LIST(cam));
    story_has_no(&h.s, "cam");
    story_rule(&h.s, cam, RULE_REPLACED);
    story_rule(&h.s, set, RULE_SUSPENDED);
    story_end(&h.s);
}

static void a_suspend_may_come_before_the_grant(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    (void)story_suspend(&h.s, h.a, 'd');
    (void)story_grant(&h.s, h.head, 'd', ROLE_NODE, NULL);
    story_state(&h.s, 'd', GRANT_SUSPENDED);
    story_end(&h.s);
}

static void a_denial_counts_in_a_stream_of_any_kind(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {KIND_PRIVATE, KIND_SHARED, KIND_DENIALS, 9};
    struct house h;
    begin(&h);
    for (uint8_t i = 0; i < 4; i++) {
        int feed = story_open(&h.s, 'a', 10U + i, kinds[i], NULL);
        int suspend = story_suspend(&h.s, feed, (char)('A' + i));
        int withdraw = story_withdraw(&h.s, suspend, i);
        story_rule(&h.s, suspend, RULE_NONE);
        story_rule(&h.s, withdraw, RULE_NONE);
    }
    story_end(&h.s);
}

static void only_a_key_without_a_list_withdraws(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int d = story_grant(&h.s, h.head, 'd', ROLE_ADMIN, "cam");
    (void)d;
    int feed = story_open(&h.s, 'd', 1, KIND_PRIVATE, "cam");
    int scoped = story_withdraw(&h.s, feed, 1);
    int node = story_withdraw(&h.s, h.b, 2);
    int suspend = story_suspend(&h.s, scoped, 'b');
    story_rule(&h.s, scoped, RULE_NO_RIGHT);
    story_rule(&h.s, node, RULE_NONE);
    story_rule(&h.s, suspend, RULE_NONE); /* an admin's list does not bind SUSPEND */
    story_end(&h.s);
}

static void over_needs_the_name_in_scope(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    (void)story_grant(&h.s, h.head, 'd', ROLE_NODE, "cam");
    int feed = story_open(&h.s, 'd', 1, KIND_PRIVATE, "cam");
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    int door = story_set(&h.s, cam, "door", 2, NONE);
    int mine = story_set(&h.s, feed, "cam", 3, LIST(cam));
    (void)story_set(&h.s, mine, "door", 4, LIST(door));
    story_wins(&h.s, "cam", mine);
    story_wins(&h.s, "door", door);
    story_end(&h.s);
}

static void a_right_once_held_is_enough(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    /* Made before the GRANT counts too: the order of arrival is nothing. A stranger's does not. */
    h.s.hold = true;
    int d = story_grant(&h.s, h.head, 'd', ROLE_ADMIN, NULL);
    h.s.hold = false;
    story_arrive(&h.s, d);
    int feed = story_open(&h.s, 'd', 1, KIND_SHARED, NULL);
    h.s.time -= 1000;
    int suspend = story_suspend(&h.s, feed, 'b');
    story_rule(&h.s, suspend, RULE_NONE);
    /* On a beaten branch the key held nothing. */
    int e = story_grant(&h.s, h.genesis, 'e', ROLE_ADMIN, NULL);
    int stranger = story_open(&h.s, 'e', 1, KIND_SHARED, NULL);
    int none = story_suspend(&h.s, stranger, 'a');
    story_rule(&h.s, none, RULE_NONE); /* a tie: the right that any side granted counts */
    story_not_granted(&h.s, 'a');      /* GENESIS, where it is frozen, granted nobody */
    int recover = story_recover(&h.s, d, 'O', 'R');
    story_rule(&h.s, e, RULE_BEATEN);
    story_rule(&h.s, none, RULE_NO_RIGHT);
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    (void)story_grant(&h.s, recover, 'a', ROLE_ADMIN, NULL);
    story_state(&h.s, 'a', GRANT_LIVE);
    story_end(&h.s);
}

/* --- LIFT --- */

static void a_lift_ends_one_denial(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int one = story_suspend(&h.s, h.a, 'b');
    int lift = story_lift(&h.s, h.head, one);
    story_rule(&h.s, one, RULE_LIFTED);
    story_rule(&h.s, lift, RULE_NONE);
    story_state(&h.s, 'b', GRANT_LIVE);
    int two = story_suspend(&h.s, one, 'b');
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    h.s.hold = true;
    int three = story_withdraw(&h.s, two, 5);
    h.s.hold = false;
    int again = story_lift(&h.s, lift, three);
    story_arrive(&h.s, three); /* lifted before it came */
    story_rule(&h.s, three, RULE_LIFTED);
    story_rule(&h.s, again, RULE_NONE);
    story_end(&h.s);
}

static void an_over_is_not_lifted(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int old = story_set(&h.s, h.a, "cam", 1, NONE);
    int new = story_set(&h.s, h.b, "cam", 2, LIST(old));
    (void)story_lift(&h.s, h.head, new);
    story_wins(&h.s, "cam", new);
    story_rule(&h.s, old, RULE_REPLACED);
    story_end(&h.s);
}

static void a_lift_holds_only_on_all_sides(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int left = story_lift(&h.s, h.head, suspend);
    story_state(&h.s, 'b', GRANT_LIVE);
    int right = story_policy(&h.s, h.head, 1, 2);
    story_frozen(&h.s, h.head);
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    story_rule(&h.s, left, RULE_TIED);
    int merge = story_merge(&h.s, left, right);
    story_head(&h.s, merge);
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    story_rule(&h.s, left, RULE_TIED);
    int again = story_lift(&h.s, merge, suspend);
    story_state(&h.s, 'b', GRANT_LIVE);
    story_rule(&h.s, again, RULE_NONE);
    story_end(&h.s);
}

static void lifts_of_both_sides_hold(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int left = story_lift(&h.s, h.head, suspend);
    int right = story_lift(&h.s, story_policy(&h.s, h.head, 1, 2), suspend);
    story_frozen(&h.s, h.head);
    story_state(&h.s, 'b', GRANT_LIVE);
    int merge = story_merge(&h.s, left, right);
    story_head(&h.s, merge);
    story_state(&h.s, 'b', GRANT_LIVE);
    story_end(&h.s);
}

/* --- REVOKE --- */

static void denials_outlive_a_revoked_author_up_to_its_heads(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.b, "cam", 1, NONE);
    int door = story_set(&h.s, cam, "door", 2, NONE);
    int gone = story_set(&h.s, h.a, "cam", 0, LIST(cam));
    int suspend = story_suspend(&h.s, gone, 'c');
    int last = story_withdraw(&h.s, suspend, 1);
    int late = story_set(&h.s, last, "door", 0, LIST(door));
    int late_suspend = story_suspend(&h.s, late, 'b');
    int late_withdraw = story_withdraw(&h.s, late_suspend, 2);
    int revoke = story_revoke(&h.s, h.head, 'a', LIST(last));
    (void)revoke;
    story_rule(&h.s, cam, RULE_REPLACED); /* the deletion stands, its author's SETs do not */
    story_has_no(&h.s, "cam");
    story_rule(&h.s, gone, RULE_REVOKED);
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, last, RULE_NONE);
    story_rule(&h.s, late_suspend, RULE_DENIAL_ENDED);
    story_rule(&h.s, late_withdraw, RULE_DENIAL_ENDED);
    story_wins(&h.s, "door", door);
    story_end(&h.s);
}

static void a_revoke_without_heads_ends_all(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.b, "cam", 1, NONE);
    int gone = story_set(&h.s, h.a, "cam", 0, LIST(cam));
    int suspend = story_suspend(&h.s, gone, 'b');
    story_wins(&h.s, "cam", gone);
    int revoke = story_revoke(&h.s, h.head, 'a', NONE);
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    story_rule(&h.s, cam, RULE_NONE);
    story_wins(&h.s, "cam", cam);
    /* One empty list is enough, whatever another lists. */
    (void)story_revoke(&h.s, revoke, 'a', LIST(suspend));
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    story_wins(&h.s, "cam", cam);
    story_end(&h.s);
}

static void lists_of_several_revokes_add_up(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int one = story_suspend(&h.s, h.a, 'b');
    int other = story_open(&h.s, 'a', 2, KIND_DENIALS, NULL);
    int two = story_withdraw(&h.s, other, 1);
    int revoke = story_revoke(&h.s, h.head, 'a', LIST(one));
    story_rule(&h.s, one, RULE_NONE);
    story_rule(&h.s, two, RULE_DENIAL_ENDED);
    (void)story_revoke(&h.s, revoke, 'a', LIST(two));
    story_rule(&h.s, one, RULE_NONE);
    story_rule(&h.s, two, RULE_NONE);
    story_end(&h.s);
}

static void a_listed_head_that_is_not_held_stands_for_its_stream(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int one = story_suspend(&h.s, h.a, 'b');
    int two = story_withdraw(&h.s, one, 1);
    int fork = story_withdraw(&h.s, one, 2); /* of a cloned disk */
    h.s.hold = true;
    int head = story_withdraw(&h.s, two, 3);
    h.s.hold = false;
    int beyond = story_withdraw(&h.s, fork, 4);
    int after = story_withdraw(&h.s, beyond, 5);
    int other = story_open(&h.s, 'a', 2, KIND_DENIALS, NULL);
    int elsewhere = story_withdraw(&h.s, other, 6);
    (void)story_revoke(&h.s, h.head, 'a', LIST(head));
    story_rule(&h.s, one, RULE_NONE);
    story_rule(&h.s, two, RULE_NONE);
    story_rule(&h.s, fork, RULE_NONE);
    story_rule(&h.s, beyond, RULE_NONE); /* seq 3, as the head's */
    story_rule(&h.s, after, RULE_DENIAL_ENDED);
    story_rule(&h.s, elsewhere, RULE_DENIAL_ENDED);
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    story_arrive(&h.s, head);
    story_rule(&h.s, head, RULE_NONE);
    story_rule(&h.s, one, RULE_NONE);
    story_rule(&h.s, two, RULE_NONE);
    story_rule(&h.s, fork, RULE_DENIAL_ENDED);
    story_rule(&h.s, beyond, RULE_DENIAL_ENDED);
    story_rule(&h.s, after, RULE_DENIAL_ENDED);
    story_end(&h.s);
}

static void the_arrival_of_a_listed_head_has_all_judged_again(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.b, "cam", 1, NONE);
    int fork = story_set(&h.s, h.a, "cam", 0, LIST(cam));
    int suspend = story_suspend(&h.s, fork, 'c');
    h.s.hold = true;
    int one = story_set(&h.s, h.a, "door", 2, NONE);
    int head = story_set(&h.s, one, "door", 3, LIST(one));
    h.s.hold = false;
    (void)story_revoke(&h.s, h.head, 'a', LIST(head));
    story_rule(&h.s, cam, RULE_REPLACED);
    story_state(&h.s, 'c', GRANT_SUSPENDED);
    story_arrive(&h.s, one);
    story_state(&h.s, 'c', GRANT_SUSPENDED);
    story_arrive(&h.s, head);
    story_state(&h.s, 'c', GRANT_LIVE);
    story_wins(&h.s, "cam", cam);
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    story_end(&h.s);
}

static void a_listed_head_of_another_author_covers_nothing(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int foreign = story_withdraw(&h.s, h.c, 1);
    h.s.hold = true;
    int unheld = story_withdraw(&h.s, foreign, 2);
    h.s.hold = false;
    int revoke = story_revoke(&h.s, h.head, 'a', LIST(foreign));
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    /* While it is not held, its stream and seq are read as the revoked key's own. */
    (void)story_revoke(&h.s, revoke, 'a', LIST(unheld));
    story_rule(&h.s, suspend, RULE_NONE);
    story_arrive(&h.s, unheld);
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    story_end(&h.s);
}

/* --- SCOPE --- */

static void a_narrowed_author_denies_up_to_its_heads(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    int door = story_set(&h.s, cam, "door", 1, NONE);
    int lamp = story_set(&h.s, door, "lamp", 1, NONE);
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "lamp");
    int withdraw = story_withdraw(&h.s, h.b, 1);
    int early = story_set(&h.s, withdraw, "cam", 0, LIST(cam));
    int late = story_set(&h.s, early, "door", 0, LIST(door));
    int inside = story_set(&h.s, late, "lamp", 2, LIST(lamp));
    int late_withdraw = story_withdraw(&h.s, inside, 2);
    (void)story_scope(&h.s, h.head, 'b', "lamp", LIST(early));
    story_rule(&h.s, cam, RULE_REPLACED);
    story_wins(&h.s, "door", door);
    story_wins(&h.s, "lamp", inside);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_rule(&h.s, late_withdraw, RULE_DENIAL_ENDED);
    story_end(&h.s);
}

static void a_scope_without_heads_ends_what_lies_outside(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    (void)story_open(&h.s, 'c', 2, KIND_PRIVATE, "lamp");
    int gone = story_set(&h.s, h.c, "cam", 0, LIST(cam));
    int withdraw = story_withdraw(&h.s, gone, 1);
    int suspend = story_suspend(&h.s, withdraw, 'b');
    int scope = story_scope(&h.s, h.head, 'c', "lamp", NONE);
    story_wins(&h.s, "cam", cam);
    story_rule(&h.s, withdraw, RULE_DENIAL_ENDED);
    story_rule(&h.s, suspend, RULE_NONE); /* SUSPEND is not touched */
    /* Wide again: it lies in the newest list. */
    (void)story_scope(&h.s, scope, 'c', NULL, NONE);
    story_rule(&h.s, cam, RULE_REPLACED);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_end(&h.s);
}

static void heads_of_scopes_since_the_last_list_add_up(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "lamp");
    (void)story_open(&h.s, 'b', 3, KIND_PRIVATE, "door");
    int withdraw = story_withdraw(&h.s, h.b, 1);
    int gone = story_set(&h.s, withdraw, "cam", 0, LIST(cam));
    int other = story_open(&h.s, 'b', 4, KIND_SHARED, NULL);
    int one = story_scope(&h.s, h.head, 'b', "lamp", LIST(gone));
    int two =
        story_scope(&h.s, one, 'b', "door", LIST(other)); /* does not cover it; the first does */
    story_rule(&h.s, cam, RULE_REPLACED);
    int three = story_scope(&h.s, two, 'b', "lamp", NONE);
    story_rule(&h.s, cam, RULE_NONE); /* one of them is empty */
    story_rule(&h.s, withdraw, RULE_DENIAL_ENDED);
    int wide = story_scope(&h.s, three, 'b', NULL, NONE);
    story_rule(&h.s, cam, RULE_REPLACED);
    int five = story_scope(&h.s, wide, 'b', "lamp", LIST(other));
    story_rule(&h.s, cam,
               RULE_NONE); /* heads from before the last list that had it are not asked */
    (void)story_scope(&h.s, five, 'b', "door", LIST(gone));
    story_rule(&h.s, cam, RULE_REPLACED);
    story_end(&h.s);
}

static void a_list_that_never_had_it_gives_no_right(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    int d = story_grant(&h.s, h.head, 'd', ROLE_NODE, "lamp");
    int feed = story_open(&h.s, 'd', 1, KIND_PRIVATE, "lamp");
    (void)story_open(&h.s, 'd', 2, KIND_PRIVATE, "door");
    int set = story_set(&h.s, feed, "cam", 0, LIST(cam));
    int withdraw = story_withdraw(&h.s, set, 1);
    (void)story_scope(&h.s, d, 'd', "door", LIST(withdraw));
    story_wins(&h.s, "cam", cam);
    story_rule(&h.s, withdraw, RULE_NO_RIGHT);
    story_end(&h.s);
}

static void scope_and_revoke_both_bound(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    int door = story_set(&h.s, cam, "door", 1, NONE);
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "lamp");
    int one = story_set(&h.s, h.b, "cam", 0, LIST(cam));
    int two = story_set(&h.s, one, "door", 0, LIST(door));
    int scope = story_scope(&h.s, h.head, 'b', "lamp", LIST(one));
    story_rule(&h.s, cam, RULE_REPLACED);
    story_wins(&h.s, "door", door);
    int revoke = story_revoke(&h.s, scope, 'b', LIST(two));
    story_rule(&h.s, cam, RULE_REPLACED);
    story_wins(&h.s, "door", door); /* the REVOKE would let it count, the SCOPE does not */
    (void)story_revoke(&h.s, revoke, 'b', NONE);
    story_wins(&h.s, "cam", cam);
    story_end(&h.s);
}

/* --- RECOVER --- */

static void after_a_recover_no_denial_counts_until_granted_again(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.b, "cam", 1, NONE);
    int gone = story_set(&h.s, h.a, "cam", 0, LIST(cam));
    int suspend = story_suspend(&h.s, gone, 'c');
    int withdraw = story_withdraw(&h.s, suspend, 1);
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    int b = story_grant(&h.s, recover, 'b', ROLE_NODE, NULL);
    int c = story_grant(&h.s, b, 'c', ROLE_NODE, NULL);
    story_wins(&h.s, "cam", cam);
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    story_rule(&h.s, withdraw, RULE_DENIAL_ENDED);
    story_state(&h.s, 'c', GRANT_LIVE);
    /* Granted again as a node: its `over` and WITHDRAW count, its SUSPEND does not. */
    (void)story_grant(&h.s, c, 'a', ROLE_NODE, NULL);
    story_rule(&h.s, cam, RULE_REPLACED);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_rule(&h.s, suspend, RULE_NO_RIGHT);
    story_end(&h.s);
}

static void granted_again_it_denies_in_its_new_scope(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.b, "cam", 1, NONE);
    int door = story_set(&h.s, cam, "door", 1, NONE);
    int one = story_set(&h.s, h.a, "cam", 0, LIST(cam));
    int two = story_set(&h.s, one, "door", 0, LIST(door));
    int withdraw = story_withdraw(&h.s, two, 1);
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    int b = story_grant(&h.s, recover, 'b', ROLE_NODE, NULL);
    (void)story_grant(&h.s, b, 'a', ROLE_ADMIN, "cam");
    (void)story_open(&h.s, 'a', 2, KIND_PRIVATE, "cam");
    story_rule(&h.s, cam, RULE_REPLACED);
    story_wins(&h.s, "door", door);
    story_rule(&h.s, withdraw, RULE_NO_RIGHT);
    story_end(&h.s);
}

static void after_a_recover_a_revoke_with_heads_reinstates(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int one = story_suspend(&h.s, h.a, 'b');
    int two = story_withdraw(&h.s, one, 1);
    /* Revoked before the RECOVER, without heads: that list is not asked after it. */
    int old = story_revoke(&h.s, h.head, 'a', NONE);
    story_rule(&h.s, one, RULE_DENIAL_ENDED);
    int recover = story_recover(&h.s, old, 'O', 'R');
    story_rule(&h.s, one, RULE_DENIAL_ENDED);
    int revoke = story_revoke(&h.s, recover, 'a', LIST(one));
    story_rule(&h.s, one, RULE_NONE); /* in its old role: an admin's */
    story_rule(&h.s, two, RULE_DENIAL_ENDED);
    int b = story_grant(&h.s, revoke, 'b', ROLE_NODE, NULL);
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    (void)story_revoke(&h.s, b, 'a', NONE);
    story_rule(&h.s, one, RULE_DENIAL_ENDED);
    story_state(&h.s, 'b', GRANT_LIVE);
    story_end(&h.s);
}

static void the_old_role_is_that_of_the_last_era_granted(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int withdraw = story_withdraw(&h.s, suspend, 1);
    int one = story_recover(&h.s, h.head, 'O', 'R');
    int node = story_grant(&h.s, one, 'a', ROLE_NODE, NULL);
    int two = story_recover(&h.s, node, 'P', 'Q');
    (void)story_revoke(&h.s, two, 'a', LIST(withdraw));
    story_rule(&h.s, suspend, RULE_NO_RIGHT);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_end(&h.s);
}

static void a_second_recover_ends_what_a_revoke_reinstated(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int one = story_recover(&h.s, h.head, 'O', 'R');
    int revoke = story_revoke(&h.s, one, 'a', LIST(suspend));
    story_rule(&h.s, suspend, RULE_NONE);
    int two = story_recover(&h.s, revoke, 'P', 'Q');
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    (void)story_revoke(&h.s, two, 'a', LIST(suspend));
    story_rule(&h.s, suspend, RULE_NONE);
    story_end(&h.s);
}

/* --- joins --- */

static void a_right_that_any_side_granted_counts(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int left = story_grant(&h.s, h.head, 'd', ROLE_ADMIN, NULL);
    int feed = story_open(&h.s, 'd', 1, KIND_DENIALS, NULL);
    int suspend = story_suspend(&h.s, feed, 'b');
    int withdraw = story_withdraw(&h.s, suspend, 1);
    int right = story_policy(&h.s, h.head, 1, 2);
    story_frozen(&h.s, h.head);
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_not_granted(&h.s, 'd');
    int merge = story_merge(&h.s, right, left); /* `prev` is the side without that GRANT */
    story_head(&h.s, merge);
    story_state(&h.s, 'd', GRANT_CLEARED);
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    /* Granted again, as a node with a list: what it held on the other side stays. */
    (void)story_grant(&h.s, merge, 'd', ROLE_NODE, "cam");
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_may(&h.s, 'd', "door", RULE_SCOPE);
    story_end(&h.s);
}

static void a_role_of_any_side_counts(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int left = story_grant(&h.s, h.head, 'd', ROLE_NODE, NULL);
    int right = story_grant(&h.s, h.head, 'd', ROLE_ADMIN, "cam");
    int feed = story_open(&h.s, 'd', 1, KIND_DENIALS, NULL);
    int suspend = story_suspend(&h.s, feed, 'b');
    int withdraw = story_withdraw(&h.s, suspend, 1);
    int merge = story_merge(&h.s, left, right);
    story_head(&h.s, merge);
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, withdraw, RULE_NONE);
    story_end(&h.s);
}

static void a_merged_revoke_reinstates_too(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    int left = story_policy(&h.s, recover, 1, 2);
    int right = story_revoke(&h.s, recover, 'a', LIST(suspend));
    int merge = story_merge(&h.s, left, right);
    story_head(&h.s, merge);
    story_rule(&h.s, suspend, RULE_NONE);
    story_end(&h.s);
}

static void a_wider_list_on_any_side_lets_an_over_count(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "lamp");
    int gone = story_set(&h.s, h.b, "cam", 0, LIST(cam));
    int left = story_scope(&h.s, h.head, 'b', "lamp", NONE);
    story_rule(&h.s, cam, RULE_NONE);
    int right = story_policy(&h.s, h.head, 1, 2);
    story_frozen(&h.s, h.head);
    story_rule(&h.s, cam, RULE_REPLACED);
    story_rule(&h.s, gone, RULE_SCOPE); /* its names must lie in every list */
    int merge = story_merge(&h.s, left, right);
    story_rule(&h.s, cam, RULE_REPLACED);
    story_rule(&h.s, gone, RULE_SCOPE);
    /* A SCOPE after the join stands before both pasts. */
    int other = story_open(&h.s, 'b', 3, KIND_SHARED, NULL);
    int scope = story_scope(&h.s, merge, 'b', "lamp", LIST(other));
    story_rule(&h.s, cam, RULE_NONE);
    (void)story_scope(&h.s, scope, 'b', "lamp", LIST(gone));
    story_rule(&h.s, cam, RULE_REPLACED);
    story_end(&h.s);
}

static void revokes_of_both_sides_add_up(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int one = story_suspend(&h.s, h.a, 'b');
    int other = story_open(&h.s, 'a', 2, KIND_DENIALS, NULL);
    int two = story_withdraw(&h.s, other, 1);
    int late = story_withdraw(&h.s, two, 2);
    int left = story_revoke(&h.s, h.head, 'a', LIST(one));
    int right = story_revoke(&h.s, h.head, 'a', LIST(two));
    story_frozen(&h.s, h.head);
    story_rule(&h.s, one, RULE_NONE);
    story_rule(&h.s, two, RULE_NONE);
    story_rule(&h.s, late, RULE_DENIAL_ENDED);
    int merge = story_merge(&h.s, left, right);
    story_head(&h.s, merge);
    story_rule(&h.s, one, RULE_NONE);
    story_rule(&h.s, two, RULE_NONE);
    story_rule(&h.s, late, RULE_DENIAL_ENDED);
    (void)story_revoke(&h.s, right, 'a', NONE); /* forks again */
    story_frozen(&h.s, h.head);
    story_rule(&h.s, one, RULE_DENIAL_ENDED);
    story_end(&h.s);
}

static void frozen_by_two_recovers_the_branch_points_rights_count(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int one = story_recover(&h.s, h.head, 'O', 'R');
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    int d = story_grant(&h.s, one, 'd', ROLE_ADMIN, NULL);
    (void)d;
    int feed = story_open(&h.s, 'd', 1, KIND_DENIALS, NULL);
    int by_d = story_suspend(&h.s, feed, 'c');
    (void)story_recover(&h.s, h.head, 'P', 'Q');
    story_frozen(&h.s, h.head);
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, by_d, RULE_NONE); /* a side granted it */
    story_state(&h.s, 'b', GRANT_SUSPENDED);
    story_state(&h.s, 'c', GRANT_SUSPENDED);
    story_end(&h.s);
}

static void a_side_that_reinstates_lets_it_count(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int late = story_suspend(&h.s, suspend, 'c');
    int recover = story_recover(&h.s, h.head, 'O', 'R');
    int fork = story_grant(&h.s, recover, 'b', ROLE_NODE, NULL);
    (void)story_revoke(&h.s, fork, 'a', LIST(suspend));
    int right = story_policy(&h.s, fork, 1, 2);
    story_frozen(&h.s, fork);
    story_rule(&h.s, suspend, RULE_NONE);
    story_rule(&h.s, late, RULE_DENIAL_ENDED);
    (void)story_revoke(&h.s, right, 'a', NONE);
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    story_end(&h.s);
}

static void a_right_that_a_recover_in_a_tie_left_counts(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    /* Granted on one side only, before its RECOVER: neither side nor the branch point has it. */
    int d = story_grant(&h.s, h.head, 'd', ROLE_ADMIN, NULL);
    int feed = story_open(&h.s, 'd', 1, KIND_DENIALS, NULL);
    int suspend = story_suspend(&h.s, feed, 'b');
    int left = story_recover(&h.s, d, 'O', 'R');
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    int right = story_recover(&h.s, h.head, 'P', 'Q');
    story_frozen(&h.s, h.head);
    story_rule(&h.s, suspend, RULE_NONE);
    /* The REVOKEs of both sides are asked. */
    (void)story_revoke(&h.s, left, 'd', LIST(feed));
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    int revoke = story_revoke(&h.s, right, 'd', LIST(suspend));
    story_rule(&h.s, suspend, RULE_NONE);
    (void)story_revoke(&h.s, revoke, 'd', NONE);
    story_rule(&h.s, suspend, RULE_DENIAL_ENDED);
    story_end(&h.s);
}

static void a_revoke_since_a_sides_recover_is_asked_instead_of_those_before(void **state)
{
    (void)state;
    struct house h;
    begin(&h);
    int suspend = story_suspend(&h.s, h.a, 'b');
    int left = story_revoke(&h.s, h.head, 'a', NONE);
    left = story_recover(&h.s, left, 'O', 'R');
    (void)story_revoke(&h.s, left, 'a', LIST(suspend));
    story_rule(&h.s, suspend, RULE_NONE); /* alone */
    (void)story_recover(&h.s, h.head, 'P', 'Q');
    story_frozen(&h.s, h.head);
    story_rule(&h.s, suspend, RULE_NONE);
    story_end(&h.s);
}

static void merged_joins_repeat_without_end(void **state)
{
    (void)state;
    /* The same side merged again and again adds nothing to a key's past. */
    struct house h;
    begin(&h);
    int cam = story_set(&h.s, h.a, "cam", 1, NONE);
    (void)story_open(&h.s, 'b', 2, KIND_PRIVATE, "lamp");
    int gone = story_set(&h.s, h.b, "cam", 0, LIST(cam));
    int left = story_scope(&h.s, h.head, 'b', "lamp", LIST(gone));
    int right = story_revoke(&h.s, h.head, 'x', NONE);
    int at = left;
    for (int i = 0; i < 40; i++) {
        right = story_policy(&h.s, right, 1, 2);
        at = story_merge(&h.s, at, right);
    }
    story_head(&h.s, at);
    story_rule(&h.s, cam, RULE_REPLACED);
    story_end(&h.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_admin_suspends),
        cmocka_unit_test(a_node_does_not_suspend),
        cmocka_unit_test(a_suspended_admin_still_denies),
        cmocka_unit_test(an_over_of_a_suspended_author_counts_at_once),
        cmocka_unit_test(a_suspend_may_come_before_the_grant),
        cmocka_unit_test(a_denial_counts_in_a_stream_of_any_kind),
        cmocka_unit_test(only_a_key_without_a_list_withdraws),
        cmocka_unit_test(over_needs_the_name_in_scope),
        cmocka_unit_test(a_right_once_held_is_enough),
        cmocka_unit_test(a_lift_ends_one_denial),
        cmocka_unit_test(an_over_is_not_lifted),
        cmocka_unit_test(a_lift_holds_only_on_all_sides),
        cmocka_unit_test(lifts_of_both_sides_hold),
        cmocka_unit_test(denials_outlive_a_revoked_author_up_to_its_heads),
        cmocka_unit_test(a_revoke_without_heads_ends_all),
        cmocka_unit_test(lists_of_several_revokes_add_up),
        cmocka_unit_test(a_listed_head_that_is_not_held_stands_for_its_stream),
        cmocka_unit_test(the_arrival_of_a_listed_head_has_all_judged_again),
        cmocka_unit_test(a_listed_head_of_another_author_covers_nothing),
        cmocka_unit_test(a_narrowed_author_denies_up_to_its_heads),
        cmocka_unit_test(a_scope_without_heads_ends_what_lies_outside),
        cmocka_unit_test(heads_of_scopes_since_the_last_list_add_up),
        cmocka_unit_test(a_list_that_never_had_it_gives_no_right),
        cmocka_unit_test(scope_and_revoke_both_bound),
        cmocka_unit_test(after_a_recover_no_denial_counts_until_granted_again),
        cmocka_unit_test(granted_again_it_denies_in_its_new_scope),
        cmocka_unit_test(after_a_recover_a_revoke_with_heads_reinstates),
        cmocka_unit_test(the_old_role_is_that_of_the_last_era_granted),
        cmocka_unit_test(a_second_recover_ends_what_a_revoke_reinstated),
        cmocka_unit_test(a_right_that_any_side_granted_counts),
        cmocka_unit_test(a_role_of_any_side_counts),
        cmocka_unit_test(a_merged_revoke_reinstates_too),
        cmocka_unit_test(a_wider_list_on_any_side_lets_an_over_count),
        cmocka_unit_test(revokes_of_both_sides_add_up),
        cmocka_unit_test(frozen_by_two_recovers_the_branch_points_rights_count),
        cmocka_unit_test(a_side_that_reinstates_lets_it_count),
        cmocka_unit_test(a_right_that_a_recover_in_a_tie_left_counts),
        cmocka_unit_test(a_revoke_since_a_sides_recover_is_asked_instead_of_those_before),
        cmocka_unit_test(merged_joins_repeat_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
