/* Which host and port is meant, and everything that has two readings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/target.h"

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij123"
#define HOST253                                                                                    \
    L63 "." L63 "." L63 "."                                                                        \
        "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijx"
#define ROW(text, port, fault)                                                                     \
    {                                                                                              \
        text, sizeof(text) - 1, port, TARGET_FAULT_##fault                                         \
    }

/* In a block of exactly its size, so that a look beyond is seen. */
static struct http_text copy_of(const char *text, size_t len)
{
    char *copy = malloc(len + (len == 0));
    assert_non_null(copy);
    memcpy(copy, text, len);
    return (struct http_text){copy, len};
}

static enum target_fault read_authority(struct target *target, const char *text, size_t len,
                                        uint16_t port)
{
    struct http_text copy = copy_of(text, len);
    memset(target, 0xa5, sizeof *target);
    enum target_fault fault = target_of_authority(target, copy, port);
    free((void *)(uintptr_t)copy.at);
    return fault;
}

static void one_spelling_comes_out(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint16_t port;
        const char *host;
        uint16_t expected;
        bool is_address;
    } table[] = {
        {"camera.maple.home.arpa", 443, "camera.maple.home.arpa", 443, false},
        {"camera.maple.home.arpa:8443", 443, "camera.maple.home.arpa", 8443, false},
        {"CAMERA.Maple.HOME.arpa:443", 0, "camera.maple.home.arpa", 443, false},
        {"camera.home.arpa.", 443, "camera.home.arpa", 443, false},
        {"camera.home.arpa.:1", 443, "camera.home.arpa", 1, false},
        {"camera:65535", 0, "camera", 65535, false},
        {"camera:00443", 0, "camera", 443, false},
        {"_ha-1.x--y.home.arpa", 80, "_ha-1.x--y.home.arpa", 80, false},
        {"xn--kche-0ra.home.arpa", 80, "xn--kche-0ra.home.arpa", 80, false},
        {"1.2.3.4.home.arpa", 80, "1.2.3.4.home.arpa", 80, false},
        {"0x7f.home.arpa", 80, "0x7f.home.arpa", 80, false},
        {L63 ".arpa", 80, L63 ".arpa", 80, false},
        {HOST253, 80, HOST253, 80, false},
        {HOST253 ".", 80, HOST253, 80, false},
        {"127.0.0.1", 80, "127.0.0.1", 80, true},
        {"127.0.0.1.:81", 80, "127.0.0.1", 81, true},
        {"255.255.255.255", 80, "255.255.255.255", 80, true},
        {"[::1]", 80, "::1", 80, true},
        {"[::1]:81", 80, "::1", 81, true},
        {"[0:0::0001]:81", 80, "::1", 81, true},
        {"[FD00::ABCD]", 443, "fd00::abcd", 443, true},
        {"[::ffff:127.0.0.1]", 443, "127.0.0.1", 443, true},
        {"[::ffff:7f00:1]", 443, "127.0.0.1", 443, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct target target;
        enum target_fault fault =
            read_authority(&target, table[i].text, strlen(table[i].text), table[i].port);
        if (fault != TARGET_FAULT_NONE)
            fail_msg("%s: %s", table[i].text, target_fault_text(fault));
        assert_string_equal(target.host, table[i].host);
        assert_int_equal(target.port, table[i].expected);
        assert_int_equal(target.is_address, table[i].is_address);
        assert_false(target.is_tls);
        assert_true(target_is(&target, table[i].host, table[i].expected));
        assert_false(target_is(&target, table[i].host, (uint16_t)(table[i].expected + 1)));
        assert_false(target_is(&target, "camer", table[i].expected));
    }
}

static const struct {
    const char *text;
    size_t len;
    uint16_t port;
    enum target_fault fault;
} refused[] = {
    /* Nothing there. */
    ROW("", 80, EMPTY),
    ROW(":80", 80, EMPTY),
    ROW("::1", 80, EMPTY),
    ROW("[]", 80, EMPTY),
    ROW("[]:80", 80, EMPTY),
    /* Whose name? */
    ROW("user@camera", 80, USERINFO),
    ROW("user:pass@camera:80", 80, USERINFO),
    ROW("camera@", 80, USERINFO),
    ROW("@camera", 80, USERINFO),
    ROW("camera:80@evil", 80, USERINFO),
    ROW("evil\\@camera", 80, USERINFO),
    ROW("[::1]@camera", 80, USERINFO),
    /* Ports. */
    ROW("camera", 0, PORT),
    ROW("camera:", 80, PORT),
    ROW("camera:0", 80, PORT),
    ROW("camera:000", 80, PORT),
    ROW("camera:65536", 80, PORT),
    ROW("camera:4294967376", 80, PORT),
    ROW("camera:18446744073709551696", 80, PORT),
    ROW("camera:+80", 80, PORT),
    ROW("camera:-80", 80, PORT),
    ROW("camera: 80", 80, PORT),
    ROW("camera:80 ", 80, PORT),
    ROW("camera:0x50", 80, PORT),
    ROW("camera:80:80", 80, PORT),
    ROW("camera::80", 80, PORT),
    ROW("camera:http", 80, PORT),
    ROW("camera:80/", 80, PORT),
    ROW("camera:8\0", 80, PORT),
    ROW("[::1]:", 80, PORT),
    ROW("[::1]:0", 80, PORT),
    ROW("[::1]", 0, PORT),
    ROW("fe80::1", 80, PORT),
    /* Dots. */
    ROW(".", 80, HOST),
    ROW("..", 80, HOST),
    ROW("camera.home.arpa..", 80, HOST),
    ROW(".camera.home.arpa", 80, HOST),
    ROW("camera..home.arpa", 80, HOST),
    ROW("camera\xe3\x80\x82home\xe3\x80\x82"
        "arpa",
        80, HOST),
    /* Lengths. */
    ROW(HOST253 "x", 80, HOST_LONG),
    ROW(HOST253 "x.", 80, HOST_LONG),
    ROW("[" HOST253 "x]", 80, HOST_LONG),
    ROW(L63 "4.arpa", 80, HOST),
    ROW(L63 "4", 80, HOST),
    /* Characters. */
    ROW("camera\0.evil", 80, HOST),
    ROW("\0", 80, HOST),
    ROW("camera\0", 80, HOST),
    ROW("camera%2ehome.arpa", 80, HOST),
    ROW("camera home", 80, HOST),
    ROW(" camera", 80, HOST),
    ROW("camera\t", 80, HOST),
    ROW("camera/", 80, HOST),
    ROW("camera\\evil", 80, HOST),
    ROW("camera#", 80, HOST),
    ROW("camera?a", 80, HOST),
    ROW("*.home.arpa", 80, HOST),
    ROW("k\xc3\xbc"
        "che.home.arpa",
        80, HOST),
    ROW("camera,evil", 80, HOST),
    ROW("camera;evil", 80, HOST),
    ROW("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1", 80, HOST),
    /* What a URL parser takes for an address. */
    ROW("127.1", 80, HOST),
    ROW("127.0.1", 80, HOST),
    ROW("0x7f.1", 80, HOST),
    ROW("0X7F.0X1", 80, HOST),
    ROW("0x7f000001", 80, HOST),
    ROW("0x", 80, HOST),
    ROW("camera.0x", 80, HOST),
    ROW("2130706433", 80, HOST),
    ROW("017700000001", 80, HOST),
    ROW("0177.0.0.1", 80, HOST),
    ROW("127.0.0.01", 80, HOST),
    ROW("127.0.0.0x1", 80, HOST),
    ROW("127.0.0.256", 80, HOST),
    ROW("1.2.3.4.5", 80, HOST),
    ROW("127.0.0.1..", 80, HOST),
    ROW("0", 80, HOST),
    ROW("home.arpa.1", 80, HOST),
    /* Brackets. */
    ROW("[", 80, HOST),
    ROW("]", 80, HOST),
    ROW("[::1", 80, HOST),
    ROW("::1]", 80, EMPTY),
    ROW("[::1]x", 80, HOST),
    ROW("[::1]]", 80, HOST),
    ROW("[[::1]]", 80, HOST),
    ROW("[::1].", 80, HOST),
    ROW("[::1]80", 80, HOST),
    ROW("[127.0.0.1]", 80, HOST),
    ROW("[camera]", 80, HOST),
    ROW("[fe80::1%eth0]", 80, HOST),
    ROW("[fe80::1%25eth0]", 80, HOST),
    ROW("[v1.fe80::1]", 80, HOST),
    ROW("[::1\0]", 80, HOST),
    ROW("[::ffff:127.1]", 80, HOST),
    ROW("[:::1]", 80, HOST),
    ROW("[1:2:3:4:5:6:7:8:9]", 80, HOST),
    ROW("[ ::1]", 80, HOST),
    ROW("camera[::1]", 80, HOST),
};

static void two_readings_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct target target;
        enum target_fault fault =
            read_authority(&target, refused[i].text, refused[i].len, refused[i].port);
        if (fault != refused[i].fault)
            fail_msg("%s: %s", refused[i].text, target_fault_text(fault));
    }
    struct target target;
    assert_int_equal(target_of_authority(&target, (struct http_text){0}, 80), TARGET_FAULT_EMPTY);
}

static void urls_are_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port;
        bool is_tls;
        const char *path;
    } table[] = {
        {"http://cam", "cam", 80, false, ""},
        {"https://cam", "cam", 443, true, ""},
        {"HTTPS://CAM:444/A?b", "cam", 444, true, "/A?b"},
        {"http://cam/", "cam", 80, false, "/"},
        {"http://cam?a@b:c/d", "cam", 80, false, "?a@b:c/d"},
        {"http://cam//evil/..", "cam", 80, false, "//evil/.."},
        {"http://cam/@evil", "cam", 80, false, "/@evil"},
        {"https://[fd00::1]:8443/x", "fd00::1", 8443, true, "/x"},
        {"http://cam.:8080/http://evil/", "cam", 8080, false, "/http://evil/"},
        {"https://cam:80", "cam", 80, true, ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct target target;
        struct http_text path, text = copy_of(table[i].text, strlen(table[i].text));
        assert_int_equal(target_of_url(&target, text, &path), TARGET_FAULT_NONE);
        assert_string_equal(target.host, table[i].host);
        assert_int_equal(target.port, table[i].port);
        assert_int_equal(target.is_tls, table[i].is_tls);
        assert_true(http_text_is(path, table[i].path));
        assert_ptr_equal(path.at + path.len, text.at + text.len);
        free((void *)(uintptr_t)text.at);
    }
}

static void other_urls_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        uint16_t unused;
        enum target_fault fault;
    } table[] = {
        ROW("", 0, SCHEME),
        ROW("http:", 0, SCHEME),
        ROW("http:/", 0, SCHEME),
        ROW("http:/cam/", 0, SCHEME),
        ROW("http:cam", 0, SCHEME),
        ROW("http:\\\\cam", 0, SCHEME),
        ROW("//cam/", 0, SCHEME),
        ROW("cam", 0, SCHEME),
        ROW("/", 0, SCHEME),
        ROW("null", 0, SCHEME),
        ROW("ftp://cam/", 0, SCHEME),
        ROW("ws://cam/", 0, SCHEME),
        ROW("wss://cam/", 0, SCHEME),
        ROW("file:///etc/passwd", 0, SCHEME),
        ROW("chrome-extension://abcdef", 0, SCHEME),
        ROW(" http://cam", 0, SCHEME),
        ROW("xhttp://cam", 0, SCHEME),
        ROW("http ://cam", 0, SCHEME),
        ROW("http\0://cam", 0, SCHEME),
        ROW("http://cam#", 0, SCHEME),
        ROW("http://cam/a#b", 0, SCHEME),
        ROW("http://cam#@evil/", 0, SCHEME),
        ROW("http://", 0, EMPTY),
        ROW("http:///a", 0, EMPTY),
        ROW("https://?a", 0, EMPTY),
        ROW("https://:443/", 0, EMPTY),
        ROW("http://user@cam/", 0, USERINFO),
        ROW("http://cam\\@evil/", 0, USERINFO),
        ROW("http://cam:80@evil/", 0, USERINFO),
        ROW("http://cam\\/", 0, HOST),
        ROW("http://cam\0evil/", 0, HOST),
        ROW("http://cam\0/evil", 0, HOST),
        ROW("http://cam ", 0, HOST),
        ROW("http://cam:/", 0, PORT),
        ROW("http://cam:0/", 0, PORT),
        ROW("http://cam https://evil", 0, HOST),
        ROW("http://cam, http://evil", 0, HOST),
        ROW("http://0x7f.1/", 0, HOST),
        ROW("http://" HOST253 "x/", 0, HOST_LONG),
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct target target;
        struct http_text path, text = copy_of(table[i].text, table[i].len);
        enum target_fault fault = target_of_url(&target, text, &path);
        if (fault != table[i].fault)
            fail_msg("%s: %s", table[i].text, target_fault_text(fault));
        free((void *)(uintptr_t)text.at);
    }
}

static void every_fault_has_a_text(void **state)
{
    (void)state;
    for (int fault = 0; fault < TARGET_FAULT_COUNT; fault++)
        assert_true(strlen(target_fault_text((enum target_fault)fault)) > 0);
    assert_non_null(target_fault_text(TARGET_FAULT_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_spelling_comes_out), cmocka_unit_test(two_readings_are_refused),
        cmocka_unit_test(urls_are_cut),           cmocka_unit_test(other_urls_are_refused),
        cmocka_unit_test(every_fault_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
