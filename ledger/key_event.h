/* key_event.h: what happened to one key on the way to an authority state: the lists it was given,
 * the heads of its SCOPEs and REVOKEs, and joins of several ways.
 *
 * Events never change. Each points at what came before it, so that a state refers to a key's whole
 * past by one pointer, and states share it.
 */
#ifndef HEARTH_LEDGER_KEY_EVENT_H
#define HEARTH_LEDGER_KEY_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/arena.h"
#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum key_event_kind { KEY_EVENT_GRANT, KEY_EVENT_SCOPE, KEY_EVENT_REVOKE, KEY_EVENT_JOIN };

/* A scope list, known by its commitment; open once an OPEN revealed it. */
struct scope_list {
    uint8_t commitment[32];
    const uint8_t *opening; /* NULL: not open, has no name in it */
    uint16_t opening_len;
};

struct listed_head {
    uint64_t stream, seq;
    uint32_t known; /* its id in the household's array of known ids */
};

struct key_event {
    enum key_event_kind kind;
    uint32_t era;                  /* the RECOVER (or GENESIS) under which it stands */
    uint32_t entry;                /* in the authority tree */
    const struct scope_list *list; /* GRANT, SCOPE: NULL is any name */
    const struct listed_head *heads;
    uint8_t head_count;
    struct key_event *before, *other; /* JOIN: both sides */
    /* Of one walk over the events (key_event.c, denial.c). */
    uint64_t stamp;
    uint8_t seen, todo;
    struct key_event *work;
    /* Of one judgement (judge.c), REVOKE. */
    uint64_t of_base, asked; /* the last judgement in which it was that */
    struct key_event *next_asked;
};

/* A worklist over events, each taken once: stamps of different walks must differ. */
struct key_event_walk {
    uint64_t stamp;
    struct key_event *work;
};
void key_event_push(struct key_event_walk *walk, struct key_event *event);
struct key_event *key_event_pop(struct key_event_walk *walk);
/* The next event that is no JOIN, of those that stand in front: nothing before these is taken. */
struct key_event *key_event_pop_front(struct key_event_walk *walk);

/* Both sides as one; one of them alone where it says everything. `stamp` is used and moved on. NULL
 * with *status NO_MEMORY. Either may be NULL. */
struct key_event *key_event_join(struct arena *arena, uint64_t *stamp, struct key_event *a,
                                 struct key_event *b, enum status *status);

/* Does the list have the name? NULL has every name. */
bool scope_list_has(const struct scope_list *list, const struct name *name);

#endif
