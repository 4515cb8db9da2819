/* control_ops_log.c: log: entries as they were stored, newest first, each with the rule that
 * decides whether it counts. A cursor is the store's number of the last entry that was looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/body.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

/* Entries that are looked at for one page, which may then be short: the others' requests wait
 * meanwhile. */
enum { LOOKED_AT_MAX = 4096 };

struct log_walk {
    struct control_page page;
    struct household *household;
    const uint8_t *namespace_id;
    const struct name *name; /* NULL: all */
    uint64_t last;           /* number of the last entry that was looked at */
    unsigned looked_at;
    bool more;
};

static bool concerns(const struct entry *entry, const struct name *name)
{
    struct body body;
    return entry->type == ENTRY_SET &&
           body_decode(&body, entry->type, entry->body, entry->body_len) == STATUS_OK &&
           name_is_within(body.set.name.wire, body.set.name.len, name->wire, name->len);
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

/* AGAIN ends the walk: the page is full, or has taken long enough. */
static enum status walk_entry(void *context, uint64_t number, const struct entry *entry)
{
    struct log_walk *walk = context;
    bool wanted = memcmp(entry_namespace(entry), walk->namespace_id, 32) == 0 &&
                  (!walk->name || concerns(entry, walk->name));
    if (walk->looked_at++ == LOOKED_AT_MAX || (wanted && !control_page_has_room(&walk->page)) ||
        (wanted && !control_page_add(&walk->page, entry_json(walk->household, entry)))) {
        walk->more = true;
        return STATUS_AGAIN;
    }
    walk->last = number;
    return STATUS_OK;
}

static enum status read_cursor(const json_t *request, uint64_t *before)
{
    const char *text = control_fields_text(request, "before");
    char *end = NULL;
    *before = UINT64_MAX;
    if (!text)
        return STATUS_OK;
    if (text[0] < '0' || text[0] > '9')
        return STATUS_MALFORMED;
    *before = strtoull(text, &end, 10);
    return *end == '\0' ? STATUS_OK : STATUS_MALFORMED;
}

enum status control_op_log(struct control_call *call)
{
    struct ledger *ledger = call->service->ledger;
    struct log_walk walk = {.household = ledger_own(ledger), .namespace_id = ledger_own_id(ledger)};
    struct name name;
    uint64_t before = UINT64_MAX;
    if (!walk.household)
        return STATUS_NO_HOUSEHOLD;
    enum status status = control_page_start(&walk.page, call->request, call->answer, "entries");
    if (status == STATUS_OK && control_fields_text(call->request, "name")) {
        status = control_fields_name(call->request, "name", &name);
        walk.name = &name;
    }
    if (status == STATUS_OK)
        status = read_cursor(call->request, &before);
    if (status != STATUS_OK)
        return control_call_refuse(call, status, "name, before or limit: %s", status_text(status));
    status = ledger_each_back(ledger, before, walk_entry, &walk);
    if (walk.more) {
        char text[24];
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)walk.last);
        control_fields_set_text(call->answer, "next", text);
    }
    return walk.more && status == STATUS_AGAIN ? STATUS_OK : status;
}
