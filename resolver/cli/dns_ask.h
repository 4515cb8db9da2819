/* dns_ask.h: one question to one resolver, over UDP and, when its answer is cut, over TCP: what
 * `why` compares with the view. */
#ifndef HEARTH_RESOLVER_CLI_DNS_ASK_H
#define HEARTH_RESOLVER_CLI_DNS_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum { DNS_ANSWER_MAX = 65535, DNS_RRS_MAX = 32 };

struct dns_answer {
    uint8_t rcode;
    bool truncated; /* TC: there is more than fits, and no RR is read */
    uint16_t count; /* RRs of the type that was asked for */
    struct {
        uint16_t len;
        const uint8_t *data; /* into `message`, or into `spelled` */
    } rrs[DNS_RRS_MAX];
    uint8_t message[DNS_ANSWER_MAX];
    uint8_t spelled[DNS_ANSWER_MAX]; /* data with names in it, written out and in lower case */
};

/* Asks and waits, at most timeout_ms for each of UDP and TCP. RRs come as the view has them: names
 * in them are neither compressed nor in upper case. UNREACHABLE, TIMEOUT, MALFORMED. */
enum status dns_ask(struct dns_answer *answer, const struct address *server, uint16_t port,
                    const struct name *name, uint16_t type, unsigned timeout_ms);

/* In a word, what an answer says: "REFUSED"; "nothing" or "something else" where it is no error. */
const char *dns_answer_text(const struct dns_answer *answer);

/* The answer of answer->message, for dns_ask and tests. MALFORMED when it is not one to this
 * question. */
enum status dns_answer_read(struct dns_answer *answer, size_t len, uint16_t id,
                            const struct name *name, uint16_t type);

#endif
