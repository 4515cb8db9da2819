/* judge.h: what every key holds now, and making good what is stale. */
#ifndef HEARTH_LEDGER_JUDGE_H
#define HEARTH_LEDGER_JUDGE_H

#include "ledger/household_impl.h"

void judge_settle(struct household *h);
/* Why nothing that this key writes is valid; RULE_NONE. */
enum rule judge_author(const struct author *author);
bool judge_in_scope(struct household *h, const struct author *author, const struct name *name);

#endif
