/* batch.h: records that a client wants written together, checked and packed as they come, then
 * signed in one go.
 *
 * Packed, because 100,000 of them may be staged before the commit: some sixty octets each.
 */
#ifndef HEARTH_RESOLVER_DAEMON_BATCH_H
#define HEARTH_RESOLVER_DAEMON_BATCH_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

enum { BATCH_BYTES_MAX = 256 << 20 };

/* Zeroed at first. */
struct batch {
    uint8_t *bytes; /* heap */
    size_t used, size, count;
};

void batch_deinit(struct batch *batch);

/* Adds one element of `records`. MALFORMED, RANGE, NAME_…, TOO_LONG, FULL (RRs, records or octets),
 * NO_MEMORY; the batch is as before then. */
enum status batch_add(struct batch *batch, const json_t *record, const char *by);

/* Adds what takes away an RRset. */
enum status batch_add_removal(struct batch *batch, const struct name *name, uint16_t type,
                              const char *by);

struct batch_result {
    size_t index;       /* of the record that was refused */
    struct name name;   /* its name */
    enum rule rule;     /* with status RULE */
    uint8_t (*ids)[32]; /* of each record's (last) entry; the caller's, `count` of them, or NULL */
};

/* Writes all records as one durable whole, or none. */
enum status batch_write(const struct batch *batch, struct ledger *ledger,
                        struct clock_reading clock, struct batch_result *result);

#endif
