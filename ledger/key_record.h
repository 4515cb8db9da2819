/* key_record.h: one key as an authority state has it: its last grant, and by key_event.h what it
 * may write, what it may deny and how it was revoked.
 *
 * A record never changes, but for what a judgement notes in it; states share it (authority.h). Eras
 * are those of RECOVERs: a record of an earlier one stays in later states, cleared.
 */
#ifndef HEARTH_LEDGER_KEY_RECORD_H
#define HEARTH_LEDGER_KEY_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/array.h"
#include "ledger/key_event.h"

struct key_record {
    uint8_t key[32];
    uint32_t author; /* index in the household's authors */
    uint32_t grant;  /* the last GRANT in effect, an authority entry; INDEX_NONE: never granted */
    uint32_t era;    /* of that GRANT: what follows was held in it, or by a MERGE in it */
    bool live;       /* holds a grant, if `era` is the state's */
    bool burnt;      /* was revoked */
    bool admin;      /* held an admin grant */
    uint8_t role, flags;
    uint8_t spki_sha256[32], zone_key[32];
    struct key_event *scope;   /* in front: the lists in which a name must be */
    struct key_event *history; /* in front: the lists that give a right to deny */
    struct key_event *revokes;
    uint32_t revoke_era; /* of the last REVOKE; INDEX_NONE */
    /* Of one judgement (judge.c). */
    uint64_t stamp;
    bool gives_scope, gives_rights;
    struct key_record *next_view;
};

/* Does it hold a grant in a state of that era? */
static inline bool key_record_is_live(const struct key_record *record, uint32_t era)
{
    return record->live && record->era == era;
}

/* Does it give a right to deny in a state of that era? After a RECOVER that did not grant the key
 * again, only when a REVOKE since then says up to where. */
static inline bool key_record_gives_rights(const struct key_record *record, uint32_t era)
{
    return record->grant != INDEX_NONE && (record->era == era || record->revoke_era == era);
}

#endif
