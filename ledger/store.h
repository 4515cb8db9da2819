/* store.h: durable storage of entries, statements and a few facts, over LMDB (store_lmdb.c alone).
 *
 * One writing process. A batch is one transaction: after store_commit returned OK, and not before,
 * its entries survive a crash. Every read of an entry hashes it again, since LMDB has no checksums:
 * CORRUPT is never answered with wrong octets.
 */
#ifndef HEARTH_LEDGER_STORE_H
#define HEARTH_LEDGER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/entry.h"

struct store; /* heap */

/* Opens or creates the database in the folder `path` (made 0700 if missing), after a child process
 * has walked all of it: damage that would kill a reader kills that child. BUSY when another process
 * has it open; CORRUPT, UPGRADE, DENIED, FULL, IO, NO_MEMORY. `store_close(NULL)` is safe. */
enum status store_open(struct store **store, const char *path);
/* The same with another size of the map to begin with (it grows by itself). */
enum status store_open_sized(struct store **store, const char *path, size_t map_bytes);
void store_close(struct store *store);

/* One write batch at a time: BUSY. What a put could not do (FULL, IO …) makes the commit fail too.
 */
enum status store_begin(struct store *store);
enum status store_put_entry(struct store *store,
                            const struct entry *entry); /* DUPLICATE is harmless */
/* Replaces the author's statement of the same form. MALFORMED when it is too short to have one. */
enum status store_put_statement(struct store *store, const uint8_t namespace_id[static 32],
                                const uint8_t author[static 32], const uint8_t *bytes, size_t len);
/* `len` 0 forgets the key. At most STORE_META_MAX octets. */
enum { STORE_META_MAX = 4096, STORE_META_KEY_MAX = 64 };
enum status store_put_meta(struct store *store, const char *key, const void *bytes, size_t len);
enum status store_commit(struct store *store);
void store_abort(struct store *store);

/* Reads see the batch that is under way, if one is. */

/* Copies the entry out. NOT_FOUND, CORRUPT. */
enum status store_get_entry(struct store *store, const uint8_t id[static 32],
                            uint8_t bytes[static LIMIT_ENTRY], size_t *len);
enum status store_get_statement(struct store *store, const uint8_t namespace_id[static 32],
                                const uint8_t author[static 32], uint8_t form,
                                uint8_t bytes[static LIMIT_STATEMENT], size_t *len);
/* NOT_FOUND, CORRUPT; NO_SPACE when it is longer than `size`. */
enum status store_get_meta(struct store *store, const char *key, void *bytes, size_t size,
                           size_t *len);

/* Every entry in the order in which it was stored (each after what it needs), decoded and borrowed
 * for the call, with its number in that order. Stops with each's status when that is not OK.
 * CORRUPT names a damaged database. `each` may read but not write. */
typedef enum status store_each_fn(void *context, uint64_t number, const struct entry *entry);
enum status store_each_entry(struct store *store, store_each_fn *each, void *context);
/* From the entry with that number on. */
enum status store_each_entry_from(struct store *store, uint64_t first, store_each_fn *each,
                                  void *context);
/* From the entry before `before` (UINT64_MAX: from the newest) back to the first. */
enum status store_each_entry_back(struct store *store, uint64_t before, store_each_fn *each,
                                  void *context);
enum status store_each_statement(struct store *store,
                                 enum status (*each)(void *context, const uint8_t *bytes,
                                                     size_t len),
                                 void *context);

/* Did any read find damage since the store was opened? Then the check at the next opening will. */
bool store_is_damaged(const struct store *store);

/* Octets used on disk, the number of entries, and the number of the last commit. */
struct store_size {
    uint64_t bytes, entries, commits;
};
enum status store_size(struct store *store, struct store_size *size);

#endif
