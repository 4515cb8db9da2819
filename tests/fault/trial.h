/* trial.h: one deed, done again and again with another call failing each time (shim.h).
 *
 * Each time: prepare; do it with the n-th call failing. Either it succeeds all the same, or it says
 * so with a status that does not speak of damage, nothing has changed, and the next try succeeds.
 */
#ifndef HEARTH_TESTS_FAULT_TRIAL_H
#define HEARTH_TESTS_FAULT_TRIAL_H

#include "tests/fault/shim.h"
#include "tests/unit/ledger/ledger_help.h"

struct trial {
    const char *what;
    void (*prepare)(struct place *place); /* may be NULL */
    enum status (*act)(struct place *place);
    void (*unchanged)(struct place *place); /* after a failure; may be NULL */
    void (*done)(struct place *place);      /* after a success; may be NULL */
};

/* For memory, and for disks: with every error that they give, with half a write, and once or for as
 * long as it takes. */
void trial_memory(struct place *place, const struct trial *trial);
void trial_disk(struct place *place, const struct trial *trial);

#endif
