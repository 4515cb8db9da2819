/* ledger.c: see ledger.h. Batches, the one path of an entry (ledger_take), and reading;
 * ledger_replay.c makes the state at the start, ledger_append.c signs this node's own writes.
 *
 * The happy path of an entry: decoded, admitted by its household (cheap: namespace, place, author),
 * its signature verified, put into the batch's transaction, added to the state; at the commit it is
 * durable, and only then does anybody hear of it. A refusal leaves no trace. When a batch ends
 * without a commit, what it added to the state has to go: the state is made anew from the store.
 */
#include "ledger/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/file.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"
#include "ledger/ledger_parts.h"
#include "ledger/scope.h"
#include "ledger/statement.h"

/* --- opening --- */

static enum status open_parts(struct ledger *ledger, const char *state_dir)
{
    char path[FILE_PATH_SIZE];
    enum status status = file_path_join(path, state_dir, "ledger");
    if (status != STATUS_OK)
        return status;
    if (mkdir(state_dir, 0700) != 0 && errno != EEXIST)
        return file_status(errno);
    status = crypt_init();
    if (status == STATUS_OK) {
        crypt_random(ledger->hash_key, sizeof ledger->hash_key);
        status = store_open(&ledger->store, path);
    }
    if (status == STATUS_OK)
        status = ledger_replay(ledger);
    if (status == STATUS_OK)
        status = ledger_incarnate(ledger, state_dir);
    return status;
}

enum status ledger_open(struct ledger **out, const char *state_dir, const struct node_keys *keys)
{
    *out = NULL;
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger)
        return STATUS_NO_MEMORY;
    ledger->keys = keys;
    ledger->mark_fd = -1;
    enum status status = open_parts(ledger, state_dir);
    if (status != STATUS_OK) {
        ledger_close(ledger);
        return status;
    }
    *out = ledger;
    return STATUS_OK;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    ledger_forget_all(ledger);
    free(ledger->held);
    store_close(ledger->store);
    if (ledger->mark_fd >= 0)
        close(ledger->mark_fd);
    free(ledger);
}

struct household *ledger_own(struct ledger *ledger)
{
    size_t at;
    if (!ledger->has_own || !ledger_find(ledger, ledger->own_id, &at))
        return NULL;
    return ledger->held[at].household;
}

const uint8_t *ledger_own_id(struct ledger *ledger)
{
    return ledger->has_own ? ledger->own_id : NULL;
}

void ledger_each_household(struct ledger *ledger,
                           bool (*each)(void *context, const uint8_t namespace_id[static 32],
                                        struct household *household, bool own),
                           void *context)
{
    for (size_t i = 0; i < ledger->held_count; i++) {
        const struct held *held = &ledger->held[i];
        bool own = ledger->has_own && memcmp(held->namespace_id, ledger->own_id, 32) == 0;
        if (!each(context, held->namespace_id, held->household, own))
            return;
    }
}

uint64_t ledger_incarnation(struct ledger *ledger, bool *restored)
{
    *restored = ledger->restored;
    return ledger->began_ms;
}

/* --- batches --- */

enum status ledger_begin(struct ledger *ledger)
{
    if (ledger->in_batch)
        return STATUS_BUSY;
    enum status status = ledger_ready(ledger);
    if (status == STATUS_OK)
        status = store_begin(ledger->store);
    ledger->in_batch = status == STATUS_OK;
    ledger->failed = STATUS_OK;
    return status;
}

static void replay(struct ledger *ledger)
{
    ledger->unusable = ledger_replay(ledger);
    if (ledger->unusable != STATUS_OK)
        ledger_forget_all(ledger);
}

enum status ledger_ready(struct ledger *ledger)
{
    if (ledger->unusable != STATUS_OK)
        replay(ledger);
    return ledger->unusable;
}

bool ledger_is_damaged(const struct ledger *ledger)
{
    return ledger->unusable == STATUS_CORRUPT || store_is_damaged(ledger->store);
}

enum status ledger_commit(struct ledger *ledger)
{
    assert(ledger->in_batch);
    struct store_size size;
    enum status status = ledger->failed;
    if (status == STATUS_OK)
        status = store_commit(ledger->store);
    if (status != STATUS_OK) {
        ledger_abort(ledger);
        return status;
    }
    ledger->in_batch = false;
    ledger->changed = false;
    /* The entries are durable, whatever becomes of the mark: one that lags only notices less. */
    if (store_size(ledger->store, &size) == STATUS_OK) {
        ledger->mark.commits = size.commits;
        (void)incarnation_advance(&ledger->mark, ledger->mark_fd);
    }
    return STATUS_OK;
}

void ledger_abort(struct ledger *ledger)
{
    store_abort(ledger->store);
    ledger->in_batch = false;
    ledger->failed = STATUS_OK;
    if (ledger->changed)
        replay(ledger);
}

bool ledger_in_batch(const struct ledger *ledger)
{
    return ledger->in_batch;
}

enum status ledger_begin_alone(struct ledger *ledger, bool *alone)
{
    *alone = !ledger->in_batch;
    return *alone ? ledger_begin(ledger) : ledger->failed;
}

enum status ledger_end_alone(struct ledger *ledger, bool alone, enum status status)
{
    if (!alone)
        return status;
    if (status == STATUS_OK)
        return ledger_commit(ledger);
    ledger_abort(ledger);
    return status;
}

/* --- entries --- */

/* Households other than one's own come in once they are followed: a PEER of one's own household
 * will say so. No code of today can write that yes, so nobody is followed yet. */
static bool is_followed(const struct ledger *ledger, const uint8_t namespace_id[static 32])
{
    (void)ledger;
    (void)namespace_id;
    return false;
}

static enum status may_found(const struct ledger *ledger, const struct entry *entry, bool own)
{
    if (entry->type != ENTRY_GENESIS)
        return STATUS_FOREIGN;
    if (!own)
        return is_followed(ledger, entry_namespace(entry)) ? STATUS_OK : STATUS_FOREIGN;
    return ledger->has_own ? STATUS_EXISTS : STATUS_OK;
}

/* Store first, then state. What fails here can't be undone piecemeal: the batch as a whole is lost.
 */
static enum status keep(struct ledger *ledger, struct household *household,
                        const struct entry *entry, bool founds_own)
{
    enum status status = store_put_entry(ledger->store, entry);
    if (status == STATUS_OK && founds_own)
        status = store_put_meta(ledger->store, META_OWN, entry->id, sizeof entry->id);
    ledger->changed = true;
    if (status == STATUS_OK)
        status = household_add(household, entry);
    /* The state did not hold what the store does: they have come apart. */
    if (status == STATUS_DUPLICATE)
        status = STATUS_CORRUPT;
    if (status != STATUS_OK)
        ledger->failed = status;
    return status;
}

/* An entry of our own stream that we did not write now: another instance of this node continues it
 * (a copy of its disk, or this one's own future before it was restored). Ours to append to no more.
 */
static enum status leave_stream(struct ledger *ledger, const struct entry *entry)
{
    if (memcmp(entry->author, ledger->keys->signing.public_key, sizeof entry->author) != 0)
        return STATUS_OK;
    for (unsigned kind = KIND_PRIVATE; kind < OWN_KINDS; kind++) {
        struct own_stream *own = &ledger->own_streams[kind];
        if (!own->open || own->stream != entry->stream)
            continue;
        own->open = false;
        return ledger_put_own_stream(ledger, (enum body_kind)kind);
    }
    return STATUS_OK;
}

static void note_effects(struct ledger *ledger, const struct entry *entry, bool founds_own)
{
    if (founds_own) {
        ledger->has_own = true;
        memcpy(ledger->own_id, entry->id, sizeof ledger->own_id);
    }
    if (entry->stream == 0 || entry->type == ENTRY_SUSPEND)
        ledger->floor_known = false;
}

enum status ledger_take(struct ledger *ledger, const struct entry *entry, bool own,
                        const struct entry_check *check)
{
    size_t at;
    struct household *household;
    enum status status = STATUS_OK;
    const uint8_t *namespace_id = entry_namespace(entry);
    bool founds = !ledger_find(ledger, namespace_id, &at);
    if (founds) {
        status = may_found(ledger, entry, own);
        if (status == STATUS_OK)
            status = ledger_hold(ledger, namespace_id, &household);
        if (status != STATUS_OK)
            return status;
    } else {
        household = ledger->held[at].household;
    }
    status = household_admit(household, entry);
    if (status == STATUS_OK && check)
        status = check->verify(check->context, entry);
    if (status == STATUS_OK)
        status = keep(ledger, household, entry, founds && own);
    if (status == STATUS_OK && check)
        status = leave_stream(ledger, entry);
    if (status == STATUS_OK)
        note_effects(ledger, entry, founds && own);
    else if (founds)
        ledger_drop(ledger, namespace_id);
    return status;
}

enum status ledger_ingest_entry(struct ledger *ledger, const struct entry *entry, bool own,
                                const struct entry_check *check)
{
    bool alone;
    enum status status = ledger_begin_alone(ledger, &alone);
    if (status != STATUS_OK)
        return status;
    return ledger_end_alone(ledger, alone, ledger_take(ledger, entry, own, check));
}

static enum status verify_now(void *context, const struct entry *entry)
{
    (void)context;
    return entry_verify(entry);
}

enum status ledger_ingest(struct ledger *ledger, const uint8_t *bytes, size_t len, bool own)
{
    static const struct entry_check check = {.verify = verify_now};
    struct entry entry;
    enum status status = entry_decode(&entry, bytes, len);
    return status == STATUS_OK ? ledger_ingest_entry(ledger, &entry, own, &check) : status;
}

enum status ledger_get(struct ledger *ledger, const uint8_t id[static 32],
                       uint8_t bytes[static LIMIT_ENTRY], size_t *len)
{
    return store_get_entry(ledger->store, id, bytes, len);
}

enum status ledger_each_from(struct ledger *ledger, uint64_t first, store_each_fn *each,
                             void *context)
{
    return store_each_entry_from(ledger->store, first, each, context);
}

enum status ledger_each_back(struct ledger *ledger, uint64_t before, store_each_fn *each,
                             void *context)
{
    return store_each_entry_back(ledger->store, before, each, context);
}

/* --- statements --- */

/* Is there none as new? The same (incarnation, number) with other octets is evidence of a clone;
 * the first one stays. */
static enum status check_newer(struct ledger *ledger, const struct statement *statement)
{
    uint8_t bytes[LIMIT_STATEMENT];
    size_t len;
    struct statement kept;
    enum status status = store_get_statement(ledger->store, statement->namespace_id,
                                             statement->author, statement->form, bytes, &len);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (statement_decode(&kept, bytes, len) != STATUS_OK)
        return STATUS_CORRUPT;
    return statement_compare(statement, &kept) > 0 ? STATUS_OK : STATUS_DUPLICATE;
}

static enum status take_statement(struct ledger *ledger, const struct statement *statement,
                                  const uint8_t *bytes, size_t len)
{
    size_t at;
    struct household_grant grant;
    if (!ledger_find(ledger, statement->namespace_id, &at))
        return STATUS_FOREIGN;
    if (household_find_grant(ledger->held[at].household, statement->author, &grant) != STATUS_OK)
        return STATUS_UNAUTHORISED;
    enum status status = check_newer(ledger, statement);
    if (status == STATUS_OK)
        status = statement_verify(statement, bytes, len);
    if (status != STATUS_OK)
        return status;
    ledger->floor_known = false;
    status =
        store_put_statement(ledger->store, statement->namespace_id, statement->author, bytes, len);
    if (status != STATUS_OK)
        ledger->failed = status;
    return status;
}

enum status ledger_ingest_statement(struct ledger *ledger, const uint8_t *bytes, size_t len)
{
    struct statement statement;
    bool alone;
    enum status status = statement_decode(&statement, bytes, len);
    if (status != STATUS_OK)
        return status;
    status = ledger_begin_alone(ledger, &alone);
    if (status != STATUS_OK)
        return status;
    return ledger_end_alone(ledger, alone, take_statement(ledger, &statement, bytes, len));
}

enum status ledger_each_statement(struct ledger *ledger,
                                  enum status (*each)(void *context, const uint8_t *bytes,
                                                      size_t len),
                                  void *context)
{
    return store_each_statement(ledger->store, each, context);
}

/* --- facts --- */

enum status ledger_stats(struct ledger *ledger, struct ledger_stats *stats)
{
    struct store_size size;
    enum status status = store_size(ledger->store, &size);
    if (status != STATUS_OK)
        return status;
    *stats = (struct ledger_stats){
        .entries = size.entries, .bytes = size.bytes, .households = ledger->held_count};
    return STATUS_OK;
}

static enum status put_fact(struct ledger *ledger, const char *key, const void *bytes, size_t len)
{
    bool alone;
    enum status status = ledger_begin_alone(ledger, &alone);
    if (status != STATUS_OK)
        return status;
    ledger->changed = true;
    status = store_put_meta(ledger->store, key, bytes, len);
    if (status != STATUS_OK)
        ledger->failed = status;
    return ledger_end_alone(ledger, alone, status);
}

enum status ledger_set_label(struct ledger *ledger, const char *label)
{
    size_t len = strlen(label);
    if (len >= LABEL_SIZE)
        return STATUS_TOO_LONG;
    if (!text_is_plain((const uint8_t *)label, len))
        return STATUS_MALFORMED;
    enum status status = put_fact(ledger, META_LABEL, label, len);
    if (status == STATUS_OK)
        memcpy(ledger->label, label, len + 1);
    return status;
}

const char *ledger_label(struct ledger *ledger)
{
    return ledger->label;
}

enum status ledger_set_scope_opening(struct ledger *ledger, const uint8_t *opening, size_t len)
{
    enum status status = scope_check(opening, len);
    return status == STATUS_OK ? put_fact(ledger, META_SCOPE, opening, len) : status;
}
