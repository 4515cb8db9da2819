/* body_set.c: SET, one RRset of one name: what it replaces, what it is now, and who asked for it.
 *
 * The form alone: names, counts, order. Whether the rdata may be published is rdata.h's question,
 * asked by the state function, so that a SET that breaks such a rule is kept, without effect. */
#include <stdlib.h>
#include <string.h>

#include "ledger/body_fields.h"

enum { OVER_ID_SIZE = 32 };

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, OVER_ID_SIZE);
}

/* RFC 4034, section 6.3: as left-justified octet strings; the absence of an octet sorts first. */
static int compare_rrs(const void *left, const void *right)
{
    const struct body_rr *a = left;
    const struct body_rr *b = right;
    size_t common = a->len < b->len ? a->len : b->len;
    int order = common > 0 ? memcmp(a->data, b->data, common) : 0;
    return order ? order : (int)a->len - (int)b->len;
}

static void read_over(struct reader *r, struct body_set *set)
{
    set->over_count = reader_u8(r);
    if (set->over_count > LIMIT_OVER) {
        reader_fail(r, STATUS_RANGE);
        return;
    }
    set->over = reader_bytes(r, (size_t)set->over_count * OVER_ID_SIZE);
    for (unsigned i = 1; set->over && i < set->over_count; i++) {
        const uint8_t *id = set->over + i * OVER_ID_SIZE;
        if (compare_ids(id - OVER_ID_SIZE, id) >= 0)
            reader_fail(r, STATUS_NOT_CANONICAL);
    }
}

static void write_over(struct writer *w, const struct body_set *set)
{
    uint8_t ids[LIMIT_OVER][OVER_ID_SIZE];
    if (set->over_count > 0)
        memcpy(ids, set->over, (size_t)set->over_count * OVER_ID_SIZE);
    qsort(ids, set->over_count, OVER_ID_SIZE, compare_ids);
    uint8_t *count = writer_room(w, 1);
    uint8_t written = 0;
    for (unsigned i = 0; i < set->over_count; i++) {
        if (i > 0 && compare_ids(ids[i - 1], ids[i]) == 0)
            continue;
        writer_bytes(w, ids[i], OVER_ID_SIZE);
        written++;
    }
    if (count)
        *count = written;
}

static void read_rrs(struct reader *r, struct body_set *set)
{
    set->rr_count = reader_u8(r);
    if (set->rr_count > LIMIT_RRS) {
        reader_fail(r, STATUS_RANGE);
        return;
    }
    for (unsigned i = 0; i < set->rr_count; i++) {
        struct body_rr *rr = &set->rrs[i];
        rr->len = reader_u16(r);
        rr->data = reader_bytes(r, rr->len);
        if (r->error == STATUS_OK && i > 0 && compare_rrs(rr - 1, rr) >= 0)
            reader_fail(r, STATUS_NOT_CANONICAL);
    }
}

static void write_rrs(struct writer *w, const struct body_set *set)
{
    struct body_rr rrs[LIMIT_RRS];
    memcpy(rrs, set->rrs, sizeof rrs);
    qsort(rrs, set->rr_count, sizeof rrs[0], compare_rrs);
    uint8_t *count = writer_room(w, 1);
    uint8_t written = 0;
    for (unsigned i = 0; i < set->rr_count; i++) {
        if (i > 0 && compare_rrs(&rrs[i - 1], &rrs[i]) == 0)
            continue;
        writer_u16(w, rrs[i].len);
        writer_bytes(w, rrs[i].data, rrs[i].len);
        written++;
    }
    if (count)
        *count = written;
}

/* `by` is shown on terminals and pages: visible ASCII alone. */
static enum status check_by(const struct fields_tlv *by)
{
    if (by->len == 0)
        return STATUS_MALFORMED;
    if (by->len > LIMIT_BY)
        return STATUS_TOO_LONG;
    for (unsigned i = 0; i < by->len; i++) {
        if (by->value[i] <= ' ' || by->value[i] > '~')
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

void body_set_decode(struct reader *r, struct body *body)
{
    struct body_set *set = &body->set;
    struct fields_tlv by = {.value = NULL};
    fields_read_name(r, &set->name);
    set->type = reader_u16(r);
    set->ttl = reader_u32(r);
    if (set->ttl > LIMIT_TTL)
        reader_fail(r, STATUS_RANGE);
    read_over(r, set);
    read_rrs(r, set);
    fields_read_tail(r, body, &by);
    if (r->error != STATUS_OK || !by.value)
        return;
    set->by = by.value;
    set->by_len = by.len;
    enum status status = check_by(&by);
    if (status != STATUS_OK)
        reader_fail(r, status);
}

enum status body_set_encode(struct writer *w, const struct body *body)
{
    const struct body_set *set = &body->set;
    struct fields_tlv by = {.value = set->by, .len = set->by_len};
    if (set->ttl > LIMIT_TTL || set->over_count > LIMIT_OVER || set->rr_count > LIMIT_RRS)
        return STATUS_RANGE;
    enum status status = by.value ? check_by(&by) : STATUS_OK;
    if (status == STATUS_OK)
        status = fields_write_name(w, &set->name);
    if (status != STATUS_OK)
        return status;
    writer_u16(w, set->type);
    writer_u32(w, set->ttl);
    write_over(w, set);
    write_rrs(w, set);
    fields_write_tail(w, body, &by);
    return STATUS_OK;
}
