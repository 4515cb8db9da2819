/* bundle.h: `HLB1`, everything that a node holds, as one file (docs/ledger-format.md, "Bundle").
 *
 * Reading is over memory (a mapped or read file) and in two passes: bundle_open checks every hash
 * and length, then sections are walked. Nothing in it is trusted: entries go to ledger_ingest.
 */
#ifndef HEARTH_LEDGER_BUNDLE_H
#define HEARTH_LEDGER_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/reader.h"
#include "ledger/base/status.h"

struct bundle_section {
    uint8_t namespace_id[32];
    uint64_t offset; /* in the file, for messages */
    const uint8_t *parts;
    uint64_t parts_len;
    enum status status; /* CORRUPT when its hash is wrong, TRUNCATED when it is cut short */
};

struct bundle {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    uint32_t count;                  /* of sections that are there */
    struct bundle_section *sections; /* heap */
    enum status status; /* of the whole: OK, CORRUPT (trailing hash), TRUNCATED, TRAILING */
};

/* MALFORMED or TRUNCATED when it is no bundle at all; UPGRADE for another `HLB` magic; NO_MEMORY.
 * Damaged sections are OK here: each says so. After any other status there is nothing to close, but
 * closing is safe. */
enum status bundle_open(struct bundle *bundle, const uint8_t *bytes, size_t len);
void bundle_close(struct bundle *bundle);

enum bundle_part { BUNDLE_AUTHORITY, BUNDLE_STATEMENT, BUNDLE_FEED };

/* Calls each item of a section in order; stops at the first status that is not OK and returns it.
 * The section's own status when that is not OK; MALFORMED when its lists do not fill it exactly:
 * then nothing was called. `offset` is the item's in the file. */
enum status bundle_each(const struct bundle_section *section,
                        enum status (*each)(void *context, enum bundle_part part,
                                            const uint8_t *bytes, size_t len, uint64_t offset),
                        void *context);

/* Writing: to a file descriptor (which stays the caller's, to be synced and closed), buffered,
 * hashes as it goes. Errors are sticky: bundle_writer_finish returns the first. */
struct bundle_writer; /* heap; only bundle_writer_finish frees it */
/* NO_MEMORY (then *writer is NULL). */
enum status bundle_writer_create(struct bundle_writer **writer, int fd, uint32_t sections);

/* The caller says the counts and the parts' length beforehand and then gives each of the three
 * lists, in order, with exactly so many items. RANGE when what comes is not what was said; TOO_LONG
 * (an item of more than 65,535 octets); FULL, IO. */
enum { BUNDLE_PARTS_EMPTY = 3 * 4, BUNDLE_ITEM_EXTRA = 2 /* beside its octets */ };
enum status bundle_writer_section(struct bundle_writer *writer,
                                  const uint8_t namespace_id[static 32], uint64_t parts_len,
                                  const uint32_t counts[static 3]);
enum status bundle_writer_list(struct bundle_writer *writer, enum bundle_part part);
enum status bundle_writer_item(struct bundle_writer *writer, const uint8_t *bytes, size_t len);
/* Writes the trailing hash; frees the writer whatever happens. NULL is OK. */
enum status bundle_writer_finish(struct bundle_writer *writer);

#endif
