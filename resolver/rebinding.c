/* rebinding.c: see rebinding.h. */
#include "resolver/rebinding.h"

#include <string.h>

#include "ledger/base/address.h"
#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "resolver/special.h"

enum { RRTYPE_DNAME = 39, HINT_IPV4 = 4, HINT_IPV6 = 6 /* RFC 9460, section 14.3.2 */ };

#define IPV4(a, b, c, d, len)                                                                      \
    {                                                                                              \
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}, 96 + (len)                       \
    }

/* Where no public server is. */
static const struct prefix {
    struct address address;
    uint8_t bits;
} prefixes[] = {
    IPV4(0, 0, 0, 0, 8),
    IPV4(10, 0, 0, 0, 8),
    IPV4(100, 64, 0, 0, 10), /* RFC 6598 */
    IPV4(127, 0, 0, 0, 8),
    IPV4(169, 254, 0, 0, 16),
    IPV4(172, 16, 0, 0, 12),
    IPV4(192, 168, 0, 0, 16),
    {{{0}}, 96},          /* ::, ::1 and the old way to write IPv4 in IPv6 */
    {{{0xfc}}, 7},        /* RFC 4193 */
    {{{0xfe, 0x80}}, 10}, /* link-local */
    {{{0xfe, 0xc0}}, 10}, /* site-local, which RFC 3879 gave up */
};

/* Prefixes in front of an IPv4 address that the network puts it through to: RFC 6052. */
static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

bool rebinding_is_home(const struct name *folded)
{
    switch (special_classify(folded)) {
    case SPECIAL_HOME:
    case SPECIAL_HOUSE:
    case SPECIAL_HOUSE_RESERVED:
        return true;
    default:
        return false;
    }
}

static bool is_in_house(struct view *view, struct address address)
{
    struct view_name name;
    if (memcmp(address.octets, nat64, sizeof nat64) == 0)
        address = address_from_ipv4(address.octets + sizeof nat64);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (address_has_prefix(&address, &prefixes[i].address, prefixes[i].bits))
            return true;
    }
    return view && view_find_address(view, &address, 0, &name) == STATUS_OK;
}

/* Addresses of 4 or 16 octets, one after the other. */
static bool have_in_house(struct view *view, const uint8_t *data, size_t len, size_t each)
{
    if (len == 0 || len % each != 0)
        return true;
    for (; len > 0; data += each, len -= each) {
        if (is_in_house(view, each == 4 ? address_from_ipv4(data) : address_from_ipv6(data)))
            return true;
    }
    return false;
}

/* A name, whole and not compressed. */
static bool target_is_home(struct reader *r)
{
    struct name target;
    if (name_read(r, &target) != STATUS_OK)
        return true;
    name_fold(&target);
    return rebinding_is_home(&target);
}

/* RFC 9460, section 2.2: a number, a target, then keys with values. */
static bool service_is_home(struct view *view, const uint8_t *data, size_t len)
{
    struct reader r = reader_over(data, len);
    (void)reader_u16(&r);
    if (target_is_home(&r))
        return true;
    while (r.left > 0 && r.error == STATUS_OK) {
        uint16_t key = reader_u16(&r);
        size_t value_len = reader_u16(&r);
        const uint8_t *value = reader_bytes(&r, value_len);
        if (r.error == STATUS_OK && (key == HINT_IPV4 || key == HINT_IPV6) &&
            have_in_house(view, value, value_len, key == HINT_IPV4 ? 4 : 16))
            return true;
    }
    return r.error != STATUS_OK;
}

bool rebinding_leads_home(struct view *view, uint16_t type, const uint8_t *data, size_t len)
{
    struct reader r = reader_over(data, len);
    switch (type) {
    case RRTYPE_A:
        return len != 4 || have_in_house(view, data, len, 4);
    case RRTYPE_AAAA:
        return len != 16 || have_in_house(view, data, len, 16);
    case RRTYPE_CNAME:
    case RRTYPE_DNAME:
        return target_is_home(&r) || r.left > 0;
    case RRTYPE_SVCB:
    case RRTYPE_HTTPS:
        return service_is_home(view, data, len);
    default:
        return false;
    }
}
