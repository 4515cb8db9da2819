/* control_ops_read.c: list, withdrawn, why: what the household's names are now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

json_t *control_rrs_json(const struct body_rr *rrs, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, control_fields_hex_new(rrs[i].data, rrs[i].len));
    return array;
}

/* A winner or live SET as `list` has it. */
static json_t *set_json(const struct household_set *set)
{
    json_t *json =
        json_pack("{s:i, s:I, s:o, s:o, s:I, s:b}", "type", (int)set->type, "ttl",
                  (json_int_t)set->ttl, "rrs", control_rrs_json(set->rrs, set->rr_count), "removed",
                  control_rrs_json(set->removed, set->removed_count), "conflicts",
                  (json_int_t)set->conflicts, "internal", rrtype_is_internal(set->type));
    json_t *by = json_stringn((const char *)set->by, set->by ? set->by_len : 0);
    control_fields_set_name(json, "name", &set->name);
    control_fields_set_hex(json, "id", set->id, 32);
    control_fields_set_hex(json, "author", set->author, 32);
    control_fields_set_stamp(json, "time", set->time);
    /* What is no UTF-8 is not shown: it says who asked, for people. */
    (void)json_object_set_new(json, "by", by ? by : json_string(""));
    return json;
}

/* --- list --- */

/* A place in the list: after this name and type. As text: "camera 28". */
struct list_cursor {
    struct name name;
    uint16_t type;
};

enum { CURSOR_TEXT_SIZE = NAME_TEXT_SIZE + 8 };

static void cursor_text(const struct list_cursor *cursor, char text[static CURSOR_TEXT_SIZE])
{
    char name[NAME_TEXT_SIZE];
    name_text(cursor->name.wire, cursor->name.len, name);
    (void)snprintf(text, CURSOR_TEXT_SIZE, "%s %u", cursor->name.len == 1 ? "@" : name,
                   (unsigned)cursor->type);
}

static enum status cursor_parse(const char *text, struct list_cursor *cursor)
{
    char name[NAME_TEXT_SIZE];
    const char *blank = strchr(text, ' ');
    size_t len = blank ? (size_t)(blank - text) : 0;
    char *end = NULL;
    if (!blank || len >= sizeof name || blank[1] < '0' || blank[1] > '9')
        return STATUS_MALFORMED;
    memcpy(name, text, len);
    name[len] = '\0';
    unsigned long type = strtoul(blank + 1, &end, 10);
    if (*end != '\0' || type > UINT16_MAX)
        return STATUS_MALFORMED;
    cursor->type = (uint16_t)type;
    return name_parse(&cursor->name, name);
}

/* In canonical order a name and all below it stand together: the walk starts there, or where the
 * page before ended, and ends with them. */
struct listing {
    struct control_page page;
    struct name under;       /* the apex: all */
    struct list_cursor from; /* after this one */
    struct list_cursor last; /* the last one that went in */
    bool more;
};

static bool is_before(const struct list_cursor *cursor, const struct name *name)
{
    return name_compare(cursor->name.wire, cursor->name.len, name->wire, name->len) < 0;
}

static bool list_set(void *context, const struct household_set *set)
{
    struct listing *listing = context;
    if (!name_is_within(set->name.wire, set->name.len, listing->under.wire, listing->under.len))
        return false;
    if (set->rr_count == 0 && set->removed_count == 0)
        return true; /* deleted */
    if (!control_page_has_room(&listing->page) ||
        !control_page_add(&listing->page, set_json(set))) {
        listing->more = true;
        return false;
    }
    listing->last.name = set->name;
    listing->last.type = set->type;
    return true;
}

static enum status listing_start(struct listing *listing, const struct control_call *call)
{
    const char *cursor = control_fields_text(call->request, "after");
    enum status status = control_page_start(&listing->page, call->request, call->answer, "records");
    if (status == STATUS_OK && control_fields_text(call->request, "under"))
        status = control_fields_name(call->request, "under", &listing->under);
    if (status == STATUS_OK && cursor)
        status = cursor_parse(cursor, &listing->from);
    if (status == STATUS_OK && (!cursor || is_before(&listing->from, &listing->under)))
        listing->from = (struct list_cursor){.name = listing->under}; /* no type is 0 */
    return status;
}

enum status control_op_list(struct control_call *call)
{
    struct household *household = ledger_own(call->service->ledger);
    struct listing listing = {.under.len = 1};
    if (!household)
        return STATUS_NO_HOUSEHOLD;
    enum status status = listing_start(&listing, call);
    if (status != STATUS_OK)
        return control_call_refuse(call, status, "under, after or limit: %s", status_text(status));
    household_each_winner_after(household, &listing.from.name, listing.from.type, list_set,
                                &listing);
    if (listing.more) {
        char text[CURSOR_TEXT_SIZE];
        cursor_text(&listing.last, text);
        control_fields_set_text(call->answer, "next", text);
    }
    return STATUS_OK;
}

/* --- withdrawn --- */

struct withdrawn_listing {
    struct control_page page;
    bool has_after, more;
    uint8_t after[32];
    uint8_t last[32];
};

static bool list_withdrawal(void *context, const struct household_withdrawal *withdrawal)
{
    struct withdrawn_listing *listing = context;
    if (listing->has_after && memcmp(withdrawal->hash, listing->after, 32) <= 0)
        return true;
    json_t *item = json_pack("{s:i}", "reason", (int)withdrawal->reason);
    control_fields_set_hex(item, "hash", withdrawal->hash, 32);
    control_fields_set_hex(item, "id", withdrawal->id, 32);
    control_fields_set_hex(item, "author", withdrawal->author, 32);
    control_fields_set_stamp(item, "time", withdrawal->time);
    if (!control_page_add(&listing->page, item)) {
        listing->more = true;
        return false;
    }
    memcpy(listing->last, withdrawal->hash, 32);
    return true;
}

enum status control_op_withdrawn(struct control_call *call)
{
    struct household *household = ledger_own(call->service->ledger);
    struct withdrawn_listing listing = {.more = false};
    if (!household)
        return STATUS_NO_HOUSEHOLD;
    enum status status =
        control_page_start(&listing.page, call->request, call->answer, "withdrawn");
    listing.has_after = control_fields_text(call->request, "after") != NULL;
    if (status == STATUS_OK && listing.has_after)
        status = control_fields_octets(call->request, "after", listing.after, 32);
    if (status != STATUS_OK)
        return control_call_refuse(call, status, "after or limit: %s", status_text(status));
    household_each_withdrawal(household, list_withdrawal, &listing);
    if (listing.more)
        control_fields_set_hex(call->answer, "next", listing.last, 32);
    return STATUS_OK;
}

/* --- why --- */

static bool add_live(void *context, const struct household_set *set)
{
    return json_array_append_new(context, set_json(set)) == 0;
}

/* By what grant its author writes, and why it does not win if it does not. */
static void explain(struct control_call *call, struct household *household, json_t *item)
{
    uint8_t id[32];
    uint8_t author[32];
    struct household_grant grant;
    enum rule rule = RULE_NONE;
    if (control_fields_octets(item, "author", author, 32) == STATUS_OK &&
        household_find_grant(household, author, &grant) == STATUS_OK)
        (void)json_object_set_new(item, "grant", control_grant_json(call->service, &grant));
    if (control_fields_octets(item, "id", id, 32) == STATUS_OK &&
        household_effect(household, id, &rule) == STATUS_OK)
        control_fields_set_text(item, "rule", rule_name(rule));
}

enum status control_op_why(struct control_call *call)
{
    struct name name;
    uint64_t type = 0;
    struct household *household = ledger_own(call->service->ledger);
    if (!household)
        return STATUS_NO_HOUSEHOLD;
    enum status status = control_fields_name(call->request, "name", &name);
    if (status == STATUS_OK)
        status = control_fields_number(call->request, "type", UINT16_MAX, &type);
    if (status != STATUS_OK)
        return control_call_refuse(call, status, "why needs name and type: %s",
                                   status_text(status));
    json_t *live = json_array();
    if (json_object_set_new(call->answer, "live", live) != 0)
        return STATUS_NO_MEMORY;
    household_each_live(household, &name, (uint16_t)type, add_live, live);
    for (size_t i = 0; i < json_array_size(live); i++)
        explain(call, household, json_array_get(live, i));
    return STATUS_OK;
}
