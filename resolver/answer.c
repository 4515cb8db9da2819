/* answer.c: see answer.h.
 *
 * answer_query judges the query's form and the client's rights, and goes to the first that knows
 * the name: the view (answer_household.c), the names that stay here, the reverse trees, the
 * upstream.
 */
#include "resolver/answer.h"

#include <string.h>

#include "ledger/base/rrtype.h"
#include "resolver/answer_household.h"
#include "resolver/reverse.h"
#include "resolver/special.h"

static const char text_unreadable[] = "the household's view is damaged";

void answer_start(const struct answer_input *input, const struct query *query, struct reply *reply,
                  uint8_t *buffer, size_t size)
{
    size_t limit = input->stream ? DNS_MESSAGE_MAX : query->udp_size;
    reply_start(reply, query, buffer, limit < size ? limit : size);
    if (input->client == ANSWER_LOCAL)
        reply_flags(reply, DNS_RA);
}

size_t answer_finish(const struct answer_input *input, struct reply *reply)
{
    uint8_t cookie[REPLY_SERVER_COOKIE_SIZE];
    const struct query *query = reply->query;
    if (!query->has_cookie)
        return reply_finish(reply, NULL);
    cookie_make(input->cookie_key, query->client_cookie, &input->peer,
                (uint32_t)(input->now_ms / 1000), cookie);
    return reply_finish(reply, cookie);
}

struct answer answer_failure(const struct answer_input *input, const struct query *query,
                             enum ede ede, const char *text, uint8_t *buffer, size_t size)
{
    struct reply reply;
    answer_start(input, query, &reply, buffer, size);
    reply_error(&reply, RCODE_SERVFAIL, ede, text);
    return (struct answer){
        .action = ANSWER_SEND, .kind = ANSWER_KIND_FAILED, .len = answer_finish(input, &reply)};
}

/* --- names that stay here --- */

static enum answer_kind fail(struct reply *reply)
{
    reply_reset(reply);
    reply_error(reply, RCODE_SERVFAIL, EDE_NOT_READY, text_unreadable);
    return ANSWER_KIND_FAILED;
}

static enum answer_kind refuse(struct reply *reply, const char *text)
{
    reply_error(reply, RCODE_REFUSED, EDE_PROHIBITED, text);
    return ANSWER_KIND_REFUSED;
}

/* RFC 6761, section 6.3. */
static void answer_localhost(struct reply *reply)
{
    static const uint8_t ipv4[4] = {127, 0, 0, 1};
    static const uint8_t ipv6[16] = {[15] = 1};
    enum status status = STATUS_OK;
    if (reply->query->type == RRTYPE_A)
        status = reply_rr(reply, REPLY_ANSWER, REPLY_OWNER_QUESTION, RRTYPE_A, ANSWER_LOCALHOST_TTL,
                          ipv4, sizeof ipv4);
    else if (reply->query->type == RRTYPE_AAAA)
        status = reply_rr(reply, REPLY_ANSWER, REPLY_OWNER_QUESTION, RRTYPE_AAAA,
                          ANSWER_LOCALHOST_TTL, ipv6, sizeof ipv6);
    (void)status; /* no space: the reply says so itself, by TC */
}

/* True: answered. home.arpa itself exists, with nothing at it; nobody claims it, so no SOA goes
 * out, and no cache keeps what a household made a second later would contradict. */
static bool answer_special(const struct answer_input *input, struct reply *reply)
{
    enum special special = special_classify(&reply->query->folded);
    switch (special) {
    case SPECIAL_NONE:
        return false;
    case SPECIAL_LOCALHOST:
        answer_localhost(reply);
        return true;
    case SPECIAL_EMPTY:
        return true;
    case SPECIAL_NXDOMAIN:
        reply_error(reply, RCODE_NXDOMAIN, EDE_NONE, "");
        return true;
    case SPECIAL_HOME:
        return !input->local_upstream;
    case SPECIAL_HOUSE:
        if (input->local_upstream)
            return false;
        break;
    case SPECIAL_HOUSE_RESERVED:
        break;
    }
    reply_error(reply, RCODE_NXDOMAIN, EDE_OTHER, "not a household name");
    return true;
}

/* --- the reverse trees --- */

static enum status append_pointers(const struct answer_input *input, const struct address *address,
                                   struct reply *reply)
{
    struct view_name name;
    for (uint32_t i = 0; i < ANSWER_PTR_MAX; i++) {
        enum status status = view_find_address(input->view, address, i, &name);
        if (status == STATUS_NOT_FOUND && i > 0)
            return STATUS_OK;
        if (status != STATUS_OK)
            return status;
        if (reply->query->type != RRTYPE_PTR && reply->query->type != RRTYPE_ANY)
            return STATUS_OK;
        status = reply_rr(reply, REPLY_ANSWER, REPLY_OWNER_QUESTION, RRTYPE_PTR, ANSWER_PTR_TTL,
                          name.wire, name.wire_len);
        if (status != STATUS_OK) {
            reply_reset(reply);
            reply_flags(reply, DNS_TC);
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* An address of nobody's that only this house could know. */
static void answer_unknown_address(struct reply *reply, const struct reverse *reverse)
{
    static const uint8_t localhost[] = "\11localhost";
    if (reverse_is_address(reverse) && address_is_loopback(&reverse->address)) {
        if (reply->query->type == RRTYPE_PTR)
            (void)reply_rr(reply, REPLY_ANSWER, REPLY_OWNER_QUESTION, RRTYPE_PTR,
                           ANSWER_LOCALHOST_TTL, localhost, sizeof localhost); /* it fits */
        return;
    }
    /* Above an address there may be names: nothing there is not the same as nothing below. */
    if (reverse->bits == REVERSE_BITS || reverse->junk)
        reply_error(reply, RCODE_NXDOMAIN, EDE_NONE, "");
}

/* True: answered, as *kind says. */
static bool answer_reverse(const struct answer_input *input, struct reply *reply,
                           enum answer_kind *kind)
{
    struct reverse reverse;
    if (reverse_parse(&reply->query->folded, &reverse) != STATUS_OK)
        return false;
    enum status status = input->view ? STATUS_NOT_FOUND : input->view_status;
    if (input->view && reverse_is_address(&reverse))
        status = append_pointers(input, &reverse.address, reply);
    if (status == STATUS_OK) {
        reply_flags(reply, DNS_AA);
        *kind = ANSWER_KIND_HOUSEHOLD;
        return true;
    }
    if (!reverse_is_private(&reverse))
        return false;
    *kind = ANSWER_KIND_SPECIAL;
    if (status == STATUS_NOT_FOUND)
        answer_unknown_address(reply, &reverse);
    else
        *kind = fail(reply);
    return true;
}

/* --- who may ask what --- */

/* Types that ask for no data (RFC 6895, section 3.1). */
static bool is_transfer(uint16_t type)
{
    return type >= 251 && type <= 254; /* IXFR, AXFR, MAILB, MAILA */
}

static bool is_meaningless(uint16_t type)
{
    return type == 0 || type == RRTYPE_OPT || type == 249 || type == 250; /* TKEY, TSIG */
}

/* Sets *kind and returns true when an answer is ready; false: ask the upstream. */
static bool answer_name(const struct answer_input *input, struct reply *reply,
                        enum answer_kind *kind)
{
    const struct query *query = reply->query;
    struct household_name found;
    enum status status = household_find(input, query, &found);
    if (status == STATUS_OK) {
        *kind = household_answer(input, reply, &found);
        return true;
    }
    if (status != STATUS_NOT_FOUND) {
        *kind = fail(reply);
        return true;
    }
    if (input->client != ANSWER_LOCAL) {
        *kind = refuse(reply, "guests may ask for names of this household only");
        return true;
    }
    *kind = ANSWER_KIND_SPECIAL;
    if (answer_special(input, reply) || answer_reverse(input, reply, kind))
        return true;
    if ((query->flags & DNS_RD) != 0)
        return false;
    *kind = refuse(reply, "not a name of this house, and no recursion was asked for");
    return true;
}

static bool answer_question(const struct answer_input *input, struct reply *reply,
                            enum answer_kind *kind)
{
    const struct query *query = reply->query;
    if (input->client == ANSWER_STRANGER)
        *kind = refuse(reply, "this client is not served here");
    else if (query->class != RRCLASS_IN)
        *kind = refuse(reply, "only class IN is served");
    else if (is_transfer(query->type))
        *kind = refuse(reply, "no transfers");
    else
        return answer_name(input, reply, kind);
    return true;
}

bool answer_read(const struct answer_input *input, const uint8_t *packet, size_t len,
                 struct query *query)
{
    if (query_parse(query, packet, len) != STATUS_OK)
        return false;
    if (query->rcode != RCODE_NOERROR)
        return true;
    if (is_meaningless(query->type))
        query->rcode = RCODE_FORMERR;
    else
        household_hash(input, query);
    return true;
}

void answer_fetch(const struct answer_input *input, const struct query *query)
{
    if (query->rcode == RCODE_NOERROR)
        household_fetch(input, query);
}

struct answer answer_query(const struct answer_input *input, const struct query *query,
                           uint8_t *buffer, size_t size)
{
    struct answer answer = {.action = ANSWER_DROP, .kind = ANSWER_KIND_MALFORMED};
    struct reply reply;
    if (query->rcode != RCODE_NOERROR && input->client == ANSWER_STRANGER)
        return answer;
    answer_start(input, query, &reply, buffer, size);
    if (query->rcode != RCODE_NOERROR) {
        reply_error(&reply, query->rcode, EDE_NONE, "");
    } else if (!answer_question(input, &reply, &answer.kind)) {
        answer.action = ANSWER_UPSTREAM;
        answer.kind = ANSWER_KIND_UPSTREAM;
        return answer;
    }
    answer.action = ANSWER_SEND;
    answer.len = answer_finish(input, &reply);
    return answer;
}

struct answer answer_packet(const struct answer_input *input, const uint8_t *packet, size_t len,
                            struct query *query, uint8_t *buffer, size_t size)
{
    if (!answer_read(input, packet, len, query))
        return (struct answer){.action = ANSWER_DROP, .kind = ANSWER_KIND_MALFORMED};
    return answer_query(input, query, buffer, size);
}
