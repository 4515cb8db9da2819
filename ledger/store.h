/* store.h: durable storage of entries, statements and a few facts, over LMDB (store_lmdb.c alone).
 *
 * One writing process. A batch is one transaction: after store_commit returned OK, and not before, its
 * entries survive a crash. Every read of an entry hashes it again, since LMDB has no checksums: CORRUPT is
 * never answered with wrong octets.
 */
#ifndef HEARTH_LEDGER_STORE_H
#define HEARTH_LEDGER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/entry.h"

struct store; /* heap */

/* Opens or creates the database in the folder `path` (made 0700 if missing). BUSY when another process
 * has it open; CORRUPT, IO, NO_MEMORY. `store_close(NULL)` is safe. */
enum status store_open(struct store **store, const char *path);
void store_close(struct store *store);

/* One write batch at a time. */
enum status store_begin(struct store *store);
enum status store_put_entry(struct store *store, const struct entry *entry); /* DUPLICATE is harmless */
enum status store_put_statement(struct store *store, const uint8_t namespace_id[static 32],
                                const uint8_t author[static 32], const uint8_t *bytes, size_t len);
enum status store_put_meta(struct store *store, const char *key, const void *bytes, size_t len);
enum status store_commit(struct store *store);
void store_abort(struct store *store);

/* Copies the entry out. NOT_FOUND, CORRUPT. */
enum status store_get_entry(struct store *store, const uint8_t id[static 32],
                            uint8_t bytes[static LIMIT_ENTRY], size_t *len);
/* NO_SPACE when it is longer than `size`. */
enum status store_get_meta(struct store *store, const char *key, void *bytes, size_t size,
                           size_t *len);

/* Every entry in the order in which it was stored (each after what it needs), borrowed for the call.
 * Stops with each's status when that is not OK. CORRUPT names a damaged database. */
enum status store_each_entry(struct store *store,
                             enum status (*each)(void *context, const uint8_t *bytes, size_t len),
                             void *context);
enum status store_each_statement(struct store *store,
                                 enum status (*each)(void *context, const uint8_t *bytes,
                                                     size_t len),
                                 void *context);

/* Octets used on disk and the number of entries. */
struct store_size {
    uint64_t bytes, entries;
};
enum status store_size(struct store *store, struct store_size *size);

#endif
