/* address.h: IP addresses as 16 octets (IPv4 mapped into ::ffff:0:0/96), and which may be
 * published.
 */
#ifndef HEARTH_LEDGER_BASE_ADDRESS_H
#define HEARTH_LEDGER_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum { ADDRESS_TEXT_SIZE = 46 /* INET6_ADDRSTRLEN */ };

struct address {
    uint8_t octets[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
};

/* Reads an IPv4 or IPv6 literal, without brackets, port or zone. MALFORMED. */
enum status address_parse(struct address *address, const char *text);

/* Writes an IPv4 address dotted, an IPv6 address as RFC 5952 has it. */
void address_text(const struct address *address, char text[static ADDRESS_TEXT_SIZE]);

struct address address_from_ipv4(const uint8_t octets[static 4]);
struct address address_from_ipv6(const uint8_t octets[static 16]);
bool address_is_ipv4(const struct address *address);
/* 127.0.0.0/8 and ::1. */
bool address_is_loopback(const struct address *address);
/* Are the first `bits` (0 … 128, of the mapped form) those of `prefix`? Prefixes are of one family:
 * ::/0 is not everybody with IPv4 too, whose mapped addresses lie in it. */
bool address_has_prefix(const struct address *address, const struct address *prefix, unsigned bits);

/* Loopback, link-local, multicast (broadcast included), unspecified and reserved (240.0.0.0/4)
 * addresses may not be published, as IPv4, as IPv6, mapped, or embedded in ::/96, 64:ff9b::/96 or
 * 2002::/16: ADDRESS_LOOPBACK and its sisters name the rule. */
enum status address_check_publishable(const struct address *address);

/* Addresses with a port, as the contract writes them: `ADDR`, `ADDR4:PORT`, `[ADDR6]`,
 * `[ADDR6]:PORT`. *port is left alone when none is given. MALFORMED, RANGE (port 0 or > 65535). */
enum status address_parse_endpoint(const char *text, struct address *address, uint16_t *port);

#endif
