/* test_config.c: hearth.conf: what is taken, and for everything else where it stands and why. */
#include "resolver/daemon/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct config config;
static char error[CONFIG_ERROR_SIZE];

static enum status parse(const char *text)
{
    return config_parse(&config, text, strlen(text), "F", false, error);
}

static void assert_endpoint(const struct config_endpoint *endpoint, const char *text)
{
    char found[CONFIG_ENDPOINT_TEXT_SIZE];
    config_endpoint_text(endpoint, found);
    assert_string_equal(found, text);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), STATUS_OK);
    assert_false(config.resolver.listen.given);
    assert_int_equal(config.resolver.listen.count, 2);
    assert_endpoint(&config.resolver.listen.endpoints[0], "127.0.0.1@5300");
    assert_endpoint(&config.resolver.listen.endpoints[1], "::1@5300");
    assert_endpoint(&config.ledger.sync_listen.endpoints[0], "::@4653");
    assert_endpoint(&config.proxy.listen.endpoints[0], "127.0.0.1@4680");
    assert_int_equal(config.resolver.threads, 1);
    assert_int_equal(config_parse(&config, "", 0, "F", true, error), STATUS_OK);
    assert_int_equal(config.resolver.listen.count, 1);
    assert_endpoint(&config.resolver.listen.endpoints[0], "127.0.0.153@53");
}

static void test_every_key(void **state)
{
    (void)state;
    assert_int_equal(parse("# hearth\n"
                           "[resolver]\n"
                           "listen = 127.0.0.1@53, ::1@53 ; two\n"
                           "  listen: 192.168.1.2\r\n"
                           "allow = 192.168.1.0/24,fd00::/8\n"
                           "allow = 10.1.2.3\n"
                           "forward = 9.9.9.9, 2620:fe::fe@5353\n"
                           "local-upstream = 192.168.1.1\n"
                           "threads = 4\n"
                           "[ledger]\n"
                           "sync-listen = 192.168.1.2@4000\n"
                           "[proxy]\n"
                           "listen = none"),
                     STATUS_OK);
    assert_string_equal(error, "");
    assert_true(config.resolver.listen.given);
    assert_int_equal(config.resolver.listen.count, 3);
    assert_endpoint(&config.resolver.listen.endpoints[0], "127.0.0.1@53");
    assert_endpoint(&config.resolver.listen.endpoints[1], "::1@53");
    assert_endpoint(&config.resolver.listen.endpoints[2], "192.168.1.2@5300");
    assert_int_equal(config.resolver.listen.endpoints[2].line, 4);
    assert_int_equal(config.resolver.allow_count, 3);
    assert_int_equal(config.resolver.allow[0].bits, 120);
    assert_int_equal(config.resolver.allow[1].bits, 8);
    assert_int_equal(config.resolver.allow[2].bits, 128);
    assert_int_equal(config.resolver.forward_count, 2);
    assert_endpoint(&config.resolver.forward[0], "9.9.9.9@53");
    assert_endpoint(&config.resolver.forward[1], "2620:fe::fe@5353");
    assert_true(config.resolver.has_local_upstream);
    assert_endpoint(&config.resolver.local_upstream, "192.168.1.1@53");
    assert_int_equal(config.resolver.threads, 4);
    assert_endpoint(&config.ledger.sync_listen.endpoints[0], "192.168.1.2@4000");
    assert_true(config.proxy.listen.none);
    assert_int_equal(config.proxy.listen.count, 0);
}

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(parse("[resolver]\nlisten = none\n"), STATUS_OK);
    assert_true(config.resolver.listen.given && config.resolver.listen.none);
    assert_int_equal(config.resolver.listen.count, 0);
    assert_int_equal(parse("[ledger]\nsync-listen = none\n"), STATUS_OK);
    assert_int_equal(config.ledger.sync_listen.count, 0);
}

/* Each row is wrong in one way; the message has the place and the key. */
static const struct {
    const char *text, *error;
} wrong[] = {
    {"[resolver]\nlisten =\n", "F:2: [resolver] listen: an empty value"},
    {"[resolver]\nlisten = 127.0.0.1@53,\n", "F:2: [resolver] listen: an empty value"},
    {"[resolver]\nlisten = 127.0.0.1,,::1\n", "F:2: [resolver] listen: an empty value"},
    {"[resolver]\nlisten = none, 127.0.0.1@53\n", "F:2: [resolver] listen: \"none\" stands"},
    {"[resolver]\nlisten = 127.0.0.1@53\nlisten = none\n", "F:3: [resolver] listen: \"none\""},
    {"[resolver]\nlisten = none\nlisten = 127.0.0.1@53\n", "F:3: [resolver] listen: \"none\""},
    {"[resolver]\nlisten = localhost@53\n", "F:2: [resolver] listen: \"localhost@53\" is not"},
    {"[resolver]\nlisten = 127.0.0.1:53\n", "F:2: [resolver] listen: \"127.0.0.1:53\" is not"},
    {"[resolver]\nlisten = [::1]@53\n", "F:2: [resolver] listen: \"[::1]@53\" is not"},
    {"[resolver]\nlisten = 127.0.0.1@\n", "F:2: [resolver] listen: \"127.0.0.1@\" is not"},
    {"[resolver]\nlisten = 127.0.0.1@-1\n", "F:2: [resolver] listen: \"127.0.0.1@-1\" is not"},
    {"[resolver]\nlisten = 127.0.0.1@5x\n", "F:2: [resolver] listen: \"127.0.0.1@5x\" is not"},
    {"[resolver]\nlisten = 127.0.0.1@0\n", "F:2: [resolver] listen: the port in"},
    {"[resolver]\nlisten = 127.0.0.1@65536\n", "F:2: [resolver] listen: the port in"},
    {"[resolver]\nlisten = ::1@99999999999999999999\n", "F:2: [resolver] listen: the port in"},
    {"[resolver]\nlisten = ::1@53,::1@53\n", "F:2: [resolver] listen: ::1@53 is there twice"},
    {"[resolver]\nlisten = fe80::1%eth0@53\n", "F:2: [resolver] listen: \"fe80::1%eth0@53\""},
    {"[resolver]\n\nallow = all\n", "F:3: [resolver] allow: \"all\" is not"},
    {"[resolver]\nallow = 10.0.0.0/33\n", "F:2: [resolver] allow: the prefix length"},
    {"[resolver]\nallow = fd00::/129\n", "F:2: [resolver] allow: the prefix length"},
    {"[resolver]\nallow = 10.0.0.0/\n", "F:2: [resolver] allow: \"10.0.0.0/\" is not"},
    {"[resolver]\nallow = 10.0.0.1/24\n", "F:2: [resolver] allow: \"10.0.0.1/24\" has bits"},
    {"[resolver]\nallow = fd00::1/64\n", "F:2: [resolver] allow: \"fd00::1/64\" has bits"},
    {"[resolver]\nforward = 0.0.0.0\n", "F:2: [resolver] forward: \"0.0.0.0\":"},
    {"[resolver]\nforward = ff02::1\n", "F:2: [resolver] forward: \"ff02::1\":"},
    {"[resolver]\nforward = 127.0.0.1@5300\n", "F:2: [resolver] forward: is an address of this"},
    {"[resolver]\nlisten = 0.0.0.0@5399\nforward = 127.0.0.1@5399\n",
     "F:3: [resolver] forward: is an address of this"},
    {"[resolver]\nlisten = ::@5399\nlocal-upstream = ::1@5399\n",
     "F:3: [resolver] local-upstream: is an address of this"},
    {"[resolver]\nforward = dns.example\n", "F:2: [resolver] forward: \"dns.example\" is not"},
    {"[resolver]\nlocal-upstream = 10.0.0.1, 10.0.0.2\n", "F:2: [resolver] local-upstream: "},
    {"[resolver]\nlocal-upstream = ::1@5300\n", "F:2: [resolver] local-upstream: is an address"},
    {"[resolver]\nlocal-upstream = 10.0.0.1\nlocal-upstream = 10.0.0.1\n",
     "F:3: [resolver] local-upstream: given twice"},
    {"[resolver]\nthreads = 0\n", "F:2: [resolver] threads: \"0\""},
    {"[resolver]\nthreads = 65\n", "F:2: [resolver] threads: \"65\""},
    {"[resolver]\nthreads = two\n", "F:2: [resolver] threads: \"two\""},
    {"[resolver]\nthreads = 1\nthreads = 1\n", "F:3: [resolver] threads: given twice"},
    {"[resolver]\ncolour = red\n", "F:2: [resolver] colour: there is no such key"},
    {"[resolver]\nsync-listen = ::1@1\n", "F:2: [resolver] sync-listen: there is no such key"},
    {"[Resolver]\nthreads = 1\n", "F:1: there is no section [Resolver]"},
    {"[resolver]\nthreads = 1\n[dns]\n", "F:3: there is no section [dns]"},
    {"threads = 1\n", "F:1: threads: stands before the first [section]"},
    {"[resolver]\nthreads\n", "F:2: neither [section] nor key = value"},
    {"[resolver\nthreads = 1\n", "F:1: neither [section] nor key = value"},
    {"[ledger]\nsync-listen = x\n", "F:2: [ledger] sync-listen: \"x\" is not"},
    {"[proxy]\nlisten = x\n", "F:2: [proxy] listen: \"x\" is not"},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(parse(wrong[i].text), STATUS_OK);
        if (strncmp(error, wrong[i].error, strlen(wrong[i].error)) != 0)
            fail_msg("row %zu: \"%s\" instead of \"%s\"", i, error, wrong[i].error);
    }
}

/* A list of `count` different addresses, one in each line. */
static char *make_list(const char *section, const char *key, const char *start, size_t count)
{
    char *text = malloc(64 * count + 256);
    assert_non_null(text);
    int at = sprintf(text, "[%s]\n", section);
    for (size_t i = 0; i < count; i++) {
        at += sprintf(text + at, "%s = %s%u\n", key, start, (unsigned)i + 1);
    }
    return text;
}

static void test_lists_are_bounded(void **state)
{
    static const struct {
        const char *key, *start;
        size_t max;
    } rows[] = {
        {"listen", "127.0.0.1@", CONFIG_LISTEN_MAX},
        {"allow", "10.0.0.", CONFIG_ALLOW_MAX},
        {"forward", "10.0.0.", CONFIG_FORWARD_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *full = make_list("resolver", rows[i].key, rows[i].start, rows[i].max);
        char *over = make_list("resolver", rows[i].key, rows[i].start, rows[i].max + 1);
        char expected[64];
        assert_int_equal(parse(full), STATUS_OK);
        assert_int_equal(parse(over), STATUS_FULL);
        snprintf(expected, sizeof expected, "F:%zu: [resolver] %s: more than", rows[i].max + 2,
                 rows[i].key);
        assert_memory_equal(error, expected, strlen(expected));
        free(full);
        free(over);
    }
}

/* inih alone would cut a line at 200 octets and read its rest as another key. */
static void test_long_lines(void **state)
{
    (void)state;
    char text[2048] = "[resolver]\nallow = 10.0.0.1";
    size_t head = strlen("[resolver]\n");
    size_t at = strlen(text);
    while (at - head + strlen(", 10.0.0.1") <= CONFIG_LINE_MAX &&
           config.resolver.allow_count < CONFIG_ALLOW_MAX && at < 640)
        at += (size_t)sprintf(text + at, ", 10.0.0.%u", (unsigned)(at % 250));
    assert_true(at - head > 500);
    assert_int_equal(parse(text), STATUS_OK);
    assert_true(config.resolver.allow_count > 40);
    memset(text + at, ' ', sizeof text - at);
    text[head + CONFIG_LINE_MAX] = '\0';
    assert_int_equal(parse(text), STATUS_OK);
    text[head + CONFIG_LINE_MAX] = ' ';
    text[head + CONFIG_LINE_MAX + 1] = '\0';
    assert_int_equal(parse(text), STATUS_TOO_LONG);
    assert_memory_equal(error, "F:2: a line of more than", 24);
}

static void test_long_item(void **state)
{
    char text[512];
    (void)state;
    snprintf(text, sizeof text, "[resolver]\nlisten = %0200d\n", 1);
    assert_int_equal(parse(text), STATUS_TOO_LONG);
    assert_memory_equal(error, "F:2: [resolver] listen: a value of more", 39);
}

static void test_zero_octet(void **state)
{
    static const char text[] = "[resolver]\nthreads = 1\0 2\n";
    (void)state;
    assert_int_equal(config_parse(&config, text, sizeof text - 1, "F", false, error),
                     STATUS_MALFORMED);
    assert_string_equal(error, "F:2: a zero octet");
}

static void test_files(void **state)
{
    char path[] = "/tmp/hearth-test-config-XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "[resolver]\nthreads = 3\n", 23), 23);
    assert_int_equal(config_read(&config, path, false, error), STATUS_OK);
    assert_int_equal(config.resolver.threads, 3);
    assert_int_equal(ftruncate(fd, CONFIG_FILE_MAX + 1), 0);
    assert_int_equal(config_read(&config, path, false, error), STATUS_TOO_LONG);
    assert_memory_equal(error, path, strlen(path));
    close(fd);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(config_read(&config, path, false, error), STATUS_OK); /* missing = empty */
    assert_int_equal(config.resolver.threads, 1);
    assert_int_equal(config_read(&config, "/tmp", false, error), STATUS_IO);
    assert_memory_equal(error, "/tmp:1: can't be read", 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_lists_are_bounded),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_long_item),
        cmocka_unit_test(test_zero_octet),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
