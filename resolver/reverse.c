/* reverse.c: see reverse.h. Labels are read from the right, the tree's name first; the first one
 * that is no part of an address ends the reading. */
#include "resolver/reverse.h"

#include <string.h>

/* Wire forms without the C string's own NUL doubling as the root. */
static const struct name tree_ipv4 = {.len = 14, .wire = "\7in-addr\4arpa"};
static const struct name tree_ipv6 = {.len = 10, .wire = "\3ip6\4arpa"};

enum { IPV4_MAPPED_BITS = 96 };

/* "0" … "255" without leading zeros. */
static bool read_decimal(const uint8_t *label, uint8_t *value)
{
    unsigned number = 0;
    if (label[0] == 0 || label[0] > 3 || (label[0] > 1 && label[1] == '0'))
        return false;
    for (unsigned i = 1; i <= label[0]; i++) {
        if (label[i] < '0' || label[i] > '9')
            return false;
        number = number * 10 + (label[i] - (unsigned)'0');
    }
    *value = (uint8_t)number;
    return number <= 255;
}

static bool read_nibble(const uint8_t *label, uint8_t *value)
{
    uint8_t c = label[1];
    if (label[0] != 1)
        return false;
    if (c >= '0' && c <= '9')
        *value = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *value = (uint8_t)(c - 'a' + 10);
    else
        return false;
    return true;
}

/* Adds the label's bits; false when it is no part of an address. */
static bool add_label(struct reverse *reverse, const uint8_t *label, unsigned step)
{
    uint8_t value = 0;
    if (reverse->bits >= REVERSE_BITS)
        return false;
    if (!(step == 8 ? read_decimal(label, &value) : read_nibble(label, &value)))
        return false;
    unsigned shift = step == 8 || reverse->bits % 8 != 0 ? 0 : 4;
    reverse->address.octets[reverse->bits / 8] |= (uint8_t)(value << shift);
    reverse->bits = (uint8_t)(reverse->bits + step);
    return true;
}

enum status reverse_parse(const struct name *folded, struct reverse *reverse)
{
    const uint8_t *labels[NAME_LABELS_MAX];
    unsigned count = 0;
    struct name relative;
    bool ipv4 = name_relative(&relative, folded, &tree_ipv4) == STATUS_OK;
    if (!ipv4 && name_relative(&relative, folded, &tree_ipv6) != STATUS_OK)
        return STATUS_NOT_FOUND;
    *reverse = (struct reverse){.bits = 0};
    if (ipv4) {
        reverse->address = address_from_ipv4((const uint8_t[4]){0});
        reverse->bits = IPV4_MAPPED_BITS;
    }
    for (const uint8_t *at = relative.wire; *at != 0 && count < NAME_LABELS_MAX; at += 1 + *at)
        labels[count++] = at;
    while (count > 0 && add_label(reverse, labels[count - 1], ipv4 ? 8 : 4))
        count--;
    reverse->junk = count > 0;
    return STATUS_OK;
}

bool reverse_is_address(const struct reverse *reverse)
{
    return reverse->bits == REVERSE_BITS && !reverse->junk;
}

#define IPV4(a, b, c, d, len)                                                                      \
    {                                                                                              \
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}, IPV4_MAPPED_BITS + (len)         \
    }

static const struct prefix {
    struct address address;
    uint8_t bits;
} private_prefixes[] = {
    IPV4(0, 0, 0, 0, 8),
    IPV4(10, 0, 0, 0, 8),
    IPV4(100, 64, 0, 0, 10), /* RFC 7793 */
    IPV4(127, 0, 0, 0, 8),
    IPV4(169, 254, 0, 0, 16),
    IPV4(172, 16, 0, 0, 12),
    IPV4(192, 0, 2, 0, 24),
    IPV4(192, 168, 0, 0, 16),
    IPV4(198, 51, 100, 0, 24),
    IPV4(203, 0, 113, 0, 24),
    IPV4(255, 255, 255, 255, 32),
    {{{0}}, 128},                                              /* :: */
    {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 128}, /* ::1 */
    {{{0xfc}}, 7},                                             /* fc00::/7, RFC 4193 */
    {{{0xfe, 0x80}}, 10},                                      /* link-local */
    {{{0x20, 0x01, 0x0d, 0xb8}}, 32},                          /* RFC 3849 */
};

static bool has_prefix(const struct reverse *reverse, const struct prefix *prefix)
{
    return reverse->bits >= prefix->bits &&
           address_has_prefix(&reverse->address, &prefix->address, prefix->bits);
}

bool reverse_is_private(const struct reverse *reverse)
{
    for (size_t i = 0; i < sizeof private_prefixes / sizeof private_prefixes[0]; i++) {
        if (has_prefix(reverse, &private_prefixes[i]))
            return true;
    }
    return false;
}
