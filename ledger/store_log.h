/* store_log.h: the log of entries and, in memory, the index by id; for store.c and store_check.c.
 *
 * In the table: number (8) -> an entry's octets, number of the commit (8); in the order stored.
 * All but init and deinit go between tables_enter and tables_leave, store_log_append outside.
 */
#ifndef HEARTH_LEDGER_STORE_LOG_H
#define HEARTH_LEDGER_STORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/entry.h"
#include "ledger/index_map.h"
#include "ledger/store.h"
#include "ledger/store_tables.h"

struct store_log {
    struct tables *tables;  /* borrowed */
    struct index_map by_id; /* the numbers of the first `indexed` entries */
    uint64_t indexed;
    uint8_t hash_key[16]; /* random: ids can be chosen at will */
    uint64_t commit;      /* of the entry read last */
    bool damaged;         /* a read found damage; sticky */
};

void store_log_init(struct store_log *log, struct tables *tables);
void store_log_deinit(struct store_log *log);

/* Calls with `count` entries from number `first` on, or back from it. CORRUPT, NO_MEMORY, or what
 * `each` said. */
enum status store_log_walk(struct store_log *log, uint64_t first, uint64_t count, bool back,
                           store_each_fn *each, void *context);

/* The entry, borrowed. NOT_FOUND, CORRUPT, NO_MEMORY. */
enum status store_log_find(struct store_log *log, const uint8_t id[static 32], struct entry *entry);

/* Puts a new entry at the end, in a batch. DUPLICATE; everything else but OK spoils the batch. */
enum status store_log_append(struct store_log *log, const struct entry *entry);
/* After a batch with entries was given up: their numbers will be those of others. */
void store_log_forget(struct store_log *log);

#endif
