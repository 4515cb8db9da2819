/* wire.h: DNS messages for tests: queries put together octet by octet, replies taken apart.
 */
#ifndef HEARTH_TESTS_WIRE_H
#define HEARTH_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/writer.h"

enum { WIRE_MAX = 4096, WIRE_RRS = 64, WIRE_ID = 0x1234 };

struct wire_query {
    const char *name; /* text; case is kept by wire_query's own encoder */
    uint16_t type;
    uint16_t class; /* 0: IN */
    uint16_t flags; /* 0: RD */
    bool edns, dnssec_ok, cookie;
    uint16_t udp_size; /* 0: 1232 */
    uint8_t version;
};

/* Returns its length. `out` has WIRE_MAX octets. */
size_t wire_query(uint8_t *out, const struct wire_query *query);

/* Pieces. */
void wire_header(struct writer *w, uint16_t flags, uint16_t qd, uint16_t an, uint16_t ns,
                 uint16_t ar);
void wire_name(struct writer *w, const char *text);
void wire_question(struct writer *w, const char *name, uint16_t type, uint16_t class);
void wire_rr(struct writer *w, const char *owner, uint16_t type, uint32_t ttl, const void *rdata,
             size_t len);

struct wire_rr {
    int section; /* 0 answer, 1 authority, 2 additional */
    struct name owner;
    uint16_t type, class, len;
    uint32_t ttl;
    const uint8_t *rdata;
};

struct wire_reply {
    uint16_t id, flags;
    unsigned rcode; /* with the OPT's bits */
    uint16_t counts[4];
    struct name question;
    uint16_t type, class;
    unsigned rr_count; /* without the OPT */
    struct wire_rr rrs[WIRE_RRS];
    bool has_opt;
    uint32_t opt_ttl;
    int ede; /* -1: none */
    char ede_text[128];
    size_t cookie_len;
    uint8_t cookie[40];
};

/* False: not a well-formed message to its last octet. */
bool wire_parse(struct wire_reply *reply, const uint8_t *bytes, size_t len);

/* How many RRs of that type the section has. */
unsigned wire_count(const struct wire_reply *reply, int section, uint16_t type);
const struct wire_rr *wire_first(const struct wire_reply *reply, int section, uint16_t type);

#endif
