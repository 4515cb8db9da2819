/* body_policy.c: POLICY: how long a household may be unheard of, and which version it asks for. */
#include "ledger/body_fields.h"

void body_policy_decode(struct reader *r, struct body *body)
{
    body->policy.soft_hours = reader_u16(r);
    body->policy.hard_hours = reader_u16(r);
    body->policy.min_version = reader_u16(r);
    fields_read_tail(r, body, NULL);
}

enum status body_policy_encode(struct writer *w, const struct body *body)
{
    writer_u16(w, body->policy.soft_hours);
    writer_u16(w, body->policy.hard_hours);
    writer_u16(w, body->policy.min_version);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}
