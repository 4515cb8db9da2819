/* Connections to which all is said: what is queued still arrives, what comes is read over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dane/proxy/farewell.h"
#include "tests/unit/proxy/peers.h"

static struct farewells *farewells;
static const struct stream_handlers nobody = {0};

static void what_is_queued_arrives(void **state)
{
    (void)state;
    struct peer peer;
    struct stream *stream = peer_stream(&peer, &nobody, NULL);
    stream_write(stream, "page", 4);
    farewell_say(farewells, stream);
    run_until(peer.ended);
    assert_string_equal(peer.got, "page");
    peer_drop(&peer);
}

/* Far more than the socket takes, for a slow reader that still sends. */
static void much_is_queued(void **state)
{
    (void)state;
    struct peer peer;
    struct stream *stream = peer_stream(&peer, &nobody, NULL);
    char *octets = malloc(PEER_BULK);
    assert_non_null(octets);
    for (size_t i = 0; i < PEER_BULK; i++)
        octets[i] = peer_pattern(i);
    stream_write(stream, octets, PEER_BULK);
    free(octets);
    peer.deaf = true;
    peer.to_send = PEER_BULK; /* a body that nobody wants any more */
    farewell_say(farewells, stream);
    run_until(peer.sent == PEER_BULK);
    assert_false(peer.ended);
    peer.deaf = false;
    run_until(peer.ended);
    assert_false(peer.reset);
    assert_int_equal(peer.len, PEER_BULK);
    peer_check_bulk(&peer, 0, PEER_BULK);
    peer_drop(&peer);
}

/* Whether the descriptor at the other side is closed: what is sent then fails. */
static bool is_closed(struct peer *peer)
{
    return send(peer->fd, "x", 1, MSG_NOSIGNAL) < 0;
}

static void it_stays_until_the_other_side_is_done(void **state)
{
    (void)state;
    struct peer peer;
    struct stream *stream = peer_stream(&peer, &nobody, NULL);
    farewell_say(farewells, stream);
    run_until(peer.ended);
    run_dry();
    assert_false(is_closed(&peer));
    peer_finish(&peer);
    run_dry();
    assert_int_equal(recv(peer.fd, (char[1]){0}, 1, 0), 0);
    farewells_free(farewells);
    farewells = farewells_create();
    peer_drop(&peer);
}

static void the_other_side_was_done_before(void **state)
{
    (void)state;
    struct peer peer;
    struct stream *stream = peer_stream(&peer, &nobody, NULL);
    peer_say(&peer, "a request that nobody reads");
    peer_finish(&peer);
    run_dry();
    stream_write(stream, "page", 4);
    farewell_say(farewells, stream);
    run_until(peer.ended);
    assert_false(peer.reset);
    assert_string_equal(peer.got, "page");
    peer_drop(&peer);
}

static void the_other_side_goes(void **state)
{
    (void)state;
    struct peer peer;
    struct stream *stream = peer_stream(&peer, &nobody, NULL);
    char octets[4096] = "page";
    for (int i = 0; i < 500; i++)
        stream_write(stream, octets, sizeof octets);
    farewell_say(farewells, stream);
    peer_hang_up(&peer);
    run_dry();
    peer_drop(&peer);
}

static void the_oldest_makes_room(void **state)
{
    (void)state;
    static struct peer peer[FAREWELL_MAX + 3];
    for (size_t i = 0; i < FAREWELL_MAX + 3; i++)
        farewell_say(farewells, peer_stream(&peer[i], &nobody, NULL));
    run_dry();
    for (size_t i = 0; i < FAREWELL_MAX + 3; i++)
        assert_int_equal(is_closed(&peer[i]), i < 3);
    farewells_free(farewells);
    farewells = farewells_create();
    for (size_t i = 0; i < FAREWELL_MAX + 3; i++) {
        assert_true(is_closed(&peer[i]));
        peer_drop(&peer[i]);
    }
}

static int open_world(void **state)
{
    farewells = farewells_create();
    return farewells ? peers_open(state) : -1;
}

static int close_world(void **state)
{
    farewells_free(farewells);
    farewells_free(NULL);
    return peers_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_queued_arrives),
        cmocka_unit_test(much_is_queued),
        cmocka_unit_test(it_stays_until_the_other_side_is_done),
        cmocka_unit_test(the_other_side_was_done_before),
        cmocka_unit_test(the_other_side_goes),
        cmocka_unit_test(the_oldest_makes_room),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
