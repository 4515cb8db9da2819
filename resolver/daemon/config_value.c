/* config_value.c: see config_value.h. Every function takes the whole text or refuses it. */
#include "resolver/daemon/config_value.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char blanks[] = " \t";

enum status config_value_item(const char **list, char item[static CONFIG_ITEM_SIZE])
{
    const char *at = *list;
    if (!at)
        return STATUS_NOT_FOUND;
    at += strspn(at, blanks);
    size_t len = strcspn(at, ",");
    *list = at[len] == ',' ? at + len + 1 : NULL;
    while (len > 0 && strchr(blanks, at[len - 1]))
        len--;
    if (len == 0)
        return STATUS_MALFORMED;
    if (len >= CONFIG_ITEM_SIZE)
        return STATUS_TOO_LONG;
    memcpy(item, at, len);
    item[len] = '\0';
    return STATUS_OK;
}

enum status config_value_number(const char *text, unsigned low, unsigned high, unsigned *number)
{
    size_t len = strlen(text);
    if (len == 0 || strspn(text, "0123456789") != len)
        return STATUS_MALFORMED;
    unsigned value = 0;
    for (const char *at = text; *at != '\0'; at++) {
        value = value * 10 + (unsigned)(*at - '0');
        if (value > high)
            return STATUS_RANGE;
    }
    if (value < low)
        return STATUS_RANGE;
    *number = value;
    return STATUS_OK;
}

/* Copies what stands before `mark` (or all) as an address; *rest is what stands behind it, or NULL.
 */
static enum status split_address(const char *text, char mark, struct address *address,
                                 const char **rest)
{
    char part[ADDRESS_TEXT_SIZE];
    const char *at = strchr(text, mark);
    size_t len = at ? (size_t)(at - text) : strlen(text);
    if (len >= sizeof part)
        return STATUS_MALFORMED;
    memcpy(part, text, len);
    part[len] = '\0';
    *rest = at ? at + 1 : NULL;
    return address_parse(address, part);
}

enum status config_value_endpoint(const char *text, uint16_t default_port,
                                  struct config_endpoint *endpoint)
{
    const char *rest = NULL;
    unsigned port = default_port;
    *endpoint = (struct config_endpoint){.port = 0};
    enum status status = split_address(text, '@', &endpoint->address, &rest);
    if (status == STATUS_OK && rest)
        status = config_value_number(rest, 1, 65535, &port);
    endpoint->port = (uint16_t)port;
    return status;
}

static bool has_bits_beyond(const struct address *address, unsigned bits)
{
    for (unsigned i = bits; i < 128; i++) {
        if (address->octets[i / 8] & (0x80U >> i % 8))
            return true;
    }
    return false;
}

enum status config_value_prefix(const char *text, struct config_prefix *prefix)
{
    const char *rest = NULL;
    enum status status = split_address(text, '/', &prefix->address, &rest);
    if (status != STATUS_OK)
        return status;
    bool ipv4 = address_is_ipv4(&prefix->address) && !strchr(text, ':');
    unsigned bits = ipv4 ? 32 : 128;
    if (rest)
        status = config_value_number(rest, 0, bits, &bits);
    if (status != STATUS_OK)
        return status;
    bits += ipv4 ? 96 : 0;
    prefix->bits = (uint8_t)bits;
    return has_bits_beyond(&prefix->address, bits) ? STATUS_NOT_CANONICAL : STATUS_OK;
}

void config_endpoint_text(const struct config_endpoint *endpoint,
                          char text[static CONFIG_ENDPOINT_TEXT_SIZE])
{
    char address[ADDRESS_TEXT_SIZE];
    address_text(&endpoint->address, address);
    (void)snprintf(text, CONFIG_ENDPOINT_TEXT_SIZE, "%s@%u", address, (unsigned)endpoint->port);
}
