/* ledger.h: the household's ledger on this node: store, state of every household held, own key.
 *
 * The one path by which an entry comes in is ledger_ingest_*, for the control socket, bundles and
 * peers alike: decode, admit, verify, store, and only after the commit tell anybody. Own writes are
 * made here (ledger_append_*), signed with the node's key and ingested by the same path.
 *
 *     ledger_begin(l); ledger_ingest(l, …); ledger_append_set(l, …); status = ledger_commit(l);
 *
 * Outside a batch, every call that writes is one by itself. A refused entry leaves the batch as it
 * was; a disk that fails makes its commit fail.
 */
#ifndef HEARTH_LEDGER_LEDGER_H
#define HEARTH_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/clock.h"
#include "ledger/household.h"
#include "ledger/node_keys.h"
#include "ledger/store.h"

struct ledger; /* heap */

/* Opens the store in STATE_DIR/ledger (both made 0700 if missing) and replays it. `keys` are
 * borrowed and must outlive the ledger. BUSY, CORRUPT and the others of store_open. */
enum status ledger_open(struct ledger **ledger, const char *state_dir,
                        const struct node_keys *keys);
/* Ends a batch under way without effect. NULL is safe. */
void ledger_close(struct ledger *ledger);

/* One's own household: NULL before `init` or `join`. Borrowed until the next ledger_abort or failed
 * commit (which make the state anew): ask each time. */
struct household *ledger_own(struct ledger *ledger);
const uint8_t *ledger_own_id(struct ledger *ledger); /* NULL before */

/* Every household held, by rising id, until `each` returns false. */
void ledger_each_household(struct ledger *ledger,
                           bool (*each)(void *context, const uint8_t namespace_id[static 32],
                                        struct household *household, bool own),
                           void *context);

/* Batches: everything between begin and commit is durable together, or not at all. ledger_commit
 * returns OK only when it is. ledger_abort undoes (the state is replayed). */
enum status ledger_begin(struct ledger *ledger);
enum status ledger_commit(struct ledger *ledger);
void ledger_abort(struct ledger *ledger);
bool ledger_in_batch(const struct ledger *ledger);

/* An abort that ran out of memory leaves the ledger as if it were empty, until the state could be
 * made again. Tries that when it is so: OK, or why not. Whoever asks or writes calls it first (the
 * writing calls do so themselves). */
enum status ledger_ready(struct ledger *ledger);

/* Did a read find the database damaged? Then it must be closed and opened by rescue_open. */
bool ledger_is_damaged(const struct ledger *ledger);

/* Ingests one entry. OK; DUPLICATE; WAIT_PREV, WAIT_GRANT (not kept; try again after what it waits
 * for); everything else is a refusal for good. A GENESIS founds one's own household when there is
 * none (then `own` must be set); EXISTS when there is one. Entries of households that are not held
 * are FOREIGN. */
enum status ledger_ingest(struct ledger *ledger, const uint8_t *bytes, size_t len, bool own);
/* The same for an entry that is decoded, whose signature is judged by `check` (as entry_verify
 * would), for who had it verified elsewhere meanwhile. Asked only once all else is right. */
struct entry_check {
    enum status (*verify)(void *context, const struct entry *entry);
    void *context;
};
enum status ledger_ingest_entry(struct ledger *ledger, const struct entry *entry, bool own,
                                const struct entry_check *check);

/* Ingests a head statement of a key that was granted in its household. DUPLICATE when one as new is
 * kept; FOREIGN, UNAUTHORISED, SIGNATURE and those of statement_decode. */
enum status ledger_ingest_statement(struct ledger *ledger, const uint8_t *bytes, size_t len);
/* Every statement kept, of all households, until `each` returns another status than OK: that one. IO,
 * CORRUPT. `each` may ask the ledger, but not write. */
enum status ledger_each_statement(struct ledger *ledger,
                                  enum status (*each)(void *context, const uint8_t *bytes,
                                                      size_t len),
                                  void *context);

/* What a write changes. Names `over` by itself; several entries when more than eight are live. */
struct ledger_write {
    struct name name; /* relative */
    uint16_t type;
    uint32_t ttl;
    uint8_t rr_count; /* 0 deletes */
    struct body_rr rrs[LIMIT_RRS];
    const char *by; /* may be NULL */
    bool shared;    /* into a shared stream, even if the name is not shared yet */
};

/* Signs and ingests a SET by this node. On a refusal *rule says which (RULE_NONE otherwise).
 * NO_HOUSEHOLD; RULE; RDATA, ADDRESS_… and their sisters, NAME_…, RANGE (RRs, TTL), TOO_LONG (`by`,
 * or all together); NOT_FOUND when there is nothing to delete. `id`: of the (last) entry. What
 * already stands so, alone and with this TTL, is not written again: OK, and `id` is the entry that
 * says it. */
enum status ledger_append_set(struct ledger *ledger, const struct ledger_write *write,
                              struct clock_reading clock, uint8_t id[static 32], enum rule *rule);
/* The same for denials. One that this node made before and that counts is not made again. */
enum status ledger_append_withdraw(struct ledger *ledger, const uint8_t hash[static 32],
                                   enum body_reason reason, struct clock_reading clock,
                                   uint8_t id[static 32], enum rule *rule);
enum status ledger_append_suspend(struct ledger *ledger, const uint8_t key[static 32],
                                  struct clock_reading clock, uint8_t id[static 32],
                                  enum rule *rule);

/* The octets of an entry held. NOT_FOUND, CORRUPT. */
enum status ledger_get(struct ledger *ledger, const uint8_t id[static 32],
                       uint8_t bytes[static LIMIT_ENTRY], size_t *len);

/* Entries of all households in the order stored (entry_namespace tells whose), from number `first`
 * on. `each` may ask the ledger, but not write. */
enum status ledger_each_from(struct ledger *ledger, uint64_t first, store_each_fn *each,
                             void *context);
/* From the one before number `before` (UINT64_MAX: the newest) back to the first. */
enum status ledger_each_back(struct ledger *ledger, uint64_t before, store_each_fn *each,
                             void *context);

struct ledger_stats {
    uint64_t entries, bytes, households;
};
enum status ledger_stats(struct ledger *ledger, struct ledger_stats *stats);

/* The label that this node gives itself: at most 63 octets (else TOO_LONG) of plain UTF-8
 * (text_is_plain; else MALFORMED). "" before one is set. */
enum status ledger_set_label(struct ledger *ledger, const char *label);
const char *ledger_label(struct ledger *ledger);

/* Keeps the opening of this node's scope list; its next private stream reveals it (OPEN). */
enum status ledger_set_scope_opening(struct ledger *ledger, const uint8_t *opening, size_t len);

/* The newest time that statements prove to have passed (docs/ledger-rules.md, "Household time");
 * milliseconds since 1970, 0 if there is no statement. */
uint64_t ledger_floor_ms(struct ledger *ledger);

/* When this incarnation of the node began (its statements carry it), in milliseconds. A store that
 * is older than what this node once committed (a restored copy) or a new one begins another:
 * streams of before are not appended to any more. `restored`: there was one before. */
uint64_t ledger_incarnation(struct ledger *ledger, bool *restored);

#endif
