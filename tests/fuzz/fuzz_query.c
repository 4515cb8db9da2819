/* DNS queries as they come by UDP or TCP, answered from a small view that the target makes itself:
 * each answer is a message that fits its query and the room it was given, and the same when it is
 * asked for in steps. The first octet picks who asks and how. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "resolver/answer.h"
#include "tests/fuzz/message.h"
#include "tests/support/view_text.h"

enum { HOUSEHOLDS = 4 };

static struct view view, damaged;

/* A TLSA RRset, as it is or emptied by a withdrawal. */
static void add_keys(struct household *household, const char *name, bool withdrawn)
{
    const uint8_t rdata[35] = {3, 1, 1, 0xab};
    struct household_set *set = stub_add(household, name, RRTYPE_TLSA);
    if (withdrawn)
        stub_add_removed(set, rdata, sizeof rdata);
    else
        stub_add_rr(set, rdata, sizeof rdata);
    set->conflicts = 1;
}

/* One's own household and one that is fresh, past its soft limit, past its hard limit. */
static void make_view(void)
{
    static const char *const lines[] = {
        "household maple own", "camera A 192.168.1.5", "camera AAAA fd00::5", "a.b TXT open",
        "x A 192.168.1.5",     "household oak",        "door AAAA fd01::5",   "household elm",
        "door AAAA fd02::5",   "household ash",        "door AAAA fd03::5"};
    struct view_text text = {.build = {.published_ms = 1790000000000, .generation = 7}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        view_text_line(&text, lines[i]);
    assert(text.build.household_count == HOUSEHOLDS);
    text.households[2].state = VIEW_ZONE_SOFT;
    text.households[3].hard_ms = 1790000000000;
    add_keys(text.households[0].household, "_443._tcp.camera", false);
    add_keys(text.households[0].household, "_80._tcp.camera", true);
    for (size_t i = 0; i < HOUSEHOLDS; i++)
        stub_sort(text.households[i].household);
    text.build.households = text.households;
    size_t len = 0;
    uint8_t *bytes = NULL;
    enum status status = view_build(&text.build, &bytes, &len);
    assert(status == STATUS_OK);
    status = view_open(&view, bytes, len);
    assert(status == STATUS_OK);
    uint8_t *worse = malloc(len);
    assert(worse);
    memcpy(worse, bytes, len);
    worse[len - 1] ^= 1; /* the last block's checksum */
    status = view_open(&damaged, worse, len);
    assert(status == STATUS_OK);
    for (size_t i = 0; i < HOUSEHOLDS; i++)
        stub_destroy(text.households[i].household);
}

/* The same in steps. */
static struct answer ask_in_steps(const struct answer_input *input, const uint8_t *packet,
                                  size_t len, struct query *query, uint8_t *buffer)
{
    if (!answer_read(input, packet, len, query))
        return (struct answer){.action = ANSWER_DROP, .kind = ANSWER_KIND_MALFORMED};
    answer_fetch(input, query);
    return answer_query(input, query, buffer, input->stream ? DNS_MESSAGE_MAX : DNS_UDP_MAX);
}

/* Over UDP as the daemon gives it: never more than the client takes. */
static struct answer ask(const struct answer_input *input, const uint8_t *packet, size_t len,
                         struct query *query, uint8_t *buffer)
{
    if (input->stream)
        return answer_packet(input, packet, len, query, buffer, DNS_MESSAGE_MAX);
    return answer_packet(input, packet, len, query, buffer, DNS_UDP_MAX);
}

static enum status view_status_of(uint8_t choice)
{
    return (choice & 32) == 0 ? STATUS_OK : (choice & 64) ? STATUS_CORRUPT : STATUS_NOT_FOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t cookie_key[16] = {1};
    static uint8_t buffer[DNS_MESSAGE_MAX], again[DNS_MESSAGE_MAX];
    if (!view.bytes)
        make_view();
    if (size == 0)
        return 0;
    struct answer_input input = {
        .view = (data[0] & 32)    ? NULL
                : (data[0] & 128) ? &damaged
                                  : &view,
        .view_status = view_status_of(data[0]),
        .now_ms = (data[0] & 16) ? 0 : 1800000000000,
        .client = (enum answer_client)(data[0] % 4 % 3),
        .stream = data[0] & 4,
        .local_upstream = data[0] & 8,
        .cookie_key = cookie_key,
    };
    struct query query, query_again;
    struct answer answer = ask(&input, data + 1, size - 1, &query, buffer);
    assert((answer.action == ANSWER_SEND) == (answer.len > 0));
    if (answer.action == ANSWER_SEND) {
        assert(input.stream || answer.len <= query.udp_size);
        message_check_reply(buffer, answer.len, data + 1, &query);
    }
    struct answer second = ask_in_steps(&input, data + 1, size - 1, &query_again, again);
    assert(second.action == answer.action && second.kind == answer.kind);
    assert(second.len == answer.len && memcmp(buffer, again, answer.len) == 0);
    return 0;
}
