/* text.c: see text.h. */
#include "ledger/base/text.h"

#include <string.h>

static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex_digits[] = "0123456789abcdef";

void base32_encode_id(const uint8_t id[static 32], char text[static BASE32_ID_LEN + 1])
{
    for (size_t i = 0; i < BASE32_ID_LEN; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)id[bit / 8] << 8 | (bit / 8 + 1 < 32 ? id[bit / 8 + 1] : 0U);
        text[i] = base32_digits[pair >> (11 - bit % 8) & 31];
    }
    text[BASE32_ID_LEN] = '\0';
}

static int base32_value(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

enum status base32_decode_id(const char *text, size_t len, uint8_t id[static 32])
{
    if (len != BASE32_ID_LEN)
        return STATUS_MALFORMED;
    uint32_t bits = 0;
    unsigned held = 0;
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        int value = base32_value(text[i]);
        if (value < 0)
            return STATUS_MALFORMED;
        bits = bits << 5 | (uint32_t)value;
        held += 5;
        if (held >= 8) {
            held -= 8;
            id[out++] = (uint8_t)(bits >> held);
        }
    }
    return (bits & ((1U << held) - 1)) == 0 ? STATUS_OK : STATUS_NOT_CANONICAL;
}

void hex_encode(const uint8_t *bytes, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = hex_digits[bytes[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum status hex_decode(const char *text, uint8_t *bytes, size_t len)
{
    if (strlen(text) != 2 * len)
        return STATUS_MALFORMED;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return STATUS_MALFORMED;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return STATUS_OK;
}

/* Octets of the UTF-8 character that this octet begins, and in *least the smallest code point that
 * needs so many; 0 for an octet that begins none. */
static size_t character_octets(uint8_t first, uint32_t *least)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t octets = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    *least = smallest[octets];
    return first < 0xf8 ? octets : 0;
}

bool text_is_plain(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t least = 0;
        size_t octets = character_octets(bytes[at], &least);
        if (octets == 0 || octets > len - at)
            return false;
        uint32_t point = octets == 1 ? bytes[at] : bytes[at] & (0x7fU >> octets);
        for (size_t i = 1; i < octets; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80)
                return false;
            point = point << 6 | (bytes[at + i] & 0x3fU);
        }
        bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (control || surrogate || point < least || point > 0x10ffff)
            return false;
        at += octets;
    }
    return true;
}
