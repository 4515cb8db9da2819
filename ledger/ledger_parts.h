/* ledger_parts.h: what ledger.c, ledger_replay.c and ledger_append.c share; nobody else includes
 * it. */
#ifndef HEARTH_LEDGER_LEDGER_PARTS_H
#define HEARTH_LEDGER_LEDGER_PARTS_H

#include "ledger/incarnation.h"
#include "ledger/ledger.h"

enum {
    OWN_KINDS = KIND_DENIALS + 1,
    LABEL_SIZE = LIMIT_LABEL + 1,
    HOUSEHOLDS_MAX = LIMIT_FOLLOWED + 1
};

/* A stream that this incarnation of the node opened, and where its next entry goes. */
struct own_stream {
    bool open;
    uint64_t stream, seq;
    uint8_t head[32];
    uint8_t scope[32]; /* the commitment of the scope list that it revealed; zero: none */
};

struct held {
    uint8_t namespace_id[32];
    struct household *household;
};

struct ledger {
    struct store *store;
    const struct node_keys *keys; /* borrowed */
    /* Households, sorted by id. */
    struct held *held; /* malloc'd */
    size_t held_count, held_size;
    uint8_t hash_key[16]; /* of all their maps: their entries' authors may wish these to be slow */
    bool has_own;
    uint8_t own_id[32];
    struct own_stream own_streams[OWN_KINDS]; /* by enum body_kind */
    char label[LABEL_SIZE];
    bool floor_known;
    uint64_t floor_ms;
    /* The batch. */
    bool in_batch;
    bool changed;         /* the state is ahead of what is committed */
    enum status failed;   /* sticky, of this batch: it can't be committed */
    enum status unusable; /* sticky: the state could not be made again after an abort */
    /* The incarnation. */
    struct incarnation_mark mark;
    int mark_fd;
    uint64_t began_ms;
    bool restored;
};

/* Facts in the store. */
#define META_OWN         "own"         /* namespace (32) */
#define META_LABEL       "label"       /* text */
#define META_INCARNATION "incarnation" /* id (16), began (8) */
#define META_SCOPE       "scope"       /* an opening */

/* The place of a household in l->held, and whether it is there. */
bool ledger_find(const struct ledger *ledger, const uint8_t namespace_id[static 32], size_t *at);
/* A new, empty household in its place. FULL, NO_MEMORY. */
enum status ledger_hold(struct ledger *ledger, const uint8_t namespace_id[static 32],
                        struct household **household);

/* Takes it away again. */
void ledger_drop(struct ledger *ledger, const uint8_t namespace_id[static 32]);

/* Makes the state from the store, whatever it was before. CORRUPT, NO_MEMORY, IO. */
enum status ledger_replay(struct ledger *ledger);
void ledger_forget_all(struct ledger *ledger);

/* Compares with the mark outside, and begins a new incarnation if need be. */
enum status ledger_incarnate(struct ledger *ledger, const char *state_dir);

/* Keeps, or forgets, which stream of that kind is ours to append to. In a batch. */
enum status ledger_put_own_stream(struct ledger *ledger, enum body_kind kind);

/* Wraps a call that writes into a batch of its own when none is under way. */
enum status ledger_begin_alone(struct ledger *ledger, bool *alone);
enum status ledger_end_alone(struct ledger *ledger, bool alone, enum status status);

/* The one path of an entry into store and state, in a batch. No `check`: it is ours, signed by this
 * process just now. */
enum status ledger_take(struct ledger *ledger, const struct entry *entry, bool own,
                        const struct entry_check *check);

#endif
