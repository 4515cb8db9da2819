/* household_impl.h: what a household keeps, for the files of the state function alone.
 *
 *     household.c        admits entries and adds them
 *     household_index.c  finds what is known
 *     authority*.c       the tree of authority entries and its states
 *     key_event.c        what became of a key on the way to a state
 *     judge.c            which keys hold what now
 *     denial.c           which denials count
 *     lineage.c          who is whose ancestor
 *     names.c            slots, live SETs, winners
 *     household_query.c  answers about names and entries
 *     household_keys.c   answers about grants and owner
 *     household_root.c   state root, frontier
 *
 * Adding reserves all memory first. What an entry changes beyond its own name is only marked as
 * stale; judge_settle, which takes no memory and can't fail, makes it good before an answer.
 */
#ifndef HEARTH_LEDGER_HOUSEHOLD_IMPL_H
#define HEARTH_LEDGER_HOUSEHOLD_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/arena.h"
#include "ledger/array.h"
#include "ledger/authority.h"
#include "ledger/household.h"
#include "ledger/index_map.h"
#include "ledger/sorted_index.h"

enum known_flag {
    KNOWN_HELD = 1,         /* else other entries only name it */
    KNOWN_PARENT = 2,       /* something follows it */
    KNOWN_FORK = 4,         /* several do */
    KNOWN_LISTED = 8,       /* a REVOKE or SCOPE lists it as a head */
    KNOWN_OVER_COUNTS = 16, /* a SET: its `over` counts */
    KNOWN_KILLED = 32,      /* a counting `over` names it */
    KNOWN_DEAD = 64         /* one of its own name and type */
};

/* An id: of an entry held, or of one that an `over` or a list of heads names. */
struct known {
    uint8_t id[32];
    uint64_t time;
    const uint8_t *body;      /* in the arena */
    uint32_t prev, jump, seq; /* lineage.c; prev is INDEX_NONE at a start */
    uint32_t stream;          /* INDEX_NONE: authority */
    uint32_t leaf;            /* its place among the leaves while nothing follows */
    uint32_t at;              /* authority: its place in the tree; SET: its slot */
    uint32_t next_live;       /* SET: in its slot's list */
    uint32_t first_edge;      /* SET */
    uint32_t named_by;        /* the last edge to it */
    uint16_t body_len;
    uint8_t type, kind; /* of its stream: that of the OPEN which it descends from */
    uint8_t rule;       /* that it breaks by itself */
    uint8_t name_count; /* edges */
    uint8_t flags;      /* enum known_flag */
};

/* One id in one SET's `over`. */
struct edge {
    uint32_t from, to;
    uint32_t next; /* another edge to the same */
};

struct stream {
    uint64_t number;
    uint32_t author;
    uint32_t opens; /* entries at its start */
    bool forked;
};

/* A key that some GRANT, SCOPE or REVOKE names. */
struct author {
    uint8_t key[32];
    uint64_t hash;
    bool granted; /* on any branch */
    bool valid;   /* a valid point */
    uint32_t streams, forks;
    /* Of the last judgement. */
    bool live, burnt, suspended;
    bool admin;      /* may SUSPEND */
    bool any_name;   /* may write any name */
    bool over_all;   /* every `over` of it counts */
    bool asked_void; /* a REVOKE that holds lists no head */
    uint32_t suspended_by;
    struct key_record *base;  /* in the state that holds */
    struct key_record *views; /* frozen: in those joined with it, where they differ (judge.c) */
    struct key_event *asked;  /* REVOKEs whose heads bound its denials */
};

/* One name and type. */
struct slot {
    const uint8_t *name;  /* wire name, then type (2), in some SET's body */
    const uint8_t *order; /* name_len - 1 octets whose memcmp order is the canonical one */
    uint16_t type;
    uint8_t name_len;
    bool is_dirty;
    uint32_t live,
        live_count; /* SETs, the winner first; when dirty: unsorted, dead ones among them */
    uint32_t next_dirty;
    uint32_t times; /* per author */
};

struct slot_time {
    uint64_t time; /* the newest that this author used here */
    uint32_t author;
    uint32_t next;
};

enum { STALE_AUTHORITY = 1, STALE_DENIALS = 2, STALE_NAMES = 4, STALE_ALL = 7 };

struct household {
    uint8_t namespace_id[32];
    uint8_t hash_key[16];
    struct arena arena;
    struct authority authority;
    struct array known, edges, streams, authors, slots, times; /* of the structs above */
    struct array lists;                                        /* struct scope_list * */
    struct array leaves, denials, withdrawals, scratch;        /* uint32_t, known ids */
    struct array grants; /* uint32_t, authors that were granted on the chosen path, in order */
    struct index_map by_id, by_stream, by_key, by_commitment, by_name;
    struct sorted_index slots_in_order; /* canonical */
    struct sorted_index killed;         /* known ids that are KNOWN_KILLED, by id */
    uint32_t dirty;                     /* slots */
    size_t winners;
    size_t entries;
    uint64_t stamp; /* of the last walk */
    unsigned stale; /* STALE_… */
    bool trusts;
    uint8_t trusted[32];
};

static inline struct known *known_at(const struct household *h, uint32_t index)
{
    return array_at(&h->known, index, sizeof(struct known));
}
static inline struct stream *stream_at(const struct household *h, uint32_t index)
{
    return array_at(&h->streams, index, sizeof(struct stream));
}
static inline struct author *author_at(const struct household *h, uint32_t index)
{
    return array_at(&h->authors, index, sizeof(struct author));
}
static inline struct slot *slot_at(const struct household *h, uint32_t index)
{
    return array_at(&h->slots, index, sizeof(struct slot));
}
static inline struct edge *edge_at(const struct household *h, uint32_t index)
{
    return array_at(&h->edges, index, sizeof(struct edge));
}
static inline uint32_t index_at(const struct array *array, uint32_t at)
{
    return ((const uint32_t *)array->items)[at];
}
static inline struct author *known_author(const struct household *h, const struct known *known)
{
    return author_at(h, stream_at(h, known->stream)->author);
}

static inline bool author_is_overrun(const struct author *author)
{
    return author->streams > LIMIT_STREAMS || author->forks > LIMIT_FORKS;
}

/* On the chosen path, whatever became of it. */
static inline bool author_is_granted(const struct author *author)
{
    return author->base && author->base->grant != INDEX_NONE;
}

/* The records that say what an author holds: NULL-ended, the base's first. */
static inline struct key_record *author_first(const struct author *author)
{
    return author->base ? author->base : author->views;
}
static inline struct key_record *author_next(const struct author *author,
                                             const struct key_record *record)
{
    return record == author->base ? author->views : record->next_view;
}

#endif
