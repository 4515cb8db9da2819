/* reply.c: see reply.h. */
#include "resolver/reply.h"

#include <assert.h>
#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"

enum {
    OPT_SIZE = 11,     /* root, type, class, TTL, length */
    OPTION_HEADER = 4, /* code, length */
    RR_FIXED = 10,     /* type, class, TTL, length */
    COOKIE_OPTION = OPTION_HEADER + COOKIE_CLIENT_SIZE + REPLY_SERVER_COOKIE_SIZE,
    EDE_OPTION_MAX = OPTION_HEADER + 2 + REPLY_EDE_TEXT_MAX,
    OPT_ROOM = OPT_SIZE + COOKIE_OPTION + EDE_OPTION_MAX,
};

static_assert(DNS_HEADER_SIZE + NAME_WIRE_MAX + 4 + OPT_ROOM <= DNS_UDP_MIN,
              "header, the longest question and the OPT fit every reply");

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void reply_start(struct reply *reply, const struct query *query, uint8_t *buffer, size_t size)
{
    assert(size >= DNS_UDP_MIN);
    reply->query = query;
    reply->size = size;
    reply->flags = (uint16_t)(DNS_QR | (query->flags & (DNS_OPCODE | DNS_RD | DNS_CD)));
    reply->rcode = RCODE_NOERROR;
    reply->ede = EDE_NONE;
    reply->ede_text = "";
    reply->w = writer_over(buffer, query->edns ? size - OPT_ROOM : size);
    reply_reset(reply);
}

void reply_reset(struct reply *reply)
{
    const struct query *query = reply->query;
    reply->counts[REPLY_ANSWER] = reply->counts[REPLY_AUTHORITY] = 0;
    reply->flags &= (uint16_t)~DNS_TC;
    reply->w.used = DNS_HEADER_SIZE;
    reply->w.error = STATUS_OK;
    if (!query->has_question)
        return;
    writer_bytes(&reply->w, query->name.wire, query->name.len);
    writer_u16(&reply->w, query->type);
    writer_u16(&reply->w, query->class);
}

void reply_flags(struct reply *reply, uint16_t flags)
{
    reply->flags |= flags;
}

void reply_extended(struct reply *reply, enum ede ede, const char *text)
{
    reply->ede = ede;
    reply->ede_text = text;
}

void reply_error(struct reply *reply, enum rcode rcode, enum ede ede, const char *text)
{
    reply->rcode = rcode;
    reply_extended(reply, ede, text);
}

/* Room for a record whose owner takes that many octets; NULL: TC is set. */
static uint8_t *record_room(struct reply *reply, size_t owner_len, size_t rdata_len)
{
    struct writer *w = &reply->w;
    uint8_t *at = rdata_len > UINT16_MAX ? NULL : writer_room(w, owner_len + RR_FIXED + rdata_len);
    if (!at) {
        w->error = STATUS_OK;
        reply->flags |= DNS_TC;
    }
    return at;
}

/* What follows the owner (RFC 1035, section 4.1.3). */
static void put_record(uint8_t *at, uint16_t type, uint32_t ttl, const uint8_t *rdata,
                       size_t rdata_len)
{
    put16(at, type);
    put16(at + 2, RRCLASS_IN);
    put16(at + 4, ttl >> 16);
    put16(at + 6, ttl & 0xffff);
    put16(at + 8, (unsigned)rdata_len);
    if (rdata_len > 0)
        memcpy(at + RR_FIXED, rdata, rdata_len);
}

enum status reply_rr(struct reply *reply, enum reply_section section, uint16_t owner, uint16_t type,
                     uint32_t ttl, const uint8_t *rdata, size_t rdata_len)
{
    uint8_t *at = record_room(reply, 2, rdata_len);
    if (!at)
        return STATUS_NO_SPACE;
    put16(at, owner);
    put_record(at + 2, type, ttl, rdata, rdata_len);
    reply->counts[section]++;
    return STATUS_OK;
}

enum status reply_rr_spelt(struct reply *reply, enum reply_section section,
                           const struct name *owner, uint16_t type, uint32_t ttl,
                           const uint8_t *rdata, size_t rdata_len)
{
    uint8_t *at = record_room(reply, owner->len, rdata_len);
    if (!at)
        return STATUS_NO_SPACE;
    memcpy(at, owner->wire, owner->len);
    put_record(at + owner->len, type, ttl, rdata, rdata_len);
    reply->counts[section]++;
    return STATUS_OK;
}

enum status reply_rrset(struct reply *reply, enum reply_section section, uint16_t owner,
                        uint16_t type, uint32_t ttl, const uint8_t *data, size_t data_len,
                        unsigned count)
{
    struct reader r = reader_over(data, data_len);
    size_t used = reply->w.used;
    uint16_t before = reply->counts[section];
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
        uint16_t len = reader_u16(&r);
        const uint8_t *rdata = reader_bytes(&r, len);
        status = rdata ? reply_rr(reply, section, owner, type, ttl, rdata, len) : STATUS_CORRUPT;
    }
    if (status == STATUS_OK && reader_finish(&r) != STATUS_OK)
        status = STATUS_CORRUPT;
    if (status != STATUS_OK) {
        reply->w.used = used;
        reply->counts[section] = before;
    }
    return status;
}

static void write_cookie(struct writer *w, const struct query *query, const uint8_t *cookie)
{
    if (!query->has_cookie || !cookie)
        return;
    writer_u16(w, OPTION_COOKIE);
    writer_u16(w, COOKIE_CLIENT_SIZE + REPLY_SERVER_COOKIE_SIZE);
    writer_bytes(w, query->client_cookie, COOKIE_CLIENT_SIZE);
    writer_bytes(w, cookie, REPLY_SERVER_COOKIE_SIZE);
}

static void write_extended(struct writer *w, const struct reply *reply)
{
    size_t len = strnlen(reply->ede_text, REPLY_EDE_TEXT_MAX);
    if (reply->ede == EDE_NONE)
        return;
    writer_u16(w, OPTION_EDE);
    writer_u16(w, (uint16_t)(2 + len));
    writer_u16(w, (uint16_t)reply->ede);
    writer_bytes(w, reply->ede_text, len);
}

static void write_opt(struct reply *reply, const uint8_t *cookie)
{
    struct writer *w = &reply->w;
    const struct query *query = reply->query;
    w->size = reply->size;
    writer_u8(w, 0);
    writer_u16(w, RRTYPE_OPT);
    writer_u16(w, DNS_UDP_MAX);
    writer_u8(w, (uint8_t)(reply->rcode >> 4));
    writer_u8(w, 0); /* version */
    writer_u16(w, query->dnssec_ok ? QUERY_OPT_DO : 0);
    uint8_t *len_at = writer_room(w, 2);
    size_t start = w->used;
    write_cookie(w, query, cookie);
    write_extended(w, reply);
    if (len_at)
        put16(len_at, (unsigned)(w->used - start));
}

size_t reply_finish(struct reply *reply, const uint8_t *cookie)
{
    const struct query *query = reply->query;
    uint8_t *header = reply->w.start;
    if (query->edns)
        write_opt(reply, cookie);
    assert(reply->w.error == STATUS_OK);
    put16(header, query->id);
    put16(header + 2, reply->flags | ((unsigned)reply->rcode & DNS_RCODE));
    put16(header + 4, query->has_question ? 1 : 0);
    put16(header + 6, reply->counts[REPLY_ANSWER]);
    put16(header + 8, reply->counts[REPLY_AUTHORITY]);
    put16(header + 10, query->edns ? 1 : 0);
    return reply->w.used;
}
