/* authority.c: see authority.h: who may append where, and the tree itself. */
#include "ledger/authority.h"

#include <string.h>

#include "ledger/authority_state.h"
#include "ledger/base/checksum.h"
#include "ledger/crypt.h"

static bool is_recovery_key(const struct authority_state *state, const struct entry *entry,
                            const struct body_recover *recover)
{
    uint8_t commitment[32];
    body_recovery_commitment(&recover->recovery, commitment);
    return memcmp(commitment, state->recovery_commitment, 32) == 0 &&
           memcmp(entry->author, recover->recovery.key, 32) == 0;
}

enum status authority_admit(const struct authority *authority, const struct entry *entry,
                            const struct body *body, uint32_t prev)
{
    bool right = false;
    if (prev == INDEX_NONE) {
        right = memcmp(entry->author, body->genesis.owner.key, 32) == 0;
    } else {
        const struct authority_entry *before = authority_at(authority, prev);
        if (entry->seq != (uint64_t)before->seq + 1)
            return STATUS_MALFORMED;
        if (entry->type == ENTRY_RECOVER)
            right = is_recovery_key(&before->state, entry, &body->recover);
        else
            right = memcmp(entry->author, before->state.owner, 32) == 0;
    }
    return right && crypt_key_is_valid(entry->author) ? STATUS_OK : STATUS_UNAUTHORISED;
}

enum status authority_reserve(struct authority *authority)
{
    return array_reserve(&authority->entries, 1, sizeof(struct authority_entry));
}

/* Another MERGE may have absorbed the same end from a lower branch point. */
static void absorb(struct authority *authority, uint32_t end, int64_t branch_point)
{
    struct authority_entry *entry = authority_at(authority, end);
    if (entry->absorbed < branch_point)
        entry->absorbed = branch_point;
}

static const uint8_t *find_lifted(const struct authority *authority,
                                  const struct authority_state *state, const uint8_t id[static 32])
{
    return trie_get(state->lifts, siphash13(authority->hash_key, id, 32), id);
}

enum status authority_add(struct authority *authority, const struct authority_input *input)
{
    struct authority_entry new = {.type = input->entry->type,
                                  .time = input->entry->time,
                                  .known = input->known,
                                  .prev = input->prev,
                                  .seq = (uint32_t)input->entry->seq,
                                  .first_child = INDEX_NONE,
                                  .next_sibling = INDEX_NONE,
                                  .other = INDEX_NONE,
                                  .absorbed = -1};
    memcpy(new.id, input->entry->id, 32);
    memcpy(new.author, input->entry->author, 32);
    if (input->prev != INDEX_NONE)
        new.state = authority_at(authority, input->prev)->state;
    enum status status = authority_apply(authority, input, &new.state, &new.rule);
    if (status != STATUS_OK)
        return status;
    if (input->prev != INDEX_NONE) {
        struct authority_entry *before = authority_at(authority, input->prev);
        new.next_sibling = before->first_child;
        before->first_child = authority->entries.count;
    }
    if (new.type == ENTRY_LIFT)
        new.lifted = find_lifted(authority, &new.state, input->body->lift.id);
    if (new.type == ENTRY_MERGE &&new.rule == RULE_NONE) {
        new.other = input->other;
        absorb(authority, input->other, input->branch_point);
    }
    *(struct authority_entry *)array_push(&authority->entries, sizeof new) = new;
    return STATUS_OK;
}

enum status authority_put(struct authority *authority, struct authority_state *state,
                          const struct key_record *record)
{
    struct key_record *copy = arena_alloc(authority->arena, sizeof *copy);
    if (!copy)
        return STATUS_NO_MEMORY;
    *copy = *record;
    return trie_put(authority->arena, &state->keys, siphash13(authority->hash_key, copy->key, 32),
                    copy->key, copy);
}

bool authority_is_head(const struct authority *authority, uint32_t index)
{
    const struct authority_entry *entry = authority_at(authority, index);
    return entry->first_child == INDEX_NONE && entry->absorbed < 0;
}

bool authority_is_lower(const struct authority *authority, uint32_t a, uint32_t b)
{
    const struct authority_entry *left = authority_at(authority, a);
    const struct authority_entry *right = authority_at(authority, b);
    if (left->seq != right->seq)
        return left->seq < right->seq;
    return memcmp(left->id, right->id, 32) < 0;
}

bool authority_is_frozen(const struct authority *authority)
{
    return authority->sides != INDEX_NONE;
}

bool authority_has_lifted(const struct authority *authority, const uint8_t id[static 32])
{
    if (!authority_is_frozen(authority))
        return find_lifted(authority, &authority_at(authority, authority->base)->state, id);
    for (uint32_t side = authority->sides; side != INDEX_NONE;
         side = authority_at(authority, side)->work) {
        if (!find_lifted(authority, &authority_at(authority, side)->state, id))
            return false;
    }
    return true;
}

void authority_deinit(struct authority *authority)
{
    array_deinit(&authority->entries);
}
