/* ledger.h: the household's ledger on this node: store, state of every household held, own key.
 *
 * The one path by which an entry comes in is ledger_ingest_*, for the control socket, bundles and peers
 * alike: decode, admit, verify, store, and only after the commit tell anybody. Own writes are made here
 * (ledger_append_*), signed with the node's key and ingested by the same path.
 */
#ifndef HEARTH_LEDGER_LEDGER_H
#define HEARTH_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/clock.h"
#include "ledger/household.h"
#include "ledger/node_key.h"
#include "ledger/store.h"

struct ledger; /* heap */

/* Opens the store in `state_dir` and replays it. `keys` are borrowed and must outlive the ledger. */
enum status ledger_open(struct ledger **ledger, const char *state_dir,
                        const struct node_keys *keys);
void ledger_close(struct ledger *ledger);

/* One's own household: NULL before `init` or `join`. */
struct household *ledger_own(struct ledger *ledger);
const uint8_t *ledger_own_id(struct ledger *ledger); /* NULL before */

/* Batches: everything between begin and commit is durable together, or not at all. ledger_commit
 * returns OK only when it is. ledger_abort undoes (the state is replayed). */
enum status ledger_begin(struct ledger *ledger);
enum status ledger_commit(struct ledger *ledger);
void ledger_abort(struct ledger *ledger);

/* Ingests one entry. OK; DUPLICATE; WAIT_PREV, WAIT_GRANT (not kept; try again after what it waits for);
 * everything else is a refusal for good. A GENESIS founds one's own household when there is none (then `own` must be set). */
enum status ledger_ingest(struct ledger *ledger, const uint8_t *bytes, size_t len, bool own);

/* What a write changes. Names `over` by itself; several entries when more than eight are live. */
struct ledger_write {
    struct name name; /* relative */
    uint16_t type;
    uint32_t ttl;
    uint8_t rr_count; /* 0 deletes */
    struct body_rr rrs[LIMIT_RRS];
    const char *by;
};

/* Signs and ingests a SET by this node. On a refusal *rule says which (RULE_NONE otherwise).
 * NO_HOUSEHOLD; RULE; RDATA, ADDRESS_… and their sisters; NOT_FOUND when there is nothing to delete. `id`: of the (last) entry. */
enum status ledger_append_set(struct ledger *ledger, const struct ledger_write *write,
                              struct clock_reading clock, uint8_t id[static 32], enum rule *rule);
enum status ledger_append_withdraw(struct ledger *ledger, const uint8_t hash[static 32],
                                   enum body_reason reason, struct clock_reading clock,
                                   uint8_t id[static 32], enum rule *rule);
enum status ledger_append_suspend(struct ledger *ledger, const uint8_t key[static 32],
                                  struct clock_reading clock, uint8_t id[static 32],
                                  enum rule *rule);

/* The octets of an entry held. NOT_FOUND, CORRUPT. */
enum status ledger_get(struct ledger *ledger, const uint8_t id[static 32],
                       uint8_t bytes[static LIMIT_ENTRY], size_t *len);

/* Entries in the order stored, newest last. */
enum status ledger_each(struct ledger *ledger,
                        enum status (*each)(void *context, const struct entry *entry), void *context);

struct ledger_stats {
    uint64_t entries, bytes, households;
};
enum status ledger_stats(struct ledger *ledger, struct ledger_stats *stats);

/* The label that this node gives itself (its statement carries it), kept in the store. */
enum status ledger_set_label(struct ledger *ledger, const char *label);
const char *ledger_label(struct ledger *ledger);

#endif
