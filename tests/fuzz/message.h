/* message.h: is this a DNS message (RFC 1035, section 4)? For targets that look at what was
 * answered. Reads with a walk of its own. */
#ifndef HEARTH_TESTS_FUZZ_MESSAGE_H
#define HEARTH_TESTS_FUZZ_MESSAGE_H

#include <assert.h>
#include <string.h>

#include "ledger/base/name.h"
#include "resolver/query.h"

static inline unsigned message_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Behind the record at `at`. */
static inline size_t message_skip_record(const uint8_t *message, size_t len, size_t at)
{
    struct name owner;
    enum status status = name_unpack(message, len, &at, &owner);
    assert(status == STATUS_OK && len - at >= 10);
    size_t data_len = message_u16(message + at + 8);
    assert(data_len <= len - at - 10);
    return at + 10 + data_len;
}

/* Asserts that the reply fits the query, and that its sections fill it exactly. */
static inline void message_check_reply(const uint8_t *reply, size_t len, const uint8_t *packet,
                                       const struct query *query)
{
    assert(len >= DNS_HEADER_SIZE && memcmp(reply, packet, 2) == 0);
    unsigned flags = message_u16(reply + 2);
    assert((flags & DNS_QR) && (flags & DNS_OPCODE) == (query->flags & DNS_OPCODE));
    unsigned questions = message_u16(reply + 4);
    size_t at = DNS_HEADER_SIZE;
    assert(questions == (query->has_question ? 1 : 0));
    if (questions == 1) {
        struct name name;
        enum status status = name_unpack(reply, len, &at, &name);
        assert(status == STATUS_OK && len - at >= 4 && name_equal(&name, &query->name));
        assert(message_u16(reply + at) == query->type);
        at += 4;
    }
    unsigned records = message_u16(reply + 6) + message_u16(reply + 8) + message_u16(reply + 10);
    for (unsigned i = 0; i < records; i++)
        at = message_skip_record(reply, len, at);
    assert(at == len);
    assert(message_u16(reply + 10) == (query->edns ? 1 : 0)); /* nothing but the OPT */
}

#endif
