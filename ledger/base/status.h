/* status.h: every outcome that Hearth's functions can report, as one list.
 *
 * The list makes the enum and its texts, so that the two can't drift apart. The enum is
 * nodiscard: a caller that doesn't look at a result doesn't compile without a warning.
 * A bug is an assert, never a status.
 */
#ifndef HEARTH_LEDGER_BASE_STATUS_H
#define HEARTH_LEDGER_BASE_STATUS_H

#define STATUS_LIST(X)                                                                             \
    X(OK, "done")                                                                                  \
    /* The shape of bytes and texts. */                                                            \
    X(TRUNCATED, "the data ends too early")                                                        \
    X(TRAILING, "there is data after the end")                                                     \
    X(MALFORMED, "malformed")                                                                      \
    X(NOT_CANONICAL, "not in its one canonical encoding")                                          \
    X(TOO_LONG, "too long")                                                                        \
    X(NO_SPACE, "does not fit the space given for it")                                             \
    X(RANGE, "a value out of its range")                                                           \
    X(LABEL_EMPTY, "an empty label in a name")                                                     \
    X(LABEL_TOO_LONG, "a label of more than 63 octets (RFC 1035, section 2.3.4)")                  \
    X(NAME_TOO_LONG, "a name of more than 255 octets (RFC 1035, section 2.3.4)")                   \
    X(NAME_CHARACTER, "a name may have letters, digits, '-' and '_' only")                         \
    X(NAME_U_LABEL, "names are given as A-labels (RFC 5890)")                                      \
    X(UPGRADE, "made by a newer Hearth: upgrade this node")                                        \
    X(ADDRESS_LOOPBACK, "a loopback address names nobody in the house")                            \
    X(ADDRESS_LINK_LOCAL, "a link-local address needs an interface, a name has none")              \
    X(ADDRESS_MULTICAST, "a multicast address is no device")                                       \
    X(ADDRESS_UNSPECIFIED, "the unspecified address is no device")                                 \
    X(ADDRESS_RESERVED, "an address of a reserved block is no device")                             \
    X(TLSA_MATCHING, "a TLSA record must carry a hash: use 3 1 1")                                 \
    X(TLSA_LENGTH, "the TLSA hash has the wrong length for its matching type")                     \
    X(TLSA_EMPTY, "the TLSA hash is that of an empty input")                                       \
    X(RDATA, "the record's data does not have the form of its type")                               \
    X(TYPE_UNSUPPORTED, "this record type can't be published")                                     \
    /* The ledger. */                                                                              \
    X(FOREIGN, "belongs to another household")                                                     \
    X(SIGNATURE, "the signature is not right")                                                     \
    X(UNAUTHORISED, "signed by a key that has no right to it here")                                \
    X(WAIT_PREV, "the entry before it is not held yet")                                            \
    X(WAIT_GRANT, "its author's grant is not held yet")                                            \
    X(DUPLICATE, "held already")                                                                   \
    X(NO_EFFECT, "would have no effect")                                                           \
    X(RULE, "refused by a rule of the ledger")                                                     \
    X(RESERVED, "a reserved name")                                                                 \
    X(FULL, "the limit is reached")                                                                \
    X(NO_HOUSEHOLD, "there is no household on this node yet")                                      \
    /* The world. */                                                                               \
    X(NOT_FOUND, "not found")                                                                      \
    X(EXISTS, "exists already")                                                                    \
    X(DENIED, "not permitted")                                                                     \
    X(BUSY, "in use by another process")                                                           \
    X(TIMEOUT, "no answer in time")                                                                \
    X(UNREACHABLE, "can't be reached")                                                             \
    X(CLOSED, "closed by the other side")                                                          \
    X(AGAIN, "try again")                                                                          \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(IO, "input or output failed")                                                                \
    X(CORRUPT, "the stored data is damaged")                                                       \
    X(CRYPTO, "a cryptographic operation failed")

enum [[nodiscard]] status{
#define STATUS_ENUM(name, text) STATUS_##name,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
        STATUS_COUNT};

/* A sentence fragment without a full stop, for messages; never NULL. */
const char *status_text(enum status status);

/* The bare name ("WAIT_PREV"): the "rule" of JSON answers; never NULL. */
const char *status_name(enum status status);

/* The status of that name; STATUS_COUNT when there is none. */
enum status status_from_name(const char *name);

#endif
