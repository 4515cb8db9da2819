/* Tests of judge.c and authority_merge.c: what is joined from several branches, in a frozen
 * household and by a MERGE (docs/ledger-rules.md, "Join").
 *
 * Most are of an owner and a thief with a used recovery paper: after some branch point the owner
 * goes on (`ours`) and recovers; the thief (`theirs`) recovers from where they like, and may do
 * more. Whatever the thief chooses, no name that was denied comes back. Each story is told with
 * either side first, under other keys, so that no order of arrival or of ids decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ledger/story.h"

/* 'a' may be granted as an admin who suspends 't'; 't' and 'k' are nodes that write "door". */
struct tale {
    struct story s;
    int fork;           /* the branch point */
    int suspend;        /* by 'a' of 't' */
    int door;           /* by 't' or 'k' */
    int ours, theirs;   /* the ends of both branches */
    const char *owners; /* after the RECOVER of ours, then of theirs */
};

static int recover_ours(struct tale *t, int at)
{
    return story_recover(&t->s, at, t->owners[0], t->owners[0] == 'O' ? 'R' : 'Q');
}

static int recover_theirs(struct tale *t, int at)
{
    return story_recover(&t->s, at, t->owners[1], t->owners[1] == 'O' ? 'R' : 'Q');
}

/* Feeds may come before or after what grants their authors. */
static void suspend_t(struct tale *t)
{
    t->suspend = story_suspend(&t->s, story_open(&t->s, 'a', 1, KIND_DENIALS, NULL), 't');
}

static void write_door(struct tale *t, char who)
{
    t->door = story_set(&t->s, story_open(&t->s, who, 1, KIND_SHARED, NULL), "door", 1, NONE);
}

/* Both branches from `fork`, theirs first when `swapped`. */
static void part(struct tale *t, bool swapped, void (*ours)(struct tale *),
                 void (*theirs)(struct tale *))
{
    t->owners = swapped ? "PO" : "OP";
    (swapped ? theirs : ours)(t);
    (swapped ? ours : theirs)(t);
    story_frozen(&t->s, t->fork);
}

static void trust(struct tale *t, int entry)
{
    household_trust_branch(t->s.house, entry == STORY_LAST ? NULL : story_id(&t->s, entry));
}

/* On the branch that this node trusts alone; frozen again afterwards. */
static void door_on_trusted(struct tale *t, int end, enum rule rule)
{
    trust(t, end);
    story_head(&t->s, end);
    story_rule(&t->s, t->door, rule);
    trust(t, STORY_LAST);
    story_frozen(&t->s, t->fork);
}

static void is_suspended(struct tale *t)
{
    story_rule(&t->s, t->suspend, RULE_NONE);
    story_rule(&t->s, t->door, RULE_SUSPENDED);
    story_has_no(&t->s, "door");
}

static void is_served(struct tale *t, enum rule suspend)
{
    story_rule(&t->s, t->suspend, suspend);
    story_wins(&t->s, "door", t->door);
}

static void is_out_of_scope(struct tale *t)
{
    story_rule(&t->s, t->door, RULE_SCOPE);
    story_has_no(&t->s, "door");
}

/* MERGEs across a RECOVER have no effect: nothing changes, in either direction. */
static void merge_across(struct tale *t, void (*check)(struct tale *))
{
    int merge = story_merge(&t->s, t->ours, t->theirs);
    story_rule(&t->s, merge, RULE_MERGE_PATHS);
    check(t);
    merge = story_merge(&t->s, t->theirs, t->ours);
    story_rule(&t->s, merge, RULE_MERGE_PATHS);
    story_frozen(&t->s, t->fork);
    check(t);
}

/* --- frozen: a right granted after the branch point and cleared by that side's own RECOVER --- */

static void grant_admin_and_recover(struct tale *t)
{
    t->ours = recover_ours(t, story_grant(&t->s, t->fork, 'a', ROLE_ADMIN, NULL));
    suspend_t(t);
}

static void recover_at_fork(struct tale *t)
{
    t->theirs = recover_theirs(t, t->fork);
}

static void tell_granted_then_recovered(struct tale *t, bool swapped)
{
    t->fork = story_grant(&t->s, story_begin(&t->s), 't', ROLE_NODE, NULL);
    write_door(t, 't');
    part(t, swapped, grant_admin_and_recover, recover_at_fork);
    is_suspended(t);
}

static void a_right_granted_before_a_sides_recover_counts(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        tell_granted_then_recovered(&t, swapped);
        /* Either branch alone cleared the writer and the denial. */
        door_on_trusted(&t, t.ours, RULE_NOT_GRANTED);
        door_on_trusted(&t, t.theirs, RULE_NOT_GRANTED);
        is_suspended(&t);
        merge_across(&t, is_suspended);
        story_end(&t.s);
    }
}

static void a_right_that_a_recover_left_ends_by_a_lift_on_all_sides(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        tell_granted_then_recovered(&t, swapped);
        (void)story_lift(&t.s, t.theirs, t.suspend);
        is_suspended(&t);
        (void)story_lift(&t.s, t.ours,
                         t.suspend); /* the states left have none, and are not asked */
        is_served(&t, RULE_LIFTED);
        story_end(&t.s);
    }
}

static void a_right_that_a_recover_left_is_bounded_by_revokes_of_the_sides(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        tell_granted_then_recovered(&t, swapped);
        int ours = story_revoke(&t.s, t.ours, 'a', LIST(t.suspend));
        is_suspended(&t);
        int theirs = story_revoke(&t.s, t.theirs, 'a', LIST(t.suspend));
        is_suspended(&t);
        merge_across(&t, is_suspended);
        (void)story_revoke(&t.s, swapped ? ours : theirs, 'a', NONE);
        is_served(&t, RULE_DENIAL_ENDED);
        story_end(&t.s);
    }
}

static void recovers_one_after_the_other(struct tale *t)
{
    int at = story_recover(&t->s, t->fork, 'x', 'y');
    at = story_grant(&t->s, at, 'a', ROLE_ADMIN, NULL);
    t->ours = recover_ours(t, at);
    suspend_t(t);
}

static void every_recover_of_a_side_left_a_state(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        t.fork = story_grant(&t.s, story_begin(&t.s), 't', ROLE_NODE, NULL);
        write_door(&t, 't');
        part(&t, swapped, recovers_one_after_the_other, recover_at_fork);
        is_suspended(&t);
        t.ours = recover_ours(&t, t.ours);
        is_suspended(&t);
        story_end(&t.s);
    }
}

static void a_tie_within_a_tie(struct tale *t)
{
    int granted = story_grant(&t->s, t->fork, 'a', ROLE_ADMIN, NULL);
    t->ours = recover_ours(t, granted);
    (void)story_recover(&t->s, granted, 'x', 'y');
    suspend_t(t);
}

static void recovers_after_one_entry_leave_its_state_once(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        t.fork = story_grant(&t.s, story_begin(&t.s), 't', ROLE_NODE, NULL);
        write_door(&t, 't');
        part(&t, swapped, a_tie_within_a_tie, recover_at_fork);
        is_suspended(&t);
        story_end(&t.s);
    }
}

static void what_a_recover_before_the_branch_point_left_is_gone(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        int at = story_grant(&t.s, story_begin(&t.s), 'a', ROLE_ADMIN, NULL);
        at = story_recover(&t.s, at, 'x', 'y');
        t.fork = story_grant(&t.s, at, 't', ROLE_NODE, NULL);
        write_door(&t, 't');
        suspend_t(&t);
        t.owners = swapped ? "PO" : "OP";
        t.ours = recover_ours(&t, t.fork);
        t.theirs = recover_theirs(&t, t.fork);
        story_frozen(&t.s, t.fork);
        is_served(&t, RULE_DENIAL_ENDED);
        /* A REVOKE on one side says up to where, in the role of then. */
        (void)story_revoke(&t.s, t.ours, 'a', LIST(t.suspend));
        is_suspended(&t);
        story_end(&t.s);
    }
}

/* What a state left behind has by a REVOKE of its own. */
static void revoke_and_recover(struct tale *t)
{
    t->ours = recover_ours(t, story_revoke(&t->s, t->fork, 'a', LIST(t->suspend)));
}

static void a_right_that_was_reinstated_before_a_sides_recover_counts(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        int at = story_grant(&t.s, story_begin(&t.s), 'a', ROLE_ADMIN, NULL);
        at = story_recover(&t.s, at, 'x', 'y');
        t.fork = story_grant(&t.s, at, 't', ROLE_NODE, NULL);
        write_door(&t, 't');
        suspend_t(&t);
        part(&t, swapped, revoke_and_recover, recover_at_fork);
        is_suspended(&t);
        (void)story_revoke(&t.s, t.theirs, 'a', NONE);
        is_served(&t, RULE_DENIAL_ENDED);
        story_end(&t.s);
    }
}

/* --- frozen: lists --- */

static void recover_alone(struct tale *t)
{
    t->ours = recover_ours(t, t->fork);
}

static void recover_and_widen(struct tale *t)
{
    t->theirs = story_grant(&t->s, recover_theirs(t, t->fork), 'k', ROLE_NODE, NULL);
}

static void the_list_of_the_branch_point_always_binds(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        t.fork = story_grant(&t.s, story_begin(&t.s), 'k', ROLE_NODE, "cam");
        (void)story_open(&t.s, 'k', 2, KIND_PRIVATE, "cam");
        write_door(&t, 'k');
        part(&t, swapped, recover_alone, recover_and_widen);
        is_out_of_scope(&t);
        story_may(&t.s, 'k', "cam", RULE_NONE);
        door_on_trusted(&t, t.theirs, RULE_NONE);
        door_on_trusted(&t, t.ours, RULE_NOT_GRANTED);
        is_out_of_scope(&t);
        merge_across(&t, is_out_of_scope);
        /* Nor when both sides widen it. */
        (void)story_grant(&t.s, t.ours, 'k', ROLE_NODE, NULL);
        is_out_of_scope(&t);
        story_may(&t.s, 'k', "cam", RULE_NONE);
        story_end(&t.s);
    }
}

static void narrow_and_recover(struct tale *t)
{
    t->ours = recover_ours(t, story_scope(&t->s, t->fork, 'k', "cam", NONE));
}

static void narrowed_before_a_sides_recover_it_stays_narrowed(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        t.fork = story_grant(&t.s, story_begin(&t.s), 'k', ROLE_NODE, NULL);
        (void)story_open(&t.s, 'k', 2, KIND_PRIVATE, "cam");
        write_door(&t, 'k');
        part(&t, swapped, narrow_and_recover, recover_at_fork);
        is_out_of_scope(&t);
        story_may(&t.s, 'k', "cam", RULE_NONE);
        door_on_trusted(&t, t.ours, RULE_NOT_GRANTED);
        door_on_trusted(&t, t.theirs, RULE_NOT_GRANTED);
        merge_across(&t, is_out_of_scope);
        /* Granted any name by either side: what the RECOVER left behind still binds. */
        (void)story_grant(&t.s, t.ours, 'k', ROLE_NODE, NULL);
        is_out_of_scope(&t);
        (void)story_grant(&t.s, t.theirs, 'k', ROLE_NODE, NULL);
        is_out_of_scope(&t);
        (void)story_revoke(&t.s, t.theirs, 'k', NONE);
        story_rule(&t.s, t.door, RULE_REVOKED);
        story_end(&t.s);
    }
}

static void an_over_counts_by_the_list_of_a_state_left(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        t.fork = story_grant(&t.s, story_begin(&t.s), 't', ROLE_NODE, NULL);
        write_door(&t, 't');
        /* 'a' deleted it; granted after the branch point and cleared again by the RECOVER. */
        part(&t, swapped, grant_admin_and_recover, recover_at_fork);
        (void)story_lift(&t.s, t.ours, t.suspend);
        (void)story_lift(&t.s, t.theirs, t.suspend);
        is_served(&t, RULE_LIFTED);
        int feed = story_open(&t.s, 'a', 2, KIND_SHARED, NULL);
        (void)story_set(&t.s, feed, "door", 0, LIST(t.door));
        story_rule(&t.s, t.door, RULE_REPLACED);
        story_has_no(&t.s, "door");
        story_end(&t.s);
    }
}

/* --- frozen: which REVOKEs are asked --- */

/* 'a' suspends 't' before the branch point. */
static void begin_suspended(struct tale *t)
{
    int at = story_grant(&t->s, story_begin(&t->s), 'a', ROLE_ADMIN, NULL);
    t->fork = story_grant(&t->s, at, 't', ROLE_NODE, NULL);
    suspend_t(t);
    write_door(t, 't');
    is_suspended(t);
}

static void revoke_recover_revoke(struct tale *t)
{
    int at = recover_ours(t, story_revoke(&t->s, t->fork, 'a', NONE));
    t->ours = story_revoke(&t->s, at, 'a', LIST(t->suspend));
    story_rule(&t->s, t->suspend, RULE_NONE);
}

static void recover_and_grant_admin(struct tale *t)
{
    t->theirs = story_grant(&t->s, recover_theirs(t, t->fork), 'a', ROLE_ADMIN, NULL);
}

static void of_a_side_the_revokes_since_its_recover_are_asked(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        begin_suspended(&t);
        part(&t, swapped, revoke_recover_revoke, recover_and_grant_admin);
        is_suspended(&t);
        trust(&t, t.ours);
        story_rule(&t.s, t.suspend, RULE_NONE);
        story_rule(&t.s, t.door, RULE_NOT_GRANTED);
        trust(&t, t.theirs);
        story_rule(&t.s, t.suspend, RULE_NONE);
        trust(&t, STORY_LAST);
        merge_across(&t, is_suspended);
        (void)story_revoke(&t.s, t.theirs, 'a', LIST(t.suspend));
        is_suspended(&t);
        (void)story_revoke(&t.s, t.ours, 'a', NONE);
        is_served(&t, RULE_DENIAL_ENDED);
        story_end(&t.s);
    }
}

static void revoke_without_heads_and_recover(struct tale *t)
{
    t->ours = recover_ours(t, story_revoke(&t->s, t->fork, 'a', NONE));
}

static void revoke_with_heads_and_recover(struct tale *t)
{
    t->theirs = recover_theirs(t, story_revoke(&t->s, t->fork, 'a', LIST(t->suspend)));
}

static void a_revoke_without_heads_before_a_sides_recover_ends_all(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        begin_suspended(&t);
        part(&t, swapped, revoke_without_heads_and_recover, revoke_with_heads_and_recover);
        is_served(&t, RULE_DENIAL_ENDED);
        door_on_trusted(&t, t.ours, RULE_NOT_GRANTED);
        door_on_trusted(&t, t.theirs, RULE_NOT_GRANTED);
        /* Asked anew on the side that gave nothing: now up to these. */
        (void)story_revoke(&t.s, t.ours, 'a', LIST(t.suspend));
        is_suspended(&t);
        story_end(&t.s);
    }
}

static void revokes_of_the_branch_point_are_asked_in_its_era(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        begin_suspended(&t);
        t.fork = story_revoke(&t.s, t.fork, 'a', LIST(t.suspend));
        part(&t, swapped, recover_alone, recover_at_fork);
        is_suspended(&t);
        (void)story_revoke(&t.s, t.ours, 'a', NONE);
        is_served(&t, RULE_DENIAL_ENDED);
        story_end(&t.s);
    }
}

static void revokes_of_earlier_eras_are_not_asked(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        begin_suspended(&t);
        int at = story_revoke(&t.s, t.fork, 'a', NONE);
        at = story_recover(&t.s, at, 'x', 'y');
        t.fork = story_grant(&t.s, at, 't', ROLE_NODE, NULL);
        t.owners = swapped ? "PO" : "OP";
        t.ours = recover_ours(&t, t.fork);
        t.theirs = recover_theirs(&t, t.fork);
        is_served(&t, RULE_DENIAL_ENDED);
        (void)story_revoke(&t.s, t.theirs, 'a', LIST(t.suspend));
        is_suspended(&t);
        story_end(&t.s);
    }
}

static void of_a_side_none_of_the_branch_point_are_asked(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        begin_suspended(&t);
        int at = story_revoke(&t.s, t.fork, 'a', NONE);
        at = story_recover(&t.s, at, 'x', 'y');
        t.fork = story_grant(&t.s, at, 't', ROLE_NODE, NULL);
        part(&t, swapped, revoke_and_recover, recover_at_fork);
        is_suspended(&t); /* the first REVOKE is of an earlier era of both */
        story_end(&t.s);
    }
}

static void revoke_and_tie(struct tale *t)
{
    int at = story_revoke(&t->s, t->fork, 'a', LIST(t->suspend - 1)); /* its OPEN */
    t->ours = recover_ours(t, at);
    (void)story_recover(&t->s, at, 'x', 'y');
}

static void a_revoke_of_several_sides_is_asked_once(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct tale t;
        begin_suspended(&t);
        part(&t, swapped, revoke_and_tie, recover_at_fork);
        is_served(&t, RULE_DENIAL_ENDED);
        (void)story_revoke(&t.s, t.theirs, 'a', LIST(t.suspend));
        is_suspended(&t);
        story_end(&t.s);
    }
}

/* --- MERGE: a grant on one side, a REVOKE that reinstates on the other --- */

struct reinstated {
    struct tale t;
    int granted, revoked; /* the ends of both branches */
};

/* 'a' is granted again as that on one branch, on the other revoked up to its SUSPEND of old. */
static void tell_reinstated(struct reinstated *r, bool swapped, uint8_t role)
{
    struct tale *t = &r->t;
    begin_suspended(t);
    t->owners = "OP";
    t->fork = story_grant(&t->s, recover_ours(t, t->fork), 't', ROLE_NODE, NULL);
    is_served(t, RULE_DENIAL_ENDED);
    if (swapped)
        r->revoked = story_revoke(&t->s, t->fork, 'a', LIST(t->suspend));
    r->granted = story_grant(&t->s, t->fork, 'a', role, "cam");
    if (!swapped)
        r->revoked = story_revoke(&t->s, t->fork, 'a', LIST(t->suspend));
    story_frozen(&t->s, t->fork);
    is_suspended(t);
}

/* In that direction. */
static int merge_reinstated(struct reinstated *r, bool onto_granted)
{
    int merge = onto_granted ? story_merge(&r->t.s, r->granted, r->revoked)
                             : story_merge(&r->t.s, r->revoked, r->granted);
    story_head(&r->t.s, merge);
    story_state(&r->t.s, 'a', GRANT_REVOKED);
    return merge;
}

static void a_merge_joins_what_a_revoke_reinstated(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct reinstated r;
        tell_reinstated(&r, way & 1, ROLE_NODE);
        int withdraw = story_withdraw(&r.t.s, r.t.suspend, 1);
        (void)merge_reinstated(&r, way & 2);
        is_suspended(&r.t);
        story_rule(&r.t.s, withdraw, RULE_DENIAL_ENDED); /* not up to there */
        story_end(&r.t.s);
    }
}

static void a_merge_joins_the_lists_of_what_was_reinstated(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct reinstated r;
        tell_reinstated(&r, way & 1, ROLE_NODE);
        int withdraw = story_withdraw(&r.t.s, r.t.suspend, 1);
        (void)story_revoke(&r.t.s, r.revoked, 'a', LIST(withdraw)); /* beside the grant "cam" */
        story_frozen(&r.t.s, r.t.fork);
        story_rule(&r.t.s, withdraw, RULE_NONE);
        r.revoked = r.t.s.count - 1;
        (void)merge_reinstated(&r, way & 2);
        story_rule(&r.t.s, withdraw, RULE_NONE);
        is_suspended(&r.t);
        story_end(&r.t.s);
    }
}

static void what_a_merge_joined_ends_as_all_else(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct reinstated r;
        tell_reinstated(&r, way & 1, ROLE_ADMIN);
        int at = merge_reinstated(&r, way & 2);
        is_suspended(&r.t);
        int beside = story_policy(&r.t.s, at, 1, 2);
        (void)story_revoke(&r.t.s, at, 'a', LIST(r.t.suspend));
        story_frozen(&r.t.s, at);
        is_suspended(&r.t);
        at = story_merge(&r.t.s, beside, r.t.s.count - 1);
        is_suspended(&r.t);
        at = story_recover(&r.t.s, at, 'X', 'Y');
        story_rule(&r.t.s, r.t.suspend, RULE_DENIAL_ENDED);
        at = story_grant(&r.t.s, at, 't', ROLE_NODE, NULL);
        is_served(&r.t, RULE_DENIAL_ENDED);
        at = story_revoke(&r.t.s, at, 'a', LIST(r.t.suspend));
        is_suspended(&r.t);
        (void)story_revoke(&r.t.s, at, 'a', NONE);
        is_served(&r.t, RULE_DENIAL_ENDED);
        story_end(&r.t.s);
    }
}

static void a_merge_of_what_was_not_reinstated_adds_nothing(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        struct tale t;
        begin_suspended(&t);
        t.owners = "OP";
        t.fork = story_grant(&t.s, recover_ours(&t, t.fork), 't', ROLE_NODE, NULL);
        int granted = story_grant(&t.s, t.fork, 'a', ROLE_NODE, NULL);
        int beside = story_policy(&t.s, t.fork, 1, 2);
        (void)(way ? story_merge(&t.s, granted, beside) : story_merge(&t.s, beside, granted));
        is_served(&t, RULE_NO_RIGHT);
        story_end(&t.s);
    }
}

static void a_third_branch_reinstates_after_a_merge(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct tale t;
        begin_suspended(&t);
        t.owners = "OP";
        t.fork = story_grant(&t.s, recover_ours(&t, t.fork), 't', ROLE_NODE, NULL);
        int granted = story_grant(&t.s, t.fork, 'a', ROLE_NODE, NULL);
        int beside = story_policy(&t.s, t.fork, 1, 2);
        int merge =
            way & 1 ? story_merge(&t.s, granted, beside) : story_merge(&t.s, beside, granted);
        int third = story_revoke(&t.s, t.fork, 'a', LIST(t.suspend));
        story_frozen(&t.s, t.fork);
        is_suspended(&t);
        (void)(way & 2 ? story_merge(&t.s, merge, third) : story_merge(&t.s, third, merge));
        is_suspended(&t);
        story_end(&t.s);
    }
}

/* --- a RECOVER after a MERGE: its era's GRANT, on whichever branch, is the last one --- */

/* 'a' is granted again on one branch, and may be narrowed to "cam"; the other says nothing. Merged
 * in either direction. */
static int tell_granted_beside(struct tale *t, bool swapped, uint8_t role, bool narrowed)
{
    begin_suspended(t);
    t->owners = "OP";
    t->fork = story_grant(&t->s, recover_ours(t, t->fork), 't', ROLE_NODE, NULL);
    int granted = story_grant(&t->s, t->fork, 'a', role, NULL);
    if (narrowed)
        granted = story_scope(&t->s, granted, 'a', "cam", LIST(t->suspend));
    int beside = story_policy(&t->s, t->fork, 1, 2);
    return swapped ? story_merge(&t->s, granted, beside) : story_merge(&t->s, beside, granted);
}

/* A RECOVER, and a REVOKE of 'a' up to that entry. */
static void recover_and_revoke(struct tale *t, int at, int head)
{
    at = story_recover(&t->s, at, 'X', 'Y');
    at = story_grant(&t->s, at, 't', ROLE_NODE, NULL);
    (void)story_revoke(&t->s, at, 'a', LIST(head));
}

static void after_a_merge_the_old_role_is_that_of_the_era_merged(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct tale t;
        int at = tell_granted_beside(&t, way & 1, ROLE_NODE, false);
        if (way & 2)
            at = story_revoke(&t.s, at, 'a', LIST(t.suspend));
        is_served(&t, RULE_NO_RIGHT);
        recover_and_revoke(&t, at, t.suspend);
        is_served(&t, RULE_NO_RIGHT);
        story_end(&t.s);
    }
}

static void after_a_merge_the_old_lists_are_those_of_the_era_merged(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct tale t;
        enum rule rule = way & 2 ? RULE_DENIAL_ENDED : RULE_NONE;
        int at = tell_granted_beside(&t, way & 1, ROLE_ADMIN, way & 2);
        int withdraw = story_withdraw(&t.s, t.suspend, 1);
        story_rule(&t.s, withdraw, rule);
        recover_and_revoke(&t, at, withdraw);
        story_rule(&t.s, withdraw, rule);
        is_suspended(&t);
        story_end(&t.s);
    }
}

static void after_a_merge_what_was_reinstated_is_so_again(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct reinstated r;
        tell_reinstated(&r, way & 1, ROLE_NODE);
        int at = merge_reinstated(&r, way & 2);
        recover_and_revoke(&r.t, at, r.t.suspend);
        is_suspended(&r.t);
        story_end(&r.t.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_granted_before_a_sides_recover_counts),
        cmocka_unit_test(a_right_that_a_recover_left_ends_by_a_lift_on_all_sides),
        cmocka_unit_test(a_right_that_a_recover_left_is_bounded_by_revokes_of_the_sides),
        cmocka_unit_test(every_recover_of_a_side_left_a_state),
        cmocka_unit_test(recovers_after_one_entry_leave_its_state_once),
        cmocka_unit_test(what_a_recover_before_the_branch_point_left_is_gone),
        cmocka_unit_test(a_right_that_was_reinstated_before_a_sides_recover_counts),
        cmocka_unit_test(the_list_of_the_branch_point_always_binds),
        cmocka_unit_test(narrowed_before_a_sides_recover_it_stays_narrowed),
        cmocka_unit_test(an_over_counts_by_the_list_of_a_state_left),
        cmocka_unit_test(of_a_side_the_revokes_since_its_recover_are_asked),
        cmocka_unit_test(a_revoke_without_heads_before_a_sides_recover_ends_all),
        cmocka_unit_test(revokes_of_the_branch_point_are_asked_in_its_era),
        cmocka_unit_test(revokes_of_earlier_eras_are_not_asked),
        cmocka_unit_test(of_a_side_none_of_the_branch_point_are_asked),
        cmocka_unit_test(a_revoke_of_several_sides_is_asked_once),
        cmocka_unit_test(a_merge_joins_what_a_revoke_reinstated),
        cmocka_unit_test(a_merge_joins_the_lists_of_what_was_reinstated),
        cmocka_unit_test(what_a_merge_joined_ends_as_all_else),
        cmocka_unit_test(a_merge_of_what_was_not_reinstated_adds_nothing),
        cmocka_unit_test(a_third_branch_reinstates_after_a_merge),
        cmocka_unit_test(after_a_merge_the_old_role_is_that_of_the_era_merged),
        cmocka_unit_test(after_a_merge_the_old_lists_are_those_of_the_era_merged),
        cmocka_unit_test(after_a_merge_what_was_reinstated_is_so_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
