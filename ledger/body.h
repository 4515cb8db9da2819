/* body.h: the bodies of entries, one struct, one decoder and one encoder for each type.
 *
 * A decoded body borrows the entry's octets. Decoders check form only; what a value means, and
 * whether it has an effect, is decided by authority.h and household.h. Encoders write exactly what
 * decoders accept.
 */
#ifndef HEARTH_LEDGER_BODY_H
#define HEARTH_LEDGER_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "ledger/base/writer.h"
#include "ledger/entry.h"
#include "ledger/limits.h"

enum { KEY_ED25519 = 1 };

/* A key with its algorithm octet (33 octets on the wire). */
struct body_key {
    uint8_t algorithm;
    uint8_t key[32];
};

struct body_head {
    uint64_t stream, seq;
    uint8_t id[32];
};

struct body_heads {
    uint8_t count;
    struct body_head heads[LIMIT_HEADS];
};

struct body_genesis {
    struct body_key owner;
    uint8_t recovery_commitment[32];
    uint8_t salt[32];
};

enum body_role { ROLE_NONE = 0, ROLE_ADMIN = 1, ROLE_NODE = 2 };
enum { GRANT_WITNESS = 1, GRANT_SHARE = 2 };

struct body_grant {
    struct body_key signing;
    uint8_t spki_sha256[32];
    struct body_key zone;
    uint8_t role;  /* enum body_role or unknown */
    uint8_t flags; /* GRANT_… */
    uint8_t scope_commitment[32];
    uint8_t possession[64];
};

struct body_scope {
    struct body_key signing;
    uint8_t spki_sha256[32];
    struct body_key zone;
    uint8_t flags;
    uint8_t scope_commitment[32];
    struct body_heads heads;
};

enum body_reason {
    REASON_NONE = 0,
    REASON_LOST = 1,
    REASON_STOLEN = 2,
    REASON_RETIRED = 3,
    REASON_REPLACED = 4
};

struct body_revoke {
    struct body_key signing;
    uint8_t reason;
    struct body_heads heads;
};

struct body_lift {
    uint8_t id[32];
};

struct body_policy {
    uint16_t soft_hours, hard_hours, min_version;
};

struct body_merge {
    uint8_t other[32];
};

struct body_recover {
    struct body_key recovery, owner;
    uint8_t recovery_commitment[32];
};

enum body_kind { KIND_PRIVATE = 1, KIND_SHARED = 2, KIND_DENIALS = 3 };

struct body_open {
    uint8_t kind;           /* enum body_kind or unknown */
    const uint8_t *opening; /* scope opening (its TLV's value), NULL when there is none */
    uint16_t opening_len;
};

struct body_rr {
    const uint8_t *data;
    uint16_t len;
};

struct body_set {
    struct name name; /* relative */
    uint16_t type;
    uint32_t ttl;
    uint8_t over_count;
    const uint8_t *over; /* over_count ids of 32 octets */
    uint8_t rr_count;
    struct body_rr rrs[LIMIT_RRS];
    const uint8_t *by; /* text, NULL when there is none */
    uint16_t by_len;
};

struct body_suspend {
    struct body_key signing;
};

struct body_withdraw {
    uint8_t hash[32];
    uint8_t reason;
};

struct body {
    uint8_t type; /* which member holds */
    bool upgrade; /* an unknown critical TLV or algorithm */
    /* The whole TLV tail as it was decoded: body_encode takes from it the tags that have no member
     * here. */
    const uint8_t *tail;
    uint16_t tail_len;
    union {
        struct body_genesis genesis;
        struct body_grant grant;
        struct body_scope scope;
        struct body_revoke revoke;
        struct body_lift lift;
        struct body_policy policy;
        struct body_merge merge;
        struct body_recover recover;
        struct body_open open;
        struct body_set set;
        struct body_suspend suspend;
        struct body_withdraw withdraw;
    };
};

/* Decodes the body of that type. UPGRADE for a type that this version does not know; the statuses
 * of entry_decode else. */
enum status body_decode(struct body *body, uint8_t type, const uint8_t *bytes, size_t len);

/* Encodes; heads, over and RRs need not be sorted: they are written sorted, duplicates once.
 * NO_SPACE, RANGE (a count or TTL beyond its limit), TOO_LONG, MALFORMED, NAME_…. */
enum status body_encode(const struct body *body, struct writer *w);

/* The octets that a possession signature covers (prefix included); returns their number. */
enum { POSSESSION_MESSAGE_SIZE = 18 + 32 + 33 + 32 + 33 + 1 + 1 + 32 };
void body_possession_message(const struct body_grant *grant, const uint8_t namespace_id[static 32],
                             uint8_t message[static POSSESSION_MESSAGE_SIZE]);

/* H("hearth1.recovery", key). */
void body_recovery_commitment(const struct body_key *key, uint8_t commitment[static 32]);

#endif
