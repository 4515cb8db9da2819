/* query.c: see query.h.
 *
 * The sections are read in order through one reader; whatever does not add up is FORMERR. Records
 * that mean nothing here (an IXFR's SOA, a TSIG) are stepped over, but their lengths must be right
 * too.
 */
#include "resolver/query.h"

#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"

struct counts {
    uint16_t questions, answers, authority, additional;
};

/* Folds the ASCII upper case in eight octets at once: bit 7 of an octet tells whether it is a
 * capital, and a quarter of that bit is what a small letter has more. */
static uint64_t fold_eight(uint64_t octets)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = octets & (ones * 0x7f);
    uint64_t from_a = low + ones * (0x80 - 'A');
    uint64_t beyond_z = low + ones * (0x7f - 'Z');
    uint64_t capital = (from_a ^ beyond_z) & ~octets & (ones * 0x80);
    return octets | capital >> 2;
}

/* Length octets are at most 63 and so never capitals. */
static void fold_copy(struct name *folded, const struct name *name)
{
    size_t i = 0;
    uint64_t eight = 0;
    folded->len = name->len;
    for (; name->len - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, name->wire + i, sizeof eight);
        eight = fold_eight(eight);
        memcpy(folded->wire + i, &eight, sizeof eight);
    }
    memcpy(&eight, name->wire + i, name->len - i);
    eight = fold_eight(eight);
    memcpy(folded->wire + i, &eight, name->len - i);
}

/* The question's name can't be compressed: there is nothing before it that a pointer could mean. */
static void read_question(struct query *query, struct reader *r)
{
    if (name_read(r, &query->name) != STATUS_OK)
        return;
    query->type = reader_u16(r);
    query->class = reader_u16(r);
    if (r->error != STATUS_OK)
        return;
    fold_copy(&query->folded, &query->name);
    query->has_question = true;
}

static void read_cookie(struct query *query, struct reader *option)
{
    bool good = option->left == COOKIE_CLIENT_SIZE ||
                (option->left >= COOKIE_CLIENT_SIZE + COOKIE_SERVER_MIN &&
                 option->left <= COOKIE_CLIENT_SIZE + COOKIE_SERVER_MAX);
    if (!good) {
        reader_fail(option, STATUS_MALFORMED);
        return;
    }
    query->has_cookie = true;
    reader_copy(option, query->client_cookie, COOKIE_CLIENT_SIZE);
}

/* RFC 6891, section 6.1.2: option code, length, data, until the record ends. */
static enum status read_options(struct query *query, struct reader *options)
{
    while (options->error == STATUS_OK && options->left > 0) {
        uint16_t code = reader_u16(options);
        uint16_t len = reader_u16(options);
        struct reader option = reader_sub(options, len);
        if (option.error == STATUS_OK && code == OPTION_COOKIE && !query->has_cookie)
            read_cookie(query, &option);
        if (option.error != STATUS_OK)
            return option.error;
    }
    return reader_finish(options);
}

static uint16_t clamp_udp_size(uint16_t size)
{
    return size < DNS_UDP_MIN ? DNS_UDP_MIN : size > DNS_UDP_MAX ? DNS_UDP_MAX : size;
}

/* The OPT record after its type; its owner must have been the root. */
static void read_opt(struct query *query, struct reader *r, bool owner_is_root)
{
    if (query->edns || !owner_is_root) {
        reader_fail(r, STATUS_MALFORMED);
        return;
    }
    uint16_t size = reader_u16(r);
    (void)reader_u8(r); /* the upper bits of an rcode mean nothing in a query */
    uint8_t version = reader_u8(r);
    uint16_t flags = reader_u16(r);
    uint16_t len = reader_u16(r);
    struct reader options = reader_sub(r, len);
    if (r->error != STATUS_OK)
        return;
    query->edns = true;
    query->udp_size = clamp_udp_size(size);
    query->dnssec_ok = (flags & QUERY_OPT_DO) != 0;
    /* Another version's options may have another form, so they are left alone. */
    if (version > 0)
        query->rcode = RCODE_BADVERS;
    else if (read_options(query, &options) != STATUS_OK)
        reader_fail(r, STATUS_MALFORMED);
}

/* Owner names after the question may be compressed; they are only stepped over. */
static bool skip_owner(struct reader *r, const uint8_t *packet, size_t len, bool *is_root)
{
    struct name owner;
    size_t start = (size_t)(r->at - packet);
    size_t offset = start;
    if (r->error != STATUS_OK || name_unpack(packet, len, &offset, &owner) != STATUS_OK) {
        reader_fail(r, STATUS_MALFORMED);
        return false;
    }
    *is_root = owner.len == 1 && offset - start == 1;
    return reader_bytes(r, offset - start) != NULL;
}

static void read_record(struct query *query, struct reader *r, const uint8_t *packet, size_t len,
                        bool additional)
{
    bool owner_is_root = false;
    if (!skip_owner(r, packet, len, &owner_is_root))
        return;
    uint16_t type = reader_u16(r);
    if (type == RRTYPE_OPT) {
        read_opt(query, r, owner_is_root && additional);
        return;
    }
    (void)reader_bytes(r, 2 + 4); /* class, TTL */
    uint16_t data_len = reader_u16(r);
    (void)reader_bytes(r, data_len);
}

static enum status read_sections(struct query *query, struct reader *r, const uint8_t *packet,
                                 size_t len, const struct counts *counts)
{
    if (counts->questions != 1 || counts->answers != 0)
        return STATUS_MALFORMED;
    read_question(query, r);
    for (uint32_t i = 0; i < counts->authority && r->error == STATUS_OK; i++)
        read_record(query, r, packet, len, false);
    for (uint32_t i = 0; i < counts->additional && r->error == STATUS_OK; i++)
        read_record(query, r, packet, len, true);
    return reader_finish(r);
}

enum status query_parse(struct query *query, const uint8_t *packet, size_t len)
{
    struct reader r = reader_over(packet, len);
    query->id = reader_u16(&r);
    query->flags = reader_u16(&r);
    struct counts counts = {.questions = reader_u16(&r),
                            .answers = reader_u16(&r),
                            .authority = reader_u16(&r),
                            .additional = reader_u16(&r)};
    if (r.error != STATUS_OK || (query->flags & DNS_QR) != 0)
        return STATUS_MALFORMED;
    query->rcode = RCODE_NOERROR;
    query->has_question = query->edns = query->dnssec_ok = query->has_cookie = false;
    query->udp_size = DNS_UDP_MIN;
    if ((query->flags & DNS_OPCODE) != 0) {
        query->rcode = RCODE_NOTIMP;
        return STATUS_OK;
    }
    if (read_sections(query, &r, packet, len, &counts) != STATUS_OK)
        query->rcode = RCODE_FORMERR;
    return STATUS_OK;
}
