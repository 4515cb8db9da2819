/* entry.h: one signed ledger entry: its header, its id, its signature (docs/ledger-format.md).
 *
 * Decoding checks form alone and allocates nothing: a decoded entry borrows the caller's bytes.
 * Bodies are decoded by body.h. Signing and verifying are libsodium's.
 */
#ifndef HEARTH_LEDGER_ENTRY_H
#define HEARTH_LEDGER_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/limits.h"

enum entry_type {
    ENTRY_GENESIS = 0x01,
    ENTRY_GRANT = 0x02,
    ENTRY_SCOPE = 0x03,
    ENTRY_REVOKE = 0x04,
    ENTRY_LIFT = 0x05,
    ENTRY_POLICY = 0x06,
    ENTRY_MERGE = 0x07,
    ENTRY_RECOVER = 0x09,
    ENTRY_OPEN = 0x21,
    ENTRY_SET = 0x22,
    ENTRY_SUSPEND = 0x23,
    ENTRY_WITHDRAW = 0x24,
};

enum { ENTRY_HEADER_SIZE = 160, ENTRY_SIGNATURE_SIZE = 64, ENTRY_ID_SIZE = 32 };

struct entry {
    uint8_t type; /* enum entry_type, or one that this version does not know */
    uint8_t flags;
    uint16_t body_len;
    uint8_t namespace_id[32]; /* as in the header: zero in GENESIS */
    uint8_t author[32];
    uint64_t stream; /* 0: authority */
    uint64_t seq;
    uint8_t prev[32];
    uint8_t auth_head[32];
    uint64_t time;
    uint8_t id[32];       /* computed */
    const uint8_t *body;  /* borrowed, body_len octets */
    const uint8_t *bytes; /* borrowed, the whole entry */
    size_t len;           /* of the whole entry */
    bool upgrade;         /* an unknown flag, critical TLV, algorithm or type */
};

/* Decodes one whole entry and checks that it is well-formed, its body too, and computes its id.
 * TRUNCATED, TRAILING, MALFORMED, NOT_CANONICAL, RANGE, TOO_LONG, NAME_…; UPGRADE for another `HLE`
 * magic, and for authority entries with anything unknown (feed entries: OK with entry->upgrade). In
 * the second case the entry is filled as after OK, so that its signature can be checked. */
enum status entry_decode(struct entry *entry, const uint8_t *bytes, size_t len);

/* Checks the signature by entry->author. SIGNATURE. */
enum status entry_verify(const struct entry *entry);

/* The namespace that the entry belongs to: its header's, or its own id when it is a GENESIS. */
const uint8_t *entry_namespace(const struct entry *entry);

/* Encodes header and body of `entry` (body and body_len set by the caller; id, bytes, len, upgrade
 * ignored), signs with the 64-octet secret key, and writes at most LIMIT_ENTRY octets. The result
 * is decoded again into `entry`, borrowing `out`: what we write is what we accept. The statuses of
 * entry_decode; CRYPTO. */
enum status entry_sign(struct entry *entry, const uint8_t secret[static 64],
                       uint8_t out[static LIMIT_ENTRY], size_t *out_len);

#endif
