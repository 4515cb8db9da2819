/* control_ops_log.c: log: entries as they were stored, newest first, each with the rule that
 * decides whether it counts.
 *
 * The store is walked forwards, since that is how it lies; the ids of the last matching ones before
 * the cursor are kept in a ring and read again from the newest on.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/body.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

struct log_walk {
    const uint8_t *namespace_id;
    const struct name *name; /* NULL: all */
    const uint8_t *before;   /* NULL: to the end */
    bool stopped;            /* at the cursor */
    uint8_t (*ring)[32];
    size_t size, seen;
};

static bool concerns(const struct entry *entry, const struct name *name)
{
    struct body body;
    return entry->type == ENTRY_SET &&
           body_decode(&body, entry->type, entry->body, entry->body_len) == STATUS_OK &&
           name_is_within(body.set.name.wire, body.set.name.len, name->wire, name->len);
}

static enum status walk_entry(void *context, const struct entry *entry)
{
    struct log_walk *walk = context;
    if (walk->before && memcmp(entry->id, walk->before, 32) == 0)
        walk->stopped = true;
    if (walk->stopped || memcmp(entry_namespace(entry), walk->namespace_id, 32) != 0 ||
        (walk->name && !concerns(entry, walk->name)))
        return STATUS_OK;
    memcpy(walk->ring[walk->seen++ % walk->size], entry->id, 32);
    return STATUS_OK;
}

static const char *kind_text(uint8_t type)
{
    switch (type) {
    case ENTRY_GENESIS:
        return "genesis";
    case ENTRY_GRANT:
        return "grant";
    case ENTRY_SCOPE:
        return "scope";
    case ENTRY_REVOKE:
        return "revoke";
    case ENTRY_LIFT:
        return "lift";
    case ENTRY_POLICY:
        return "policy";
    case ENTRY_MERGE:
        return "merge";
    case ENTRY_RECOVER:
        return "recover";
    case ENTRY_OPEN:
        return "open";
    case ENTRY_SET:
        return "set";
    case ENTRY_SUSPEND:
        return "suspend";
    case ENTRY_WITHDRAW:
        return "withdraw";
    default:
        return "unknown";
    }
}

static void add_set(json_t *json, const struct body_set *set)
{
    json_t *over = json_array();
    for (size_t i = 0; i < set->over_count; i++)
        (void)json_array_append_new(over, control_fields_hex_new(set->over + 32 * i, 32));
    json_t *by = json_stringn((const char *)set->by, set->by ? set->by_len : 0);
    control_fields_set_name(json, "name", &set->name);
    control_fields_set_number(json, "rrtype", set->type);
    control_fields_set_number(json, "ttl", set->ttl);
    (void)json_object_set_new(json, "rrs", control_rrs_json(set->rrs, set->rr_count));
    (void)json_object_set_new(json, "over", over);
    (void)json_object_set_new(json, "by", by ? by : json_string(""));
}

static void add_body(json_t *json, const struct entry *entry)
{
    struct body body;
    if (body_decode(&body, entry->type, entry->body, entry->body_len) != STATUS_OK)
        return;
    switch (entry->type) {
    case ENTRY_GENESIS:
        control_fields_set_hex(json, "key", body.genesis.owner.key, 32);
        break;
    case ENTRY_GRANT:
        control_fields_set_hex(json, "key", body.grant.signing.key, 32);
        control_fields_set_number(json, "role", body.grant.role);
        break;
    case ENTRY_SCOPE:
        control_fields_set_hex(json, "key", body.scope.signing.key, 32);
        break;
    case ENTRY_REVOKE:
        control_fields_set_hex(json, "key", body.revoke.signing.key, 32);
        control_fields_set_number(json, "reason", body.revoke.reason);
        break;
    case ENTRY_LIFT:
        control_fields_set_hex(json, "lifted", body.lift.id, 32);
        break;
    case ENTRY_RECOVER:
        control_fields_set_hex(json, "key", body.recover.owner.key, 32);
        break;
    case ENTRY_SET:
        add_set(json, &body.set);
        break;
    case ENTRY_SUSPEND:
        control_fields_set_hex(json, "key", body.suspend.signing.key, 32);
        break;
    case ENTRY_WITHDRAW:
        control_fields_set_hex(json, "hash", body.withdraw.hash, 32);
        control_fields_set_number(json, "reason", body.withdraw.reason);
        break;
    default:
        break;
    }
}

static json_t *entry_json(struct household *household, const struct entry *entry)
{
    enum rule rule = RULE_NONE;
    json_t *json =
        json_pack("{s:i, s:s}", "type", (int)entry->type, "kind", kind_text(entry->type));
    control_fields_set_hex(json, "id", entry->id, 32);
    control_fields_set_hex(json, "author", entry->author, 32);
    control_fields_set_word(json, "stream", entry->stream);
    control_fields_set_number(json, "seq", entry->seq);
    control_fields_set_stamp(json, "time", entry->time);
    if (household_effect(household, entry->id, &rule) == STATUS_OK)
        control_fields_set_text(json, "rule", rule_name(rule));
    add_body(json, entry);
    return json;
}

/* Fills the page from the ring, the newest first; *last is the last one that went in. */
static enum status fill_page(struct control_call *call, struct control_page *page,
                             const struct log_walk *walk)
{
    struct ledger *ledger = call->service->ledger;
    size_t count = walk->seen < walk->size ? walk->seen : walk->size;
    size_t done = 0;
    for (; done < count; done++) {
        uint8_t bytes[LIMIT_ENTRY];
        size_t len = 0;
        struct entry entry;
        const uint8_t *id = walk->ring[(walk->seen - 1 - done) % walk->size];
        enum status status = ledger_get(ledger, id, bytes, &len);
        if (status == STATUS_OK)
            status = entry_decode(&entry, bytes, len);
        if (status != STATUS_OK)
            return status;
        if (!control_page_add(page, entry_json(ledger_own(ledger), &entry)))
            break;
    }
    if (done > 0 && done < walk->seen)
        control_fields_set_hex(call->answer, "next", walk->ring[(walk->seen - done) % walk->size],
                               32);
    return STATUS_OK;
}

static enum status walk_and_fill(struct control_call *call, struct control_page *page,
                                 struct log_walk *walk)
{
    walk->size = page->limit;
    walk->namespace_id = ledger_own_id(call->service->ledger);
    walk->ring = calloc(walk->size, sizeof *walk->ring);
    if (!walk->ring)
        return STATUS_NO_MEMORY;
    enum status status = ledger_each(call->service->ledger, walk_entry, walk);
    if (status == STATUS_OK)
        status = fill_page(call, page, walk);
    free(walk->ring);
    return status;
}

enum status control_op_log(struct control_call *call)
{
    struct control_page page;
    struct log_walk walk = {.name = NULL};
    struct name name;
    uint8_t before[32];
    if (!ledger_own(call->service->ledger))
        return STATUS_NO_HOUSEHOLD;
    enum status status = control_page_start(&page, call->request, call->answer, "entries");
    if (status == STATUS_OK && control_fields_text(call->request, "name")) {
        status = control_fields_name(call->request, "name", &name);
        walk.name = &name;
    }
    if (status == STATUS_OK && control_fields_text(call->request, "before")) {
        status = control_fields_octets(call->request, "before", before, sizeof before);
        walk.before = before;
    }
    if (status != STATUS_OK)
        return control_call_refuse(call, status, "name, before or limit: %s", status_text(status));
    return walk_and_fill(call, &page, &walk);
}
