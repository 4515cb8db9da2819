/* wire.c: see wire.h. */
#include "tests/unit/resolver/wire.h"

#include <string.h>

#include "ledger/base/reader.h"

void wire_header(struct writer *w, uint16_t flags, uint16_t qd, uint16_t an, uint16_t ns,
                 uint16_t ar)
{
    const uint16_t fields[] = {WIRE_ID, flags, qd, an, ns, ar};
    for (unsigned i = 0; i < 6; i++)
        writer_u16(w, fields[i]);
}

void wire_name(struct writer *w, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ".");
        writer_u8(w, (uint8_t)len);
        writer_bytes(w, text, len);
        text += len;
        if (*text == '.')
            text++;
    }
    writer_u8(w, 0);
}

void wire_question(struct writer *w, const char *name, uint16_t type, uint16_t class)
{
    wire_name(w, name);
    writer_u16(w, type);
    writer_u16(w, class);
}

void wire_rr(struct writer *w, const char *owner, uint16_t type, uint32_t ttl, const void *rdata,
             size_t len)
{
    wire_question(w, owner, type, 1);
    writer_u32(w, ttl);
    writer_u16(w, (uint16_t)len);
    writer_bytes(w, rdata, len);
}

size_t wire_query(uint8_t *out, const struct wire_query *query)
{
    struct writer w = writer_over(out, WIRE_MAX);
    wire_header(&w, query->flags ? query->flags : 0x0100, 1, 0, 0, query->edns ? 1 : 0);
    wire_question(&w, query->name, query->type, query->class ? query->class : 1);
    if (query->edns) {
        writer_u8(&w, 0);
        writer_u16(&w, 41);
        writer_u16(&w, query->udp_size ? query->udp_size : 1232);
        writer_u8(&w, 0);
        writer_u8(&w, query->version);
        writer_u16(&w, query->dnssec_ok ? 0x8000 : 0);
        writer_u16(&w, query->cookie ? 12 : 0);
        if (query->cookie) {
            writer_u16(&w, 10);
            writer_u16(&w, 8);
            writer_bytes(&w, "chipchip", 8);
        }
    }
    return w.used;
}

static void read_options(struct wire_reply *reply, const struct wire_rr *opt)
{
    struct reader r = reader_over(opt->rdata, opt->len);
    reply->has_opt = true;
    reply->opt_ttl = opt->ttl;
    reply->rcode |= opt->ttl >> 24 << 4;
    while (r.error == STATUS_OK && r.left > 0) {
        uint16_t code = reader_u16(&r);
        uint16_t len = reader_u16(&r);
        struct reader option = reader_sub(&r, len);
        if (code == 15) {
            reply->ede = reader_u16(&option);
            memcpy(reply->ede_text, option.at,
                   option.left < 127 ? option.left : 127); /* zeroed before */
        } else if (code == 10 && len <= sizeof reply->cookie) {
            reply->cookie_len = len;
            reader_copy(&option, reply->cookie, len);
        }
    }
}

static bool read_rr(struct wire_reply *reply, const uint8_t *bytes, size_t len, size_t *offset,
                    int section)
{
    struct wire_rr rr = {.section = section};
    if (name_unpack(bytes, len, offset, &rr.owner) != STATUS_OK)
        return false;
    struct reader r = reader_over(bytes + *offset, len - *offset);
    rr.type = reader_u16(&r);
    rr.class = reader_u16(&r);
    rr.ttl = reader_u32(&r);
    rr.len = reader_u16(&r);
    rr.rdata = reader_bytes(&r, rr.len);
    if (r.error != STATUS_OK)
        return false;
    *offset = len - r.left;
    if (rr.type == 41)
        read_options(reply, &rr);
    else if (reply->rr_count < WIRE_RRS)
        reply->rrs[reply->rr_count++] = rr;
    return true;
}

bool wire_parse(struct wire_reply *reply, const uint8_t *bytes, size_t len)
{
    struct reader r = reader_over(bytes, len);
    memset(reply, 0, sizeof *reply);
    reply->ede = -1;
    reply->id = reader_u16(&r);
    reply->flags = reader_u16(&r);
    for (unsigned i = 0; i < 4; i++)
        reply->counts[i] = reader_u16(&r);
    if (r.error != STATUS_OK || reply->counts[0] > 1)
        return false;
    reply->rcode = reply->flags & 15;
    size_t offset = 12;
    if (reply->counts[0] == 1) {
        if (name_unpack(bytes, len, &offset, &reply->question) != STATUS_OK || len - offset < 4)
            return false;
        struct reader q = reader_over(bytes + offset, 4);
        reply->type = reader_u16(&q);
        reply->class = reader_u16(&q);
        offset += 4;
    }
    for (int section = 0; section < 3; section++) {
        for (unsigned i = 0; i < reply->counts[section + 1]; i++) {
            if (!read_rr(reply, bytes, len, &offset, section))
                return false;
        }
    }
    return offset == len;
}

unsigned wire_count(const struct wire_reply *reply, int section, uint16_t type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < reply->rr_count; i++)
        count += reply->rrs[i].section == section && reply->rrs[i].type == type;
    return count;
}

const struct wire_rr *wire_first(const struct wire_reply *reply, int section, uint16_t type)
{
    for (unsigned i = 0; i < reply->rr_count; i++) {
        if (reply->rrs[i].section == section && reply->rrs[i].type == type)
            return &reply->rrs[i];
    }
    return NULL;
}
