/* What an upstream answers, as hostile as it likes, made into the reply to one client. Octets:
 * choice; length of the query (1 octet) and the query; the upstream's message. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "ledger/base/reader.h"
#include "resolver/answer_upstream.h"
#include "tests/fuzz/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t cookie_key[16] = {1};
    static uint8_t buffer[DNS_MESSAGE_MAX];
    struct reader r = reader_over(data, size);
    uint8_t choice = reader_u8(&r);
    uint8_t query_len = reader_u8(&r);
    const uint8_t *packet = reader_bytes(&r, query_len);
    struct query query;
    if (!packet || query_parse(&query, packet, query_len) != STATUS_OK ||
        query.rcode != RCODE_NOERROR)
        return 0;
    struct answer_input input = {.client = ANSWER_LOCAL,
                                 .now_ms = 1800000000000,
                                 .stream = choice & 4,
                                 .cookie_key = cookie_key};
    struct upstream_result result = {.rcode = RCODE_NXDOMAIN,
                                     .packet = (choice & 8) ? NULL : r.at,
                                     .len = (choice & 8) ? 0 : r.left,
                                     .security = (enum upstream_security)(choice % 4 % 3),
                                     .timed_out = choice & 16};
    size_t room = input.stream ? sizeof buffer : query.udp_size;
    struct answer answer = answer_upstream(&input, &query, &result, buffer, room);
    assert(answer.action == ANSWER_SEND && answer.len <= room);
    message_check_reply(buffer, answer.len, packet, &query);
    if (result.security == UPSTREAM_BOGUS && !result.timed_out && (query.flags & DNS_CD) == 0)
        assert((buffer[3] & DNS_RCODE) == RCODE_SERVFAIL);
    return 0;
}
