/* body_grant.c: GRANT and SCOPE, the bodies that say what a node's keys are and what they may
 * write, and the message by which a key proves that it is held. */
#include <assert.h>

#include "ledger/body_fields.h"
#include "ledger/scope.h"

void body_grant_decode(struct reader *r, struct body *body)
{
    struct body_grant *grant = &body->grant;
    fields_read_key(r, body, &grant->signing);
    reader_copy(r, grant->spki_sha256, sizeof grant->spki_sha256);
    fields_read_key(r, body, &grant->zone);
    grant->role = reader_u8(r);
    grant->flags = reader_u8(r);
    reader_copy(r, grant->scope_commitment, sizeof grant->scope_commitment);
    reader_copy(r, grant->possession, sizeof grant->possession);
    fields_read_tail(r, body, NULL);
}

enum status body_grant_encode(struct writer *w, const struct body *body)
{
    const struct body_grant *grant = &body->grant;
    fields_write_key(w, &grant->signing);
    writer_bytes(w, grant->spki_sha256, sizeof grant->spki_sha256);
    fields_write_key(w, &grant->zone);
    writer_u8(w, grant->role);
    writer_u8(w, grant->flags);
    writer_bytes(w, grant->scope_commitment, sizeof grant->scope_commitment);
    writer_bytes(w, grant->possession, sizeof grant->possession);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}

void body_scope_decode(struct reader *r, struct body *body)
{
    struct body_scope *scope = &body->scope;
    fields_read_key(r, body, &scope->signing);
    reader_copy(r, scope->spki_sha256, sizeof scope->spki_sha256);
    fields_read_key(r, body, &scope->zone);
    scope->flags = reader_u8(r);
    reader_copy(r, scope->scope_commitment, sizeof scope->scope_commitment);
    fields_read_heads(r, &scope->heads);
    fields_read_tail(r, body, NULL);
}

enum status body_scope_encode(struct writer *w, const struct body *body)
{
    const struct body_scope *scope = &body->scope;
    fields_write_key(w, &scope->signing);
    writer_bytes(w, scope->spki_sha256, sizeof scope->spki_sha256);
    fields_write_key(w, &scope->zone);
    writer_u8(w, scope->flags);
    writer_bytes(w, scope->scope_commitment, sizeof scope->scope_commitment);
    enum status status = fields_write_heads(w, &scope->heads);
    fields_write_tail(w, body, NULL);
    return status;
}

static const char possession_prefix[] = "hearth/v1/possess";
static_assert(sizeof possession_prefix == 18, "the message's size counts the prefix with its NUL");

void body_possession_message(const struct body_grant *grant, const uint8_t namespace_id[static 32],
                             uint8_t message[static POSSESSION_MESSAGE_SIZE])
{
    struct writer w = writer_over(message, POSSESSION_MESSAGE_SIZE);
    writer_bytes(&w, possession_prefix, sizeof possession_prefix);
    writer_bytes(&w, namespace_id, 32);
    fields_write_key(&w, &grant->signing);
    writer_bytes(&w, grant->spki_sha256, sizeof grant->spki_sha256);
    fields_write_key(&w, &grant->zone);
    writer_u8(&w, grant->role);
    writer_u8(&w, grant->flags);
    writer_bytes(&w, grant->scope_commitment, sizeof grant->scope_commitment);
    assert(w.error == STATUS_OK && w.used == POSSESSION_MESSAGE_SIZE);
}
