/* rule.h: why an accepted entry has no effect: the names of the rules in docs/ledger-rules.md, as
 * one list that makes the enum, the short name (JSON, `hearth log`) and the sentence.
 */
#ifndef HEARTH_LEDGER_RULE_H
#define HEARTH_LEDGER_RULE_H

#define RULE_LIST(X)                                                                               \
    X(NONE, "in-effect", "in effect")                                                              \
    X(UPGRADE, "upgrade", "made by a newer Hearth")                                                \
    X(BEATEN, "beaten-branch", "on a branch that a RECOVER beat")                                  \
    X(TIED, "tied-branch", "on a branch that was not chosen")                                      \
    /* Authority. */                                                                               \
    X(KEY_LIVE, "key-live", "the key holds a grant already")                                       \
    X(KEY_NOT_LIVE, "key-not-live", "the key holds no grant")                                      \
    X(KEY_BURNT, "key-burnt", "the key was revoked and never comes back")                          \
    X(KEY_INVALID, "key-invalid", "the key is not a valid point of the curve")                     \
    X(GRANTS_FULL, "grants-full", "64 keys hold grants already")                                   \
    X(ROLE, "role", "the role is not known")                                                       \
    X(GRANT_FLAGS, "grant-flags", "a grant flag is not known, or share comes with a scope")        \
    X(POSSESSION, "possession", "the granted key did not sign its own grant")                      \
    X(POLICY_RANGE, "policy-range",                                                                \
      "the soft limit must be at least 1 h and at most the hard one")                              \
    X(MERGE_PATHS, "merge-paths",                                                                  \
      "the heads do not stand under one RECOVER, or one is in the other")                          \
    /* Feeds. */                                                                                   \
    X(NOT_GRANTED, "not-granted", "its author holds no grant now")                                 \
    X(REVOKED, "revoked", "its author's key was revoked")                                          \
    X(SUSPENDED, "suspended", "its author is suspended")                                           \
    X(OVERRUN, "overrun", "its author holds too many streams or forks")                            \
    X(SCOPE, "scope", "the name is not in its author's scope")                                     \
    X(NO_RIGHT, "no-right", "its author never held the right to deny this")                        \
    X(DENIAL_ENDED, "denial-ended", "ended by the owner's REVOKE, SCOPE or RECOVER")               \
    X(LIFTED, "lifted", "lifted by the owner")                                                     \
    X(STREAM_KIND, "stream-kind", "this does not belong into a stream of its kind")                \
    X(REPLACED, "replaced", "replaced by a later write")                                           \
    X(OUTRANKED, "outranked", "another live write of this name and type wins")                     \
    X(RR_TYPE, "rr-type", "no record can have this type")                                          \
    X(RDATA, "rdata", "the record's data does not have the form of its type")                      \
    X(ADDRESS, "address",                                                                          \
      "loopback, link-local, multicast or unspecified addresses name no device")                   \
    X(TLSA, "tlsa", "a TLSA needs a hash of the right length and not of an empty input")           \
    X(PEER_NAME, "peer-name", "a PEER stands at PETNAME._peer, and nothing else does")

enum rule {
#define RULE_ENUM(name, text, sentence) RULE_##name,
    RULE_LIST(RULE_ENUM)
#undef RULE_ENUM
        RULE_COUNT
};

/* "key-burnt"; never NULL. */
const char *rule_name(enum rule rule);
/* "the key was revoked and never comes back"; never NULL. */
const char *rule_text(enum rule rule);

#endif
