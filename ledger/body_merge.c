/* body_merge.c: MERGE, by which the owner unites two branches. */
#include "ledger/body_fields.h"

void body_merge_decode(struct reader *r, struct body *body)
{
    reader_copy(r, body->merge.other, sizeof body->merge.other);
    fields_read_tail(r, body, NULL);
}

enum status body_merge_encode(struct writer *w, const struct body *body)
{
    writer_bytes(w, body->merge.other, sizeof body->merge.other);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}
