/* limits.h: the ledger's limits. Those that decide effect are part of the formats' meaning: another
 * number here would be another magic (docs/ledger-rules.md, "Limits").
 */
#ifndef HEARTH_LEDGER_LIMITS_H
#define HEARTH_LEDGER_LIMITS_H

#include <assert.h>

#include "ledger/base/name.h"

enum {
    /* Fixed by the magic. */
    LIMIT_ENTRY = 2048,        /* octets of an entry */
    LIMIT_BODY = 1824,         /* octets of its body */
    LIMIT_STATEMENT = 1024,    /* octets of a head statement */
    LIMIT_GRANTS = 64,         /* live grants of a household */
    LIMIT_STREAMS = 64,        /* streams an author; more: overrun */
    LIMIT_FORKS = 8,           /* fork points an author; more: overrun */
    LIMIT_RRS = 8,             /* RRs in an RRset */
    LIMIT_OVER = 8,            /* ids in one `over` */
    LIMIT_HEADS = 16,          /* heads in a REVOKE or SCOPE */
    LIMIT_STATEMENT_ADDRS = 8, /* addresses in a statement */
    LIMIT_BY = 64,             /* octets of a SET's `by` */
    LIMIT_LABEL = 63,          /* octets of a node's label */
    LIMIT_TTL = 0x7fffffff,    /* seconds: RFC 2181, section 8 */
    /* Of this implementation. */
    LIMIT_FOLLOWED = 1024, /* followed households */
    LIMIT_BATCH = 262144,  /* writes in one import */
};

static_assert(LIMIT_ENTRY == 160 + LIMIT_BODY + 64, "header, body and signature fill an entry");

#endif
