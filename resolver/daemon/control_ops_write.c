/* control_ops_write.c: ingest, set, forget, stage, commit, withdraw: what changes the ledger.
 *
 * Each is one batch: durable as a whole or not at all. A change sets call->changed, so that its
 * answer waits for the view.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "resolver/daemon/batch.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

static const char *by_of(const struct control_call *call)
{
    const char *by = control_fields_text(call->request, "by");
    return by ? by : "cli";
}

static const char *hint_of(enum status status, enum rule rule)
{
    if (status != STATUS_RULE)
        return NULL;
    switch (rule) {
    case RULE_NOT_GRANTED:
    case RULE_REVOKED:
    case RULE_SUSPENDED:
    case RULE_OVERRUN:
    case RULE_SCOPE:
    case RULE_NO_RIGHT:
        return "hearth status";
    default:
        return NULL;
    }
}

/* --- records --- */

/* Which record was refused, and why. */
static enum status refuse_record(struct control_call *call, enum status status,
                                 const struct batch_result *result)
{
    char name[NAME_TEXT_SIZE];
    call->rule = result->rule;
    call->hint = hint_of(status, result->rule);
    if (result->index == SIZE_MAX)
        return status;
    call->index = (long)result->index;
    name_text(result->name.wire, result->name.len, name);
    return control_call_refuse(call, status, "%.300s: %s", result->name.len == 1 ? "@" : name,
                               status == STATUS_RULE ? rule_text(result->rule)
                                                     : status_text(status));
}

/* Writes the batch; *ids (the caller frees it) has each record's entry. */
static enum status write_batch(struct control_call *call, const struct batch *batch,
                               uint8_t (**ids)[32])
{
    struct batch_result result = {.rule = RULE_NONE};
    assert(batch->count > 0);
    if (ids) {
        result.ids = calloc(batch->count, sizeof *result.ids);
        if (!result.ids)
            return STATUS_NO_MEMORY;
        *ids = result.ids;
    }
    enum status status = batch_write(batch, call->service->ledger, clock_read(), &result);
    if (status != STATUS_OK)
        return refuse_record(call, status, &result);
    call->changed = true;
    return STATUS_OK;
}

static enum status write_with_ids(struct control_call *call, const struct batch *batch)
{
    uint8_t(*ids)[32] = NULL;
    json_t *array = json_array();
    enum status status = write_batch(call, batch, &ids);
    for (size_t i = 0; status == STATUS_OK && i < batch->count; i++)
        (void)json_array_append_new(array, control_fields_hex_new(ids[i], 32));
    free(ids);
    (void)json_object_set_new(call->answer, "ids", array);
    return status;
}

/* Adds the request's records to the batch. `first`: the index of the first one, for messages. */
static enum status add_records(struct control_call *call, struct batch *batch, size_t first)
{
    const json_t *records = json_object_get(call->request, "records");
    if (!json_is_array(records))
        return control_call_refuse(call, STATUS_MALFORMED, "records is missing or no list");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        enum status status = batch_add(batch, record, by_of(call));
        if (status == STATUS_OK)
            continue;
        const char *name = control_fields_text(record, "name");
        call->index = (long)(first + i);
        return control_call_refuse(call, status, "%.300s: %s", name ? name : "a record",
                                   status_text(status));
    }
    return STATUS_OK;
}

enum status control_op_set(struct control_call *call)
{
    struct batch batch = {.bytes = NULL};
    if (!ledger_own(call->service->ledger))
        return STATUS_NO_HOUSEHOLD;
    enum status status = add_records(call, &batch, 0);
    if (status == STATUS_OK && batch.count == 0)
        status = control_call_refuse(call, STATUS_MALFORMED, "records is empty");
    if (status == STATUS_OK)
        status = write_with_ids(call, &batch);
    batch_deinit(&batch);
    return status;
}

/* --- a batch that grows from request to request --- */

static struct batch *staged_batch(struct control_call *call)
{
    struct batch *batch = control_session_attachment(call->session);
    if (batch)
        return batch;
    batch = calloc(1, sizeof *batch);
    if (batch)
        control_session_attach(call->session, batch);
    return batch;
}

enum status control_op_stage(struct control_call *call)
{
    struct batch *batch = staged_batch(call);
    if (!batch)
        return STATUS_NO_MEMORY;
    size_t used = batch->used;
    size_t count = batch->count;
    enum status status = add_records(call, batch, count);
    if (status != STATUS_OK) { /* none of this request */
        batch->used = used;
        batch->count = count;
        return status;
    }
    control_fields_set_number(call->answer, "staged", batch->count);
    return STATUS_OK;
}

enum status control_op_commit(struct control_call *call)
{
    struct batch *batch = control_session_attachment(call->session);
    if (!ledger_own(call->service->ledger))
        return STATUS_NO_HOUSEHOLD;
    if (!batch || batch->count == 0)
        return control_call_refuse(call, STATUS_NOT_FOUND, "nothing is staged");
    enum status status = write_batch(call, batch, NULL);
    control_fields_set_number(call->answer, "written", batch->count);
    batch_deinit(batch);
    return status;
}

/* --- forget --- */

struct forgetting {
    const struct name *name;
    struct batch batch;
    const char *by;
    json_t *removed;
    enum status status;
};

/* The name itself, and what stands below labels with '_' directly below it; not devices below it.
 */
static bool belongs_to(const struct name *name, const struct name *device)
{
    if (name_equal(name, device))
        return true;
    struct name below;
    if (name_relative(&below, name, device) != STATUS_OK)
        return false;
    size_t at = 0;
    size_t last = 0;
    while (below.wire[at] != 0) {
        last = at;
        at += 1U + below.wire[at];
    }
    return below.wire[last + 1] == '_';
}

static bool forget_set(void *context, const struct household_set *set)
{
    struct forgetting *forgetting = context;
    bool there = set->rr_count > 0 || set->removed_count > 0 || set->conflicts > 0;
    if (!there || set->type == RRTYPE_PEER || !belongs_to(&set->name, forgetting->name))
        return true;
    forgetting->status =
        batch_add_removal(&forgetting->batch, &set->name, set->type, forgetting->by);
    json_t *item = json_pack("{s:i}", "type", (int)set->type);
    control_fields_set_name(item, "name", &set->name);
    (void)json_array_append_new(forgetting->removed, item);
    return forgetting->status == STATUS_OK;
}

enum status control_op_forget(struct control_call *call)
{
    struct name name;
    struct household *household = ledger_own(call->service->ledger);
    if (!household)
        return STATUS_NO_HOUSEHOLD;
    enum status status = control_fields_name(call->request, "name", &name);
    if (status != STATUS_OK)
        return control_call_refuse(call, status, "name: %s", status_text(status));
    struct forgetting forgetting = {
        .name = &name, .by = by_of(call), .removed = json_array(), .status = STATUS_OK};
    household_each_winner(household, forget_set, &forgetting);
    (void)json_object_set_new(call->answer, "removed", forgetting.removed);
    status = forgetting.status;
    if (status == STATUS_OK && forgetting.batch.count == 0) {
        call->hint = "hearth ls";
        status = control_call_refuse(call, STATUS_NOT_FOUND, "nothing is published there");
    }
    if (status == STATUS_OK)
        status = write_with_ids(call, &forgetting.batch);
    batch_deinit(&forgetting.batch);
    return status;
}

/* --- withdraw --- */

enum status control_op_withdraw(struct control_call *call)
{
    uint8_t hash[32];
    uint8_t id[32];
    uint64_t reason = 0;
    struct ledger *ledger = call->service->ledger;
    if (!ledger_own(ledger))
        return STATUS_NO_HOUSEHOLD;
    enum status status = control_fields_octets(call->request, "hash", hash, sizeof hash);
    if (status == STATUS_OK && json_object_get(call->request, "reason"))
        status = control_fields_number(call->request, "reason", UINT8_MAX, &reason);
    if (status != STATUS_OK)
        return control_call_refuse(call, status, "withdraw needs hash (64 hex digits), reason");
    status = ledger_begin(ledger);
    if (status != STATUS_OK)
        return status;
    status = ledger_append_withdraw(ledger, hash, (enum body_reason)reason, clock_read(), id,
                                    &call->rule);
    if (status != STATUS_OK)
        ledger_abort(ledger);
    else
        status = ledger_commit(ledger);
    call->hint = hint_of(status, call->rule);
    call->changed = status == STATUS_OK;
    if (status == STATUS_OK)
        control_fields_set_hex(call->answer, "id", id, sizeof id);
    return status;
}

/* --- ingest --- */

static enum status ingest_one(struct control_call *call, const json_t *hex, bool own,
                              json_t *results)
{
    uint8_t bytes[LIMIT_ENTRY];
    size_t len = 0;
    struct entry entry;
    enum status status = control_fields_hex(hex, bytes, sizeof bytes, &len);
    if (status == STATUS_OK)
        status = entry_decode(&entry, bytes, len);
    if (status != STATUS_OK)
        return status;
    status = ledger_ingest(call->service->ledger, bytes, len, own);
    if (status != STATUS_OK && status != STATUS_DUPLICATE)
        return status;
    json_t *result = json_pack("{s:s}", "status", status_name(status));
    control_fields_set_hex(result, "id", entry.id, sizeof entry.id);
    return json_array_append_new(results, result) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status ingest_all(struct control_call *call, const json_t *entries, bool own,
                              const char *label, json_t *results)
{
    enum status status = ledger_begin(call->service->ledger);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        status = ingest_one(call, json_array_get(entries, i), own, results);
        if (status == STATUS_OK)
            continue;
        ledger_abort(call->service->ledger);
        call->index = (long)i;
        return control_call_refuse(call, status, "entry %zu: %s", i, status_text(status));
    }
    status = STATUS_OK;
    if (label && label[0] != '\0')
        status = ledger_set_label(call->service->ledger, label);
    if (status == STATUS_OK)
        return ledger_commit(call->service->ledger);
    ledger_abort(call->service->ledger);
    return status;
}

/* Whether each entry counts, now that all of them are held. */
static void add_effects(struct control_call *call, json_t *results)
{
    struct household *household = ledger_own(call->service->ledger);
    for (size_t i = 0; household && i < json_array_size(results); i++) {
        json_t *result = json_array_get(results, i);
        uint8_t id[32];
        enum rule rule = RULE_NONE;
        if (control_fields_octets(result, "id", id, sizeof id) == STATUS_OK &&
            household_effect(household, id, &rule) == STATUS_OK)
            control_fields_set_text(result, "rule", rule_name(rule));
    }
}

/* Another household in its place must not come about by mistake. */
static bool has_lost_household(const struct ledger_service *service)
{
    return !ledger_own_id(service->ledger) && service->rescue.kind != RESCUE_NONE;
}

enum status control_op_ingest(struct control_call *call)
{
    const json_t *entries = json_object_get(call->request, "entries");
    const char *label = control_fields_text(call->request, "label");
    bool own = json_is_true(json_object_get(call->request, "own"));
    json_t *results = json_array();
    if (json_object_set_new(call->answer, "results", results) != 0)
        return STATUS_NO_MEMORY;
    if (!json_is_array(entries) || json_array_size(entries) == 0)
        return control_call_refuse(call, STATUS_MALFORMED, "entries is missing or empty");
    if (label && strlen(label) > LIMIT_LABEL)
        return control_call_refuse(call, STATUS_TOO_LONG, "a label has at most 63 octets");
    if (label && !text_is_plain((const uint8_t *)label, strlen(label)))
        return control_call_refuse(call, STATUS_MALFORMED, "a label has no control characters");
    if (own && has_lost_household(call->service)) {
        call->hint = "hearth status";
        return control_call_refuse(call, STATUS_EXISTS,
                                   "this node has a household, though its ledger could not be read "
                                   "any more");
    }
    enum status status = ingest_all(call, entries, own, label, results);
    if (status != STATUS_OK)
        return status;
    add_effects(call, results);
    call->changed = true;
    return STATUS_OK;
}
