/* deeds.h: what failing memory and a failing disk are tried on alike. */
#ifndef HEARTH_TESTS_FAULT_DEEDS_H
#define HEARTH_TESTS_FAULT_DEEDS_H

#include "tests/fault/trial.h"

/* Counts what was remembered: makes names that are new each time. */
extern unsigned deeds_turn;

/* Takes down the state root; is it still that one? */
void deeds_remember(struct place *place);
void deeds_is_as_before(struct place *place);

void deeds_shut(struct place *place);
void deeds_is_shut(struct place *place);

/* Sets `names` new names in the open batch; are they there? */
enum status deeds_append(struct place *place, unsigned names);
void deeds_has_names(struct place *place, unsigned names);
/* Commits the batch, or drops it if `status` says that it has failed. */
enum status deeds_end_batch(struct place *place, enum status status);

/* Remembers the ledger, writes its copy as a daemon does, shuts it. Returns its data file, malloc'd. */
uint8_t *deeds_leave_with_copy(struct place *place, size_t *data_len);

#endif
