/* Addresses: which may be published, and how endpoints are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/base/address.h"

static void only_addresses_that_name_a_device_are_publishable(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
    } table[] = {
        {"fd68:6561:7274::1", STATUS_OK},
        {"2001:db8::1", STATUS_OK},
        {"192.168.1.20", STATUS_OK},
        {"10.0.0.255", STATUS_OK},
        {"::1", STATUS_ADDRESS_LOOPBACK},
        {"127.0.0.1", STATUS_ADDRESS_LOOPBACK},
        {"127.255.0.9", STATUS_ADDRESS_LOOPBACK},
        {"::ffff:127.0.0.1", STATUS_ADDRESS_LOOPBACK},
        {"::127.0.0.1", STATUS_ADDRESS_LOOPBACK},
        {"fe80::1", STATUS_ADDRESS_LINK_LOCAL},
        {"febf::1", STATUS_ADDRESS_LINK_LOCAL},
        {"fec0::1", STATUS_OK},
        {"169.254.3.4", STATUS_ADDRESS_LINK_LOCAL},
        {"ff02::fb", STATUS_ADDRESS_MULTICAST},
        {"224.0.0.251", STATUS_ADDRESS_MULTICAST},
        {"239.255.255.250", STATUS_ADDRESS_MULTICAST},
        {"255.255.255.255", STATUS_ADDRESS_MULTICAST},
        {"::", STATUS_ADDRESS_UNSPECIFIED},
        {"0.0.0.0", STATUS_ADDRESS_UNSPECIFIED},
        {"0.1.2.3", STATUS_ADDRESS_UNSPECIFIED},
        {"::ffff:0.0.0.0", STATUS_ADDRESS_UNSPECIFIED},
        {"240.0.0.1", STATUS_ADDRESS_RESERVED},
        {"255.255.255.254", STATUS_ADDRESS_RESERVED},
        {"223.255.255.254", STATUS_OK},
        {"::ffff:250.1.2.3", STATUS_ADDRESS_RESERVED},
        {"::240.1.2.3", STATUS_ADDRESS_RESERVED},
        {"64:ff9b::192.168.1.20", STATUS_OK},
        {"64:ff9b::127.0.0.1", STATUS_ADDRESS_LOOPBACK},
        {"64:ff9b::169.254.0.1", STATUS_ADDRESS_LINK_LOCAL},
        {"64:ff9b::224.0.0.1", STATUS_ADDRESS_MULTICAST},
        {"64:ff9b::", STATUS_ADDRESS_UNSPECIFIED},
        {"64:ff9b::1:127.0.0.1", STATUS_OK},
        {"2002:c000:0204::1", STATUS_OK},
        {"2002:7f00:0001::1", STATUS_ADDRESS_LOOPBACK},
        {"2002:a9fe:0101:1::1", STATUS_ADDRESS_LINK_LOCAL},
        {"2002:f000::1", STATUS_ADDRESS_RESERVED},
        {"2002::1", STATUS_ADDRESS_UNSPECIFIED},
        {"2003:7f00:0001::1", STATUS_OK},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct address address;
        assert_int_equal(address_parse(&address, table[i].text), STATUS_OK);
        assert_int_equal(address_check_publishable(&address), table[i].status);
    }
}

static void addresses_print_as_they_are_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.168.1.20", "fd68:6561:7274::1", "::1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct address address;
        char text[ADDRESS_TEXT_SIZE];
        assert_int_equal(address_parse(&address, texts[i]), STATUS_OK);
        address_text(&address, text);
        assert_string_equal(text, texts[i]);
    }
    struct address address;
    assert_int_equal(address_parse(&address, "fe80::1%eth0"), STATUS_MALFORMED);
    assert_int_equal(address_parse(&address, "192.168.1"), STATUS_MALFORMED);
    assert_int_equal(address_parse(&address, ""), STATUS_MALFORMED);
}

static void endpoints_are_written_as_in_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        uint16_t port;
    } table[] = {
        {"192.168.1.20", STATUS_OK, 443},
        {"192.168.1.20:8443", STATUS_OK, 8443},
        {"[fd00::1]", STATUS_OK, 443},
        {"[fd00::1]:8443", STATUS_OK, 8443},
        {"fd00::1", STATUS_OK, 443},
        {"fd00::1:8443", STATUS_OK, 443}, /* an address without brackets has no port */
        {"[fd00::1", STATUS_MALFORMED, 0},
        {"[fd00::1]x", STATUS_MALFORMED, 0},
        {"[fd00::1]:", STATUS_MALFORMED, 0},
        {"[192.168.1.20]", STATUS_MALFORMED, 0},
        {"192.168.1.20:", STATUS_MALFORMED, 0},
        {"192.168.1.20:0", STATUS_RANGE, 0},
        {"192.168.1.20:65536", STATUS_RANGE, 0},
        {"192.168.1.20:99999999999999999999", STATUS_RANGE, 0},
        {"192.168.1.20:80x", STATUS_MALFORMED, 0},
        {"192.168.1.20:-1", STATUS_MALFORMED, 0},
        {"192.168.1.20: 80", STATUS_MALFORMED, 0},
        {"camera:443", STATUS_MALFORMED, 0},
        {"", STATUS_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct address address;
        uint16_t port = 443;
        enum status status = address_parse_endpoint(table[i].text, &address, &port);
        assert_int_equal(status, table[i].status);
        if (status == STATUS_OK)
            assert_int_equal(port, table[i].port);
    }
}

static void loopback_and_prefixes_are_of_one_family(void **state)
{
    (void)state;
    static const struct {
        const char *address, *prefix;
        unsigned bits;
        bool inside;
    } table[] = {
        {"192.168.1.20", "192.168.0.0", 96 + 16, true},
        {"192.169.1.20", "192.168.0.0", 96 + 16, false},
        {"192.168.1.20", "192.168.1.16", 96 + 28, true},
        {"192.168.1.32", "192.168.1.16", 96 + 28, false},
        {"192.168.1.20", "192.168.1.20", 128, true},
        {"192.168.1.21", "192.168.1.20", 128, false},
        {"fd12::1", "fc00::", 7, true},
        {"fe12::1", "fc00::", 7, false},
        {"fd12::1", "::", 0, true},
        {"192.168.1.20", "::", 0, false},
        {"192.168.1.20", "0.0.0.0", 96, true},
        {"fd12::1", "0.0.0.0", 0, false},
    };
    struct address address, prefix;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(address_parse(&address, table[i].address), STATUS_OK);
        assert_int_equal(address_parse(&prefix, table[i].prefix), STATUS_OK);
        assert_int_equal(address_has_prefix(&address, &prefix, table[i].bits), table[i].inside);
    }
    static const char *const here[] = {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"};
    static const char *const away[] = {"126.0.0.1", "128.0.0.1", "::", "::2", "::127.0.0.1"};
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        assert_int_equal(address_parse(&address, here[i]), STATUS_OK);
        assert_true(address_is_loopback(&address));
    }
    for (size_t i = 0; i < sizeof away / sizeof away[0]; i++) {
        assert_int_equal(address_parse(&address, away[i]), STATUS_OK);
        assert_false(address_is_loopback(&address));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_addresses_that_name_a_device_are_publishable),
        cmocka_unit_test(loopback_and_prefixes_are_of_one_family),
        cmocka_unit_test(addresses_print_as_they_are_read),
        cmocka_unit_test(endpoints_are_written_as_in_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
