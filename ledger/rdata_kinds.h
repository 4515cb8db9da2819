/* rdata_kinds.h: the checks of single types that have a file of their own. Internal to rdata*.c.
 *
 * Each reads the whole rdata and reports through the reader's sticky error; rdata_check makes RDATA
 * of all statuses that name no rule. */
#ifndef HEARTH_LEDGER_RDATA_KINDS_H
#define HEARTH_LEDGER_RDATA_KINDS_H

#include "ledger/base/reader.h"

/* An uncompressed lower-case name, the root allowed. */
void rdata_read_target(struct reader *r);
/* One address of that many octets (4 or 16) that may be published. */
void rdata_read_address(struct reader *r, size_t size);

/* rdata_svcb.c */
void rdata_svcb_read(struct reader *r);

/* rdata_household.c */
void rdata_peer_read(struct reader *r);
void rdata_origins_read(struct reader *r);
void rdata_note_read(struct reader *r);

#endif
