/* body_fields.h: what the bodies of entries share, and the decoder and encoder of each kind, for
 * body.c's table. Internal to body*.c and scope.c.
 *
 * Readers fail through the reader's sticky error; writers return what they refuse to write, and
 * leave NO_SPACE to the writer's sticky error.
 */
#ifndef HEARTH_LEDGER_BODY_FIELDS_H
#define HEARTH_LEDGER_BODY_FIELDS_H

#include "ledger/base/reader.h"
#include "ledger/base/writer.h"
#include "ledger/body.h"

/* --- fields (docs/ledger-format.md, "Fields of bodies") --- */

/* An algorithm that is not Ed25519 sets body->upgrade. */
void fields_read_key(struct reader *r, struct body *body, struct body_key *key);
void fields_write_key(struct writer *w, const struct body_key *key);

/* RANGE, NOT_CANONICAL. */
void fields_read_heads(struct reader *r, struct body_heads *heads);
enum status fields_write_heads(struct writer *w, const struct body_heads *heads);

/* A relative owner name. NAME_TOO_LONG, NAME_CHARACTER, MALFORMED. */
void fields_read_name(struct reader *r, struct name *name);
enum status fields_write_name(struct writer *w, const struct name *name);

/* --- the TLV tail --- */

/* The one TLV that some bodies know: tag 1. */
struct fields_tlv {
    const uint8_t *value; /* NULL when it is not there */
    uint16_t len;
};
enum { FIELDS_TAG_KNOWN = 0x01, FIELDS_TAG_CRITICAL = 0x80 };

/* Reads to the end. `known` takes the value of tag 1; NULL for a body that knows no tag.
 * NOT_CANONICAL when tags do not rise; an unknown critical tag sets body->upgrade. */
void fields_read_tail(struct reader *r, struct body *body, struct fields_tlv *known);

/* Writes `known` in its place among the other tags of body->tail. */
void fields_write_tail(struct writer *w, const struct body *body, const struct fields_tlv *known);

/* --- kinds of bodies, TLV tail included --- */

#define BODY_KINDS(X)                                                                              \
    X(genesis, ENTRY_GENESIS)                                                                      \
    X(grant, ENTRY_GRANT)                                                                          \
    X(scope, ENTRY_SCOPE)                                                                          \
    X(revoke, ENTRY_REVOKE)                                                                        \
    X(lift, ENTRY_LIFT)                                                                            \
    X(policy, ENTRY_POLICY)                                                                        \
    X(merge, ENTRY_MERGE)                                                                          \
    X(recover, ENTRY_RECOVER)                                                                      \
    X(open, ENTRY_OPEN)                                                                            \
    X(set, ENTRY_SET)                                                                              \
    X(suspend, ENTRY_SUSPEND)                                                                      \
    X(withdraw, ENTRY_WITHDRAW)

#define BODY_DECLARE(kind, type)                                                                   \
    void body_##kind##_decode(struct reader *r, struct body *body);                                \
    enum status body_##kind##_encode(struct writer *w, const struct body *body);
BODY_KINDS(BODY_DECLARE)
#undef BODY_DECLARE

#endif
