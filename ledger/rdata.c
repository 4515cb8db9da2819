/* rdata.c: see rdata.h. The types of the DNS that a household publishes, one short reader each.
 *
 * A reader takes the whole rdata; what it refuses is RDATA unless it says a better status, and so
 * is everything left over. */
#include "ledger/rdata.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/address.h"
#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "ledger/rdata_kinds.h"

void rdata_read_address(struct reader *r, size_t size)
{
    const uint8_t *octets = reader_bytes(r, size);
    if (!octets)
        return;
    struct address address = size == 4 ? address_from_ipv4(octets) : address_from_ipv6(octets);
    enum status status = address_check_publishable(&address);
    if (status != STATUS_OK)
        reader_fail(r, status);
}

void rdata_read_target(struct reader *r)
{
    struct name name;
    if (name_read(r, &name) != STATUS_OK)
        return;
    struct name folded = name;
    name_fold(&folded);
    if (!name_equal(&name, &folded))
        reader_fail(r, STATUS_RDATA);
}

static void read_a(struct reader *r)
{
    rdata_read_address(r, 4);
}

static void read_aaaa(struct reader *r)
{
    rdata_read_address(r, 16);
}

/* One character-string or more. */
static void read_txt(struct reader *r)
{
    do {
        uint8_t len = reader_u8(r);
        reader_bytes(r, len);
    } while (r->error == STATUS_OK && r->left > 0);
}

/* Priority, weight, port, target; the target "." says that there is no such service (RFC 2782). */
static void read_srv(struct reader *r)
{
    reader_bytes(r, 6);
    rdata_read_target(r);
}

/* Algorithm, fingerprint type, fingerprint; the lengths of SHA-1 (RFC 4255) and SHA-256 (RFC 6594)
 * are known. */
static void read_sshfp(struct reader *r)
{
    reader_u8(r);
    uint8_t type = reader_u8(r);
    size_t len = r->left;
    bool right = type == 1 ? len == 20 : type == 2 ? len == 32 : len > 0;
    if (!right)
        reader_fail(r, STATUS_RDATA);
    reader_bytes(r, len);
}

static const uint8_t sha256_of_nothing[32] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
static const uint8_t sha512_of_nothing[64] = {
    0xcf, 0x83, 0xe1, 0x35, 0x7e, 0xef, 0xb8, 0xbd, 0xf1, 0x54, 0x28, 0x50, 0xd6, 0x6d, 0x80, 0x07,
    0xd6, 0x20, 0xe4, 0x05, 0x0b, 0x57, 0x15, 0xdc, 0x83, 0xf4, 0xa9, 0x21, 0xd3, 0x6c, 0xe9, 0xce,
    0x47, 0xd0, 0xd1, 0x3c, 0x5d, 0x85, 0xf2, 0xb0, 0xff, 0x83, 0x18, 0xd2, 0x87, 0x7e, 0xec, 0x2f,
    0x63, 0xb9, 0x31, 0xbd, 0x47, 0x41, 0x7a, 0x81, 0xa5, 0x38, 0x32, 0x7a, 0xf9, 0x27, 0xda, 0x3e};

/* Usage, selector, matching type, hash. Matching type 0 would publish a whole certificate, whose
 * bytes a household can't withdraw by one hash; a hash of nothing comes from a tool that hashed an
 * empty file. */
static void read_tlsa(struct reader *r)
{
    uint8_t usage = reader_u8(r);
    uint8_t selector = reader_u8(r);
    uint8_t matching = reader_u8(r);
    size_t len = r->left;
    if (r->error != STATUS_OK)
        return;
    if (usage > 3 || selector > 1)
        reader_fail(r, STATUS_RDATA);
    if (matching != 1 && matching != 2)
        reader_fail(r, STATUS_TLSA_MATCHING);
    if (len != (matching == 1 ? sizeof sha256_of_nothing : sizeof sha512_of_nothing))
        reader_fail(r, STATUS_TLSA_LENGTH);
    const uint8_t *hash = reader_bytes(r, len);
    if (hash && memcmp(hash, matching == 1 ? sha256_of_nothing : sha512_of_nothing, len) == 0)
        reader_fail(r, STATUS_TLSA_EMPTY);
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Flags, tag (1 to 15 letters and digits), value (RFC 8659, section 4.1). */
static void read_caa(struct reader *r)
{
    reader_u8(r);
    uint8_t len = reader_u8(r);
    const uint8_t *tag = reader_bytes(r, len);
    if (len == 0 || len > 15)
        reader_fail(r, STATUS_RDATA);
    for (unsigned i = 0; tag && i < len; i++) {
        if (!is_alphanumeric(tag[i]))
            reader_fail(r, STATUS_RDATA);
    }
    reader_bytes(r, r->left);
}

static const struct {
    uint16_t type;
    void (*read)(struct reader *r);
} rows[] = {
    {RRTYPE_A, read_a},
    {RRTYPE_AAAA, read_aaaa},
    {RRTYPE_TXT, read_txt},
    {RRTYPE_SRV, read_srv},
    {RRTYPE_SSHFP, read_sshfp},
    {RRTYPE_TLSA, read_tlsa},
    {RRTYPE_SVCB, rdata_svcb_read},
    {RRTYPE_HTTPS, rdata_svcb_read},
    {RRTYPE_CAA, read_caa},
    {RRTYPE_PEER, rdata_peer_read},
    {RRTYPE_ORIGINS, rdata_origins_read},
    {RRTYPE_NOTE, rdata_note_read},
};

/* Keeps the statuses that name a rule of their own. */
static enum status refine(enum status status)
{
    switch (status) {
    case STATUS_OK:
    case STATUS_ADDRESS_LOOPBACK:
    case STATUS_ADDRESS_LINK_LOCAL:
    case STATUS_ADDRESS_MULTICAST:
    case STATUS_ADDRESS_UNSPECIFIED:
    case STATUS_ADDRESS_RESERVED:
    case STATUS_TLSA_MATCHING:
    case STATUS_TLSA_LENGTH:
    case STATUS_TLSA_EMPTY:
        return status;
    default:
        return STATUS_RDATA;
    }
}

enum status rdata_check(uint16_t type, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type != type)
            continue;
        struct reader r = reader_over(data, len);
        rows[i].read(&r);
        return refine(reader_finish(&r));
    }
    return rrtype_is_internal(type) ? STATUS_OK : STATUS_TYPE_UNSUPPORTED;
}

bool rdata_is_known(uint16_t type)
{
    return rdata_check(type, NULL, 0) != STATUS_TYPE_UNSUPPORTED;
}

enum rule rdata_rule(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return RULE_NONE;
    case STATUS_TYPE_UNSUPPORTED:
        return RULE_RR_TYPE;
    case STATUS_ADDRESS_LOOPBACK:
    case STATUS_ADDRESS_LINK_LOCAL:
    case STATUS_ADDRESS_MULTICAST:
    case STATUS_ADDRESS_UNSPECIFIED:
    case STATUS_ADDRESS_RESERVED:
        return RULE_ADDRESS;
    case STATUS_TLSA_MATCHING:
    case STATUS_TLSA_LENGTH:
    case STATUS_TLSA_EMPTY:
        return RULE_TLSA;
    case STATUS_RESERVED:
        return RULE_PEER_NAME;
    default:
        return RULE_RDATA;
    }
}
