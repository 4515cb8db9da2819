/* body_genesis.c: GENESIS, which makes a household: its id is this entry's. */
#include "ledger/body_fields.h"

void body_genesis_decode(struct reader *r, struct body *body)
{
    struct body_genesis *genesis = &body->genesis;
    fields_read_key(r, body, &genesis->owner);
    reader_copy(r, genesis->recovery_commitment, sizeof genesis->recovery_commitment);
    reader_copy(r, genesis->salt, sizeof genesis->salt);
    fields_read_tail(r, body, NULL);
}

enum status body_genesis_encode(struct writer *w, const struct body *body)
{
    const struct body_genesis *genesis = &body->genesis;
    fields_write_key(w, &genesis->owner);
    writer_bytes(w, genesis->recovery_commitment, sizeof genesis->recovery_commitment);
    writer_bytes(w, genesis->salt, sizeof genesis->salt);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}
