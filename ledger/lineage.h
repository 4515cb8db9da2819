/* lineage.h: ancestors by `prev`, in streams and in the authority tree. */
#ifndef HEARTH_LEDGER_LINEAGE_H
#define HEARTH_LEDGER_LINEAGE_H

#include "ledger/household_impl.h"

/* Makes `known` a child of `prev` (INDEX_NONE: a start). */
void lineage_link(struct household *h, uint32_t known, uint32_t prev);
/* The ancestor-or-equal with that seq; itself when `seq` is beyond its own. */
uint32_t lineage_ancestor(const struct household *h, uint32_t known, uint32_t seq);
/* The last ancestor-or-equal of both, of one root. */
uint32_t lineage_common(const struct household *h, uint32_t a, uint32_t b);

#endif
