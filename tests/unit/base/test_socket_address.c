/* test_socket_address.c: both families there and back. */
#include "ledger/base/socket_address.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, int family, socklen_t size)
{
    struct address address, back;
    struct sockaddr_storage made;
    assert_int_equal(address_parse(&address, text), STATUS_OK);
    assert_int_equal(socket_address_make(&address, 5300, &made), size);
    assert_int_equal(made.ss_family, family);
    back = socket_address_read((const struct sockaddr *)&made);
    assert_memory_equal(back.octets, address.octets, 16);
    in_port_t port = family == AF_INET ? ((const struct sockaddr_in *)&made)->sin_port
                                       : ((const struct sockaddr_in6 *)&made)->sin6_port;
    assert_int_equal(ntohs(port), 5300);
}

static void test_families(void **state)
{
    (void)state;
    expect("192.168.1.20", AF_INET, sizeof(struct sockaddr_in));
    expect("::ffff:192.168.1.20", AF_INET, sizeof(struct sockaddr_in));
    expect("fd68::20", AF_INET6, sizeof(struct sockaddr_in6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
