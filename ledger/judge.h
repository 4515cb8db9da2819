/* judge.h: what every key holds now, and making good what is stale. */
#ifndef HEARTH_LEDGER_JUDGE_H
#define HEARTH_LEDGER_JUDGE_H

#include "ledger/household_impl.h"

/* Makes good all that entries marked as stale. Takes no memory; every answer begins with it. */
void judge_settle(struct household *h);
/* Why nothing that this key writes is valid; RULE_NONE. */
enum rule judge_author(const struct author *author);
/* Is the name in every list that the key is held to? A list that no OPEN held reveals has no name
 * in it. */
bool judge_in_scope(struct household *h, const struct author *author, const struct name *name);

#endif
