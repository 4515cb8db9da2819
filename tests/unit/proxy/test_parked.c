/* Idle connections: kept for whom they were, given back once, dropped when the device speaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dane/proxy/parked.h"
#include "tests/unit/proxy/peers.h"

enum { ALICE = 1000, BOB = 1001, MANY = PARKED_MAX + 8 };

static struct parking *parking;
static const struct stream_handlers nobody = {0};
static const struct address lan = {.octets = {[10] = 0xff, 0xff, 192, 168, 1, 5}};

static struct target device_at(const char *host, uint16_t port, bool is_tls)
{
    struct target target = {.port = port, .is_tls = is_tls};
    (void)snprintf(target.host, sizeof target.host, "%s", host);
    return target;
}

static struct stream *put(struct peer *peer, const struct target *target, uid_t owner)
{
    struct stream *stream = peer_stream(peer, &nobody, NULL);
    parking_put(parking, target, owner, &lan, stream);
    return stream;
}

static struct stream *take(const struct target *target, uid_t owner)
{
    struct address address = {0};
    struct stream *stream = parking_take(parking, target, owner, &address);
    if (stream)
        assert_memory_equal(&address, &lan, sizeof lan);
    return stream;
}

static void for_whom_it_was(void **state)
{
    (void)state;
    struct peer peer;
    struct target camera = device_at("camera.maple.home.arpa", 443, true);
    struct target others[] = {device_at("camera.maple.home.arpa", 8443, true),
                              device_at("camera.maple.home.arpa", 443, false),
                              device_at("camera.birch.home.arpa", 443, true)};
    struct stream *stream = put(&peer, &camera, ALICE);
    for (size_t i = 0; i < 3; i++)
        assert_null(take(&others[i], ALICE));
    assert_null(take(&camera, BOB));
    run_dry();
    assert_ptr_equal(take(&camera, ALICE), stream);
    assert_null(take(&camera, ALICE));
    parking_clear(parking);
    run_dry();
    assert_false(peer.ended); /* it is the taker's */
    stream_free(stream);
    peer_drop(&peer);
}

static void the_youngest_first(void **state)
{
    (void)state;
    struct peer old, young;
    struct target camera = device_at("camera.maple.home.arpa", 443, true);
    struct stream *first = put(&old, &camera, ALICE), *second = put(&young, &camera, ALICE);
    assert_ptr_equal(take(&camera, ALICE), second);
    assert_ptr_equal(take(&camera, ALICE), first);
    stream_free(first);
    stream_free(second);
    peer_drop(&old);
    peer_drop(&young);
}

/* Nobody has asked it anything. */
static void a_device_that_speaks_or_goes(void **state)
{
    (void)state;
    struct target camera = device_at("camera.maple.home.arpa", 443, true);
    for (int way = 0; way < 4; way++) {
        struct peer peer;
        (void)put(&peer, &camera, ALICE);
        if (way == 0)
            peer_say(&peer, "HTTP/1.1 200 OK\r\n\r\n");
        else if (way == 1)
            peer_finish(&peer);
        else if (way == 2)
            peer_hang_up(&peer);
        else
            parking_clear(parking);
        run_dry();
        assert_null(take(&camera, ALICE));
        assert_true(peer.fd < 0 || peer.ended);
        peer_drop(&peer);
    }
}

/* What came before it was parked is told too. */
static void one_that_has_spoken_already(void **state)
{
    (void)state;
    struct peer peer;
    struct target camera = device_at("camera.maple.home.arpa", 443, true);
    struct stream *stream = peer_stream(&peer, &nobody, NULL);
    peer_say(&peer, "HTTP/1.1 200 OK\r\n\r\n");
    run_dry();
    parking_put(parking, &camera, ALICE, &lan, stream);
    run_dry();
    assert_null(take(&camera, ALICE));
    assert_true(peer.ended);
    peer_drop(&peer);
}

/* The oldest of a device gives up its place to a new one of it; others keep theirs. */
static void places_of_a_device(void **state)
{
    (void)state;
    struct peer other, peer[PARKED_PER_DEVICE_MAX + 2];
    struct target camera = device_at("camera.maple.home.arpa", 443, true);
    struct target printer = device_at("printer.maple.home.arpa", 443, true);
    (void)put(&other, &printer, ALICE);
    for (size_t i = 0; i < PARKED_PER_DEVICE_MAX + 2; i++)
        (void)put(&peer[i], &camera, ALICE);
    run_dry();
    assert_false(other.ended);
    for (size_t i = 0; i < PARKED_PER_DEVICE_MAX + 2; i++)
        assert_int_equal(peer[i].ended, i < 2);
    parking_clear(parking);
    run_dry();
    assert_true(other.ended);
    for (size_t i = 0; i < PARKED_PER_DEVICE_MAX + 2; i++) {
        assert_true(peer[i].ended);
        peer_drop(&peer[i]);
    }
    peer_drop(&other);
}

static void places_of_all(void **state)
{
    (void)state;
    static struct peer peer[MANY];
    for (size_t i = 0; i < MANY; i++) {
        struct target target = device_at("camera.maple.home.arpa", (uint16_t)(i + 1), true);
        (void)put(&peer[i], &target, ALICE);
    }
    run_dry();
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(peer[i].ended, i < MANY - PARKED_MAX);
    parking_free(parking);
    parking = parking_create();
    run_dry();
    for (size_t i = 0; i < MANY; i++) {
        assert_true(peer[i].ended);
        peer_drop(&peer[i]);
    }
}

static int open_world(void **state)
{
    parking = parking_create();
    return parking ? peers_open(state) : -1;
}

static int close_world(void **state)
{
    parking_free(parking);
    parking_free(NULL);
    return peers_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for_whom_it_was),
        cmocka_unit_test(the_youngest_first),
        cmocka_unit_test(a_device_that_speaks_or_goes),
        cmocka_unit_test(one_that_has_spoken_already),
        cmocka_unit_test(places_of_a_device),
        cmocka_unit_test(places_of_all),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
