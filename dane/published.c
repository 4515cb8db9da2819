/* published.c: see published.h. */
#include "dane/published.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"

static const char tcp_label[] = "_tcp";

/* `_tcp.<name>` in lower case. */
static enum status tcp_name(struct name *out, const struct name *name)
{
    *out = *name;
    name_fold(out);
    return name_prepend(out, tcp_label, strlen(tcp_label));
}

/* RR data as the view has it: length (2), rdata. A list that does not add up is damage. */
static enum status decode_records(const uint8_t *data, size_t len,
                                  struct tlsa records[static TLSA_RRS_MAX], size_t *count)
{
    struct reader r = reader_over(data, len);
    while (r.left > 0) {
        uint16_t rdata_len = reader_u16(&r);
        const uint8_t *rdata = reader_bytes(&r, rdata_len);
        if (r.error != STATUS_OK)
            return STATUS_CORRUPT;
        if (*count < TLSA_RRS_MAX && tlsa_decode(&records[*count], rdata, rdata_len) == STATUS_OK)
            (*count)++;
    }
    return STATUS_OK;
}

static enum status find_rrset(struct published *published, struct view *view,
                              const struct name *owner)
{
    enum status status = view_find(view, owner->wire, owner->len, &published->name);
    if (status != STATUS_OK)
        return status;
    return view_rrset(view, &published->name, RRTYPE_TLSA, &published->rrset);
}

static enum status read_rrset(struct published *published, struct view *view)
{
    const struct view_rrset *rrset = &published->rrset;
    enum status status =
        decode_records(rrset->data, rrset->data_len, published->records, &published->count);
    if (status == STATUS_OK)
        status = decode_records(rrset->removed, rrset->removed_len, published->removed,
                                &published->removed_count);
    if (status != STATUS_OK || rrset->record == 0)
        return status;
    published->has_record = true;
    return view_record_at(view, rrset->record - 1, &published->record);
}

/* A name or index that is not there where another one was just found is damage, not an answer. */
static enum status damage(enum status status)
{
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

enum status published_find(struct published *published, struct view *view, const struct name *name,
                           uint16_t port)
{
    char label[8];
    struct name owner = *name;
    memset(published, 0, sizeof *published);
    name_fold(&owner);
    enum status status = view_find_zone(view, owner.wire, owner.len, &published->zone);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    published->household_name = true;
    int len = snprintf(label, sizeof label, "_%u", (unsigned)port);
    if (tcp_name(&owner, name) != STATUS_OK ||
        name_prepend(&owner, label, (size_t)len) != STATUS_OK)
        return STATUS_OK; /* too long to be published */
    status = find_rrset(published, view, &owner);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    published->found = true;
    return damage(read_rrset(published, view));
}

/* `_443` → 443: decimal, no leading zero, 1 … 65535; 0 for any other label. */
static uint16_t port_of_label(const uint8_t *label, size_t len)
{
    unsigned port = 0;
    if (len < 2 || len > 6 || label[0] != '_' || label[1] == '0')
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (label[i] < '0' || label[i] > '9')
            return 0;
        port = port * 10 + (label[i] - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* The port that this name publishes: 0 unless it is `_port.<tcp>` with a TLSA RRset. */
static enum status published_port(struct view *view, const struct view_name *name,
                                  const struct name *tcp, uint16_t *port)
{
    struct view_rrset rrset;
    *port = 0;
    if (name->wire_len != tcp->len + 1 + name->wire[0])
        return STATUS_OK; /* deeper than one label */
    uint16_t candidate = port_of_label(name->wire + 1, name->wire[0]);
    if (candidate == 0)
        return STATUS_OK;
    enum status status = view_rrset(view, name, RRTYPE_TLSA, &rrset);
    if (status == STATUS_OK)
        *port = candidate;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status published_only_port(struct view *view, const struct name *name, uint16_t *port)
{
    struct name tcp;
    struct view_name at;
    uint16_t found = 0, next = 0;
    if (tcp_name(&tcp, name) != STATUS_OK)
        return STATUS_NOT_FOUND;
    /* `_tcp.<name>` is in the table as an empty non-terminal; what is below it follows it. */
    enum status status = view_find(view, tcp.wire, tcp.len, &at);
    if (status != STATUS_OK)
        return status;
    while ((status = view_name_at(view, at.index + 1, &at)) == STATUS_OK &&
           name_is_within(at.wire, at.wire_len, tcp.wire, tcp.len)) {
        status = published_port(view, &at, &tcp, &next);
        if (status != STATUS_OK)
            return status;
        if (next != 0 && found != 0)
            return STATUS_NOT_FOUND;
        found = next != 0 ? next : found;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    *port = found;
    return found != 0 ? STATUS_OK : STATUS_NOT_FOUND;
}
