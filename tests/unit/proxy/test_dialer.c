/* The dialer on loopback: who answers, who refuses, and who says nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dane/proxy/dialer.h"
#include "ledger/base/socket_address.h"
#include "tests/tools/device_server.h"

enum { PATIENT_MS = 30000, SHORT_MS = 400, FILL = 4 };

static struct event_base *base;

struct answer {
    unsigned count;
    struct dialer_result result;
};

static void on_done(void *context, const struct dialer_result *result)
{
    struct answer *answer = context;
    assert_int_equal(answer->count++, 0);
    answer->result = *result;
}

static struct address at(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(&address, text), STATUS_OK);
    return address;
}

static struct dialer_result dialled(const struct address *addresses, size_t count, uint16_t port,
                                    unsigned timeout_ms)
{
    struct answer answer = {0};
    assert_non_null(dialer_start(base, addresses, count, port, timeout_ms, on_done, &answer));
    assert_int_equal(answer.count, 0);
    while (answer.count == 0)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 1); /* nothing is waited for */
    assert_true((answer.result.status == STATUS_OK) == (answer.result.fd >= 0));
    if (answer.result.fd >= 0)
        close(answer.result.fd);
    return answer.result;
}

/* Somebody who is there and does not answer: the queue is full. */
struct silent {
    int listener, filling[FILL];
};

static void silent_begin(struct silent *silent, const char *address, uint16_t port)
{
    struct sockaddr_storage to;
    struct address literal = at(address);
    socklen_t len = socket_address_make(&literal, port, &to);
    silent->listener = device_listen(address, &port);
    assert_true(silent->listener >= 0);
    assert_int_equal(listen(silent->listener, 0), 0);
    for (int i = 0; i < FILL; i++) {
        silent->filling[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(silent->filling[i], (struct sockaddr *)&to, len);
    }
}

static void silent_end(struct silent *silent)
{
    for (int i = 0; i < FILL; i++)
        close(silent->filling[i]);
    close(silent->listener);
}

static void ipv6_goes_first(void **state)
{
    (void)state;
    uint16_t port = 0;
    int six = device_listen("::1", &port);
    int four = device_listen("127.0.0.1", &port);
    assert_true(six >= 0 && four >= 0);
    struct address both[] = {at("127.0.0.1"), at("::1")};
    struct dialer_result result = dialled(both, 2, port, PATIENT_MS);
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(result.index, 1);
    assert_memory_equal(&result.address, &both[1], sizeof both[1]);
    assert_int_equal(result.failed, 0);
    close(six);
    result = dialled(both, 2, port, PATIENT_MS); /* refused: at once the other */
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(result.index, 0);
    assert_int_equal(result.failed, 1U << 1);
    close(four);
    result = dialled(both, 2, port, PATIENT_MS);
    assert_int_equal(result.status, STATUS_UNREACHABLE);
    assert_int_equal(result.error, ECONNREFUSED);
    assert_int_equal(result.failed, 3);
}

static void one_that_says_nothing(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = device_listen("127.0.0.1", &port);
    struct silent silent;
    silent_begin(&silent, "127.0.0.2", port);
    struct address all[] = {at("127.0.0.2"), at("127.0.0.3"), at("127.0.0.1")};
    struct dialer_result result = dialled(all, 3, port, PATIENT_MS);
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(result.index, 2);
    assert_int_equal(result.failed, 1U << 1);
    /* Of a failure, the one without an answer is told. */
    result = dialled(all, 2, port, SHORT_MS);
    assert_int_equal(result.status, STATUS_TIMEOUT);
    assert_int_equal(result.index, 0);
    assert_int_equal(result.failed, 3);
    result = dialled(all, 1, port, 1);
    assert_int_equal(result.status, STATUS_TIMEOUT);
    silent_end(&silent);
    close(listener);
}

static void how_many(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = device_listen("127.0.0.1", &port);
    struct address many[40];
    for (size_t i = 0; i < 40; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "127.0.1.%zu", i + 1);
        many[i] = at(text);
    }
    many[DIALER_ADDRESSES_MAX - 1] = at("127.0.0.1");
    struct dialer_result result = dialled(many, 40, port, PATIENT_MS);
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(result.index, DIALER_ADDRESSES_MAX - 1);
    many[DIALER_ADDRESSES_MAX] = many[DIALER_ADDRESSES_MAX - 1];
    many[DIALER_ADDRESSES_MAX - 1] = at("127.0.1.1");
    result = dialled(many, 40, port, PATIENT_MS);
    assert_int_equal(result.status, STATUS_UNREACHABLE);
    assert_int_equal(result.failed, 0xffff);
    result = dialled(NULL, 0, port, PATIENT_MS);
    assert_int_equal(result.status, STATUS_UNREACHABLE);
    assert_int_equal(result.error, 0);
    close(listener);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all))
        count++;
    closedir(all);
    return count;
}

static void cancelled_at_any_time(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = device_listen("127.0.0.1", &port);
    struct silent silent;
    silent_begin(&silent, "127.0.0.2", port);
    struct address all[] = {at("127.0.0.3"), at("127.0.0.2"), at("127.0.0.1")};
    size_t before = open_descriptors();
    bool was_done = false;
    for (int rounds = 0; !was_done; rounds++) {
        struct answer answer = {0};
        struct dialer *dialer = dialer_start(base, all, 3, port, PATIENT_MS, on_done, &answer);
        for (int i = 0; i < rounds && answer.count == 0; i++)
            assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
        was_done = answer.count > 0;
        if (was_done)
            close(answer.result.fd);
        else
            dialer_cancel(dialer);
        assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 1);
        assert_int_equal(open_descriptors(), before);
    }
    dialer_cancel(NULL);
    silent_end(&silent);
    close(listener);
}

static int make_base(void **state)
{
    (void)state;
    base = event_base_new();
    return base ? 0 : -1;
}

static int free_base(void **state)
{
    (void)state;
    event_base_free(base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv6_goes_first),
        cmocka_unit_test(one_that_says_nothing),
        cmocka_unit_test(how_many),
        cmocka_unit_test(cancelled_at_any_time),
    };
    return cmocka_run_group_tests(tests, make_base, free_base);
}
