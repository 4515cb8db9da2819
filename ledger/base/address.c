/* address.c: see address.h. */
#include "ledger/base/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address address_from_ipv4(const uint8_t octets[static 4])
{
    struct address address;
    memcpy(address.octets, mapped_prefix, sizeof mapped_prefix);
    memcpy(address.octets + 12, octets, 4);
    return address;
}

struct address address_from_ipv6(const uint8_t octets[static 16])
{
    struct address address;
    memcpy(address.octets, octets, 16);
    return address;
}

bool address_is_ipv4(const struct address *address)
{
    return memcmp(address->octets, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool address_is_loopback(const struct address *address)
{
    static const uint8_t ipv6[16] = {[15] = 1};
    if (address_is_ipv4(address))
        return address->octets[12] == 127;
    return memcmp(address->octets, ipv6, sizeof ipv6) == 0;
}

bool address_has_prefix(const struct address *address, const struct address *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    const uint8_t *a = address->octets, *b = prefix->octets;
    if (address_is_ipv4(address) != address_is_ipv4(prefix) || memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

enum status address_parse(struct address *address, const char *text)
{
    uint8_t octets[16];
    if (inet_pton(AF_INET6, text, octets) == 1) {
        *address = address_from_ipv6(octets);
        return STATUS_OK;
    }
    if (inet_pton(AF_INET, text, octets) == 1) {
        *address = address_from_ipv4(octets);
        return STATUS_OK;
    }
    return STATUS_MALFORMED;
}

void address_text(const struct address *address, char text[static ADDRESS_TEXT_SIZE])
{
    bool ipv4 = address_is_ipv4(address);
    const uint8_t *octets = address->octets + (ipv4 ? 12 : 0);
    if (!inet_ntop(ipv4 ? AF_INET : AF_INET6, octets, text, ADDRESS_TEXT_SIZE))
        text[0] = '\0'; /* can't happen: both families fit */
}

static enum status check_ipv4(const uint8_t o[static 4])
{
    if (o[0] == 0)
        return STATUS_ADDRESS_UNSPECIFIED; /* 0.0.0.0/8, RFC 1122, section 3.2.1.3 */
    if (o[0] == 127)
        return STATUS_ADDRESS_LOOPBACK;
    if (o[0] == 169 && o[1] == 254)
        return STATUS_ADDRESS_LINK_LOCAL; /* RFC 3927 */
    if (o[0] >= 224 && o[0] <= 239)
        return STATUS_ADDRESS_MULTICAST; /* RFC 5771 */
    if (o[0] == 255 && o[1] == 255 && o[2] == 255 && o[3] == 255)
        return STATUS_ADDRESS_MULTICAST; /* limited broadcast, RFC 919 */
    if (o[0] >= 240)
        return STATUS_ADDRESS_RESERVED; /* 240.0.0.0/4, RFC 1112, section 4 */
    return STATUS_OK;
}

/* An IPv6 address that leads to the IPv4 address in it. */
static enum status check_embedded(const uint8_t o[static 16])
{
    static const uint8_t compatible[12];                            /* RFC 4291, section 2.5.5.1 */
    static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b}; /* RFC 6052, section 2.1 */
    static const uint8_t six_to_four[2] = {0x20, 0x02};             /* RFC 3056, section 2 */
    if (memcmp(o, compatible, 12) == 0 || memcmp(o, translated, 12) == 0)
        return check_ipv4(o + 12);
    return memcmp(o, six_to_four, 2) == 0 ? check_ipv4(o + 2) : STATUS_OK;
}

enum status address_check_publishable(const struct address *address)
{
    static const uint8_t zero[16];
    static const uint8_t loopback[16] = {[15] = 1};
    const uint8_t *o = address->octets;
    if (address_is_ipv4(address))
        return check_ipv4(o + 12);
    if (memcmp(o, zero, 16) == 0)
        return STATUS_ADDRESS_UNSPECIFIED;
    if (memcmp(o, loopback, 16) == 0)
        return STATUS_ADDRESS_LOOPBACK;
    if (o[0] == 0xfe && (o[1] & 0xc0) == 0x80)
        return STATUS_ADDRESS_LINK_LOCAL; /* fe80::/10, RFC 4291, section 2.5.6 */
    if (o[0] == 0xff)
        return STATUS_ADDRESS_MULTICAST; /* RFC 4291, section 2.7 */
    return check_embedded(o);
}

static enum status parse_port(const char *text, uint16_t *port)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return STATUS_MALFORMED;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0')
        return STATUS_MALFORMED;
    if (value == 0 || value > 65535)
        return STATUS_RANGE;
    *port = (uint16_t)value;
    return STATUS_OK;
}

/* The endpoint's address part, `len` characters at `text`, as the given kind of literal. */
static enum status parse_part(const char *text, size_t len, bool ipv6, struct address *address)
{
    char part[ADDRESS_TEXT_SIZE];
    if (len >= sizeof part)
        return STATUS_MALFORMED;
    memcpy(part, text, len);
    part[len] = '\0';
    if ((strchr(part, ':') != NULL) != ipv6)
        return STATUS_MALFORMED;
    return address_parse(address, part);
}

enum status address_parse_endpoint(const char *text, struct address *address, uint16_t *port)
{
    const char *colon = strchr(text, ':');
    const char *rest = NULL;
    enum status status = STATUS_OK;
    if (text[0] == '[') {
        const char *close = strchr(text, ']');
        if (!close)
            return STATUS_MALFORMED;
        status = parse_part(text + 1, (size_t)(close - text - 1), true, address);
        rest = close + 1;
    } else if (colon && !strchr(colon + 1, ':')) {
        status = parse_part(text, (size_t)(colon - text), false, address);
        rest = colon;
    } else {
        return address_parse(address, text);
    }
    if (status != STATUS_OK || *rest == '\0')
        return status;
    return *rest == ':' ? parse_port(rest + 1, port) : STATUS_MALFORMED;
}
