/* authority_state.h: making the state after an authority entry from the one before; used by
 * authority.c. */
#ifndef HEARTH_LEDGER_AUTHORITY_STATE_H
#define HEARTH_LEDGER_AUTHORITY_STATE_H

#include "ledger/authority.h"

/* The state after the input's entry and the rule that it breaks. */
enum status authority_apply(struct authority *authority, const struct authority_input *input,
                            struct authority_state *state, enum rule *rule);
/* Joins the state at the other head into that at `prev` (authority_merge.c). */
enum status authority_merge(struct authority *authority, struct authority_state *state,
                            const struct authority_state *other);
/* Puts a changed copy of a record. */
enum status authority_put(struct authority *authority, struct authority_state *state,
                          const struct key_record *record);

#endif
