/* history.h: random histories of a household: several owners, admins and nodes, forks, branches of
 * every class, MERGEs, denials by authors denied later, heads held and not held, late openings. */
#ifndef HEARTH_TESTS_LEDGER_HISTORY_H
#define HEARTH_TESTS_LEDGER_HISTORY_H

#include "tests/unit/ledger/story.h"

/* Makes a story of about `length` entries from the seed; nothing is left to arrive. The caller
 * frees it. */
void history_make(struct story *s, uint64_t seed, int length);
/* All entries in one bundle (docs/ledger-format.md), malloc'd. */
uint8_t *history_bundle(const struct story *s, size_t *len);
/* Of those entries that are `given` (one for each; NULL: all). */
uint8_t *history_bundle_of(const struct story *s, const bool *given, size_t *len);

#endif
