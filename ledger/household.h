/* household.h: the state function (docs/ledger-rules.md): from the set of entries held to the names
 * now.
 *
 * Pure: no disk, clock or random source; the entries are copied in as far as they are needed. The
 * same set gives the same state in whatever order it came. An ordinary SET costs a look at its own
 * name; an authority entry, a SUSPEND, a scope opening, a listed head that was awaited, or a fork
 * too many has everything judged again, once, at the next question.
 *
 *     enum status status = household_admit(h, &entry);   // may it be accepted? changes nothing
 *     if (status == STATUS_OK && entry_verify(&entry) == STATUS_OK)
 *         status = household_add(h, &entry);
 *
 * Answers take no memory and can't fail for want of it. What a callback is given holds for the
 * call; it may ask, but not add. For one thread at a time, also for asking.
 */
#ifndef HEARTH_LEDGER_HOUSEHOLD_H
#define HEARTH_LEDGER_HOUSEHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/body.h"
#include "ledger/entry.h"
#include "ledger/rule.h"

struct household; /* heap */

/* What others chose (ids, keys, names) is hashed under a key that is made of `hash_key`, so that
 * nobody can choose them to collide: 16 random octets, which no result depends on. NULL when memory
 * is out. */
struct household *household_create(const uint8_t namespace_id[static 32],
                                   const uint8_t hash_key[static 16]);
void household_destroy(struct household *household);

/* May this well-formed entry be accepted now? Cheap; before any signature is checked. OK;
 * DUPLICATE; WAIT_PREV (or a MERGE's other head); WAIT_GRANT; and for good: FOREIGN, UNAUTHORISED,
 * MALFORMED (seq, stream), UPGRADE. */
enum status household_admit(const struct household *household, const struct entry *entry);

/* Adds an entry whose signature was verified. What household_admit says, and NO_MEMORY; nothing is
 * changed then. The entry's octets are not needed afterwards. */
enum status household_add(struct household *household, const struct entry *entry);

size_t household_entries(const struct household *household);
bool household_holds(const struct household *household, const uint8_t id[static 32]);

/* Local choice between tied branches: an entry on the branch to follow; NULL forgets it. */
void household_trust_branch(struct household *household, const uint8_t id[32]);

/* --- authority, as it stands now --- */

enum grant_state { GRANT_LIVE, GRANT_SUSPENDED, GRANT_REVOKED, GRANT_OVERRUN, GRANT_CLEARED };

struct household_grant {
    uint8_t key[32], spki_sha256[32], zone_key[32];
    uint8_t role; /* enum body_role */
    uint8_t flags;
    bool scoped;                  /* has a scope list */
    uint8_t scope_commitment[32]; /* of the (first) list */
    enum grant_state state;
    uint8_t grant_id[32]; /* the GRANT entry */
    uint64_t granted;     /* its time */
    uint8_t by_id[32];    /* the SUSPEND or REVOKE that ended it, if one did */
};

struct household_authority {
    uint8_t owner[32];
    uint8_t recovery_commitment[32];
    /* Where an owner's next entry goes; frozen: the end with the greatest id among those of the
     * tied branches. Owner and commitment are those in force there. */
    uint8_t head[32];
    uint64_t head_seq;
    uint64_t head_time; /* as in an entry */
    bool frozen;
    uint8_t fork[32]; /* frozen: the branch point, whose grants and policy hold */
    uint16_t soft_hours, hard_hours, min_version; /* defaults 168, 720, 1 without a POLICY */
};

/* NOT_FOUND before GENESIS is held. */
enum status household_authority(struct household *household, struct household_authority *out);

/* Every key that was ever granted on the chosen path, in order of their GRANTs (then id). Calls
 * until `each` returns false. */
void household_each_grant(struct household *household,
                          bool (*each)(void *context, const struct household_grant *grant),
                          void *context);
/* NOT_FOUND: never granted on the chosen path. */
enum status household_find_grant(struct household *household, const uint8_t key[static 32],
                                 struct household_grant *out);

/* Could this key write that name now? RULE_NONE, or the rule against it. */
enum rule household_may_set(struct household *household, const uint8_t key[static 32],
                            const struct name *relative);

/* All heads (leaves) of the authority tree that are not absorbed. */
void household_each_authority_head(struct household *household,
                                   bool (*each)(void *context, const uint8_t id[static 32]),
                                   void *context);

/* --- names --- */

struct household_set {
    struct name name; /* relative */
    uint16_t type;
    uint32_t ttl;
    uint8_t id[32], author[32];
    uint64_t time, stream;
    uint8_t kind; /* of its stream: KIND_PRIVATE, KIND_SHARED */
    uint8_t rr_count;
    struct body_rr rrs[LIMIT_RRS]; /* borrowed until the next household_add */
    uint8_t removed_count;         /* TLSA RRs taken out by a WITHDRAW, below */
    struct body_rr removed[LIMIT_RRS];
    const uint8_t *by; /* borrowed */
    uint16_t by_len;
    uint32_t conflicts; /* live SETs besides this one */
};

/* Every winner in canonical order of name, then type; emptied and deleting ones (rr_count 0) too.
 */
void household_each_winner(struct household *household,
                           bool (*each)(void *context, const struct household_set *set),
                           void *context);
/* Only those after this name and type, which need not be there; those before cost nothing. */
void household_each_winner_after(struct household *household, const struct name *relative,
                                 uint16_t type,
                                 bool (*each)(void *context, const struct household_set *set),
                                 void *context);
size_t household_winners(struct household *household);

/* The winner of one name and type. NOT_FOUND. */
enum status household_winner(struct household *household, const struct name *relative,
                             uint16_t type, struct household_set *out);

/* Ids of the live SETs of a name and type (what a write must name), up to `max`, greatest first;
 * returns how many there are in all. */
size_t household_live(struct household *household, const struct name *relative, uint16_t type,
                      uint8_t (*ids)[32], size_t max);

/* All live SETs of a name and type, winner first (for showing a conflict). */
void household_each_live(struct household *household, const struct name *relative, uint16_t type,
                         bool (*each)(void *context, const struct household_set *set),
                         void *context);

/* The newest time that this author has used for a name and type; 0 if none. */
uint64_t household_last_time(struct household *household, const uint8_t author[static 32],
                             const struct name *relative, uint16_t type);

struct household_withdrawal {
    uint8_t hash[32], id[32], author[32];
    uint64_t time;
    uint8_t reason;
};

/* Counting WITHDRAWs, sorted by hash, the earliest (time, id) first where a hash has several. */
void household_each_withdrawal(struct household *household,
                               bool (*each)(void *context, const struct household_withdrawal *w),
                               void *context);

/* --- about entries --- */

/* RULE_NONE when the entry is in effect, else why it is not. NOT_FOUND. */
enum status household_effect(struct household *household, const uint8_t id[static 32],
                             enum rule *rule);

/* The author's streams: for opening and appending to one's own. Leaves of forked streams come each.
 */
struct household_stream {
    uint8_t author[32];
    uint64_t stream, seq; /* of the head */
    uint8_t head[32];
    uint8_t kind;
    bool forked;
};
void household_each_stream(const struct household *household,
                           bool (*each)(void *context, const struct household_stream *stream),
                           void *context);

/* docs/ledger-format.md, "state root" and "frontier". `shared` for the form that followers see. */
void household_state_root(struct household *household, uint8_t out[static 32]);
void household_frontier(struct household *household, bool shared, uint8_t out[static 32]);

#endif
