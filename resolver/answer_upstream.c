/* answer_upstream.c: see answer_upstream.h.
 *
 * Answer and authority are copied record by record; glue and the upstream's own OPT are left
 * behind. Names in the data of RFC 1035's types may have been compressed and are unpacked (RFC
 * 3597, section 4, forbids that for all others). Owner names are compressed against the question
 * and the owner before. Of a public name's answer, what leads into the house stays behind
 * (resolver/rebinding.h).
 */
#include "resolver/answer_upstream.h"

#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "resolver/rebinding.h"

enum {
    UPSTREAM_NAMED_MAX = 2 * NAME_WIRE_MAX + 20 /* SOA */,
    UPSTREAM_TTL_MAX = 86400,
    RRTYPE_NSEC3 = 50
};

/* A message being copied. */
struct copy {
    const uint8_t *packet;
    size_t len;
    size_t offset; /* of what is read next */
    struct reply *reply;
    struct name owner; /* of the last record written */
    uint16_t owner_at; /* where it stands in the reply; 0: nowhere */
    struct view *view; /* or NULL */
    bool home;         /* the question itself is below home.arpa */
    bool kept_back;    /* a record of a public name led into the house */
};

struct record {
    struct name owner;
    uint16_t type;
    uint32_t ttl;
    size_t data_at, data_len;
};

struct layout {
    size_t before, after; /* octets before and after the names */
    unsigned names;       /* 0: data without names, or never compressed */
};

/* RFC 1035, section 3.3. */
static struct layout layout_of(uint16_t type)
{
    switch (type) {
    case 2:  /* NS */
    case 3:  /* MD */
    case 4:  /* MF */
    case 5:  /* CNAME */
    case 7:  /* MB */
    case 8:  /* MG */
    case 9:  /* MR */
    case 12: /* PTR */
        return (struct layout){.names = 1};
    case 6: /* SOA */
        return (struct layout){.names = 2, .after = 20};
    case 14: /* MINFO */
        return (struct layout){.names = 2};
    case 15: /* MX */
        return (struct layout){.names = 1, .before = 2};
    default:
        return (struct layout){.names = 0};
    }
}

static enum status read_record(struct copy *copy, struct record *record)
{
    enum status status = name_unpack(copy->packet, copy->len, &copy->offset, &record->owner);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_over(copy->packet + copy->offset, copy->len - copy->offset);
    record->type = reader_u16(&r);
    (void)reader_u16(&r); /* class: asked for IN, and an OPT's is no class */
    uint32_t ttl = reader_u32(&r);
    record->ttl = ttl > UPSTREAM_TTL_MAX ? UPSTREAM_TTL_MAX : ttl;
    record->data_len = reader_u16(&r);
    record->data_at = copy->len - r.left;
    (void)reader_bytes(&r, record->data_len);
    copy->offset = copy->len - r.left;
    return r.error;
}

/* The record's data with its names spelt out. */
static enum status unpack_names(const struct copy *copy, const struct record *record,
                                const struct layout *layout, struct writer *out)
{
    size_t end = record->data_at + record->data_len;
    size_t at = record->data_at + layout->before;
    if (layout->before > record->data_len)
        return STATUS_MALFORMED;
    writer_bytes(out, copy->packet + record->data_at, layout->before);
    for (unsigned i = 0; i < layout->names; i++) {
        struct name name;
        enum status status = name_unpack(copy->packet, end, &at, &name);
        if (status != STATUS_OK)
            return status;
        writer_bytes(out, name.wire, name.len);
    }
    if (end - at != layout->after)
        return STATUS_MALFORMED;
    writer_bytes(out, copy->packet + at, layout->after);
    return out->error;
}

static bool is_wanted(const struct query *query, uint16_t type)
{
    if (type == RRTYPE_OPT)
        return false;
    bool dnssec = type == RRTYPE_RRSIG || type == RRTYPE_NSEC || type == RRTYPE_NSEC3;
    return !dnssec || query->dnssec_ok || type == query->type || query->type == RRTYPE_ANY;
}

/* A pointer to the owner: into the question when it ends in it, else where it stood last; 0: spell
 * it. */
static uint16_t find_owner(const struct copy *copy, const struct name *folded,
                           const struct record *record)
{
    const struct name *question = &copy->reply->query->folded;
    if (name_is_within(question->wire, question->len, folded->wire, folded->len) && folded->len > 1)
        return (uint16_t)(REPLY_OWNER_QUESTION + question->len - folded->len);
    return name_equal(&record->owner, &copy->owner) ? copy->owner_at : 0;
}

static enum status write_record(struct copy *copy, enum reply_section section,
                                const struct record *record, const uint8_t *data, size_t len)
{
    struct reply *reply = copy->reply;
    struct name folded = record->owner;
    name_fold(&folded);
    if (!copy->home &&
        (rebinding_is_home(&folded) || rebinding_leads_home(copy->view, record->type, data, len))) {
        copy->kept_back = true;
        return STATUS_OK;
    }
    uint16_t pointer = find_owner(copy, &folded, record);
    if (pointer != 0)
        return reply_rr(reply, section, pointer, record->type, record->ttl, data, len);
    size_t at = reply->w.used;
    copy->owner = record->owner;
    copy->owner_at = at <= 0x3fff ? (uint16_t)(0xc000 | at) : 0;
    return reply_rr_spelt(reply, section, &record->owner, record->type, record->ttl, data, len);
}

static enum status copy_record(struct copy *copy, enum reply_section section,
                               const struct record *record)
{
    uint8_t data[UPSTREAM_NAMED_MAX];
    struct writer unpacked = writer_over(data, sizeof data);
    struct layout layout = layout_of(record->type);
    if (layout.names == 0)
        return write_record(copy, section, record, copy->packet + record->data_at,
                            record->data_len);
    enum status status = unpack_names(copy, record, &layout, &unpacked);
    if (status != STATUS_OK)
        return status;
    return write_record(copy, section, record, data, unpacked.used);
}

static enum status copy_section(struct copy *copy, enum reply_section section, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct record record;
        enum status status = read_record(copy, &record);
        if (status == STATUS_OK && is_wanted(copy->reply->query, record.type))
            status = copy_record(copy, section, &record);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Steps over the question, which must be one. */
static enum status skip_question(struct copy *copy)
{
    struct name name;
    enum status status = name_unpack(copy->packet, copy->len, &copy->offset, &name);
    if (status != STATUS_OK)
        return status;
    if (copy->len - copy->offset < 4)
        return STATUS_TRUNCATED;
    copy->offset += 4;
    return STATUS_OK;
}

/* TC when the answer does not fit; an authority section that does not fit is left out in silence
 * where there is an answer (RFC 2181, section 9). */
static enum status copy_message(struct copy *copy)
{
    struct reply *reply = copy->reply;
    struct reader r = reader_over(copy->packet, copy->len);
    (void)reader_u16(&r);
    uint16_t flags = reader_u16(&r);
    uint16_t questions = reader_u16(&r);
    uint16_t answers = reader_u16(&r);
    uint16_t authority = reader_u16(&r);
    (void)reader_u16(&r);
    if (r.error != STATUS_OK || questions != 1)
        return STATUS_MALFORMED;
    copy->offset = DNS_HEADER_SIZE;
    reply->rcode = (enum rcode)(flags & DNS_RCODE);
    enum status status = skip_question(copy);
    if (status == STATUS_OK)
        status = copy_section(copy, REPLY_ANSWER, answers);
    if (status == STATUS_NO_SPACE) {
        reply_reset(reply);
        reply_flags(reply, DNS_TC);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = copy_section(copy, REPLY_AUTHORITY, authority);
    if (status == STATUS_NO_SPACE && reply->counts[REPLY_ANSWER] > 0 && !reply->query->dnssec_ok)
        reply->flags &= (uint16_t)~DNS_TC;
    return status == STATUS_NO_SPACE ? STATUS_OK : status;
}

static bool wants_ad(const struct query *query)
{
    return query->dnssec_ok || (query->flags & DNS_AD) != 0;
}

static void explain_failure(struct reply *reply, const struct upstream_result *result)
{
    bool bogus = result->security == UPSTREAM_BOGUS;
    if (bogus)
        reply_error(reply, RCODE_SERVFAIL, EDE_BOGUS, "the upstream's answer failed DNSSEC");
    else if (result->timed_out)
        reply_error(reply, RCODE_SERVFAIL, EDE_NETWORK, "no upstream answered in time");
    else if (result->rcode == RCODE_NOERROR || result->rcode == RCODE_SERVFAIL)
        reply_error(reply, RCODE_SERVFAIL, EDE_NO_AUTHORITY, "no upstream could answer");
    else
        reply_error(reply, result->rcode, EDE_NONE, "");
}

struct answer answer_upstream(const struct answer_input *input, const struct query *query,
                              const struct upstream_result *result, uint8_t *buffer, size_t size)
{
    struct reply reply;
    struct copy copy = {.packet = result->packet,
                        .len = result->len,
                        .reply = &reply,
                        .view = input->view,
                        .home = rebinding_is_home(&query->folded)};
    bool bogus = result->security == UPSTREAM_BOGUS && (query->flags & DNS_CD) == 0;
    bool usable = result->packet && !result->timed_out && !bogus;
    answer_start(input, query, &reply, buffer, size);
    if (!usable) {
        explain_failure(&reply, result);
    } else if (copy_message(&copy) != STATUS_OK) {
        reply_reset(&reply);
        reply_error(&reply, RCODE_SERVFAIL, EDE_OTHER, "the upstream's answer is malformed");
    } else if (copy.kept_back) {
        reply_error(&reply, reply.rcode, EDE_BLOCKED, "a public name that leads into the house");
    } else if (result->security == UPSTREAM_SECURE && wants_ad(query) &&
               input->client == ANSWER_LOCAL) {
        reply_flags(&reply, DNS_AD);
    }
    bool failed = reply.rcode == RCODE_SERVFAIL;
    return (struct answer){.action = ANSWER_SEND,
                           .kind = failed ? ANSWER_KIND_FAILED : ANSWER_KIND_UPSTREAM,
                           .len = answer_finish(input, &reply)};
}
