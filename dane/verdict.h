/* verdict.h: is this really the device that the household published? (docs/architecture.md)
 *
 * Pure: what the view says about the name, what the device presented, and the time go in; a verdict
 * with everything that was forgiven and every fingerprint comes out. `matched` needs a usable TLSA
 * record that the presented certificate matches; nothing else is ever enough.
 *
 *     struct published published;
 *     if (published_find(&published, view, &name, port) == STATUS_OK)
 *         verdict_judge(&verdict, view, &published, &name, &probe.presented, now_ms);
 *
 * The rules, first to last:
 *  1. Nothing presented: unreachable.
 *  2. The presented key (SHA-256 of its SPKI), or the certificate as a whole, is withdrawn in this
 * household: withdrawn, even if a record by another hash still fits it, and whatever else is true.
 *  3. The household's state is hard, or its hard time has come: stale, whether or not something
 * matches. So too when the view can't be read (view_status).
 *  4. No usable record (usage 2 or 3, a hash of something): no-record; the public CAs are never
 * asked instead. But if a withdrawal emptied the RRset, a key that is none of the removed ones is a
 * mismatch with nothing expected: the household did publish keys here, and this is not one of them.
 *  5. Any usable record matches: matched. DANE-EE(3) by the leaf alone; DANE-TA(2) when all
 * signatures from the leaf to the matching certificate are right. No withdrawn key may lie on that
 * way.
 *  6. A record that a withdrawal removed matches: withdrawn. Else: mismatch.
 *
 * What is wrong besides is named in `wrong`, and on a match in `forgiven`: dates, name, issuer,
 * weak keys and signatures, old protocol, no secure renegotiation. Under DANE-TA dates and strength
 * are those of the whole way to the anchor, and the issuer is never wrong. Only for a public name
 * (not the household's) a DANE-TA match also demands dates and name, as RFC 7671, section 5.2, has
 * it.
 */
#ifndef HEARTH_DANE_VERDICT_H
#define HEARTH_DANE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/published.h"
#include "dane/tlsa.h"
#include "dane/x509.h"
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

/* Never NULL: "unknown" beyond the list. */
const char *verdict_text(enum verdict_kind verdict);
const char *forgiven_text(enum forgiven_bit bit);

/* What a device presented. */
struct presented {
    struct der chain[X509_CHAIN_MAX]; /* leaf first; DER, borrowed */
    size_t chain_len;                 /* 0: nothing was presented */
    uint16_t tls_version;             /* 0x0301 … 0x0304; 0 = not known, nothing is named then */
    bool legacy_renegotiation;        /* no RFC 5746 */
    bool known_issuer; /* a CA that this machine's own store trusts vouches for the chain */
};

struct verdict {
    enum verdict_kind kind;
    uint32_t forgiven;     /* 1 << enum forgiven_bit; only of a match, else 0 */
    uint32_t wrong;        /* the same bits: everything wrong with what was presented */
    bool has_presented;    /* false also when what was presented is no certificate */
    uint8_t presented[32]; /* SPKI SHA-256 of the leaf */
    size_t expected_count;
    uint8_t expected[TLSA_RRS_MAX][TLSA_HASH_MAX]; /* associated data of the usable records that
                                                    * stand; of matching type 0: SHA-256 of it */
    uint8_t expected_len[TLSA_RRS_MAX];            /* 32 or 64 */
    size_t matched;                                /* of a match: index into published->records */
    bool has_withdrawal;
    struct view_withdrawn withdrawal; /* of VERDICT_WITHDRAWN, when the view says who and when */
    bool soft;                        /* the household is past its soft limit or frozen */
    enum status view_status; /* CORRUPT: the view failed underneath; the kind is then STALE */
};

/* Judges. `name` is the full name asked for; `now_ms` (since 1970) for the certificate's dates and
 * for the household's freshness. `view` is that of `published`; NULL for a public name. `presented`
 * may be NULL. */
void verdict_judge(struct verdict *verdict, struct view *view, const struct published *published,
                   const struct name *name, const struct presented *presented, uint64_t now_ms);

#endif
