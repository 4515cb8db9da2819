/* owner.c: see owner.h. Every entry goes through `sign`: body, header after the head, signature;
 * then the head moves. */
#include "ledger/owner.h"

#include <string.h>

#include "ledger/base/clock.h"
#include "ledger/base/file.h"
#include "ledger/base/octets.h"
#include "ledger/base/writer.h"
#include "ledger/crypt.h"
#include "ledger/entry.h"

enum status owner_key_create(struct key_pair *owner, const char *dir)
{
    char path[FILE_PATH_SIZE];
    enum status status = file_path_join(path, dir, "owner.key");
    return status == STATUS_OK ? key_pair_create(owner, path, "owner") : status;
}

enum status owner_key_read(struct key_pair *owner, const char *dir)
{
    char path[FILE_PATH_SIZE];
    enum status status = file_path_join(path, dir, "owner.key");
    return status == STATUS_OK ? key_pair_read(owner, path, "owner") : status;
}

static struct body_key body_key_of(const uint8_t key[static 32])
{
    struct body_key out = {.algorithm = KEY_ED25519};
    memcpy(out.key, key, sizeof out.key);
    return out;
}

static uint64_t next_time(const struct owner_head *head, uint64_t now_ms)
{
    uint64_t now = clock_stamp(now_ms, 0);
    return now > head->time || head->time == UINT64_MAX ? now : head->time + 1;
}

static enum status sign(const struct key_pair *key, struct owner_head *head, uint64_t now_ms,
                        const struct body *body, struct owner_entry *out)
{
    uint8_t octets[LIMIT_BODY];
    struct writer w = writer_over(octets, sizeof octets);
    enum status status = body_encode(body, &w);
    if (status != STATUS_OK)
        return status;
    bool first = body->type == ENTRY_GENESIS;
    struct entry entry = {
        .type = body->type,
        .body = octets,
        .body_len = (uint16_t)w.used,
        .seq = first ? 0 : head->seq + 1,
        .time = next_time(head, now_ms),
    };
    memcpy(entry.author, key->public_key, sizeof entry.author);
    if (!first) {
        memcpy(entry.namespace_id, head->namespace_id, sizeof entry.namespace_id);
        memcpy(entry.prev, head->id, sizeof entry.prev);
        memcpy(entry.auth_head, head->id, sizeof entry.auth_head);
    }
    status = entry_sign(&entry, key->secret, out->bytes, &out->len);
    if (status != STATUS_OK)
        return status;
    memcpy(out->id, entry.id, sizeof out->id);
    memcpy(head->namespace_id, entry_namespace(&entry), sizeof head->namespace_id);
    memcpy(head->id, entry.id, sizeof head->id);
    head->seq = entry.seq;
    head->time = entry.time;
    return STATUS_OK;
}

enum status owner_genesis(const struct key_pair *owner, const uint8_t recovery_key[static 32],
                          uint64_t now_ms, struct owner_head *head, struct owner_entry *out)
{
    if (!crypt_key_is_valid(recovery_key))
        return STATUS_CRYPTO;
    struct body body = {.type = ENTRY_GENESIS};
    struct body_key recovery = body_key_of(recovery_key);
    body.genesis.owner = body_key_of(owner->public_key);
    body_recovery_commitment(&recovery, body.genesis.recovery_commitment);
    crypt_random(body.genesis.salt, sizeof body.genesis.salt);
    *head = (struct owner_head){.seq = 0};
    return sign(owner, head, now_ms, &body, out);
}

/* The rules that SCOPE and GRANT share. */
static bool flags_are_right(uint8_t flags, const uint8_t scope[static 32])
{
    if ((flags & ~(GRANT_WITNESS | GRANT_SHARE)) != 0)
        return false;
    return (flags & GRANT_SHARE) == 0 || octets_are_zero(scope, 32);
}

enum status owner_grant(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                        const struct body_grant *grant, struct owner_entry *out)
{
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    if ((grant->role != ROLE_ADMIN && grant->role != ROLE_NODE) ||
        !flags_are_right(grant->flags, grant->scope_commitment) ||
        !crypt_key_is_valid(grant->signing.key) || !crypt_key_is_valid(grant->zone.key))
        return STATUS_NO_EFFECT;
    body_possession_message(grant, head->namespace_id, message);
    enum status status =
        crypt_verify("", 0, message, sizeof message, grant->signing.key, grant->possession);
    if (status != STATUS_OK)
        return status;
    struct body body = {.type = ENTRY_GRANT, .grant = *grant};
    return sign(owner, head, now_ms, &body, out);
}

enum status owner_scope(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                        const struct body_scope *scope, struct owner_entry *out)
{
    if (!flags_are_right(scope->flags, scope->scope_commitment) ||
        !crypt_key_is_valid(scope->zone.key))
        return STATUS_NO_EFFECT;
    struct body body = {.type = ENTRY_SCOPE, .scope = *scope};
    return sign(owner, head, now_ms, &body, out);
}

enum status owner_revoke(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                         const struct body_revoke *revoke, struct owner_entry *out)
{
    struct body body = {.type = ENTRY_REVOKE, .revoke = *revoke};
    return sign(owner, head, now_ms, &body, out);
}

enum status owner_lift(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                       const uint8_t denial_id[static 32], struct owner_entry *out)
{
    struct body body = {.type = ENTRY_LIFT};
    memcpy(body.lift.id, denial_id, sizeof body.lift.id);
    return sign(owner, head, now_ms, &body, out);
}

enum status owner_policy(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                         const struct body_policy *policy, struct owner_entry *out)
{
    if (policy->soft_hours < 1 || policy->soft_hours > policy->hard_hours)
        return STATUS_RANGE;
    struct body body = {.type = ENTRY_POLICY, .policy = *policy};
    return sign(owner, head, now_ms, &body, out);
}

enum status owner_merge(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                        const uint8_t other_head[static 32], struct owner_entry *out)
{
    if (memcmp(head->id, other_head, sizeof head->id) == 0)
        return STATUS_NO_EFFECT;
    struct body body = {.type = ENTRY_MERGE};
    memcpy(body.merge.other, other_head, sizeof body.merge.other);
    return sign(owner, head, now_ms, &body, out);
}

bool owner_recovery_fits(const uint8_t recovery_key[static 32], const uint8_t commitment[static 32])
{
    struct body_key key = body_key_of(recovery_key);
    uint8_t right[32];
    body_recovery_commitment(&key, right);
    return memcmp(right, commitment, sizeof right) == 0;
}

enum status owner_recover(const struct key_pair *recovery, const uint8_t commitment[static 32],
                          struct owner_head *head, uint64_t now_ms,
                          const uint8_t new_owner[static 32],
                          const uint8_t new_recovery_key[static 32], struct owner_entry *out)
{
    if (!owner_recovery_fits(recovery->public_key, commitment))
        return STATUS_SIGNATURE;
    if (!crypt_key_is_valid(new_owner) || !crypt_key_is_valid(new_recovery_key))
        return STATUS_CRYPTO;
    struct body body = {.type = ENTRY_RECOVER};
    struct body_key new_recovery = body_key_of(new_recovery_key);
    body.recover.recovery = body_key_of(recovery->public_key);
    body.recover.owner = body_key_of(new_owner);
    body_recovery_commitment(&new_recovery, body.recover.recovery_commitment);
    return sign(recovery, head, now_ms, &body, out);
}
