/* test_import_text.c: the three formats, and the line of whatever is wrong. */
#include "resolver/import_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/limits.h"
#include "resolver/import_source.h"

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct own_names household;
static struct import import;

static int make_household(void **state)
{
    (void)state;
    bool made = name_parse(&household.petname, "maple.home.arpa") == STATUS_OK &&
                name_parse(&household.id, "id.home.arpa") == STATUS_OK;
    return made ? 0 : -1;
}

static int drop_import(void **state)
{
    (void)state;
    import_free(&import);
    return 0;
}

static enum status read_text(enum import_format format, const char *text)
{
    return import_read(&import, format, text, strlen(text), &household);
}

static void expect_rr(size_t at, const char *owner, uint16_t type, uint32_t ttl, uint32_t line)
{
    char text[NAME_TEXT_SIZE];
    assert_true(at < import.count);
    name_text(import.rrs[at].owner->wire, import.rrs[at].owner->len, text);
    assert_string_equal(text, owner);
    assert_int_equal(import.rrs[at].type, type);
    assert_int_equal(import.rrs[at].ttl, ttl);
    assert_int_equal(import.rrs[at].line, line);
}

static void test_master_file(void **state)
{
    (void)state;
    static const char text[] = "$TTL 1h ; one hour\n"
                               "@ IN SOA ns. host. ( 1 2 3\n"
                               "   4 5 )\n"
                               "@ NS ns.\n"
                               "camera 60 IN AAAA fd00::1\n"
                               "       IN 60 AAAA fd00::2 ; the same name\n"
                               "_443._tcp.camera TLSA 3 1 1 (\n"
                               "  00112233445566778899aabbccddeeff\n"
                               "  00112233445566778899aabbccddeeff )\n"
                               "NAS.maple.home.arpa. A 192.168.1.9\r\n"
                               "$ORIGIN garage\n"
                               "cam1 TXT \"a ; b (\" \"c\"\n"
                               "full.id.home.arpa A 192.168.1.8\n";
    assert_int_equal(read_text(IMPORT_ZONE, text), STATUS_OK);
    assert_int_equal(import.count, 6);
    assert_int_equal(import.skipped, 2);
    expect_rr(0, "camera", RRTYPE_AAAA, 60, 5);
    expect_rr(1, "camera", RRTYPE_AAAA, 60, 6);
    expect_rr(2, "_443._tcp.camera", RRTYPE_TLSA, 3600, 7);
    expect_rr(3, "full", RRTYPE_A, 3600, 13);
    expect_rr(4, "cam1.garage", RRTYPE_TXT, 3600, 12);
    expect_rr(5, "nas", RRTYPE_A, 3600, 10);
    assert_int_equal(import_rrset_end(&import, 0), 2);
    assert_int_equal(import.rrs[2].len, 35);
}

static void test_hosts_file(void **state)
{
    (void)state;
    static const char text[] = "127.0.0.1\tlocalhost\n"
                               "::1 localhost ip6-localhost ip6-loopback\n"
                               "\n# devices\n"
                               "192.168.1.20 Camera cam # the front door\n"
                               "fd00::20 camera";
    assert_int_equal(read_text(IMPORT_HOSTS, text), STATUS_OK);
    assert_int_equal(import.count, 3);
    assert_int_equal(import.skipped, 2);
    expect_rr(0, "cam", RRTYPE_A, 300, 5);
    expect_rr(1, "camera", RRTYPE_A, 300, 5);
    expect_rr(2, "camera", RRTYPE_AAAA, 300, 6);
}

static void test_csv(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbfname,address,port,spki-sha256\n"
                               "camera , fd00::20 , 8443 , " HASH "\n"
                               "nas,192.168.1.9,," HASH "\n"
                               "printer,192.168.1.10\n"
                               "camera,fd00::20\n"; /* the same once more */
    assert_int_equal(read_text(IMPORT_CSV, text), STATUS_OK);
    assert_int_equal(import.count, 5);
    expect_rr(0, "camera", RRTYPE_AAAA, 300, 2);
    expect_rr(1, "_8443._tcp.camera", RRTYPE_TLSA, 300, 2);
    expect_rr(2, "nas", RRTYPE_A, 300, 3);
    expect_rr(3, "_443._tcp.nas", RRTYPE_TLSA, 300, 3);
    expect_rr(4, "printer", RRTYPE_A, 300, 4);
}

static const struct {
    enum import_format format;
    const char *text;
    uint32_t line;
    enum status status;
} refused[] = {
    {IMPORT_ZONE, "ok A 192.168.1.1\nbad A 1.2.3\n", 2, STATUS_RDATA},
    {IMPORT_ZONE, "ok A 192.168.1.1\nbad A 127.0.0.1\n", 2, STATUS_ADDRESS_LOOPBACK},
    {IMPORT_ZONE, "x AAAA fe80::1\n", 1, STATUS_ADDRESS_LINK_LOCAL},
    {IMPORT_ZONE, "x A 224.0.0.1\n", 1, STATUS_ADDRESS_MULTICAST},
    {IMPORT_ZONE, "x AAAA ::\n", 1, STATUS_ADDRESS_UNSPECIFIED},
    {IMPORT_ZONE, "x TLSA 3 1 1 00\n", 1, STATUS_TLSA_LENGTH},
    {IMPORT_ZONE, "x TLSA 3 1 0 00\n", 1, STATUS_TLSA_MATCHING},
    {IMPORT_ZONE, "x MX 10 mail\n", 1, STATUS_TYPE_UNSUPPORTED},
    {IMPORT_ZONE, "x BANANA 1\n", 1, STATUS_TYPE_UNSUPPORTED},
    {IMPORT_ZONE, "x\n", 1, STATUS_MALFORMED},
    {IMPORT_ZONE, "  A 192.168.1.1\n", 1, STATUS_MALFORMED},
    {IMPORT_ZONE, "$INCLUDE other\n", 1, STATUS_MALFORMED},
    {IMPORT_ZONE, "$TTL soon\n", 1, STATUS_RANGE},
    {IMPORT_ZONE, "$TTL 99999999999\n", 1, STATUS_RANGE},
    {IMPORT_ZONE, "\n\nx TXT ( \"a\"\n", 3, STATUS_MALFORMED},
    {IMPORT_ZONE, "x TXT \"a\n", 1, STATUS_MALFORMED},
    {IMPORT_ZONE, "x ) A 192.168.1.1\n", 1, STATUS_MALFORMED},
    {IMPORT_ZONE, "x.oak.home.arpa. A 192.168.1.1\n", 1, STATUS_FOREIGN},
    {IMPORT_ZONE, "www.example.com. A 192.168.1.1\n", 1, STATUS_FOREIGN},
    {IMPORT_ZONE,
     "k\xc3\xbc"
     "che A 192.168.1.1\n",
     1, STATUS_NAME_U_LABEL},
    {IMPORT_ZONE, "a..b A 192.168.1.1\n", 1, STATUS_LABEL_EMPTY},
    {IMPORT_HOSTS, "192.168.1.1 a\nbanana b\n", 2, STATUS_MALFORMED},
    {IMPORT_HOSTS, "192.168.1.1\n", 1, STATUS_MALFORMED},
    {IMPORT_HOSTS, "127.0.0.1 camera\n", 1, STATUS_ADDRESS_LOOPBACK},
    {IMPORT_CSV, "camera\n", 1, STATUS_MALFORMED},
    {IMPORT_CSV, "camera,here\n", 1, STATUS_MALFORMED},
    {IMPORT_CSV, "camera,fd00::1,443," HASH ",x\n", 1, STATUS_MALFORMED},
    {IMPORT_CSV, "camera,fd00::1,443\n", 1, STATUS_MALFORMED},
    {IMPORT_CSV, "camera,fd00::1,0," HASH "\n", 1, STATUS_RANGE},
    {IMPORT_CSV, "camera,fd00::1,70000," HASH "\n", 1, STATUS_RANGE},
    {IMPORT_CSV, "camera,fd00::1,443,00\n", 1, STATUS_RDATA},
    {IMPORT_UNKNOWN, "x\n", 0, STATUS_TOO_LONG},
};

static void test_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        print_message("%s", refused[i].text);
        assert_int_equal(read_text(refused[i].format, refused[i].text), refused[i].status);
        assert_int_equal(import.line, refused[i].line);
        assert_true(import.error[0] != '\0');
        assert_int_equal(import.count, 0);
        assert_null(import.rrs);
    }
}

static void test_octets_that_are_no_text(void **state)
{
    (void)state;
    static const char nul[] = "x A 192.168.1.1\nx\0y A 192.168.1.2\n";
    assert_int_equal(import_read(&import, IMPORT_ZONE, nul, sizeof nul - 1, &household),
                     STATUS_MALFORMED);
    assert_int_equal(import.line, 2);
    char *line = malloc(IMPORT_LINE_MAX + 2);
    assert_non_null(line);
    memset(line, 'x', IMPORT_LINE_MAX + 1);
    line[IMPORT_LINE_MAX + 1] = '\n';
    assert_int_equal(import_read(&import, IMPORT_ZONE, line, IMPORT_LINE_MAX + 2, &household),
                     STATUS_TOO_LONG);
    free(line);
}

static void test_too_many_of_one_name(void **state)
{
    (void)state;
    char text[1024] = "";
    for (int i = 0; i <= LIMIT_RRS; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "x A 192.168.1.%d\n", i + 1);
    assert_int_equal(read_text(IMPORT_ZONE, text), STATUS_FULL);
    assert_int_equal(import.line, LIMIT_RRS + 1);
}

/* The claim: one bad line among 100,000 is named, and nothing is kept. */
static void test_one_bad_line_among_many(void **state)
{
    (void)state;
    enum { LINES = 100000, BAD = 67891 };
    char *text = malloc((size_t)LINES * 48);
    size_t used = 0;
    assert_non_null(text);
    for (int i = 1; i <= LINES; i++)
        used += (size_t)sprintf(text + used, "d%d A %s%d.%d\n", i, i == BAD ? "127.0." : "10.1.",
                                i / 250 % 250, i % 250);
    assert_int_equal(import_read(&import, IMPORT_ZONE, text, used, &household),
                     STATUS_ADDRESS_LOOPBACK);
    assert_int_equal(import.line, BAD);
    assert_int_equal(import.count, 0);
    char *bad = strstr(text, "127.0.");
    assert_non_null(bad);
    memcpy(bad, "10.22.", 6);
    assert_int_equal(import_read(&import, IMPORT_ZONE, text, used, &household), STATUS_OK);
    assert_int_equal(import.count, LINES);
    for (size_t i = 1; i < import.count; i++)
        assert_true(name_compare(import.rrs[i - 1].owner->wire, import.rrs[i - 1].owner->len,
                                 import.rrs[i].owner->wire, import.rrs[i].owner->len) < 0);
    free(text);
}

static void test_format_is_guessed(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text;
        enum import_format format;
    } cases[] = {
        {"x.csv", "", IMPORT_CSV},
        {"/etc/hosts", "x", IMPORT_HOSTS},
        {"a/maple.zone", "", IMPORT_ZONE},
        {"-", "# names\n192.168.1.1 x\n", IMPORT_HOSTS},
        {"-", "camera,fd00::1\n", IMPORT_CSV},
        {"list.txt", "\n; zone\n$TTL 60\n", IMPORT_ZONE},
        {"-", "", IMPORT_ZONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(import_format_guess(cases[i].path, cases[i].text, strlen(cases[i].text)),
                         cases[i].format);
    assert_int_equal(import_format_parse("CSV"), IMPORT_CSV);
    assert_int_equal(import_format_parse("xls"), IMPORT_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_master_file, drop_import),
        cmocka_unit_test_teardown(test_hosts_file, drop_import),
        cmocka_unit_test_teardown(test_csv, drop_import),
        cmocka_unit_test_teardown(test_refused_with_its_line, drop_import),
        cmocka_unit_test_teardown(test_octets_that_are_no_text, drop_import),
        cmocka_unit_test_teardown(test_too_many_of_one_name, drop_import),
        cmocka_unit_test_teardown(test_one_bad_line_among_many, drop_import),
        cmocka_unit_test(test_format_is_guessed),
    };
    return cmocka_run_group_tests(tests, make_household, NULL);
}
