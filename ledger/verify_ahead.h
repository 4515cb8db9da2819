/* verify_ahead.h: checks the signatures of many entries on all processors, for one thread that
 * takes the entries in, one after the other, in their order.
 *
 * Nothing but decoding and verifying is done by the helpers: no state, no store. Where no thread
 * can be started (a sandbox, no memory) the caller does all the work by itself, with the same
 * results.
 *
 *     struct verify_ahead *ahead = verify_ahead_start(items, count);
 *     for (size_t i = 0; i < count; i++)
 *         status = ledger_ingest_entry(ledger, &entry, own, &check); // verify_ahead_wait(ahead, i)
 *     verify_ahead_end(ahead);
 */
#ifndef HEARTH_LEDGER_VERIFY_AHEAD_H
#define HEARTH_LEDGER_VERIFY_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

struct verify_item {
    const uint8_t *bytes; /* one entry, borrowed until verify_ahead_end */
    size_t len;
};

struct verify_ahead; /* heap */

/* `items` are borrowed until verify_ahead_end. NULL when memory is out. */
struct verify_ahead *verify_ahead_start(const struct verify_item *items, size_t count);

/* What entry_verify says of that item (entry_decode, when it is no entry). Waits for it, working
 * meanwhile. From one thread only. */
enum status verify_ahead_wait(struct verify_ahead *ahead, size_t index);

/* Ends the helpers, done or not. NULL is safe. */
void verify_ahead_end(struct verify_ahead *ahead);

#endif
