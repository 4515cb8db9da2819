/* bundle.h: `HLB1`, everything that a node holds, as one file (docs/ledger-format.md, "Bundle").
 *
 * Reading is over memory (a mapped or read file) and in two passes: bundle_open checks every hash and length,
 * then sections are walked. Nothing in it is trusted: entries go to ledger_ingest.
 */
#ifndef HEARTH_LEDGER_BUNDLE_H
#define HEARTH_LEDGER_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/base/reader.h"

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
    uint32_t count; /* of sections that are there */
    struct bundle_section *sections; /* heap */
    enum status status; /* of the whole: OK, CORRUPT (trailing hash), TRUNCATED, TRAILING */
};

/* MALFORMED when it is no bundle at all; UPGRADE for another magic. Damaged sections are OK here: each says so. */
enum status bundle_open(struct bundle *bundle, const uint8_t *bytes, size_t len);
void bundle_close(struct bundle *bundle);

enum bundle_part { BUNDLE_AUTHORITY, BUNDLE_STATEMENT, BUNDLE_FEED };

/* Calls each item of a section in order; stops at the first status that is not OK and returns it.
 * MALFORMED when the section's lists do not fill it exactly. `offset` is in the file. */
enum status bundle_each(const struct bundle_section *section,
                        enum status (*each)(void *context, enum bundle_part part,
                                            const uint8_t *bytes, size_t len, uint64_t offset),
                        void *context);

/* Writing: to a file descriptor, buffered, hashes as it goes. */
struct bundle_writer; /* heap */
enum status bundle_writer_create(struct bundle_writer **writer, int fd, uint32_t sections);
/* The caller says the counts beforehand and then adds exactly so many items of each part, in order. */
enum status bundle_writer_section(struct bundle_writer *writer,
                                  const uint8_t namespace_id[static 32], uint64_t parts_len,
                                  const uint32_t counts[static 3]);
enum status bundle_writer_list(struct bundle_writer *writer, enum bundle_part part);
enum status bundle_writer_item(struct bundle_writer *writer, const uint8_t *bytes, size_t len);
/* Writes the trailing hash; frees the writer whatever happens. */
enum status bundle_writer_finish(struct bundle_writer *writer);

#endif
