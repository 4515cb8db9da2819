/* verdict.h: is this really the device that the household published? (design: docs/architecture.md)
 *
 * Pure: what the view says about the name, what the device presented, and the time go in; a verdict with
 * everything that was forgiven and every fingerprint comes out. `matched` needs a usable TLSA record that the
 * presented key matches; nothing else is ever enough, and nothing else but a match is needed under DANE-EE.
 */
#ifndef HEARTH_DANE_VERDICT_H
#define HEARTH_DANE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/tlsa.h"
#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "ledger/base/view.h"

/* The contract's words, one list. */
#define VERDICT_LIST(X)                                                                            \
    X(MATCHED, "matched")                                                                          \
    X(MISMATCH, "mismatch")                                                                        \
    X(NO_RECORD, "no-record")                                                                      \
    X(WITHDRAWN, "withdrawn")                                                                      \
    X(STALE, "stale")                                                                              \
    X(UNREACHABLE, "unreachable")

#define FORGIVEN_LIST(X)                                                                           \
    X(EXPIRED, "expired")                                                                          \
    X(NOT_YET_VALID, "not-yet-valid")                                                              \
    X(NAME, "name")                                                                                \
    X(ISSUER, "issuer")                                                                            \
    X(WEAK_KEY, "weak-key")                                                                        \
    X(WEAK_SIGNATURE, "weak-signature")                                                            \
    X(OLD_PROTOCOL, "old-protocol")                                                                \
    X(LEGACY_RENEGOTIATION, "legacy-renegotiation")

enum verdict_kind {
#define VERDICT_ENUM(name, text) VERDICT_##name,
    VERDICT_LIST(VERDICT_ENUM)
#undef VERDICT_ENUM
        VERDICT_COUNT
};

enum forgiven_bit {
#define FORGIVEN_ENUM(name, text) FORGIVEN_BIT_##name,
    FORGIVEN_LIST(FORGIVEN_ENUM)
#undef FORGIVEN_ENUM
        FORGIVEN_COUNT
};

const char *verdict_text(enum verdict_kind verdict);
const char *forgiven_text(enum forgiven_bit bit);

/* What the view publishes for one name and port. Borrows the view. */
struct published {
    bool household_name; /* the name lies in a household zone of the view */
    struct view_zone zone;
    struct view_name name; /* of `_port._tcp.name` */
    struct view_rrset rrset;
    struct view_record record; /* where it comes from */
    bool found;                /* there is a TLSA RRset (perhaps emptied by a withdrawal) */
    size_t count;              /* decoded records that stand */
    struct tlsa records[TLSA_RRS_MAX];
    size_t removed_count; /* records that a WITHDRAW took out */
    struct tlsa removed[TLSA_RRS_MAX];
};

/* Looks up `_port._tcp.<name>`. CORRUPT; OK otherwise, also when nothing is published. */
enum status published_find(struct published *published, struct view *view, const struct name *name,
                           uint16_t port);

/* The only port that has a TLSA RRset below the name; NOT_FOUND when there is none or more than one. */
enum status published_only_port(struct view *view, const struct name *name, uint16_t *port);

/* What a device presented. */
struct presented {
    struct der chain[16]; /* leaf first; DER, borrowed */
    size_t chain_len;
    uint16_t tls_version;    /* 0x0301 … 0x0304 */
    bool legacy_renegotiation; /* no RFC 5746 */
};

struct verdict {
    enum verdict_kind kind;
    uint32_t forgiven;          /* 1 << enum forgiven_bit; only of a match */
    uint32_t wrong;             /* the same bits: everything wrong with what was presented */
    bool has_presented;
    uint8_t presented[32];      /* SPKI SHA-256 of the leaf */
    size_t expected_count;
    uint8_t expected[TLSA_RRS_MAX][64]; /* associated data of the usable records */
    uint8_t expected_len[TLSA_RRS_MAX]; /* 32 or 64 */
    size_t matched;             /* index of the record that matched */
    bool has_withdrawal;
    struct view_withdrawn withdrawal; /* of VERDICT_WITHDRAWN, when the view says who and when */
    bool soft;                  /* the household is past its soft limit or frozen */
};

/* Judges. `name` is the full name asked for; `now_ms` for the certificate's dates and for hard staleness. */
void verdict_judge(struct verdict *verdict, struct view *view, const struct published *published,
                   const struct name *name, const struct presented *presented, uint64_t now_ms);

#endif
