/* story.h: little stories of a household for the tests of the state function: keys are letters,
 * entries are numbers, and each line says who did what after which entry.
 *
 *     struct story s;
 *     int genesis = story_begin(&s);                    // owner 'o', recovery key 'r'
 *     int granted = story_grant(&s, genesis, 'a', ROLE_ADMIN, NULL);
 *     int feed = story_open(&s, 'a', 1, KIND_SHARED, NULL);
 *     int set = story_set(&s, feed, "cam", 1, NONE);
 *     story_wins(&s, "cam", set);
 *     story_end(&s);                                    // any order gives the same root
 *
 * Every entry is really signed, encoded and decoded, and added to the household at once, unless
 * story_hold says that it comes later.
 */
#ifndef HEARTH_TESTS_LEDGER_STORY_H
#define HEARTH_TESTS_LEDGER_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/household.h"

enum { STORY_MAX = 1024 };

struct story_entry {
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    struct entry entry;   /* borrows bytes */
    char owner, recovery; /* authority: in force after it */
    bool held;            /* added to the story's household */
};

struct story {
    struct story_entry *entries; /* heap */
    int count;
    struct household *house;
    uint64_t time; /* of the next entry; rises by one with each */
    bool hold;     /* entries made now are added later, by story_arrive */
    uint64_t seed; /* of story_random */
    /* What the next GRANT or SCOPE says besides; reset by it. */
    uint8_t flags;
    bool bad_possession, bad_zone_key;
};

struct story_key {
    uint8_t public_key[32], secret[64];
};
const struct story_key *story_key(char who);

/* Ends of lists of entries. */
#define STORY_LAST (-1)
#define NONE       ((const int[]){STORY_LAST})
#define LIST(...)  ((const int[]){__VA_ARGS__, STORY_LAST})

int story_begin(struct story *s);
/* Adds what was held back, checks that other orders, duplicates and questions in between give the
 * same root, and frees. */
void story_end(struct story *s);
void story_free(struct story *s);
void story_arrive(struct story *s, int entry);

/* --- authority; `at` is the entry before --- */
/* `scope`: names with commas between them, or NULL for any name. */
int story_grant(struct story *s, int at, char who, uint8_t role, const char *scope);
int story_scope(struct story *s, int at, char who, const char *scope, const int *heads);
int story_revoke(struct story *s, int at, char who, const int *heads);
int story_lift(struct story *s, int at, int entry);
int story_policy(struct story *s, int at, uint16_t soft, uint16_t hard);
int story_merge(struct story *s, int at, int other);
/* The next owner and recovery key. */
int story_recover(struct story *s, int at, char owner, char recovery);

/* --- feeds --- */
/* `scope`: the opening of that list, or NULL. */
int story_open(struct story *s, char who, uint64_t stream, uint8_t kind, const char *scope);
/* AAAA fd00::value; 0 deletes. */
int story_set(struct story *s, int at, const char *name, unsigned value, const int *over);
/* Any type, one RR; no RR when `len` is 0. */
int story_set_rr(struct story *s, int at, const char *name, uint16_t type, const void *rdata,
                 size_t len, const int *over);
/* TLSA 3 1 1 at _443._tcp.NAME of the hash 32 times `octet`. */
int story_tlsa(struct story *s, int at, const char *name, uint8_t octet, const int *over);
int story_suspend(struct story *s, int at, char who);
int story_withdraw(struct story *s, int at, uint8_t octet);
/* An entry with a header flag that nobody knows. */
int story_unknown(struct story *s, int at, const char *name, unsigned value, const int *over);

/* Signs whatever body this is, by `who` in that stream after `at` (STORY_LAST: the first). */
int story_sign(struct story *s, char who, uint64_t stream, int at, const struct body *body,
               uint8_t flags);

/* --- what must be --- */
const uint8_t *story_id(const struct story *s, int entry);
void story_wins(struct story *s, const char *name, int entry);
void story_has_no(struct story *s, const char *name);
void story_conflicts(struct story *s, const char *name, uint32_t conflicts);
void story_rule(struct story *s, int entry, enum rule rule);
void story_state(struct story *s, char who, enum grant_state state);
void story_not_granted(struct story *s, char who);
/* Frozen at that entry. */
void story_frozen(struct story *s, int fork);
/* Not frozen, and the next authority entry goes after that one. */
void story_head(struct story *s, int head);
/* May the key write that name? */
void story_may(struct story *s, char who, const char *name, enum rule rule);

uint32_t story_random(struct story *s, uint32_t below);
/* A household of the story's entries from `indexes`, in that order as far as acceptance allows,
 * some twice; with `ask`, questions in between. Returns its root. */
void story_replay(struct story *s, const int *order, int count, bool ask, const uint8_t *trusted,
                  uint8_t root[static 32]);
/* A random order of all entries. */
void story_shuffle(struct story *s, int *order);

#endif
