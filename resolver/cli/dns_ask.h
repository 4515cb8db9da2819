/* dns_ask.h: one question to one resolver over UDP: what `why` compares with the view. */
#ifndef HEARTH_RESOLVER_CLI_DNS_ASK_H
#define HEARTH_RESOLVER_CLI_DNS_ASK_H

#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum { DNS_ANSWER_MAX = 4096, DNS_RRS_MAX = 32 };

struct dns_answer {
    uint8_t rcode;
    uint16_t count; /* RRs of the type that was asked for */
    struct {
        uint16_t len;
        const uint8_t *data; /* into `message` */
    } rrs[DNS_RRS_MAX];
    uint8_t message[DNS_ANSWER_MAX];
};

/* Asks once and waits; RRs of types without names in them only (A, AAAA, TLSA). UNREACHABLE,
 * TIMEOUT, MALFORMED. */
enum status dns_ask(struct dns_answer *answer, const struct address *server, uint16_t port,
                    const struct name *name, uint16_t type, unsigned timeout_ms);

/* The answer of that message, for dns_ask and tests. MALFORMED when it is not one to this question.
 */
enum status dns_answer_read(struct dns_answer *answer, size_t len, uint16_t id,
                            const struct name *name, uint16_t type);

#endif
