/* authority.h: the tree of authority entries, the state after each of them, and the choice among
 * branches (docs/ledger-rules.md, "The authority tree").
 *
 * The state after an entry depends on what is before it alone (its `prev`s, and what the MERGEs
 * among these absorbed), so it is made once, when the entry comes, and never changes. Which state
 * holds depends on the whole tree: authority_choose walks it again. Nothing here recurses over
 * entries. Internal to the state function; household.c finds entries by id and decides which MERGEs
 * are in effect.
 */
#ifndef HEARTH_LEDGER_AUTHORITY_H
#define HEARTH_LEDGER_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/array.h"
#include "ledger/body.h"
#include "ledger/entry.h"
#include "ledger/key_record.h"
#include "ledger/rule.h"
#include "ledger/trie.h"

struct authority_state {
    const uint8_t *owner, *recovery_commitment; /* 32 octets each, in the arena */
    uint16_t soft_hours, hard_hours, min_version;
    uint32_t era;             /* the last RECOVER, or GENESIS: an authority entry */
    uint32_t live;            /* grants */
    const struct trie *keys;  /* to struct key_record */
    const struct trie *lifts; /* ids lifted */
};

/* How an entry stands to the present choice. */
enum authority_place {
    PLACE_BEATEN,
    PLACE_TIED,   /* another of several equal branches was chosen on this node */
    PLACE_JOINED, /* absorbed by a MERGE in effect, or on a branch of a frozen tie */
    PLACE_PATH    /* on the chosen path */
};

struct authority_entry {
    uint8_t id[32], author[32];
    uint64_t time;
    uint8_t type;
    enum rule rule;        /* that it breaks on its path */
    const uint8_t *lifted; /* LIFT: the id */
    uint32_t known;        /* its id in the household's array of known ids */
    uint32_t prev, seq;
    uint32_t first_child, next_sibling;
    uint32_t other;   /* of a MERGE in effect; INDEX_NONE */
    int64_t absorbed; /* seq of the lowest branch point above at which a MERGE absorbs it; -1 */
    struct authority_state state; /* after it */
    /* Of the last choice. */
    enum authority_place place;
    bool has_recover;       /* in it or after it */
    bool trusted;           /* leads to the branch trusted by this node */
    int64_t least_absorbed; /* over all ends after it */
    uint32_t work;          /* next in a list: of what is left to walk, of sides */
    uint32_t next_recover;  /* next in the list of RECOVERs in the tie */
};

struct authority {
    struct arena *arena;
    const uint8_t *hash_key; /* 16 octets */
    uint64_t *stamp;         /* of walks over events */
    struct array entries;    /* of struct authority_entry, in the order of arrival */
    /* The last choice. */
    uint32_t head;  /* the chosen end; frozen: the end with the greatest id */
    uint32_t base;  /* the entry whose state holds: the chosen end, or the branch point */
    uint32_t sides; /* frozen: the ends of the tied branches, linked by `work`; INDEX_NONE */
    uint32_t side_count;
    uint32_t recovers; /* frozen: the RECOVERs between base and sides, linked by `next_recover` */
};

static inline struct authority_entry *authority_at(const struct authority *authority,
                                                   uint32_t index)
{
    return array_at(&authority->entries, index, sizeof(struct authority_entry));
}

/* What household.c found out about an entry and the body that it decoded. */
struct authority_input {
    const struct entry *entry;
    const struct body *body;
    uint32_t known;
    uint32_t prev;                   /* INDEX_NONE: GENESIS */
    uint32_t author;                 /* of the key that a GRANT, SCOPE or REVOKE names */
    const struct scope_list *list;   /* GRANT, SCOPE */
    const struct listed_head *heads; /* SCOPE, REVOKE; in the arena */
    uint8_t head_count;
    uint32_t other;       /* MERGE */
    int64_t branch_point; /* MERGE: seq of the last ancestor of both; -1: not in effect */
};

/* Is the author right on the path of `prev`? UNAUTHORISED, MALFORMED (seq). */
enum status authority_admit(const struct authority *authority, const struct entry *entry,
                            const struct body *body, uint32_t prev);
/* Room for one more entry. NO_MEMORY (nothing is changed then). */
enum status authority_reserve(struct authority *authority);
/* After authority_reserve. NO_MEMORY (nothing is changed then). */
enum status authority_add(struct authority *authority, const struct authority_input *input);

/* Chooses anew (authority_choice.c); `trusted` is an entry on the branch to prefer, or INDEX_NONE.
 * There is a GENESIS. Takes no memory. */
void authority_choose(struct authority *authority, uint32_t trusted);
/* Is it an end (nothing follows) that no MERGE in effect absorbs? */
bool authority_is_head(const struct authority *authority, uint32_t index);
/* Orders entries by seq, then id. */
bool authority_is_lower(const struct authority *authority, uint32_t a, uint32_t b);
bool authority_is_frozen(const struct authority *authority);
/* Does a LIFT of this id hold, on all sides? */
bool authority_has_lifted(const struct authority *authority, const uint8_t id[static 32]);

void authority_deinit(struct authority *authority);

#endif
