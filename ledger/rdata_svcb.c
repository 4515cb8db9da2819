/* rdata_svcb.c: SVCB and HTTPS (RFC 9460): priority, target, parameters with strictly rising keys.
 *
 * The values of the keys of RFC 9460 are checked too: a client ignores a record in which one is
 * malformed, and addresses in hints are addresses that are published. Other keys are taken as they
 * are. */
#include "ledger/rdata_kinds.h"

enum svcb_key {
    SVCB_MANDATORY = 0,
    SVCB_ALPN = 1,
    SVCB_NO_DEFAULT_ALPN = 2,
    SVCB_PORT = 3,
    SVCB_IPV4HINT = 4,
    SVCB_IPV6HINT = 6,
};

/* Section 7.1.1: one protocol or more, each with its length and not empty. */
static void read_alpn(struct reader *value)
{
    do {
        uint8_t len = reader_u8(value);
        if (len == 0)
            reader_fail(value, STATUS_RDATA);
        reader_bytes(value, len);
    } while (value->error == STATUS_OK && value->left > 0);
}

/* Section 7.3: one address or more. */
static void read_hints(struct reader *value, size_t size)
{
    do {
        rdata_read_address(value, size);
    } while (value->error == STATUS_OK && value->left > 0);
}

struct params {
    int last;                /* the key before; -1 at first */
    bool alpn;               /* was there */
    struct reader mandatory; /* keys that must still come (section 8) */
};

/* `mandatory` rises strictly and so do the keys: each key that comes can only be its next. */
static void meet_mandatory(struct params *params, uint16_t key)
{
    struct reader peek = params->mandatory;
    if (peek.left > 0 && reader_u16(&peek) == key && peek.error == STATUS_OK)
        params->mandatory = peek;
}

static void read_value(struct params *params, uint16_t key, struct reader *value)
{
    switch (key) {
    case SVCB_MANDATORY:
        params->mandatory = *value;
        if (value->left == 0)
            reader_fail(value, STATUS_RDATA);
        reader_bytes(value, value->left);
        break;
    case SVCB_ALPN:
        params->alpn = true;
        read_alpn(value);
        break;
    case SVCB_NO_DEFAULT_ALPN: /* no value */
        if (!params->alpn)
            reader_fail(value, STATUS_RDATA);
        break;
    case SVCB_PORT:
        reader_u16(value);
        break;
    case SVCB_IPV4HINT:
        read_hints(value, 4);
        break;
    case SVCB_IPV6HINT:
        read_hints(value, 16);
        break;
    default:
        reader_bytes(value, value->left);
    }
}

static void read_param(struct reader *r, struct params *params)
{
    uint16_t key = reader_u16(r);
    struct reader value = reader_sub(r, reader_u16(r));
    if (key <= params->last)
        reader_fail(r, STATUS_RDATA);
    params->last = key;
    meet_mandatory(params, key);
    read_value(params, key, &value);
    enum status status = reader_finish(&value);
    if (status != STATUS_OK)
        reader_fail(r, status);
}

void rdata_svcb_read(struct reader *r)
{
    struct params params = {.last = -1};
    reader_u16(r);
    rdata_read_target(r);
    while (r->error == STATUS_OK && r->left > 0)
        read_param(r, &params);
    if (params.mandatory.left > 0)
        reader_fail(r, STATUS_RDATA);
}
