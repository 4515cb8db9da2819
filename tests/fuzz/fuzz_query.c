/* DNS queries as they come by UDP, answered from a small view that the target makes itself. The
 * first octet picks who asks. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "resolver/answer.h"
#include "tests/support/view_text.h"

static struct view view;

static void make_view(void)
{
    static const char text[] = "household maple own\ncamera A 192.168.1.5\ncamera AAAA fd00::5\n"
                               "a.b TXT open\nhousehold oak\ndoor AAAA fd01::5\n";
    size_t len = 0;
    uint8_t *bytes = NULL;
    enum status status = view_from_text(text, 7, &bytes, &len);
    assert(status == STATUS_OK);
    status = view_open(&view, bytes, len);
    assert(status == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t cookie_key[16] = {1};
    static uint8_t buffer[DNS_MESSAGE_MAX];
    if (!view.bytes)
        make_view();
    if (size == 0)
        return 0;
    struct answer_input input = {
        .view = &view,
        .now_ms = 1800000000000,
        .client = (enum answer_client)(data[0] % 3),
        .stream = data[0] & 4,
        .local_upstream = data[0] & 8,
        .cookie_key = cookie_key,
    };
    struct query query;
    size_t room = input.stream ? sizeof buffer : DNS_UDP_MAX;
    struct answer answer = answer_packet(&input, data + 1, size - 1, &query, buffer, room);
    assert(answer.len <= room);
    assert((answer.action == ANSWER_SEND) == (answer.len > 0));
    return 0;
}
