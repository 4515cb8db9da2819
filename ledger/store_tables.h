/* store_tables.h: three tables of sealed octets in one LMDB environment, for store.c alone.
 *
 * LMDB has no checksums: a flipped bit comes back as data. So each value ends in the CRC-32C of its
 * key and itself, which is put there and checked here. One process, one thread, one batch at a
 * time; a commit that returned OK is on the disk.
 */
#ifndef HEARTH_LEDGER_STORE_TABLES_H
#define HEARTH_LEDGER_STORE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum table { TABLE_LOG, TABLE_STATEMENT, TABLE_META, TABLES };

enum { TABLES_VALUE_MAX = 4096 };

struct tables; /* heap */

struct octets {
    const uint8_t *bytes;
    size_t len;
};

/* Opens the environment in the folder `path`; creates what is missing, unless it is opened for
 * reading only: then NOT_FOUND for one that was never used. CORRUPT, UPGRADE, DENIED, FULL, IO,
 * NO_MEMORY. `tables_close(NULL)` is safe. */
enum status tables_open(struct tables **tables, const char *path, size_t map_bytes, bool read_only);
void tables_close(struct tables *tables);

/* --- writing --- */

/* BUSY in a batch. */
enum status tables_begin(struct tables *tables);
bool tables_in_batch(const struct tables *tables);
/* How many commits there will have been with the batch's. */
uint64_t tables_batch_number(const struct tables *tables);
/* No value: forgets the key. The log's keys must rise. After a failure only tables_abort. */
enum status tables_put(struct tables *tables, enum table table, struct octets key,
                       struct octets value);
bool tables_batch_is_empty(const struct tables *tables);
/* When it fails the batch is gone, or (if the disk failed at the very end) durable after all. */
enum status tables_commit(struct tables *tables);
void tables_abort(struct tables *tables);

/* --- reading: sees the batch, if there is one --- */

/* What tables_get and tables_walk show is borrowed until the tables_leave of this tables_enter;
 * they nest. No batch begins or ends between them. */
enum status tables_enter(struct tables *tables);
void tables_leave(struct tables *tables);

/* NOT_FOUND, CORRUPT. */
enum status tables_get(struct tables *tables, enum table table, struct octets key,
                       struct octets *value);
enum status tables_items(struct tables *tables, enum table table, uint64_t *items);

/* Calls with `count` items by rising keys from the first or from the key `from` on (back: by
 * falling ones), until `each` returns something other than OK. CORRUPT when there are fewer. */
enum status tables_walk(struct tables *tables, enum table table, const struct octets *from,
                        uint64_t count, bool back,
                        enum status (*each)(void *context, struct octets key, struct octets value),
                        void *context);

/* Octets used on disk and the number of the last commit. */
enum status tables_size(struct tables *tables, uint64_t *bytes, uint64_t *commits);

#endif
