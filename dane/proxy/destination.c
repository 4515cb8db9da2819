/* destination.c: see destination.h, which has the rules in their order; classify below is rules 1
 * and 2, judge rules 3 and 4. A view that fails underneath ends in CORRUPT, whatever was found. */
#include "dane/proxy/destination.h"

#include <string.h>

#include "dane/published.h"
#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "ledger/rdata.h"
#include "resolver/special.h"

enum { TLS_PORT = 443 };

static const char dashboard_host[] = "hearth.home.arpa";

/* Lists that the view's own bounds keep short: what does not add up is damage. */
typedef void take_rr(struct destination *destination, const uint8_t *rdata, size_t len);

static enum status each_rr(const struct view_rrset *rrset, take_rr *take,
                           struct destination *destination)
{
    struct reader r = reader_over(rrset->data, rrset->data_len);
    while (r.left > 0) {
        uint16_t len = reader_u16(&r);
        const uint8_t *rdata = reader_bytes(&r, len);
        if (r.error != STATUS_OK)
            return STATUS_CORRUPT;
        take(destination, rdata, len);
    }
    return STATUS_OK;
}

/* An RRset that is not there has nothing to give. */
static enum status take_rrset(struct destination *destination, struct view *view,
                              const struct view_name *name, uint16_t type, take_rr *take)
{
    struct view_rrset rrset;
    enum status status = view_rrset(view, name, type, &rrset);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK ? each_rr(&rrset, take, destination) : status;
}

/* --- addresses and origins --- */

/* The publisher refuses such addresses already; but no view shall make this door one to the machine
 * itself. */
static void add_address(struct destination *destination, struct address address)
{
    if (address_check_publishable(&address) != STATUS_OK ||
        destination->address_count == DESTINATION_ADDRESSES_MAX)
        return;
    for (size_t i = 0; i < destination->address_count; i++) {
        if (memcmp(&destination->addresses[i], &address, sizeof address) == 0)
            return;
    }
    destination->addresses[destination->address_count++] = address;
}

static void take_ipv6(struct destination *destination, const uint8_t *rdata, size_t len)
{
    if (len == 16)
        add_address(destination, address_from_ipv6(rdata));
}

static void take_ipv4(struct destination *destination, const uint8_t *rdata, size_t len)
{
    if (len == 4)
        add_address(destination, address_from_ipv4(rdata));
}

static void take_origin(struct destination *destination, const uint8_t *rdata, size_t len)
{
    size_t used = 0, count = destination->origin_count;
    if (count == DESTINATION_ORIGINS_MAX || rdata_check(RRTYPE_ORIGINS, rdata, len) != STATUS_OK)
        return;
    if (count > 0)
        used = (size_t)(destination->origins[count - 1].at - destination->origin_bytes) +
               destination->origins[count - 1].len;
    if (len > sizeof destination->origin_bytes - used)
        return;
    memcpy(destination->origin_bytes + used, rdata, len);
    destination->origins[destination->origin_count++] =
        (struct http_text){destination->origin_bytes + used, len};
}

static enum status take_facts(struct destination *destination, struct view *view,
                              const struct view_name *name)
{
    enum status status = take_rrset(destination, view, name, RRTYPE_AAAA, take_ipv6);
    if (status == STATUS_OK)
        status = take_rrset(destination, view, name, RRTYPE_A, take_ipv4);
    if (status == STATUS_OK)
        status = take_rrset(destination, view, name, RRTYPE_ORIGINS, take_origin);
    return status;
}

/* --- keys --- */

/* Does the name publish a key at any port, one that was withdrawn included? What stands below
 * `_tcp.<name>` follows it in the table. */
static enum status publishes_key(struct view *view, const struct name *name, bool *publishes)
{
    struct name tcp = *name;
    struct view_name at;
    struct view_rrset rrset;
    *publishes = false;
    if (name_prepend(&tcp, "_tcp", 4) != STATUS_OK)
        return STATUS_OK; /* too long to be published */
    enum status status = view_find(view, tcp.wire, tcp.len, &at);
    while (status == STATUS_OK && !*publishes) {
        status = view_rrset(view, &at, RRTYPE_TLSA, &rrset);
        *publishes = status == STATUS_OK;
        if (status == STATUS_OK || status == STATUS_NOT_FOUND)
            status = view_name_at(view, at.index + 1, &at);
        if (status == STATUS_OK && !name_is_within(at.wire, at.wire_len, tcp.wire, tcp.len))
            return STATUS_OK;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool has_usable(const struct published *published)
{
    bool usable = published->removed_count > 0;
    for (size_t i = 0; i < published->count; i++)
        usable = usable || tlsa_is_usable(&published->records[i]);
    return usable;
}

/* --- the decision --- */

static void refuse(struct destination *destination, enum page_kind page)
{
    destination->kind = DESTINATION_REFUSED;
    destination->page = page;
}

static bool is_stale(const struct view_zone *zone, uint64_t now_ms)
{
    return zone->state == VIEW_ZONE_HARD || (zone->hard_ms != 0 && now_ms >= zone->hard_ms);
}

static enum status judge(struct destination *destination, struct view *view, bool is_named,
                         uint64_t now_ms)
{
    struct published published;
    bool publishes = true;
    enum status status = published_find(&published, view, &destination->name, destination->port);
    bool is_plain_port = destination->port != TLS_PORT && destination->address_count > 0;
    if (status == STATUS_OK && !published.found && is_plain_port)
        status = publishes_key(view, &destination->name, &publishes);
    if (status != STATUS_OK)
        return status;
    if (published.found && has_usable(&published))
        destination->kind = DESTINATION_TLS;
    else if (!publishes)
        destination->kind = DESTINATION_PLAIN;
    else if (published.found || destination->port == TLS_PORT)
        refuse(destination, is_named ? PAGE_NO_RECORD : PAGE_NO_NAME);
    if (destination->kind != DESTINATION_TLS && destination->kind != DESTINATION_PLAIN)
        return STATUS_OK;
    if (is_stale(&published.zone, now_ms))
        refuse(destination, PAGE_STALE);
    else if (destination->address_count == 0)
        refuse(destination, PAGE_NO_ADDRESS);
    return STATUS_OK;
}

static enum status judge_household(struct destination *destination, struct view *view,
                                   uint64_t now_ms)
{
    struct view_name name;
    enum status status = view_find(view, destination->name.wire, destination->name.len, &name);
    bool is_there = status == STATUS_OK;
    if (is_there)
        status = take_facts(destination, view, &name);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    /* A name only because of what is below it has nothing of its own to be found by, but for keys. */
    return judge(destination, view, is_there && name.rrset_count > 0, now_ms);
}

/* Is there nothing to ask the view? */
static bool is_settled(struct destination *destination, const struct target *target)
{
    if (target->is_address || name_parse(&destination->name, target->host) != STATUS_OK) {
        destination->name.len = 1;
        destination->name.wire[0] = 0;
        return true;
    }
    if (strcmp(target->host, dashboard_host) == 0) {
        if (target->port == TLS_PORT)
            destination->kind = DESTINATION_DASHBOARD;
        return true;
    }
    const struct name *name = &destination->name;
    return !name_is_within(name->wire, name->len, name_home_arpa.wire, name_home_arpa.len);
}

enum status destination_find(struct destination *destination, struct view *view,
                             const struct target *target, uint64_t now_ms)
{
    struct view_zone zone;
    memset(destination, 0, sizeof *destination);
    destination->kind = DESTINATION_FOREIGN;
    destination->port = target->port;
    destination->generation = view ? view->generation : 0;
    if (is_settled(destination, target))
        return STATUS_OK;
    if (!view)
        return STATUS_NOT_FOUND;
    const struct name *name = &destination->name;
    enum status status = view_find_zone(view, name->wire, name->len, &zone);
    if (status == STATUS_OK)
        return judge_household(destination, view, now_ms);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (special_classify(name) != SPECIAL_HOUSE_RESERVED)
        destination->kind = DESTINATION_OTHER;
    return STATUS_OK;
}
