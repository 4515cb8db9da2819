/* body_fields.c: see body_fields.h. Everything that could be written in two ways (heads, tags) is
 * refused unless it rises strictly, so that a body has one encoding. */
#include "ledger/body_fields.h"

#include <stdlib.h>
#include <string.h>

void fields_read_key(struct reader *r, struct body *body, struct body_key *key)
{
    key->algorithm = reader_u8(r);
    reader_copy(r, key->key, sizeof key->key);
    if (key->algorithm != KEY_ED25519)
        body->upgrade = true;
}

void fields_write_key(struct writer *w, const struct body_key *key)
{
    writer_u8(w, key->algorithm);
    writer_bytes(w, key->key, sizeof key->key);
}

/* The order of the heads' 48 octets. */
static int compare_heads(const void *left, const void *right)
{
    const struct body_head *a = left;
    const struct body_head *b = right;
    if (a->stream != b->stream)
        return a->stream < b->stream ? -1 : 1;
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    return memcmp(a->id, b->id, sizeof a->id);
}

void fields_read_heads(struct reader *r, struct body_heads *heads)
{
    heads->count = reader_u8(r);
    if (heads->count > LIMIT_HEADS) {
        reader_fail(r, STATUS_RANGE);
        return;
    }
    for (unsigned i = 0; i < heads->count; i++) {
        struct body_head *head = &heads->heads[i];
        head->stream = reader_u64(r);
        head->seq = reader_u64(r);
        reader_copy(r, head->id, sizeof head->id);
        if (r->error == STATUS_OK && i > 0 && compare_heads(head - 1, head) >= 0)
            reader_fail(r, STATUS_NOT_CANONICAL);
    }
}

enum status fields_write_heads(struct writer *w, const struct body_heads *heads)
{
    if (heads->count > LIMIT_HEADS)
        return STATUS_RANGE;
    struct body_heads sorted = *heads;
    qsort(sorted.heads, sorted.count, sizeof sorted.heads[0], compare_heads);
    uint8_t *count = writer_room(w, 1);
    uint8_t written = 0;
    for (unsigned i = 0; i < sorted.count; i++) {
        const struct body_head *head = &sorted.heads[i];
        if (i > 0 && compare_heads(head - 1, head) == 0)
            continue;
        writer_u64(w, head->stream);
        writer_u64(w, head->seq);
        writer_bytes(w, head->id, sizeof head->id);
        written++;
    }
    if (count)
        *count = written;
    return STATUS_OK;
}

void fields_read_name(struct reader *r, struct name *name)
{
    enum status status = name_read(r, name);
    if (status == STATUS_OK)
        status = name->len > NAME_RELATIVE_MAX ? STATUS_NAME_TOO_LONG : name_check_household(name);
    if (status != STATUS_OK)
        reader_fail(r, status);
}

enum status fields_write_name(struct writer *w, const struct name *name)
{
    if (name->len > NAME_RELATIVE_MAX)
        return STATUS_NAME_TOO_LONG;
    enum status status = name_check_household(name);
    if (status == STATUS_OK)
        writer_bytes(w, name->wire, name->len);
    return status;
}

struct tlv {
    uint8_t tag;
    uint16_t len;
    const uint8_t *value;
};

static struct tlv read_tlv(struct reader *r)
{
    struct tlv tlv = {.tag = reader_u8(r), .len = reader_u16(r)};
    tlv.value = reader_bytes(r, tlv.len);
    return tlv;
}

static void write_tlv(struct writer *w, uint8_t tag, const uint8_t *value, uint16_t len)
{
    writer_u8(w, tag);
    writer_u16(w, len);
    writer_bytes(w, value, len);
}

void fields_read_tail(struct reader *r, struct body *body, struct fields_tlv *known)
{
    const uint8_t *start = r->at;
    size_t tail_len = r->left;
    int last = -1;
    while (r->error == STATUS_OK && r->left > 0) {
        struct tlv tlv = read_tlv(r);
        if (r->error != STATUS_OK)
            return;
        if (tlv.tag <= last)
            reader_fail(r, STATUS_NOT_CANONICAL);
        last = tlv.tag;
        if (known && tlv.tag == FIELDS_TAG_KNOWN)
            *known = (struct fields_tlv){.value = tlv.value, .len = tlv.len};
        else if (tlv.tag & FIELDS_TAG_CRITICAL)
            body->upgrade = true;
    }
    if (r->error == STATUS_OK && tail_len > 0 && tail_len <= LIMIT_BODY) {
        body->tail = start;
        body->tail_len = (uint16_t)tail_len;
    }
}

void fields_write_tail(struct writer *w, const struct body *body, const struct fields_tlv *known)
{
    bool due = known && known->value;
    struct reader r = reader_over(body->tail, body->tail_len);
    while (r.left > 0) {
        struct tlv tlv = read_tlv(&r);
        if (r.error != STATUS_OK)
            break;
        if (due && tlv.tag >= FIELDS_TAG_KNOWN) {
            write_tlv(w, FIELDS_TAG_KNOWN, known->value, known->len);
            due = false;
        }
        if (!known || tlv.tag != FIELDS_TAG_KNOWN)
            write_tlv(w, tlv.tag, tlv.value, tlv.len);
    }
    if (due)
        write_tlv(w, FIELDS_TAG_KNOWN, known->value, known->len);
}
