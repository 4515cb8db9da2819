/* denial.c: does a SUSPEND, a WITHDRAW or an `over` count? (docs/ledger-rules.md, "Denials")
 *
 * Three questions: did its author hold the right; if a newer list of its author does not have it,
 * do the heads of the SCOPEs since the last list that had it cover it; do the heads of the author's
 * REVOKEs?
 */
#include "ledger/denial.h"

#include "ledger/lineage.h"

enum right { RIGHT_NONE, RIGHT_ENDED, RIGHT_HELD };

/* How a walk back over a key's lists came to one: straight, or past SCOPEs that do not have the
 * denial. */
enum way {
    WAY_STRAIGHT = 1,
    WAY_COVERED = 2,   /* some head listed on the way covers it */
    WAY_UNCOVERED = 4, /* none does */
    WAY_VOID = 8       /* a SCOPE on the way lists no head */
};

static bool is_covered_by(const struct household *h, uint32_t denial,
                          const struct listed_head *head)
{
    const struct known *known = known_at(h, denial);
    const struct known *listed = known_at(h, head->known);
    if (!(listed->flags & KNOWN_HELD))
        return stream_at(h, known->stream)->number == head->stream && known->seq <= head->seq;
    return lineage_ancestor(h, head->known, known->seq) == denial;
}

static bool is_covered(const struct household *h, uint32_t denial, const struct key_event *event)
{
    for (uint8_t i = 0; i < event->head_count; i++) {
        if (is_covered_by(h, denial, &event->heads[i]))
            return true;
    }
    return false;
}

/* Did REVOKEs of the author end it? */
static bool is_revoked(const struct household *h, uint32_t denial, const struct author *author)
{
    if (author->asked_void || !author->asked)
        return author->asked_void;
    for (const struct key_event *revoke = author->asked; revoke; revoke = revoke->next_asked) {
        if (is_covered(h, denial, revoke))
            return false;
    }
    return true;
}

/* A walk in which an event may be reached by several ways: each is taken once. */
struct list_walk {
    uint64_t stamp;
    struct key_event *work;
};

static void offer(struct list_walk *walk, struct key_event *event, uint8_t ways)
{
    if (!event)
        return;
    if (event->stamp != walk->stamp) {
        event->stamp = walk->stamp;
        event->seen = 0;
        event->todo = 0;
    }
    ways &= (uint8_t)~event->seen;
    if (ways == 0)
        return;
    event->seen |= ways;
    if (event->todo == 0) {
        event->work = walk->work;
        walk->work = event;
    }
    event->todo |= ways;
}

/* The ways behind a SCOPE that does not have the denial. */
static uint8_t ways_past(const struct household *h, uint32_t denial, const struct key_event *scope,
                         uint8_t ways)
{
    if (scope->head_count == 0)
        return WAY_VOID;
    uint8_t past = ways & (WAY_VOID | WAY_COVERED);
    if (ways & (WAY_STRAIGHT | WAY_UNCOVERED))
        past |= is_covered(h, denial, scope) ? WAY_COVERED : WAY_UNCOVERED;
    return past;
}

/* `name` is NULL for a WITHDRAW, which only a key without a list may do. */
static enum right walk_lists(struct household *h, uint32_t denial, struct list_walk *walk,
                             const struct name *name)
{
    enum right right = RIGHT_NONE;
    while (walk->work) {
        struct key_event *event = walk->work;
        uint8_t ways = event->todo;
        walk->work = event->work;
        event->todo = 0;
        if (event->kind == KEY_EVENT_JOIN) {
            offer(walk, event->before, ways);
            offer(walk, event->other, ways);
        } else if (name ? scope_list_has(event->list, name) : !event->list) {
            right = RIGHT_ENDED;
            if (ways & (WAY_STRAIGHT | WAY_COVERED))
                return RIGHT_HELD;
        } else if (event->kind == KEY_EVENT_SCOPE) {
            offer(walk, event->before, ways_past(h, denial, event, ways));
        }
    }
    return right;
}

static enum right right_by_list(struct household *h, uint32_t denial, const struct author *author,
                                const struct name *name)
{
    struct list_walk walk = {.stamp = ++h->stamp};
    bool any = false;
    for (const struct key_record *record = author_first(author); record;
         record = author_next(author, record)) {
        if (record->gives_rights) {
            any = true;
            offer(&walk, record->history, WAY_STRAIGHT);
        }
    }
    if (!any && author->base && author->base->grant != INDEX_NONE)
        return RIGHT_ENDED; /* by a RECOVER */
    return walk_lists(h, denial, &walk, name);
}

static enum right right_by_role(const struct author *author)
{
    if (author->admin)
        return RIGHT_HELD;
    bool was = author->base && author->base->admin && !author->base->gives_rights;
    return was ? RIGHT_ENDED : RIGHT_NONE;
}

enum rule denial_rule(struct household *h, uint32_t known)
{
    const struct known *denial = known_at(h, known);
    const struct author *author = known_author(h, denial);
    enum right right = denial->type == ENTRY_SUSPEND ? right_by_role(author)
                                                     : right_by_list(h, known, author, NULL);
    if (right == RIGHT_NONE)
        return RULE_NO_RIGHT;
    if (authority_has_lifted(&h->authority, denial->id))
        return RULE_LIFTED;
    if (right == RIGHT_ENDED || is_revoked(h, known, author))
        return RULE_DENIAL_ENDED;
    return RULE_NONE;
}

bool denial_over_counts(struct household *h, uint32_t known, const struct name *name)
{
    const struct known *set = known_at(h, known);
    const struct author *author = known_author(h, set);
    if (set->rule != RULE_NONE)
        return false;
    if (author->over_all)
        return true;
    return right_by_list(h, known, author, name) == RIGHT_HELD && !is_revoked(h, known, author);
}
