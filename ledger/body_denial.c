/* body_denial.c: the bodies that end something, or end its end: REVOKE and LIFT by the owner,
 * SUSPEND and WITHDRAW by a node. */
#include "ledger/body_fields.h"

void body_revoke_decode(struct reader *r, struct body *body)
{
    fields_read_key(r, body, &body->revoke.signing);
    body->revoke.reason = reader_u8(r);
    fields_read_heads(r, &body->revoke.heads);
    fields_read_tail(r, body, NULL);
}

enum status body_revoke_encode(struct writer *w, const struct body *body)
{
    fields_write_key(w, &body->revoke.signing);
    writer_u8(w, body->revoke.reason);
    enum status status = fields_write_heads(w, &body->revoke.heads);
    fields_write_tail(w, body, NULL);
    return status;
}

void body_lift_decode(struct reader *r, struct body *body)
{
    reader_copy(r, body->lift.id, sizeof body->lift.id);
    fields_read_tail(r, body, NULL);
}

enum status body_lift_encode(struct writer *w, const struct body *body)
{
    writer_bytes(w, body->lift.id, sizeof body->lift.id);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}

void body_suspend_decode(struct reader *r, struct body *body)
{
    fields_read_key(r, body, &body->suspend.signing);
    fields_read_tail(r, body, NULL);
}

enum status body_suspend_encode(struct writer *w, const struct body *body)
{
    fields_write_key(w, &body->suspend.signing);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}

void body_withdraw_decode(struct reader *r, struct body *body)
{
    reader_copy(r, body->withdraw.hash, sizeof body->withdraw.hash);
    body->withdraw.reason = reader_u8(r);
    fields_read_tail(r, body, NULL);
}

enum status body_withdraw_encode(struct writer *w, const struct body *body)
{
    writer_bytes(w, body->withdraw.hash, sizeof body->withdraw.hash);
    writer_u8(w, body->withdraw.reason);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}
