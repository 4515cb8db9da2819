/* body_genesis.c: GENESIS and RECOVER, the two bodies that put an owner key in force, and the
 * commitment by which a recovery key is known before it is seen. */
#include "ledger/body_fields.h"
#include "ledger/crypt.h"

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

void body_recover_decode(struct reader *r, struct body *body)
{
    struct body_recover *recover = &body->recover;
    fields_read_key(r, body, &recover->recovery);
    fields_read_key(r, body, &recover->owner);
    reader_copy(r, recover->recovery_commitment, sizeof recover->recovery_commitment);
    fields_read_tail(r, body, NULL);
}

enum status body_recover_encode(struct writer *w, const struct body *body)
{
    const struct body_recover *recover = &body->recover;
    fields_write_key(w, &recover->recovery);
    fields_write_key(w, &recover->owner);
    writer_bytes(w, recover->recovery_commitment, sizeof recover->recovery_commitment);
    fields_write_tail(w, body, NULL);
    return STATUS_OK;
}

void body_recovery_commitment(const struct body_key *key, uint8_t commitment[static 32])
{
    uint8_t octets[33];
    struct writer w = writer_over(octets, sizeof octets);
    fields_write_key(&w, key);
    crypt_hash("hearth1.recovery", octets, sizeof octets, commitment);
}
