/* test_resolver_desk.c: who a client is, by its address alone. */
#include "resolver/daemon/resolver_desk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "resolver/daemon/board.h"
#include "resolver/daemon/child.h"

static struct config config;
static struct paths paths = {.view_file = "/nonexistent/names.view"};
static struct child_context context = {.config = &config, .paths = &paths};
static struct resolver_shared shared = {.context = &context};

static void allow(const char *address, unsigned bits)
{
    struct config_prefix *prefix = &config.resolver.allow[config.resolver.allow_count++];
    prefix->bits = (uint8_t)bits;
    assert_int_equal(address_parse(&prefix->address, address), STATUS_OK);
}

static enum answer_client meet(struct desk *desk, const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct address expected;
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        desk_meet(desk, (const struct sockaddr *)&in);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        desk_meet(desk, (const struct sockaddr *)&in6);
    }
    assert_int_equal(address_parse(&expected, text), STATUS_OK);
    assert_memory_equal(&desk->input.peer, &expected, sizeof expected);
    return desk->input.client;
}

static void test_clients(void **state)
{
    static const struct {
        const char *address;
        enum answer_client client;
    } rows[] = {
        {"127.0.0.1", ANSWER_LOCAL},
        {"127.255.0.9", ANSWER_LOCAL},
        {"::1", ANSWER_LOCAL},
        {"::ffff:127.0.0.1", ANSWER_LOCAL},
        {"::2", ANSWER_STRANGER},
        {"128.0.0.1", ANSWER_STRANGER},
        {"192.168.4.0", ANSWER_GUEST},
        {"192.168.7.255", ANSWER_GUEST},
        {"192.168.8.0", ANSWER_STRANGER},
        {"192.168.3.255", ANSWER_STRANGER},
        {"10.1.2.3", ANSWER_GUEST},
        {"10.1.2.4", ANSWER_STRANGER},
        {"fd00:1::9", ANSWER_GUEST},
        {"fd00:2::9", ANSWER_STRANGER},
        {"::ffff:10.1.2.3", ANSWER_GUEST},
        {"8.8.8.8", ANSWER_STRANGER},
    };
    struct desk *desk = calloc(1, sizeof *desk);
    (void)state;
    assert_non_null(desk);
    assert_int_equal(desk_init(desk, &shared), STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum answer_client expected =
            rows[i].client == ANSWER_GUEST ? ANSWER_STRANGER : rows[i].client;
        assert_int_equal(meet(desk, rows[i].address), expected);
    }
    allow("192.168.4.0", 96 + 22);
    allow("10.1.2.3", 128);
    allow("fd00:1::", 32);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (meet(desk, rows[i].address) != rows[i].client)
            fail_msg("%s", rows[i].address);
    }
    desk_deinit(desk);
    free(desk);
}

/* A prefix is of its own family, also the shortest. */
static void test_families(void **state)
{
    static const struct {
        const char *prefix;
        unsigned bits;
        enum answer_client ipv4, ipv6;
    } rows[] = {
        {"::", 0, ANSWER_STRANGER, ANSWER_GUEST},
        {"::", 64, ANSWER_STRANGER, ANSWER_STRANGER},
        {"0.0.0.0", 96, ANSWER_GUEST, ANSWER_STRANGER},
    };
    struct desk *desk = calloc(1, sizeof *desk);
    (void)state;
    assert_non_null(desk);
    assert_int_equal(desk_init(desk, &shared), STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        config.resolver.allow_count = 0;
        allow(rows[i].prefix, rows[i].bits);
        assert_int_equal(meet(desk, "8.8.8.8"), rows[i].ipv4);
        assert_int_equal(meet(desk, "2001:db8::1"), rows[i].ipv6);
    }
    desk_deinit(desk);
    free(desk);
}

static void test_counts(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    (void)state;
    assert_non_null(desk);
    context.board = board_create();
    assert_non_null(context.board);
    assert_int_equal(desk_init(desk, &shared), STATUS_OK);
    desk_refresh(desk);
    assert_null(desk->input.view);
    assert_int_equal(desk->input.view_status, STATUS_NOT_FOUND);
    for (enum answer_kind kind = ANSWER_KIND_HOUSEHOLD; kind <= ANSWER_KIND_FAILED; kind++)
        desk_count(desk, kind);
    desk_report(desk);
    desk_report(desk); /* once reported they are gone */
    const _Atomic uint64_t *counters = context.board->children[CHILD_RESOLVER].counters;
    assert_int_equal(atomic_load(&counters[COUNT_QUERIES]), 6);
    for (unsigned i = COUNT_HOUSEHOLD; i <= COUNT_SERVFAIL; i++)
        assert_int_equal(atomic_load(&counters[i]), 1);
    board_destroy(context.board);
    desk_deinit(desk);
    free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clients),
                                       cmocka_unit_test(test_families),
                                       cmocka_unit_test(test_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
