/* history_themes.c: how histories begin. Most themes are a small story told to its end, in which
 * one sentence of docs/ledger-rules.md decides; the random part then changes or keeps what it
 * decided. a is an admin, b a node, c one whose list matters. */
#include "tests/unit/ledger/history_impl.h"

/* Some keys that can write, so that there are names. */
static int grant_all(struct story *s, int at)
{
    at = story_grant(s, at, 'a', ROLE_ADMIN, NULL);
    at = story_grant(s, at, 'b', ROLE_NODE, NULL);
    at = story_grant(s, at, 'c', ROLE_NODE, history_scope(s));
    return story_random(s, 2) ? history_grant(s, at, 'd') : at;
}

static void plain(struct story *s, int at)
{
    (void)grant_all(s, at);
}

/* A suspended b, whose door would be served. */
static int suspend_b(struct story *s, int *suspension)
{
    int denials = story_open(s, 'a', 1, KIND_DENIALS, NULL);
    *suspension = story_suspend(s, denials, 'b');
    return story_set(s, story_open(s, 'b', 1, KIND_SHARED, NULL), "door", 1, NONE);
}

/* Two RECOVERs from different places of one era; the first branch had granted the right to deny. */
static void right_left_by_recover(struct story *s, int at)
{
    int suspension;
    int fork = story_grant(s, at, 'b', ROLE_NODE, NULL);
    at = story_grant(s, fork, 'a', ROLE_ADMIN, NULL);
    (void)story_recover(s, at, 'O', 'o');
    (void)suspend_b(s, &suspension);
    (void)story_recover(s, fork, 'P', 'p');
}

/* The branch of the second RECOVER widens what the first one had. */
static void widened_by_thief(struct story *s, int at)
{
    int fork = story_grant(s, at, 'c', ROLE_NODE, "cam");
    (void)story_recover(s, fork, 'O', 'o');
    at = story_recover(s, fork, 'P', 'p');
    (void)story_grant(s, at, 'c', ROLE_NODE, NULL);
    at = story_open(s, 'c', 1, KIND_PRIVATE, "cam");
    at = story_set(s, at, "door", 1, NONE);
    (void)story_set(s, at, "cam", 2, NONE);
}

/* A SCOPE before one of the RECOVERs; or a wider one on both branches. */
static void narrowed_before_recover(struct story *s, int at)
{
    bool recover = story_random(s, 2) > 0;
    int fork = story_grant(s, at, 'c', ROLE_NODE, recover ? NULL : "cam");
    at = story_scope(s, fork, 'c', recover ? "cam" : NULL, NONE);
    if (recover) {
        (void)story_recover(s, at, 'O', 'o');
        (void)story_recover(s, fork, 'P', 'p');
    } else {
        (void)story_scope(s, fork, 'c', "cam,door", NONE);
        (void)story_open(s, 'e', 2, KIND_PRIVATE, "cam,door");
    }
    at = story_open(s, 'c', 1, KIND_PRIVATE, "cam");
    at = story_set(s, at, "door", 1, NONE);
    (void)story_set(s, at, "cam", 2, NONE);
}

/* REVOKEs of one side before and after its RECOVER. */
static void revoked_before_recover(struct story *s, int at)
{
    int suspension;
    at = story_grant(s, at, 'a', ROLE_ADMIN, NULL);
    int fork = story_grant(s, at, 'b', ROLE_NODE, NULL);
    (void)suspend_b(s, &suspension);
    bool early = story_random(s, 3) == 0;
    at = story_revoke(s, fork, 'a', early ? LIST(suspension) : NONE);
    at = story_recover(s, at, 'O', 'o');
    if (story_random(s, 4) > 0)
        at = story_revoke(s, at, 'a', LIST(suspension));
    if (story_random(s, 2))
        (void)story_grant(s, at, 'c', ROLE_NODE, NULL);
    at = story_recover(s, fork, 'P', 'p');
    (void)story_grant(s, at, 'a', ROLE_ADMIN, NULL);
}

/* One branch grants again in a lower role, the other REVOKEs with heads, or not; tied, or merged and
 * then REVOKEd. */
static void reinstated_beside(struct story *s, int at)
{
    int suspension;
    at = story_grant(s, at, 'a', ROLE_ADMIN, NULL);
    at = story_grant(s, at, 'b', ROLE_NODE, NULL);
    (void)suspend_b(s, &suspension);
    at = story_recover(s, at, 'O', 'o');
    int fork = story_grant(s, at, 'b', ROLE_NODE, NULL);
    int lower = story_grant(s, fork, 'a', ROLE_NODE, NULL);
    bool late = story_random(s, 3) == 0;
    int other = late ? story_policy(s, fork, 1, 2) : story_revoke(s, fork, 'a', LIST(suspension));
    uint32_t way = story_random(s, 4);
    if (way == 0)
        return;
    at = way == 1 ? story_merge(s, lower, other) : story_merge(s, other, lower);
    if (late)
        (void)story_revoke(s, at, 'a', LIST(suspension));
}

/* The same with nothing beside it: RECOVER, then granted again or REVOKEd with heads. */
static void reinstated(struct story *s, int at)
{
    int suspension;
    at = grant_all(s, at);
    (void)suspend_b(s, &suspension);
    bool early = story_random(s, 3) > 0;
    if (early) /* REVOKEs before the RECOVER are asked no more */
        at = story_revoke(s, at, 'a', story_random(s, 4) ? NONE : LIST(suspension));
    at = story_recover(s, at, 'O', 'o');
    at = story_grant(s, at, 'b', ROLE_NODE, NULL);
    if (early || story_random(s, 2))
        (void)story_revoke(s, at, 'a', LIST(suspension));
    else
        (void)story_grant(s, at, 'a', (uint8_t)(1 + story_random(s, 2)), NULL);
    if (story_random(s, 2)) /* tied */
        (void)story_policy(s, at, 1, 2);
}

/* Granted again on one line of an era, joined with the other, then a RECOVER: which of the key's
 * rights the last REVOKE reinstates. */
static void recovered_after_merge(struct story *s, int at)
{
    int suspension;
    at = story_grant(s, at, 'a', ROLE_ADMIN, NULL);
    at = story_grant(s, at, 'b', ROLE_NODE, NULL);
    (void)suspend_b(s, &suspension);
    int withdrawal = story_withdraw(s, suspension, 1);
    at = story_recover(s, at, 'O', 'o');
    int fork = story_grant(s, at, 'b', ROLE_NODE, NULL);
    int again = history_grant(s, fork, 'a');
    if (story_random(s, 2))
        again = story_scope(s, again, 'a', "cam", LIST(suspension));
    bool early = story_random(s, 2) > 0;
    int other = early ? story_revoke(s, fork, 'a', LIST(withdrawal)) : story_policy(s, fork, 1, 2);
    at = story_random(s, 2) ? story_merge(s, again, other) : story_merge(s, other, again);
    if (story_random(s, 3) == 0)
        at = story_revoke(s, at, 'a', LIST(withdrawal));
    at = story_recover(s, at, 'P', 'p');
    at = story_grant(s, at, 'b', ROLE_NODE, NULL);
    (void)story_revoke(s, at, 'a', LIST(withdrawal));
}

/* Lists follow lists; replacing writes and a WITHDRAW stand before and after the heads named. */
static void lists_follow(struct story *s, int at)
{
    static const char *const lists[] = {"cam", "door", "cam,door", NULL, "cam"};
    at = story_grant(s, at, 'b', ROLE_NODE, NULL);
    at = story_grant(s, at, 'c', ROLE_NODE, NULL);
    int mine = story_open(s, 'b', 1, KIND_SHARED, NULL);
    int cam = story_set(s, mine, "cam", 1, NONE);
    int door = story_set(s, cam, "door", 2, NONE);
    int theirs = story_open(s, 'c', 1, KIND_PRIVATE, "cam");
    (void)story_open(s, 'c', 2, KIND_PRIVATE, "door");
    if (story_random(s, 2))
        (void)story_open(s, 'a' + 2, 3, KIND_PRIVATE, "cam,door");
    int heads[4];
    heads[0] = story_set(s, theirs, "cam", 3, LIST(cam));
    heads[1] = story_set(s, heads[0], "door", 4, LIST(door));
    heads[2] = story_withdraw(s, heads[1], 1);
    heads[3] = story_set(s, heads[2], "door", 5, LIST(door));
    (void)story_tlsa(s, door, "cam", 1, NONE);
    for (uint32_t left = 1 + story_random(s, 4); left > 0; left--) {
        const char *list = lists[story_random(s, 5)];
        bool any = story_random(s, 4) > 0;
        int head = heads[story_random(s, 4)];
        at = story_scope(s, at, 'c', list, any ? LIST(head) : NONE);
    }
}

/* Several REVOKEs of one key, on one line or on branches, with different heads. */
static void revoked_twice(struct story *s, int at)
{
    at = grant_all(s, at);
    int target = story_set(s, story_open(s, 'b', 1, KIND_SHARED, NULL), "cam", 1, NONE);
    int first = story_set(s, story_open(s, 'a', 1, KIND_SHARED, NULL), "cam", 2, LIST(target));
    int stream = story_open(s, 'a', 2, KIND_DENIALS, NULL);
    int second = story_withdraw(s, stream, 1);
    int third = story_suspend(s, second, 'c');
    (void)story_tlsa(s, target, "cam", 1, NONE);
    (void)story_set(s, story_open(s, 'c', 1, KIND_SHARED, NULL), "cam", 3, NONE);
    int fork = at;
    at = story_revoke(s, at, 'a', LIST(first));
    int later = story_random(s, 2) ? second : third;
    bool empty = story_random(s, 4) == 0;
    bool beside = story_random(s, 2) > 0;
    int other = story_revoke(s, beside ? fork : at, 'a', empty ? NONE : LIST(later));
    if (beside && story_random(s, 3) > 0)
        (void)story_merge(s, at, other);
}

/* LIFTs of what counts, on one side or on all. */
static void lifted(struct story *s, int at)
{
    int suspension;
    int fork = grant_all(s, at);
    int door = suspend_b(s, &suspension);
    (void)story_tlsa(s, door, "cam", 1, NONE);
    int withdrawal = story_withdraw(s, suspension, 1);
    at = story_lift(s, fork, story_random(s, 2) ? suspension : withdrawal);
    int other = story_random(s, 2) ? story_policy(s, fork, 1, 2) : story_lift(s, fork, suspension);
    if (story_random(s, 2))
        (void)story_merge(s, at, other);
}

/* Keys in the same few octets on both sides of TLSA and WITHDRAW. */
static void withdrawn(struct story *s, int at)
{
    (void)grant_all(s, at);
    int mine = story_open(s, 'b', 1, KIND_SHARED, NULL);
    int first = story_tlsa(s, mine, "cam", (uint8_t)story_random(s, 3), NONE);
    history_tlsa_pair(s, first, "_443._tcp.door", (uint8_t)story_random(s, 2), 2);
    int theirs = story_open(s, 'a', 1, KIND_DENIALS, NULL);
    theirs = story_withdraw(s, theirs, (uint8_t)story_random(s, 3));
    (void)story_withdraw(s, theirs, (uint8_t)story_random(s, 3));
}

/* Around both limits of what one author may be seen to hold. */
static void overrun(struct story *s, int at)
{
    (void)grant_all(s, at);
    int first = story_open(s, 'b', 1, KIND_SHARED, NULL);
    int last = story_set(s, first, "cam", 1, NONE);
    (void)story_set(s, story_open(s, 'a', 1, KIND_SHARED, NULL), "door", 2, NONE);
    if (story_random(s, 2)) {
        for (uint64_t stream = 63 + story_random(s, 3); stream > 1; stream--)
            (void)story_open(s, 'b', stream, KIND_DENIALS, NULL);
        return;
    }
    for (uint32_t points = 8 + story_random(s, 2); points > 0; points--) {
        (void)story_set(s, last, "door", points, NONE);
        last = story_set(s, last, "cam", points, NONE);
    }
}

/* GRANTs and SCOPEs that break a rule, each way. */
static void refused(struct story *s, int at)
{
    at = grant_all(s, at);
    (void)story_set(s, story_open(s, 'b', 1, KIND_SHARED, NULL), "cam", 1, NONE);
    for (uint32_t way = 0; way < HISTORY_BAD_GRANTS; way++) {
        history_bad_grant(s, at, way, story_random(s, 4) > 0 ? 'f' : 'b');
        at = s->count - 1;
    }
}

/* The sixty-fourth live key, and the one after it. */
static void crowded(struct story *s, int at)
{
    at = grant_all(s, at);
    (void)story_set(s, story_open(s, 'b', 1, KIND_SHARED, NULL), "cam", 1, NONE);
    char next = '!';
    while (s->entries[at].entry.seq < LIMIT_GRANTS) {
        at = story_grant(s, at, next++, ROLE_NODE, NULL);
        next = next == '@' ? 'h' : next; /* not the letters that have a part */
    }
    at = story_random(s, 2) ? story_revoke(s, at, 'c', NONE) : at;
    (void)story_grant(s, at, 'G', ROLE_NODE, NULL);
    (void)story_set(s, story_open(s, 'G', 1, KIND_SHARED, NULL), "door", 1, NONE);
}

/* Records of all types, in streams of all kinds. */
static void recorded(struct story *s, int at)
{
    (void)grant_all(s, at);
    int mine = story_open(s, 'a', 1, KIND_SHARED, NULL);
    int other = story_open(s, 'b', 1, KIND_PRIVATE, NULL);
    for (uint32_t left = 8 + story_random(s, 16); left > 0; left--) {
        int *last = story_random(s, 2) ? &mine : &other;
        history_record(s, *last, NONE);
        *last = s->count - 1;
    }
    mine = history_bad_open(s, 'a', 2, KIND_SHARED, 0x80);
    (void)story_set(s, mine, "cam", 7, NONE);
    mine = history_bad_open(s, 'b', 2, 9, 0);
    (void)story_set(s, mine, "door", 7, NONE);
    (void)story_withdraw(s, mine, 1);
}

/* A MERGE of two branches that both changed a list, and a list after it. */
static void merged_lists(struct story *s, int at)
{
    at = story_grant(s, at, 'b', ROLE_NODE, NULL);
    int fork = story_grant(s, at, 'c', ROLE_NODE, story_random(s, 2) ? NULL : "cam,door");
    int target = story_set(s, story_open(s, 'b', 1, KIND_SHARED, NULL), "cam", 1, NONE);
    int stream = story_open(s, 'c', 1, KIND_PRIVATE, "cam");
    (void)story_open(s, 'c', 2, KIND_PRIVATE, "door");
    (void)story_open(s, 'c', 3, KIND_PRIVATE, "cam,door");
    int over = story_set(s, stream, "cam", 2, LIST(target));
    (void)story_set(s, over, "door", 3, NONE);
    bool heads = story_random(s, 2) > 0;
    int one = story_scope(s, fork, 'c', "door", heads ? LIST(over) : NONE);
    int other = story_random(s, 2) ? story_scope(s, fork, 'c', "cam", NONE)
                                   : story_grant(s, fork, 'a', ROLE_ADMIN, NULL);
    at = story_random(s, 2) ? story_merge(s, one, other) : story_merge(s, other, one);
    if (story_random(s, 2))
        (void)story_scope(s, at, 'c', "door", story_random(s, 2) ? LIST(over) : NONE);
}

/* A right that only the branch merged in has granted. */
static void merged_right(struct story *s, int at)
{
    int suspension;
    int fork = story_grant(s, at, 'b', ROLE_NODE, NULL);
    int one = story_grant(s, fork, 'a', ROLE_ADMIN, NULL);
    int other = story_policy(s, fork, 1, 2);
    (void)suspend_b(s, &suspension);
    at = story_merge(s, other, one);
    if (story_random(s, 2))
        (void)story_grant(s, at, 'a', ROLE_NODE, NULL);
}

/* Writes that replace each other across names and types, by an author who then loses his grant. */
static void replaced(struct story *s, int at)
{
    at = grant_all(s, at);
    int cam = story_set(s, story_open(s, 'b', 1, KIND_SHARED, NULL), "cam", 1, NONE);
    int door = story_set(s, cam, "door", 2, NONE);
    int stream = story_open(s, 'a', 1, KIND_SHARED, NULL);
    int over = story_set(s, stream, "cam", 3, LIST(cam, door));
    (void)story_suspend(s, over, story_random(s, 2) ? 'a' : 'c');
    if (story_random(s, 2))
        (void)story_revoke(s, at, 'a', LIST(over));
}

void history_theme(struct story *s, int genesis, uint64_t theme)
{
    static void (*const themes[])(struct story *, int) = {plain,
                                                          right_left_by_recover,
                                                          widened_by_thief,
                                                          plain,
                                                          narrowed_before_recover,
                                                          revoked_before_recover,
                                                          plain,
                                                          reinstated_beside,
                                                          reinstated,
                                                          recovered_after_merge,
                                                          lists_follow,
                                                          revoked_twice,
                                                          lifted,
                                                          withdrawn,
                                                          overrun,
                                                          refused,
                                                          recorded,
                                                          merged_lists,
                                                          merged_right,
                                                          replaced,
                                                          crowded};
    /* e is there before anything forks. */
    int at = story_grant(s, genesis, 'e', ROLE_NODE, story_random(s, 2) ? "cam" : NULL);
    int feed = story_open(s, 'e', 1, KIND_PRIVATE, "cam");
    (void)story_set(s, feed, story_random(s, 2) ? "cam" : "cam.door", 9, NONE);
    themes[theme % (sizeof themes / sizeof themes[0])](s, at);
}
