/* Addresses of names that a local upstream serves, asked of a server of this process on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dane/proxy/neighbour.h"

enum { ROUNDS_MAX = 1000, TYPE_A = 1, TYPE_AAAA = 28, NXDOMAIN = 3, HEAD = 12, MANY = 12 };

static struct event_base *base;
static struct event *reading;
static struct neighbour *neighbour;
static int server = -1;
static unsigned asked;

/* What it answers. */
static unsigned rcode, ipv4_count, ipv6_count;
static bool is_silent, is_loopback;

static size_t put_record(uint8_t *at, unsigned type, unsigned nth)
{
    size_t len = type == TYPE_A ? 4 : 16;
    const uint8_t head[12] = {0xc0, HEAD, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, (uint8_t)len};
    memcpy(at, head, sizeof head);
    memset(at + sizeof head, 0, len);
    if (type == TYPE_A)
        memcpy(at + 12, is_loopback ? "\x7f\0\0" : "\xc0\xa8\x01", 3);
    else
        memcpy(at + 12, is_loopback ? "\0" : "\xfd\x01", is_loopback ? 1 : 2);
    at[12 + len - 1] = (uint8_t)(nth + 1);
    return sizeof head + len;
}

static void answer(evutil_socket_t fd, short what, void *context)
{
    uint8_t message[1024];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    ssize_t got = recvfrom(fd, message, 512, 0, (struct sockaddr *)&from, &from_len);
    (void)what, (void)context;
    assert_true(got > HEAD + 5);
    asked++;
    if (is_silent)
        return;
    size_t len = HEAD;
    while (message[len] != 0)
        len += message[len] + 1U;
    unsigned type = message[len + 2];
    assert_true(type == TYPE_A || type == TYPE_AAAA);
    len += 5;
    unsigned count = rcode != 0 ? 0 : type == TYPE_A ? ipv4_count : ipv6_count;
    message[2] = 0x85;
    message[3] = (uint8_t)(0x80 | rcode);
    memset(message + 6, 0, 6);
    message[7] = (uint8_t)count;
    for (unsigned i = 0; i < count; i++)
        len += put_record(message + len, type, i);
    assert_int_equal(sendto(fd, message, len, 0, (struct sockaddr *)&from, from_len), (ssize_t)len);
}

/* --- asking --- */

static unsigned done;
static size_t count;
static struct address found[NEIGHBOUR_ADDRESSES_MAX];

static void on_done(void *context, const struct address *addresses, size_t address_count)
{
    assert_ptr_equal(context, &done);
    done++;
    count = address_count;
    assert_true(count <= NEIGHBOUR_ADDRESSES_MAX);
    memcpy(found, addresses, count * sizeof *addresses);
}

static struct neighbour_question *ask(void)
{
    struct neighbour_question *question =
        neighbour_find(neighbour, "nas.lan.home.arpa", on_done, &done);
    assert_non_null(question);
    assert_int_equal(done, 0); /* from the loop only */
    return question;
}

static void turn_until_asked(unsigned times)
{
    for (int i = 0; i < ROUNDS_MAX && asked < times; i++)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_true(asked >= times);
}

static void turn_until_done(void)
{
    for (int i = 0; i < ROUNDS_MAX && done == 0; i++)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_int_equal(done, 1);
    for (int i = 0; i < 5; i++)
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(done, 1);
}

static bool has(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(&address, text), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&found[i], &address, sizeof address) == 0)
            return true;
    }
    return false;
}

static void both_families(void **state)
{
    (void)state;
    ipv4_count = 2;
    ipv6_count = 1;
    (void)ask();
    turn_until_done();
    assert_int_equal(asked, 2);
    assert_int_equal(count, 3);
    assert_true(has("192.168.1.1") && has("192.168.1.2") && has("fd01::1"));
}

static void one_family_is_enough(void **state)
{
    (void)state;
    ipv4_count = 1;
    (void)ask();
    turn_until_done();
    assert_int_equal(count, 1);
}

static void there_is_none(void **state)
{
    (void)state;
    rcode = NXDOMAIN;
    (void)ask();
    turn_until_done();
    assert_int_equal(count, 0);
}

/* This machine is nobody's neighbour. */
static void addresses_of_this_machine(void **state)
{
    (void)state;
    is_loopback = true;
    ipv4_count = ipv6_count = 1;
    (void)ask();
    turn_until_done();
    assert_int_equal(count, 0);
}

static void too_many(void **state)
{
    (void)state;
    ipv4_count = ipv6_count = MANY;
    (void)ask();
    turn_until_done();
    assert_int_equal(count, NEIGHBOUR_ADDRESSES_MAX);
}

static void nobody_waits_any_more(void **state)
{
    (void)state;
    ipv4_count = ipv6_count = 1;
    neighbour_cancel(ask());
    turn_until_asked(2);
    for (int i = 0; i < 20; i++)
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(done, 0);
}

/* Freed with what is under way: tear_down does it, and nobody is called. */
static void the_end_with_questions_open(void **state)
{
    (void)state;
    is_silent = true;
    (void)ask();
    neighbour_cancel(ask());
    turn_until_asked(4);
    assert_int_equal(done, 0);
}

static int set_up(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    struct config_endpoint upstream = {0};
    asked = done = rcode = ipv4_count = ipv6_count = 0;
    count = 0;
    is_silent = is_loopback = false;
    base = event_base_new();
    server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (bind(server, (struct sockaddr *)&at, len) != 0 ||
        getsockname(server, (struct sockaddr *)&at, &len) != 0)
        return -1;
    reading = event_new(base, server, EV_READ | EV_PERSIST, answer, NULL);
    upstream.port = ntohs(at.sin_port);
    if (address_parse(&upstream.address, "127.0.0.1") != STATUS_OK || event_add(reading, NULL) != 0)
        return -1;
    neighbour = neighbour_create(base, &upstream);
    return neighbour ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unsigned before = done;
    neighbour_free(neighbour);
    neighbour_free(NULL);
    event_free(reading);
    event_base_free(base);
    close(server);
    return done == before ? 0 : -1;
}

#define one(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        one(both_families),
        one(one_family_is_enough),
        one(there_is_none),
        one(addresses_of_this_machine),
        one(too_many),
        one(nobody_waits_any_more),
        one(the_end_with_questions_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
