/* owner.h: the owner's side of the authority: makes and reads the owner's key, signs authority
 * entries.
 *
 * The owner's key is never in the daemon. A tool asks the daemon for the newest authority entry,
 * signs what follows it here, and hands the entry over like anybody else's:
 *
 *     struct owner_head head = {…};               // from the daemon, or owner_genesis
 *     status = owner_revoke(&owner, &head, now_ms, &revoke, &entry);   // head is now that REVOKE
 *
 * What could have no effect by its form alone is refused before it is signed; what else stands in
 * the ledger is not known here. On a refusal the head stays as it was.
 */
#ifndef HEARTH_LEDGER_OWNER_H
#define HEARTH_LEDGER_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/body.h"
#include "ledger/key_pair.h"
#include "ledger/limits.h"

/* The entry that the next one follows. */
struct owner_head {
    uint8_t namespace_id[32];
    uint8_t id[32];
    uint64_t seq;
    uint64_t time; /* as in an entry; 0 if not known. The next entry's is later */
};

struct owner_entry {
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    uint8_t id[32];
};

/* DIR/owner.key (the folder is made 0700 if missing). EXISTS; as key_pair_create and key_pair_read.
 */
enum status owner_key_create(struct key_pair *owner, const char *dir);
enum status owner_key_read(struct key_pair *owner, const char *dir);

/* A household's first entry, with a random salt; fills in *head. CRYPTO (a recovery key that is no
 * key). */
enum status owner_genesis(const struct key_pair *owner, const uint8_t recovery_key[static 32],
                          uint64_t now_ms, struct owner_head *head, struct owner_entry *out);

/* NO_EFFECT (role, flags, share with a scope, an invalid key), SIGNATURE (of the possession). */
enum status owner_grant(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                        const struct body_grant *grant, struct owner_entry *out);
/* NO_EFFECT (flags, share with a scope, an invalid zone key). */
enum status owner_scope(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                        const struct body_scope *scope, struct owner_entry *out);
enum status owner_revoke(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                         const struct body_revoke *revoke, struct owner_entry *out);
enum status owner_lift(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                       const uint8_t denial_id[static 32], struct owner_entry *out);
/* RANGE unless 1 <= soft <= hard. */
enum status owner_policy(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                         const struct body_policy *policy, struct owner_entry *out);
/* NO_EFFECT when the other head is this one. */
enum status owner_merge(const struct key_pair *owner, struct owner_head *head, uint64_t now_ms,
                        const uint8_t other_head[static 32], struct owner_entry *out);

/* Signed by the recovery key; *head may be any entry since the last RECOVER. SIGNATURE when the key
 * is not the one of `commitment` (as in force at *head). The new owner's entries follow it. */
enum status owner_recover(const struct key_pair *recovery, const uint8_t commitment[static 32],
                          struct owner_head *head, uint64_t now_ms,
                          const uint8_t new_owner[static 32],
                          const uint8_t new_recovery_key[static 32], struct owner_entry *out);

/* Is this key the one that the commitment is to? */
bool owner_recovery_fits(const uint8_t recovery_key[static 32],
                         const uint8_t commitment[static 32]);

#endif
