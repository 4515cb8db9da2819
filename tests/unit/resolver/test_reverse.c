/* test_reverse.c: names of addresses, whole and in part. */
#include "resolver/reverse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
    const char *name;
    const char *address; /* NULL: in neither tree */
    unsigned bits;
    bool junk, private;
} rows[] = {
    {"9.7.168.192.in-addr.arpa", "192.168.7.9", 128, false, true},
    {"255.255.255.255.in-addr.arpa", "255.255.255.255", 128, false, true},
    {"8.8.8.8.in-addr.arpa", "8.8.8.8", 128, false, false},
    {"in-addr.arpa", "0.0.0.0", 96, false, false},
    {"10.in-addr.arpa", "10.0.0.0", 104, false, true},
    {"172.in-addr.arpa", "172.0.0.0", 104, false, false},
    {"15.172.in-addr.arpa", "172.15.0.0", 112, false, false},
    {"16.172.in-addr.arpa", "172.16.0.0", 112, false, true},
    {"31.172.in-addr.arpa", "172.31.0.0", 112, false, true},
    {"32.172.in-addr.arpa", "172.32.0.0", 112, false, false},
    {"64.100.in-addr.arpa", "100.64.0.0", 112, false, true},
    {"128.100.in-addr.arpa", "100.128.0.0", 112, false, false},
    {"254.169.in-addr.arpa", "169.254.0.0", 112, false, true},
    {"1.9.7.168.192.in-addr.arpa", "192.168.7.9", 128, true, true},
    {"256.7.168.192.in-addr.arpa", "192.168.7.0", 120, true, true},
    {"09.7.168.192.in-addr.arpa", "192.168.7.0", 120, true, true},
    {"00.7.168.192.in-addr.arpa", "192.168.7.0", 120, true, true},
    {"0.7.168.192.in-addr.arpa", "192.168.7.0", 128, false, true},
    {"1000.7.168.192.in-addr.arpa", "192.168.7.0", 120, true, true},
    {"1a.7.168.192.in-addr.arpa", "192.168.7.0", 120, true, true},
    {"x.10.in-addr.arpa", "10.0.0.0", 104, true, true},
    {"_dns-sd._udp.10.in-addr.arpa", "10.0.0.0", 104, true, true},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.6.5.6.8.6.d.f.ip6.arpa", "fd68:6561::1",
     128, false, true},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", "::1", 128, false,
     true},
    {"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", "::", 128, false,
     true},
    {"f.ip6.arpa", "f000::", 4, false, false},
    {"c.f.ip6.arpa", "fc00::", 8, false, true},
    {"d.f.ip6.arpa", "fd00::", 8, false, true},
    {"8.e.f.ip6.arpa", "fe80::", 12, false, true},
    {"b.e.f.ip6.arpa", "feb0::", 12, false, true},
    {"c.e.f.ip6.arpa", "fec0::", 12, false, false},
    {"e.f.ip6.arpa", "fe00::", 8, false, false},
    {"8.b.d.0.1.0.0.2.ip6.arpa", "2001:db8::", 32, false, true},
    {"1.2.ip6.arpa", "2100::", 8, false, false},
    {"g.2.ip6.arpa", "2000::", 4, true, false},
    {"11.2.ip6.arpa", "2000::", 4, true, false},
    {"ip6.arpa", "::", 0, false, false},
    {"arpa", NULL, 0, false, false},
    {"xin-addr.arpa", NULL, 0, false, false},
    {"4.3.2.1.in-addr.arpa.example", NULL, 0, false, false},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct name name;
        struct reverse reverse;
        struct address address;
        assert_int_equal(name_parse(&name, rows[i].name), STATUS_OK);
        enum status status = reverse_parse(&name, &reverse);
        assert_int_equal(status, rows[i].address ? STATUS_OK : STATUS_NOT_FOUND);
        if (!rows[i].address)
            continue;
        assert_int_equal(address_parse(&address, rows[i].address), STATUS_OK);
        bool right = memcmp(&address, &reverse.address, sizeof address) == 0 &&
                     reverse.bits == rows[i].bits && reverse.junk == rows[i].junk &&
                     reverse_is_private(&reverse) == rows[i].private &&
                     reverse_is_address(&reverse) == (rows[i].bits == 128 && !rows[i].junk);
        if (!right)
            fail_msg("%s: %u bits", rows[i].name, reverse.bits);
    }
}

/* 127 labels, the most that a name has. */
static void test_longest(void **state)
{
    struct name name = {.len = 0};
    struct reverse reverse;
    (void)state;
    for (unsigned i = 0; i < 122; i++) {
        name.wire[name.len++] = 1;
        name.wire[name.len++] = '1';
    }
    memcpy(name.wire + name.len, "\3ip6\4arpa", 10);
    name.len = (uint8_t)(name.len + 10);
    assert_int_equal(reverse_parse(&name, &reverse), STATUS_OK);
    assert_int_equal(reverse.bits, 128);
    assert_true(reverse.junk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_longest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
