/* Two connections as one, each direction with an end of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dane/proxy/splice.h"
#include "tests/unit/proxy/peers.h"

struct pair {
    struct peer browser, device;
    struct stream *near, *far;
    struct splice splice;
    bool is_over;
    unsigned failed;
};

static void pump(void *context)
{
    struct pair *pair = context;
    pair->is_over = splice_pump(&pair->splice);
}

static void ignore(void *context)
{
    (void)context;
}

static void failed(void *context, enum status why)
{
    struct pair *pair = context;
    (void)why;
    pair->failed++;
}

static void open_pair(struct pair *pair)
{
    static const struct stream_handlers handlers = {
        .ready = ignore, .input = pump, .drained = pump, .failed = failed};
    memset(pair, 0, sizeof *pair);
    pair->near = peer_stream(&pair->browser, &handlers, pair);
    pair->far = peer_stream(&pair->device, &handlers, pair);
    splice_begin(&pair->splice, pair->near, pair->far);
}

static void close_pair(struct pair *pair)
{
    assert_int_equal(pair->failed, 0);
    stream_free(pair->near);
    stream_free(pair->far);
    peer_drop(&pair->browser);
    peer_drop(&pair->device);
}

static void both_ways(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair);
    peer_say(&pair.browser, "0\r\n\r\nno framing");
    peer_say(&pair.device, "HTTP/1.1 200 OK\r\n\r\n");
    run_dry();
    assert_string_equal(pair.device.got, "0\r\n\r\nno framing");
    assert_string_equal(pair.browser.got, "HTTP/1.1 200 OK\r\n\r\n");
    assert_false(pair.is_over || pair.device.ended || pair.browser.ended);
    close_pair(&pair);
}

/* One side is done; the other goes on for as long as it likes. */
static void one_end_at_a_time(void **state)
{
    (void)state;
    for (int browser_first = 0; browser_first < 2; browser_first++) {
        struct pair pair;
        open_pair(&pair);
        struct peer *first = browser_first ? &pair.browser : &pair.device;
        struct peer *second = browser_first ? &pair.device : &pair.browser;
        peer_say(first, "the last of it");
        peer_finish(first);
        run_until(second->ended);
        assert_string_equal(second->got, "the last of it");
        assert_false(pair.is_over || first->ended);
        peer_say(second, "still here");
        run_until(first->len > 0);
        assert_string_equal(first->got, "still here");
        peer_finish(second);
        run_until(first->ended);
        assert_true(pair.is_over);
        close_pair(&pair);
    }
}

static void much_of_it(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair);
    pair.browser.deaf = pair.device.deaf = true;
    pair.browser.to_send = pair.device.to_send = PEER_BULK;
    for (int i = 0; i < 300; i++)
        peers_turn();
    assert_true(pair.browser.sent < PEER_BULK && pair.device.sent < PEER_BULK);
    pair.browser.deaf = pair.device.deaf = false;
    run_until(pair.browser.len == PEER_BULK && pair.device.len == PEER_BULK);
    peer_check_bulk(&pair.browser, 0, PEER_BULK);
    peer_check_bulk(&pair.device, 0, PEER_BULK);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(one_end_at_a_time),
        cmocka_unit_test(much_of_it),
    };
    return cmocka_run_group_tests(tests, peers_open, peers_close);
}
