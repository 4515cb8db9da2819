/* reply.h: writes the answer to one query into a buffer of the caller's.
 *
 * Room for the OPT record is kept free from the start, so that it always fits. An RRset that does
 * not fit is left out whole, and TC is set (RFC 2181, section 9).
 *
 *     struct reply reply;
 *     reply_start(&reply, &query, buffer, size);
 *     reply_flags(&reply, DNS_AA);
 *     (void)reply_rrset(&reply, REPLY_ANSWER, …);
 *     size_t len = reply_finish(&reply, cookie);
 */
#ifndef HEARTH_RESOLVER_REPLY_H
#define HEARTH_RESOLVER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/writer.h"
#include "resolver/query.h"

enum {
    REPLY_EDE_TEXT_MAX = 64,      /* octets of an extended error's text */
    REPLY_SERVER_COOKIE_SIZE = 16 /* RFC 9018, section 4 */
};

/* Extended errors that Hearth gives (RFC 8914, section 4). */
enum ede {
    EDE_OTHER = 0,
    EDE_STALE = 3,
    EDE_BOGUS = 6,
    EDE_NOT_READY = 14,
    EDE_BLOCKED = 15,
    EDE_PROHIBITED = 18,
    EDE_NO_AUTHORITY = 22,
    EDE_NETWORK = 23,
    EDE_NONE = -1
};

enum reply_section { REPLY_ANSWER, REPLY_AUTHORITY };

struct reply {
    const struct query *query;
    struct writer w; /* its size leaves the OPT's room out */
    size_t size;     /* of the whole buffer */
    uint16_t flags;
    enum rcode rcode;
    uint16_t counts[2]; /* by enum reply_section */
    enum ede ede;
    const char *ede_text; /* a literal, or lives as long as the reply */
};

/* Where an RRset's owner is in the reply: a pointer into the question. */
enum { REPLY_OWNER_QUESTION = 0xc000 | DNS_HEADER_SIZE };

/* At most `size` octets; for UDP the caller passes at most query->udp_size. `buffer` must have at
 * least DNS_UDP_MIN octets. */
void reply_start(struct reply *reply, const struct query *query, uint8_t *buffer, size_t size);

void reply_flags(struct reply *reply, uint16_t flags);
void reply_error(struct reply *reply, enum rcode rcode, enum ede ede, const char *text);
void reply_extended(struct reply *reply, enum ede ede, const char *text);

/* Appends an RRset whose data are `count` times length (2), rdata (docs/view-format.md, "rrset").
 * `owner` is a compression pointer. NO_SPACE: left out, TC set. CORRUPT: the data don't hold that;
 * left out. */
enum status reply_rrset(struct reply *reply, enum reply_section section, uint16_t owner,
                        uint16_t type, uint32_t ttl, const uint8_t *data, size_t data_len,
                        unsigned count);

/* Appends one RR. NO_SPACE as above. */
enum status reply_rr(struct reply *reply, enum reply_section section, uint16_t owner, uint16_t type,
                     uint32_t ttl, const uint8_t *rdata, size_t rdata_len);

/* The same with an owner name spelt out. */
enum status reply_rr_spelt(struct reply *reply, enum reply_section section,
                           const struct name *owner, uint16_t type, uint32_t ttl,
                           const uint8_t *rdata, size_t rdata_len);

/* Sets the sections back to nothing, for an error found in the middle. */
void reply_reset(struct reply *reply);

/* Writes header and OPT; `cookie` (REPLY_SERVER_COOKIE_SIZE octets) goes out when the query had
 * one, and may be NULL. Returns the reply's length. */
size_t reply_finish(struct reply *reply, const uint8_t *cookie);

#endif
