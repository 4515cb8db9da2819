/* history_facts.h: all that a household says besides its root, as lines of text, for the oracle
 * (tests/oracle/compare.py) to compare with its own. */
#ifndef HEARTH_TESTS_LEDGER_HISTORY_FACTS_H
#define HEARTH_TESTS_LEDGER_HISTORY_FACTS_H

#include <stdio.h>

#include "tests/unit/ledger/story.h"

/* Of a household that holds entries of this story, and maybe not all. */
void history_facts(FILE *out, struct household *h, const struct story *s);

#endif
