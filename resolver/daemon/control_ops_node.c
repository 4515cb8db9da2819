/* control_ops_node.c: hello, node, possess, authority: who this node is, and who may write. */
#include <string.h>
#include <unistd.h>

#include "ledger/crypt.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

enum status control_op_hello(struct control_call *call)
{
    const struct publication *publication = &call->service->publication;
    json_t *answer = call->answer;
    control_fields_set_text(answer, "hearthd", HEARTH_VERSION);
    control_fields_set_number(answer, "pid", (uint64_t)getpid());
    control_fields_set_household(answer, "household", ledger_own_id(call->service->ledger));
    control_fields_set_text(answer, "petname", publication->petname);
    bool write = control_session_right(call->session) == CONTROL_RIGHT_WRITE;
    return json_object_set_new(answer, "write", json_boolean(write)) == 0 ? STATUS_OK
                                                                          : STATUS_NO_MEMORY;
}

enum status control_op_node(struct control_call *call)
{
    const struct node_keys *keys = &call->service->keys;
    control_fields_set_hex(call->answer, "signing_key", keys->signing.public_key, 32);
    control_fields_set_hex(call->answer, "zone_key", keys->zone.public_key, 32);
    control_fields_set_hex(call->answer, "spki_sha256", keys->spki_sha256, 32);
    control_fields_set_text(call->answer, "label", ledger_service_label(call->service));
    return STATUS_OK;
}

static enum status read_grant(struct control_call *call, struct body_grant *grant,
                              uint8_t namespace_id[static 32])
{
    const json_t *request = call->request;
    const struct node_keys *keys = &call->service->keys;
    uint64_t role = 0;
    uint64_t flags = 0;
    *grant = (struct body_grant){.signing.algorithm = KEY_ED25519, .zone.algorithm = KEY_ED25519};
    memcpy(grant->signing.key, keys->signing.public_key, 32);
    memcpy(grant->zone.key, keys->zone.public_key, 32);
    memcpy(grant->spki_sha256, keys->spki_sha256, 32);
    enum status status = control_fields_octets(request, "namespace", namespace_id, 32);
    if (status == STATUS_OK)
        status = control_fields_number(request, "role", UINT8_MAX, &role);
    if (status == STATUS_OK)
        status = control_fields_number(request, "flags", UINT8_MAX, &flags);
    const json_t *commitment = json_object_get(request, "scope_commitment");
    if (status == STATUS_OK && commitment && !json_is_null(commitment))
        status = control_fields_octets(request, "scope_commitment", grant->scope_commitment, 32);
    grant->role = (uint8_t)role;
    grant->flags = (uint8_t)flags;
    return status;
}

enum status control_op_possess(struct control_call *call)
{
    struct body_grant grant;
    uint8_t namespace_id[32];
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    enum status status = read_grant(call, &grant, namespace_id);
    if (status != STATUS_OK)
        return control_call_refuse(call, status,
                                   "possess needs namespace, role, flags and scope_commitment");
    body_possession_message(&grant, namespace_id, message);
    status =
        crypt_sign("", 0, message, sizeof message, call->service->keys.signing.secret, signature);
    if (status == STATUS_OK)
        control_fields_set_hex(call->answer, "possession", signature, sizeof signature);
    return status;
}

const char *control_grant_state(enum grant_state state)
{
    static const char *const texts[] = {"live", "suspended", "revoked", "overrun", "cleared"};
    return (unsigned)state < sizeof texts / sizeof texts[0] ? texts[state] : "unknown";
}

static json_t *role_json(uint8_t role)
{
    if (role == ROLE_ADMIN)
        return json_string("admin");
    return role == ROLE_NODE ? json_string("node") : json_integer(role);
}

json_t *control_grant_json(const struct ledger_service *service,
                           const struct household_grant *grant)
{
    static const uint8_t nobody[32];
    bool own = memcmp(grant->key, service->keys.signing.public_key, 32) == 0;
    json_t *json = json_pack("{s:o, s:i, s:s, s:b, s:s}", "role", role_json(grant->role), "flags",
                             grant->flags, "state", control_grant_state(grant->state), "scoped",
                             grant->scoped, "label", own ? ledger_service_label(service) : "");
    control_fields_set_hex(json, "key", grant->key, 32);
    control_fields_set_stamp(json, "granted", grant->granted);
    control_fields_set_hex(json, "grant_id", grant->grant_id, 32);
    if (memcmp(grant->by_id, nobody, 32) != 0)
        control_fields_set_hex(json, "by_id", grant->by_id, 32);
    else
        (void)json_object_set_new(json, "by_id", json_null());
    control_fields_set_hex(json, "spki_sha256", grant->spki_sha256, 32);
    control_fields_set_hex(json, "zone_key", grant->zone_key, 32);
    return json;
}

struct grant_list {
    const struct ledger_service *service;
    json_t *array;
};

static bool add_grant(void *context, const struct household_grant *grant)
{
    const struct grant_list *list = context;
    return json_array_append_new(list->array, control_grant_json(list->service, grant)) == 0;
}

/* The time of the newest authority entry: what an owner's tool signs next is later. */
static void set_head_time(struct control_call *call, const uint8_t head[static 32])
{
    uint8_t bytes[LIMIT_ENTRY];
    size_t len = 0;
    struct entry entry;
    enum status status = ledger_get(call->service->ledger, head, bytes, &len);
    if (status == STATUS_OK && entry_decode(&entry, bytes, len) == STATUS_OK)
        control_fields_set_word(call->answer, "head_time", entry.time);
}

enum status control_op_authority(struct control_call *call)
{
    struct household_authority authority;
    struct household *household = ledger_own(call->service->ledger);
    if (!household)
        return STATUS_NO_HOUSEHOLD;
    enum status status = household_authority(household, &authority);
    if (status != STATUS_OK)
        return status;
    json_t *answer = call->answer;
    control_fields_set_hex(answer, "namespace", ledger_own_id(call->service->ledger), 32);
    control_fields_set_hex(answer, "owner", authority.owner, 32);
    control_fields_set_hex(answer, "head", authority.head, 32);
    control_fields_set_number(answer, "head_seq", authority.head_seq);
    set_head_time(call, authority.head);
    control_fields_set_hex(answer, "recovery_commitment", authority.recovery_commitment, 32);
    control_fields_set_number(answer, "soft_hours", authority.soft_hours);
    control_fields_set_number(answer, "hard_hours", authority.hard_hours);
    (void)json_object_set_new(answer, "frozen", json_boolean(authority.frozen));
    struct grant_list list = {.service = call->service, .array = json_array()};
    household_each_grant(household, add_grant, &list);
    return json_object_set_new(answer, "grants", list.array) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}
