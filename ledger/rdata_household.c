/* rdata_household.c: the household facts that are kept as records: PEER, ORIGINS, NOTE
 * (docs/ledger-format.md), where a PEER may stand, and what may be a petname. */
#include <stdlib.h>
#include <string.h>

#include "ledger/base/address.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/rdata.h"
#include "ledger/rdata_kinds.h"

enum { PEER_SIZE = 33, ORIGIN_MAX = 255, NOTE_TEXT_MAX = 255 };

/* Household id and flags. Flags that are not known yet are kept, and mean nothing here. */
void rdata_peer_read(struct reader *r)
{
    reader_bytes(r, PEER_SIZE);
}

void rdata_note_read(struct reader *r)
{
    reader_u8(r);
    size_t len = r->left;
    const uint8_t *text = reader_bytes(r, len);
    if (len > NOTE_TEXT_MAX || (text && !text_is_plain(text, len)))
        reader_fail(r, STATUS_RDATA);
}

/* --- ORIGINS: an origin has one spelling, the one that browsers send (RFC 6454, section 6.2) ---
 */

/* Browsers take a host whose last label is a number for an IPv4 address (WHATWG URL, section 3.5), and
 * write it in four parts. */
static bool is_number_wrong(const char *host)
{
    struct address address;
    const char *label = strrchr(host, '.');
    label = label ? label + 1 : host;
    return strspn(label, "0123456789") == strlen(label) &&
           address_parse(&address, host) != STATUS_OK;
}

static bool is_host_name(const char *host)
{
    struct name name;
    size_t len = strlen(host);
    if (len != strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-_."))
        return false;
    return len > 0 && host[len - 1] != '.' && name_parse(&name, host) == STATUS_OK &&
           !is_number_wrong(host);
}

/* `literal` is what stands between the brackets. */
static bool is_host_ipv6(const char *literal)
{
    struct address address;
    char text[ADDRESS_TEXT_SIZE];
    if (address_parse(&address, literal) != STATUS_OK || address_is_ipv4(&address))
        return false;
    address_text(&address, text);
    return strcmp(text, literal) == 0;
}

/* Not the default, which an origin leaves out. */
static bool is_origin_port(const char *port)
{
    size_t len = strlen(port);
    if (len == 0 || len > 5 || len != strspn(port, "0123456789") || port[0] == '0')
        return false;
    unsigned long value = strtoul(port, NULL, 10);
    return value <= 65535 && value != 443;
}

static bool is_origin(char *text)
{
    static const char scheme[] = "https://";
    if (strncmp(text, scheme, strlen(scheme)) != 0)
        return false;
    char *host = text + strlen(scheme);
    bool ipv6 = *host == '[';
    char *end = ipv6 ? strchr(host, ']') : strchr(host, ':');
    char *port = ipv6 && end ? end + 1 : end;
    if (ipv6 && !end)
        return false;
    if (port && *port != '\0') {
        if (*port != ':' || !is_origin_port(port + 1))
            return false;
    }
    if (end)
        *end = '\0';
    return ipv6 ? is_host_ipv6(host + 1) : is_host_name(host);
}

void rdata_origins_read(struct reader *r)
{
    char text[ORIGIN_MAX + 1] = "";
    size_t len = r->left;
    const uint8_t *octets = reader_bytes(r, len);
    if (!octets || len > ORIGIN_MAX || memchr(octets, 0, len)) {
        reader_fail(r, STATUS_RDATA);
        return;
    }
    memcpy(text, octets, len);
    if (!is_origin(text))
        reader_fail(r, STATUS_RDATA);
}

/* --- names --- */

static const struct name peer_suffix = {.len = 7, .wire = "\5_peer"};

/* 52 characters of base32, whether or not they are an id: none of them shall look like one. */
static bool is_like_id(const char *label, size_t len)
{
    return len == BASE32_ID_LEN && strspn(label, "abcdefghijklmnopqrstuvwxyz234567") >= len;
}

enum status petname_check(const char *label)
{
    static const char *const reserved[] = {"hearth", "in-addr", "ip6"};
    struct name name;
    char text[NAME_TEXT_SIZE];
    enum status status = name_parse(&name, label);
    if (status != STATUS_OK)
        return status;
    if (name.len == 1)
        return STATUS_LABEL_EMPTY;
    if (strchr(label, '.') || strchr(label, '_'))
        return STATUS_NAME_CHARACTER;
    name_text(name.wire, name.len, text);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcmp(text, reserved[i]) == 0)
            return STATUS_RESERVED;
    }
    return is_like_id(text, strlen(text)) ? STATUS_RESERVED : STATUS_OK;
}

/* `<petname>._peer`? */
static bool is_peer_name(const struct name *relative)
{
    struct name label;
    char text[NAME_TEXT_SIZE];
    if (name_relative(&label, relative, &peer_suffix) != STATUS_OK)
        return false;
    name_text(label.wire, label.len, text);
    return petname_check(text) == STATUS_OK;
}

enum status rdata_check_owner(uint16_t type, const struct name *relative)
{
    bool inside = name_is_within(relative->wire, relative->len, peer_suffix.wire, peer_suffix.len);
    bool right = type == RRTYPE_PEER ? is_peer_name(relative) : !inside;
    return right ? STATUS_OK : STATUS_RESERVED;
}
