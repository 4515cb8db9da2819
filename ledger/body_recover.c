/* body_recover.c: RECOVER, and the commitment by which a recovery key is known before it is seen. */
#include "ledger/body_fields.h"
#include "ledger/crypt.h"

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
