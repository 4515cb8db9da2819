/* query.h: a DNS query, read from octets that anybody may have sent.
 *
 * One question of opcode QUERY (RFC 1035, section 4; RFC 9619), and at most one OPT record (RFC
 * 6891) whose options must fill it exactly. Everything that an answer needs is copied out, so that
 * a query may outlive the packet it came in.
 *
 *     struct query query;
 *     if (query_parse(&query, packet, len) != STATUS_OK)
 *         drop it: there is nobody to answer
 *     if (query.rcode != RCODE_NOERROR)
 *         answer that code
 */
#ifndef HEARTH_RESOLVER_QUERY_H
#define HEARTH_RESOLVER_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum rcode {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5,
    RCODE_BADVERS = 16, /* needs the OPT's upper bits (RFC 6891, section 6.1.3) */
};

/* The header's second 16 bits (RFC 1035, section 4.1.1; RFC 4035, section 3.1.6). */
enum {
    DNS_QR = 0x8000,
    DNS_OPCODE = 0x7800,
    DNS_AA = 0x0400,
    DNS_TC = 0x0200,
    DNS_RD = 0x0100,
    DNS_RA = 0x0080,
    DNS_AD = 0x0020,
    DNS_CD = 0x0010,
    DNS_RCODE = 0x000f,
};

enum {
    DNS_HEADER_SIZE = 12,
    DNS_UDP_MIN = 512,       /* what every client takes (RFC 1035, section 2.3.4) */
    DNS_UDP_MAX = 1232,      /* what Hearth sends at most: no fragments on any IPv6 path */
    DNS_MESSAGE_MAX = 65535, /* over TCP */
    QUERY_OPT_DO = 0x8000,   /* in the OPT's TTL field */
    OPTION_COOKIE = 10,      /* RFC 7873 */
    OPTION_EDE = 15,         /* RFC 8914 */
    COOKIE_CLIENT_SIZE = 8,  /* RFC 7873, section 4 */
    COOKIE_SERVER_MIN = 8,   /* same */
    COOKIE_SERVER_MAX = 32,  /* same */
};

struct query {
    uint16_t id;
    uint16_t flags;     /* as received: enough for RD, CD, AD and the opcode */
    enum rcode rcode;   /* not NOERROR: why it can't be served */
    bool has_question;  /* name, type and class are set, and are echoed */
    struct name name;   /* as sent: 0x20 case is echoed */
    struct name folded; /* lower case */
    uint16_t type, class;
    bool edns, dnssec_ok;
    uint16_t udp_size; /* what the client takes over UDP, between DNS_UDP_MIN and DNS_UDP_MAX */
    bool has_cookie;
    uint8_t client_cookie[COOKIE_CLIENT_SIZE];
    uint64_t view_hash; /* of `folded`, in the view at hand: for those who look it up there */
};

/* OK: there is something to answer, if only query->rcode. MALFORMED: a response, or no header: to
 * be dropped without an answer. */
enum status query_parse(struct query *query, const uint8_t *packet, size_t len);

#endif
