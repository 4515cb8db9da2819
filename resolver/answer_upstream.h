/* answer_upstream.h: turns what the upstream found into the reply to one client.
 *
 * Pure. The upstream's message is read like any other octets from outside: records are taken apart
 * and written anew, for this question's spelling, this client's size, with or without DNSSEC
 * records.
 */
#ifndef HEARTH_RESOLVER_ANSWER_UPSTREAM_H
#define HEARTH_RESOLVER_ANSWER_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "resolver/answer.h"

enum upstream_security { UPSTREAM_INSECURE, UPSTREAM_BOGUS, UPSTREAM_SECURE };

struct upstream_result {
    enum rcode rcode;      /* when there is no message */
    const uint8_t *packet; /* a DNS message; NULL: none */
    size_t len;
    enum upstream_security security;
    bool timed_out;
};

struct answer answer_upstream(const struct answer_input *input, const struct query *query,
                              const struct upstream_result *result, uint8_t *buffer, size_t size);

#endif
