/* entry.c: see entry.h. Header and signature of an entry; what is between them belongs to body.h.
 *
 * Decoding goes from cheap to dear: lengths, the header's rules, the body's form, then the id.
 * There is one encoding: the header has fixed fields, and bodies refuse everything that could have
 * been written otherwise. */
#include "ledger/entry.h"

#include <string.h>

#include "ledger/base/octets.h"
#include "ledger/base/reader.h"
#include "ledger/base/writer.h"
#include "ledger/body.h"
#include "ledger/crypt.h"

static const char magic[4] = {'H', 'L', 'E', '1'};
static const char signed_prefix[] = "hearth/v1/entry";

enum { FEED_TYPES = 0x20 /* types from here on stand in feeds */ };

static void read_header(struct reader *r, struct entry *entry)
{
    entry->type = reader_u8(r);
    entry->flags = reader_u8(r);
    entry->body_len = reader_u16(r);
    reader_copy(r, entry->namespace_id, sizeof entry->namespace_id);
    reader_copy(r, entry->author, sizeof entry->author);
    entry->stream = reader_u64(r);
    entry->seq = reader_u64(r);
    reader_copy(r, entry->prev, sizeof entry->prev);
    reader_copy(r, entry->auth_head, sizeof entry->auth_head);
    entry->time = reader_u64(r);
    if (entry->body_len > LIMIT_BODY)
        reader_fail(r, STATUS_TOO_LONG);
}

/* The rules between the header's fields (docs/ledger-format.md, "Well-formed means"). */
static enum status check_header(const struct entry *entry)
{
    bool authority = entry->stream == 0;
    bool first = entry->seq == 0;
    bool genesis = entry->type == ENTRY_GENESIS;
    if (authority != (entry->type < FEED_TYPES))
        return STATUS_MALFORMED;
    if (first != octets_are_zero(entry->prev, 32))
        return STATUS_MALFORMED;
    if (first != (authority ? genesis : entry->type == ENTRY_OPEN))
        return STATUS_MALFORMED;
    return genesis == octets_are_zero(entry->namespace_id, 32) ? STATUS_OK : STATUS_MALFORMED;
}

/* The body's form; sets entry->upgrade. */
static enum status check_body(struct entry *entry)
{
    struct body body;
    enum status status = body_decode(&body, entry->type, entry->body, entry->body_len);
    entry->upgrade = entry->flags != 0 || body.upgrade;
    return status == STATUS_UPGRADE ? STATUS_OK : status;
}

enum status entry_decode(struct entry *entry, const uint8_t *bytes, size_t len)
{
    *entry = (struct entry){.bytes = bytes, .len = len};
    struct reader r = reader_over(bytes, len);
    reader_magic(&r, magic);
    read_header(&r, entry);
    entry->body = reader_bytes(&r, entry->body_len);
    (void)reader_bytes(&r,
                       ENTRY_SIGNATURE_SIZE); /* looked at by entry_verify; a failure is sticky */
    enum status status = reader_finish(&r);
    if (status == STATUS_OK)
        status = check_header(entry);
    if (status == STATUS_OK)
        status = check_body(entry);
    if (status != STATUS_OK)
        return status;
    crypt_hash("hearth1.entry.id", bytes, len - ENTRY_SIGNATURE_SIZE, entry->id);
    return entry->upgrade && entry->stream == 0 ? STATUS_UPGRADE : STATUS_OK;
}

enum status entry_verify(const struct entry *entry)
{
    size_t signed_len = entry->len - ENTRY_SIGNATURE_SIZE;
    return crypt_verify(signed_prefix, sizeof signed_prefix, entry->bytes, signed_len,
                        entry->author, entry->bytes + signed_len);
}

const uint8_t *entry_namespace(const struct entry *entry)
{
    return entry->type == ENTRY_GENESIS ? entry->id : entry->namespace_id;
}

static void write_unsigned(struct writer *w, const struct entry *entry)
{
    writer_bytes(w, magic, sizeof magic);
    writer_u8(w, entry->type);
    writer_u8(w, entry->flags);
    writer_u16(w, entry->body_len);
    writer_bytes(w, entry->namespace_id, sizeof entry->namespace_id);
    writer_bytes(w, entry->author, sizeof entry->author);
    writer_u64(w, entry->stream);
    writer_u64(w, entry->seq);
    writer_bytes(w, entry->prev, sizeof entry->prev);
    writer_bytes(w, entry->auth_head, sizeof entry->auth_head);
    writer_u64(w, entry->time);
    writer_bytes(w, entry->body, entry->body_len);
}

enum status entry_sign(struct entry *entry, const uint8_t secret[static 64],
                       uint8_t out[static LIMIT_ENTRY], size_t *out_len)
{
    if (entry->body_len > LIMIT_BODY)
        return STATUS_TOO_LONG;
    struct writer w = writer_over(out, LIMIT_ENTRY);
    write_unsigned(&w, entry);
    size_t signed_len = w.used;
    uint8_t *signature = writer_room(&w, ENTRY_SIGNATURE_SIZE);
    if (!signature)
        return w.error;
    enum status status =
        crypt_sign(signed_prefix, sizeof signed_prefix, out, signed_len, secret, signature);
    if (status != STATUS_OK)
        return status;
    *out_len = w.used;
    return entry_decode(entry, out, w.used);
}
