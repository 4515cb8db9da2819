/* Tests of door.c: the port that is kept, the next free one, and what is told when there is none. */
#include "dane/proxy/door.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/socket_address.h"

static char dir[64], path[96];

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/hearth-door-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/port", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static void write_port(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct config_listen listen_of(const char *address, uint16_t port, bool given)
{
    struct config_listen listen = {.given = given, .count = 1};
    listen.endpoints[0].port = port;
    assert_int_equal(address_parse(&listen.endpoints[0].address, address), STATUS_OK);
    return listen;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    return socket_address_port((const struct sockaddr *)&at);
}

static void the_kept_port_is_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint16_t port;
    } rows[] = {
        {"4681\n", 4681}, {"4681", 4681}, {"1\n", 1},        {"65535\n", 65535},
        {"", 4680},       {"0\n", 4680},  {"65536\n", 4680}, {"4681x\n", 4680},
        {"none\n", 4680}, {"-1\n", 4680}, {"4681 \n", 4680}, {"99999999999999999999\n", 4680},
    };
    assert_int_equal(door_kept_port(dir), CONFIG_PROXY_PORT);
    assert_int_equal(door_kept_port("/nowhere"), CONFIG_PROXY_PORT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_port(rows[i].text);
        assert_int_equal(door_kept_port(dir), rows[i].port);
    }
}

static void the_text_is_what_a_browser_is_told(void **state)
{
    (void)state;
    char text[DOOR_TEXT_SIZE];
    struct config_listen listen = listen_of("127.0.0.1", 4680, false);
    assert_int_equal(door_text(dir, &listen, text), STATUS_OK);
    assert_string_equal(text, "127.0.0.1:4680");
    write_port("4699\n");
    assert_int_equal(door_text(dir, &listen, text), STATUS_OK);
    assert_string_equal(text, "127.0.0.1:4699");
    listen = listen_of("::1", 5000, true);
    assert_int_equal(door_text(dir, &listen, text), STATUS_OK);
    assert_string_equal(text, "[::1]:5000");
    listen = (struct config_listen){.given = true, .none = true};
    assert_int_equal(door_text(dir, &listen, text), STATUS_RANGE);
}

/* A free port, held, so that what is asked for next is taken. */
static int hold_a_port(uint16_t *port)
{
    struct config_listen listen = listen_of("127.0.0.1", 0, true);
    int fds[CONFIG_LISTEN_MAX];
    size_t count = 0;
    char error[DOOR_ERROR_SIZE];
    assert_int_equal(door_open(dir, &listen, fds, &count, error), STATUS_OK);
    assert_int_equal(count, 1);
    *port = port_of(fds[0]);
    return fds[0];
}

static void a_default_port_that_is_taken_gives_way_and_the_next_is_kept(void **state)
{
    (void)state;
    struct config_listen listen = listen_of("127.0.0.1", CONFIG_PROXY_PORT, false);
    int fds[CONFIG_LISTEN_MAX];
    size_t count = 0;
    uint16_t taken = 0;
    char text[16], error[DOOR_ERROR_SIZE];
    int held = hold_a_port(&taken);
    (void)snprintf(text, sizeof text, "%u\n", (unsigned)taken);
    write_port(text);
    assert_int_equal(door_open(dir, &listen, fds, &count, error), STATUS_OK);
    assert_int_equal(count, 1);
    uint16_t next = port_of(fds[0]);
    assert_true(next > taken && next < taken + DOOR_PORTS_TRIED);
    assert_int_equal(door_kept_port(dir), next);
    close(fds[0]);
    close(held);
    /* It is kept also when the first one is free again. */
    assert_int_equal(door_open(dir, &listen, fds, &count, error), STATUS_OK);
    assert_int_equal(port_of(fds[0]), next);
    close(fds[0]);
}

static void a_configured_port_that_is_taken_is_an_error(void **state)
{
    (void)state;
    int fds[CONFIG_LISTEN_MAX];
    size_t count = 0;
    uint16_t taken = 0;
    char error[DOOR_ERROR_SIZE], expected[64];
    int held = hold_a_port(&taken);
    struct config_listen listen = listen_of("127.0.0.1", taken, true);
    assert_int_equal(door_open(dir, &listen, fds, &count, error), STATUS_BUSY);
    assert_int_equal(count, 0);
    (void)snprintf(expected, sizeof expected, "can't listen on 127.0.0.1:%u: ", (unsigned)taken);
    assert_non_null(strstr(error, expected));
    assert_int_equal(door_kept_port(dir), CONFIG_PROXY_PORT);
    close(held);
}

static void none_opens_nothing(void **state)
{
    (void)state;
    struct config_listen listen = {.given = true, .none = true};
    int fds[CONFIG_LISTEN_MAX];
    size_t count = 7;
    char error[DOOR_ERROR_SIZE];
    assert_int_equal(door_open(dir, &listen, fds, &count, error), STATUS_OK);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_kept_port_is_read_strictly, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(the_text_is_what_a_browser_is_told, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_default_port_that_is_taken_gives_way_and_the_next_is_kept,
                                        make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_configured_port_that_is_taken_is_an_error, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(none_opens_nothing, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
