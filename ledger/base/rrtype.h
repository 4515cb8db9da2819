/* rrtype.h: the RR types and classes that Hearth knows by number (IANA "DNS Parameters"). */
#ifndef HEARTH_LEDGER_BASE_RRTYPE_H
#define HEARTH_LEDGER_BASE_RRTYPE_H

enum rrtype {
    RRTYPE_A = 1,
    RRTYPE_NS = 2,
    RRTYPE_CNAME = 5,
    RRTYPE_SOA = 6,
    RRTYPE_PTR = 12,
    RRTYPE_TXT = 16,
    RRTYPE_AAAA = 28,
    RRTYPE_SRV = 33,
    RRTYPE_OPT = 41,
    RRTYPE_SSHFP = 44,
    RRTYPE_RRSIG = 46,
    RRTYPE_NSEC = 47,
    RRTYPE_DNSKEY = 48,
    RRTYPE_TLSA = 52,
    RRTYPE_SVCB = 64,
    RRTYPE_HTTPS = 65,
    RRTYPE_IXFR = 251,
    RRTYPE_AXFR = 252,
    RRTYPE_ANY = 255,
    RRTYPE_CAA = 257,
    /* Household facts, private use (RFC 6895, section 3.1); never in an answer. */
    RRTYPE_PEER = 65280,
    RRTYPE_ORIGINS = 65281,
    RRTYPE_NOTE = 65282,
    RRTYPE_INTERNAL_LAST = 65534,
};

enum { RRCLASS_IN = 1, RRCLASS_NONE = 254, RRCLASS_ANY = 255 };

static inline int rrtype_is_internal(unsigned type)
{
    return type >= RRTYPE_PEER && type <= RRTYPE_INTERNAL_LAST;
}

/* Can a record be of this type? Not of those of questions and of the protocol itself (RFC 6895,
 * section 3.1). */
static inline int rrtype_is_data(unsigned type)
{
    return type != 0 && type != RRTYPE_OPT && (type < 128 || type > 255) && type < 65535;
}

#endif
