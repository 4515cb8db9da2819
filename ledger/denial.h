/* denial.h: which denials count. The authors must have been judged (judge.h). */
#ifndef HEARTH_LEDGER_DENIAL_H
#define HEARTH_LEDGER_DENIAL_H

#include "ledger/household_impl.h"

/* Of a SUSPEND or WITHDRAW. */
enum rule denial_rule(struct household *h, uint32_t known);
/* Does the `over` of this SET count? */
bool denial_over_counts(struct household *h, uint32_t known, const struct name *name);

#endif
