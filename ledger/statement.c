/* statement.c: see statement.h. Fixed fields, label, addresses, TLV tail, signature.
 *
 * A statement is small and rare, so that it is decoded into its struct whole, and one that was
 * signed here is decoded again before it leaves. */
#include "ledger/statement.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/text.h"
#include "ledger/base/writer.h"
#include "ledger/crypt.h"

static const char magic[4] = {'H', 'L', 'S', '1'};
static const char signed_prefix[] = "hearth/v1/statement";

enum {
    BODY_MAX = LIMIT_STATEMENT - STATEMENT_HEADER_SIZE - SIGNATURE_SIZE,
    TAG_CRITICAL = 0x80,
};

/* All header fields behind body_len. */
static void read_header(struct reader *r, struct statement *s)
{
    reader_copy(r, s->namespace_id, sizeof s->namespace_id);
    reader_copy(r, s->author, sizeof s->author);
    s->incarnation = reader_u64(r);
    s->number = reader_u64(r);
    s->time = reader_u64(r);
    s->authority_seq = reader_u64(r);
    reader_copy(r, s->authority_head, sizeof s->authority_head);
    reader_copy(r, s->frontier, sizeof s->frontier);
    reader_copy(r, s->state_root, sizeof s->state_root);
    reader_copy(r, s->nonce, sizeof s->nonce);
}

static void read_label(struct reader *r, struct statement *s)
{
    s->label_len = reader_u8(r);
    if (s->label_len > LIMIT_LABEL || (s->form == STATEMENT_SHARED && s->label_len > 0)) {
        reader_fail(r, STATUS_RANGE);
        s->label_len = 0;
    }
    reader_copy(r, s->label, s->label_len);
    s->label[s->label_len] = '\0';
    if (r->error == STATUS_OK && !text_is_plain((const uint8_t *)s->label, s->label_len))
        reader_fail(r, STATUS_MALFORMED);
}

static void read_addresses(struct reader *r, struct statement *s)
{
    s->address_count = reader_u8(r);
    if (s->address_count > LIMIT_STATEMENT_ADDRS) {
        reader_fail(r, STATUS_RANGE);
        return;
    }
    for (unsigned i = 0; i < s->address_count; i++) {
        struct statement_address *address = &s->addresses[i];
        reader_copy(r, address->address, sizeof address->address);
        address->port = reader_u16(r);
        if (address->port == 0)
            reader_fail(r, STATUS_RANGE);
    }
}

/* No tag is known yet. Returns whether a critical one is there. */
static bool read_tail(struct reader *r)
{
    bool critical = false;
    int last = -1;
    while (r->error == STATUS_OK && r->left > 0) {
        uint8_t tag = reader_u8(r);
        reader_bytes(r, reader_u16(r));
        if (tag <= last)
            reader_fail(r, STATUS_NOT_CANONICAL);
        last = tag;
        critical |= tag >= TAG_CRITICAL;
    }
    return critical;
}

enum status statement_decode(struct statement *statement, const uint8_t *bytes, size_t len)
{
    *statement = (struct statement){.form = 0};
    struct reader r = reader_over(bytes, len);
    reader_magic(&r, magic);
    statement->form = reader_u8(&r);
    uint8_t flags = reader_u8(&r);
    uint16_t body_len = reader_u16(&r);
    read_header(&r, statement);
    if (body_len > BODY_MAX)
        reader_fail(&r, STATUS_TOO_LONG);
    struct reader body = reader_sub(&r, body_len);
    reader_bytes(&r, SIGNATURE_SIZE);
    enum status status = reader_finish(&r);
    if (status != STATUS_OK)
        return status;
    if (statement->form != STATEMENT_HOUSEHOLD && statement->form != STATEMENT_SHARED)
        return STATUS_UPGRADE;
    read_label(&body, statement);
    read_addresses(&body, statement);
    bool critical = read_tail(&body);
    status = reader_finish(&body);
    return status == STATUS_OK && (critical || flags != 0) ? STATUS_UPGRADE : status;
}

enum status statement_verify(const struct statement *statement, const uint8_t *bytes, size_t len)
{
    if (len < STATEMENT_HEADER_SIZE + SIGNATURE_SIZE)
        return STATUS_TRUNCATED;
    size_t signed_len = len - SIGNATURE_SIZE;
    return crypt_verify(signed_prefix, sizeof signed_prefix, bytes, signed_len, statement->author,
                        bytes + signed_len);
}

static void write_header(struct writer *w, const struct statement *s)
{
    writer_bytes(w, s->namespace_id, sizeof s->namespace_id);
    writer_bytes(w, s->author, sizeof s->author);
    writer_u64(w, s->incarnation);
    writer_u64(w, s->number);
    writer_u64(w, s->time);
    writer_u64(w, s->authority_seq);
    writer_bytes(w, s->authority_head, sizeof s->authority_head);
    writer_bytes(w, s->frontier, sizeof s->frontier);
    writer_bytes(w, s->state_root, sizeof s->state_root);
    writer_bytes(w, s->nonce, sizeof s->nonce);
}

/* The counts were checked. */
static void write_body(struct writer *w, const struct statement *s)
{
    writer_u8(w, s->label_len);
    writer_bytes(w, s->label, s->label_len);
    writer_u8(w, s->address_count);
    for (unsigned i = 0; i < s->address_count; i++) {
        writer_bytes(w, s->addresses[i].address, sizeof s->addresses[i].address);
        writer_u16(w, s->addresses[i].port);
    }
}

enum status statement_sign(const struct statement *statement, const uint8_t secret[static 64],
                           uint8_t out[static LIMIT_STATEMENT], size_t *out_len)
{
    if (statement->label_len > LIMIT_LABEL || statement->address_count > LIMIT_STATEMENT_ADDRS)
        return STATUS_RANGE;
    struct writer w = writer_over(out, LIMIT_STATEMENT);
    writer_bytes(&w, magic, sizeof magic);
    writer_u8(&w, statement->form);
    writer_u8(&w, 0);
    uint8_t *body_len = writer_room(&w, 2);
    write_header(&w, statement);
    write_body(&w, statement);
    size_t signed_len = w.used;
    uint8_t *signature = writer_room(&w, SIGNATURE_SIZE);
    if (!signature)
        return w.error;
    body_len[0] = (uint8_t)((signed_len - STATEMENT_HEADER_SIZE) >> 8);
    body_len[1] = (uint8_t)(signed_len - STATEMENT_HEADER_SIZE);
    enum status status =
        crypt_sign(signed_prefix, sizeof signed_prefix, out, signed_len, secret, signature);
    if (status != STATUS_OK)
        return status;
    *out_len = w.used;
    struct statement again;
    return statement_decode(&again, out, w.used);
}

int statement_compare(const struct statement *a, const struct statement *b)
{
    if (a->incarnation != b->incarnation)
        return a->incarnation < b->incarnation ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return 0;
}
