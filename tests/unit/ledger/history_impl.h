/* history_impl.h: what history.c shares with history_themes.c and history_records.c. */
#ifndef HEARTH_TESTS_LEDGER_HISTORY_IMPL_H
#define HEARTH_TESTS_LEDGER_HISTORY_IMPL_H

#include "tests/unit/ledger/history.h"

/* Scope lists from which histories take theirs; NULL is any name. */
const char *history_scope(struct story *s);

/* A GRANT with any role and list. */
int history_grant(struct story *s, int at, char who);

/* Begins the history whose theme that is: some grants, and for most themes a story told to its end,
 * from which the random part goes on. Any number is one. */
void history_theme(struct story *s, int genesis, uint64_t theme);

/* A SET of a random type at a random name, mostly in its right form. */
void history_record(struct story *s, int at, const int *over);
/* TLSA of two hashes (32 times an octet each), which must differ. */
void history_tlsa_pair(struct story *s, int at, const char *name, uint8_t one, uint8_t other);
/* An OPEN that has no effect, or of no kind that is known. */
int history_bad_open(struct story *s, char who, uint64_t stream, uint8_t kind, uint8_t flags);
/* A GRANT or SCOPE that breaks a rule (of some ways, now and then one that is right). */
enum { HISTORY_BAD_GRANTS = 7 };
void history_bad_grant(struct story *s, int at, uint32_t way, char who);

#endif
