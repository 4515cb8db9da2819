/* test_rdata.c: what may be published, type by type, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"
#include "ledger/rdata.h"
#include "tests/unit/ledger/codec_help.h"

struct row {
    uint16_t type;
    const char *octets;
    enum status status;
};

static enum status check_copy(uint16_t type, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = help_copy(bytes, len);
    enum status status = rdata_check(type, copy, len);
    free(copy);
    return status;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[1024];
        size_t len = help_hex(rows[i].octets, bytes, sizeof bytes);
        help_expect(check_copy(rows[i].type, bytes, len), rows[i].status, "row", i);
    }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

#define HASH20 "1111111111111111111111111111111111111111"
#define HASH32 "2222222222222222222222222222222222222222222222222222222222222222"
#define HASH64 HASH32 HASH32

static void addresses(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_A, "c0a80102", STATUS_OK},
        {RRTYPE_A, "7f000001", STATUS_ADDRESS_LOOPBACK},
        {RRTYPE_A, "a9fe0101", STATUS_ADDRESS_LINK_LOCAL},
        {RRTYPE_A, "e0000001", STATUS_ADDRESS_MULTICAST},
        {RRTYPE_A, "00000000", STATUS_ADDRESS_UNSPECIFIED},
        {RRTYPE_A, "c0a801", STATUS_RDATA},
        {RRTYPE_A, "c0a8010203", STATUS_RDATA},
        {RRTYPE_A, "", STATUS_RDATA},
        {RRTYPE_AAAA, "fd686561727400000000000000000010", STATUS_OK},
        {RRTYPE_AAAA, "00000000000000000000000000000001", STATUS_ADDRESS_LOOPBACK},
        {RRTYPE_AAAA, "00000000000000000000000000000000", STATUS_ADDRESS_UNSPECIFIED},
        {RRTYPE_AAAA, "fe800000000000000000000000000001", STATUS_ADDRESS_LINK_LOCAL},
        {RRTYPE_AAAA, "ff020000000000000000000000000001", STATUS_ADDRESS_MULTICAST},
        {RRTYPE_AAAA, "00000000000000000000ffff7f000001", STATUS_ADDRESS_LOOPBACK},
        {RRTYPE_AAAA, "fd6865617274000000000000000000", STATUS_RDATA},
        {RRTYPE_AAAA, "fd68656172740000000000000000001000", STATUS_RDATA},
    };
    CHECK(rows);
}

static void text(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_TXT, "00", STATUS_OK},
        {RRTYPE_TXT, "026869", STATUS_OK},
        {RRTYPE_TXT, "026869 00 0100", STATUS_OK},
        {RRTYPE_TXT, "", STATUS_RDATA},
        {RRTYPE_TXT, "02 68", STATUS_RDATA},
        {RRTYPE_TXT, "026869 01", STATUS_RDATA},
    };
    CHECK(rows);
}

static void services(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_SRV, "0000 0001 01bb 0663616d65726100", STATUS_OK},
        {RRTYPE_SRV, "0000 0001 01bb 00", STATUS_OK},                  /* no such service */
        {RRTYPE_SRV, "0000 0001 01bb 0643616d65726100", STATUS_RDATA}, /* upper case */
        {RRTYPE_SRV, "0000 0001 01bb 0663616d65726100 00", STATUS_RDATA},
        {RRTYPE_SRV, "0000 0001 01bb 0663616d657261", STATUS_RDATA},
        {RRTYPE_SRV, "0000 0001 01bb c00c", STATUS_RDATA}, /* compressed */
        {RRTYPE_SRV, "0000 0001 01bb", STATUS_RDATA},
        {RRTYPE_SRV, "0000 0001", STATUS_RDATA},
    };
    CHECK(rows);
}

static void fingerprints(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_SSHFP, "01 01" HASH20, STATUS_OK},    {RRTYPE_SSHFP, "04 02" HASH32, STATUS_OK},
        {RRTYPE_SSHFP, "63 63 00", STATUS_OK}, /* types to come */
        {RRTYPE_SSHFP, "01 01" HASH32, STATUS_RDATA}, {RRTYPE_SSHFP, "01 02" HASH20, STATUS_RDATA},
        {RRTYPE_SSHFP, "01 02", STATUS_RDATA},        {RRTYPE_SSHFP, "01 03", STATUS_RDATA},
        {RRTYPE_SSHFP, "01", STATUS_RDATA},           {RRTYPE_SSHFP, "", STATUS_RDATA},
    };
    CHECK(rows);
}

static void certificates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_TLSA, "03 01 01" HASH32, STATUS_OK},
        {RRTYPE_TLSA, "00 00 02" HASH64, STATUS_OK},
        {RRTYPE_TLSA, "04 01 01" HASH32, STATUS_RDATA},
        {RRTYPE_TLSA, "ff 01 01" HASH32, STATUS_RDATA},
        {RRTYPE_TLSA, "03 02 01" HASH32, STATUS_RDATA},
        {RRTYPE_TLSA, "03 01 00" HASH32, STATUS_TLSA_MATCHING},
        {RRTYPE_TLSA, "03 01 03" HASH32, STATUS_TLSA_MATCHING},
        {RRTYPE_TLSA, "03 01 ff" HASH32, STATUS_TLSA_MATCHING},
        {RRTYPE_TLSA, "03 01 01" HASH20, STATUS_TLSA_LENGTH},
        {RRTYPE_TLSA, "03 01 01" HASH32 "00", STATUS_TLSA_LENGTH},
        {RRTYPE_TLSA, "03 01 01" HASH64, STATUS_TLSA_LENGTH},
        {RRTYPE_TLSA, "03 01 02" HASH32, STATUS_TLSA_LENGTH},
        {RRTYPE_TLSA, "03 01 01", STATUS_TLSA_LENGTH},
        {RRTYPE_TLSA, "03 01", STATUS_RDATA},
        {RRTYPE_TLSA, "", STATUS_RDATA},
    };
    CHECK(rows);
}

/* The constants are what the hash functions say. */
static void a_hash_of_nothing_is_refused(void **state)
{
    (void)state;
    uint8_t tlsa[3 + 64] = {3, 1, 1};
    crypto_hash_sha256(tlsa + 3, NULL, 0);
    assert_int_equal(check_copy(RRTYPE_TLSA, tlsa, 3 + 32), STATUS_TLSA_EMPTY);
    tlsa[3] ^= 1;
    assert_int_equal(check_copy(RRTYPE_TLSA, tlsa, 3 + 32), STATUS_OK);
    tlsa[2] = 2;
    crypto_hash_sha512(tlsa + 3, NULL, 0);
    assert_int_equal(check_copy(RRTYPE_TLSA, tlsa, 3 + 64), STATUS_TLSA_EMPTY);
    tlsa[66] ^= 1;
    assert_int_equal(check_copy(RRTYPE_TLSA, tlsa, 3 + 64), STATUS_OK);
}

static void bindings(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_HTTPS, "0001 00", STATUS_OK},
        {RRTYPE_SVCB, "0000 0663616d65726100", STATUS_OK},
        {RRTYPE_SVCB, "0001 0643616d65726100", STATUS_RDATA},
        {RRTYPE_SVCB, "0001 c00c", STATUS_RDATA},
        {RRTYPE_SVCB, "0001", STATUS_RDATA},
        {RRTYPE_SVCB, "00", STATUS_RDATA},
        /* alpn */
        {RRTYPE_HTTPS, "0001 00 0001 0003 026832", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0001 0006 026832 026833", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0001 0000", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0001 0001 00", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0001 0002 0268", STATUS_RDATA},
        /* no-default-alpn */
        {RRTYPE_HTTPS, "0001 00 0001 0003 026832 0002 0000", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0001 0003 026832 0002 0001 00", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0002 0000", STATUS_RDATA},
        /* port */
        {RRTYPE_HTTPS, "0001 00 0003 0002 20fb", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0003 0001 20", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0003 0003 20fb00", STATUS_RDATA},
        /* hints */
        {RRTYPE_HTTPS, "0001 00 0004 0008 c0a80102 c0a80103", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0004 0008 c0a80102 7f000001", STATUS_ADDRESS_LOOPBACK},
        {RRTYPE_HTTPS, "0001 00 0004 0003 c0a801", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0004 0000", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0006 0010 fd686561727400000000000000000010", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0006 0010 fe800000000000000000000000000010",
         STATUS_ADDRESS_LINK_LOCAL},
        {RRTYPE_HTTPS, "0001 00 0006 0004 c0a80102", STATUS_RDATA},
        /* others, as they are */
        {RRTYPE_HTTPS, "0001 00 0005 0001 ff", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0007 0000 ff00 0001 00", STATUS_OK},
        /* order */
        {RRTYPE_HTTPS, "0001 00 0003 0002 20fb 0001 0003 026832", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0003 0002 20fb 0003 0002 20fb", STATUS_RDATA},
        /* mandatory */
        {RRTYPE_HTTPS, "0001 00 0000 0002 0003 0003 0002 20fb", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0000 0004 0001 0003 0001 0003 026832 0003 0002 20fb", STATUS_OK},
        {RRTYPE_HTTPS, "0001 00 0000 0004 0003 0001 0001 0003 026832 0003 0002 20fb", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0000 0004 0003 0003 0003 0002 20fb", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0000 0002 0000", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0000 0002 0003", STATUS_RDATA}, /* named, not there */
        {RRTYPE_HTTPS, "0001 00 0000 0000 0003 0002 20fb", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0000 0003 0003 00 0003 0002 20fb", STATUS_RDATA},
        /* cut */
        {RRTYPE_HTTPS, "0001 00 0003 0002 20", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 0003 00", STATUS_RDATA},
        {RRTYPE_HTTPS, "0001 00 00", STATUS_RDATA},
    };
    CHECK(rows);
}

static void authorities(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_CAA, "00 05 6973737565 3b", STATUS_OK},
        {RRTYPE_CAA, "80 05 4973737565", STATUS_OK},
        {RRTYPE_CAA, "00 0f 616161616161616161616161616161", STATUS_OK},
        {RRTYPE_CAA, "00 10 61616161616161616161616161616161", STATUS_RDATA},
        {RRTYPE_CAA, "00 00 3b", STATUS_RDATA},
        {RRTYPE_CAA, "00 05 69732d7565 3b", STATUS_RDATA},
        {RRTYPE_CAA, "00 05 6973", STATUS_RDATA},
        {RRTYPE_CAA, "00", STATUS_RDATA},
        {RRTYPE_CAA, "", STATUS_RDATA},
    };
    CHECK(rows);
}

static void facts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RRTYPE_PEER, HASH32 "00", STATUS_OK},
        {RRTYPE_PEER, HASH32 "ff", STATUS_OK},
        {RRTYPE_PEER, HASH32, STATUS_RDATA},
        {RRTYPE_PEER, HASH32 "0000", STATUS_RDATA},
        {RRTYPE_PEER, "", STATUS_RDATA},
        {RRTYPE_NOTE, "01 416365", STATUS_OK},
        {RRTYPE_NOTE, "04", STATUS_OK},
        {RRTYPE_NOTE, "63 c3bc", STATUS_OK},
        {RRTYPE_NOTE, "", STATUS_RDATA},
        {RRTYPE_NOTE, "01 c3", STATUS_RDATA},
        {RRTYPE_NOTE, "01 0a", STATUS_RDATA},
        {RRTYPE_NOTE, "01 1b5b306d", STATUS_RDATA},
        {65283, "", STATUS_OK}, /* internal types to come */
        {65534, "0102", STATUS_OK},
        {65535, "", STATUS_TYPE_UNSUPPORTED},
        {65279, "", STATUS_TYPE_UNSUPPORTED},
        {0, "", STATUS_TYPE_UNSUPPORTED},
        {RRTYPE_NS, "00", STATUS_TYPE_UNSUPPORTED},
        {RRTYPE_CNAME, "00", STATUS_TYPE_UNSUPPORTED},
        {RRTYPE_SOA, "00", STATUS_TYPE_UNSUPPORTED},
        {RRTYPE_PTR, "00", STATUS_TYPE_UNSUPPORTED},
        {RRTYPE_DNSKEY, "00", STATUS_TYPE_UNSUPPORTED},
        {RRTYPE_RRSIG, "00", STATUS_TYPE_UNSUPPORTED},
        {RRTYPE_ANY, "00", STATUS_TYPE_UNSUPPORTED},
    };
    CHECK(rows);
    uint8_t note[1 + 256];
    memset(note, 'a', sizeof note);
    assert_int_equal(check_copy(RRTYPE_NOTE, note, 256), STATUS_OK);
    assert_int_equal(check_copy(RRTYPE_NOTE, note, 257), STATUS_RDATA);
}

static void an_origin_has_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        bool right;
    } rows[] = {
        {"https://camera.maple.home.arpa", true},
        {"https://camera:8443", true},
        {"https://192.168.1.2", true},
        {"https://[fd68:6561:7274::10]", true},
        {"https://[fd68:6561:7274::10]:8443", true},
        {"https://a_b", true},
        {"https://4.camera", true},
        {"https://192", false},
        {"https://camera.4", false},
        {"https://1.2.3.999", false},
        {"https://192.168.1.2.3", false},
        {"http://camera", false},
        {"HTTPS://camera", false},
        {"https://Camera", false},
        {"https://camera/", false},
        {"https://camera:443", false}, /* an origin leaves the default out */
        {"https://camera:", false},
        {"https://camera:0", false},
        {"https://camera:080", false},
        {"https://camera:65536", false},
        {"https://camera:123456", false},
        {"https://camera:80a", false},
        {"https://camera:1:2", false},
        {"https://user@camera", false},
        {"https://camera.", false},
        {"https://.camera", false},
        {"https://a..b", false},
        {"https://", false},
        {"https://:80", false},
        {"https://a b", false},
        {"https://caf\xc3\xa9", false},
        {"https://*", false},
        {"https://[fd68:6561:7274:0::10]", false}, /* not as RFC 5952 has it */
        {"https://[FD68::1]", false},
        {"https://[fd68::1", false},
        {"https://[fd68::1]8443", false},
        {"https://[fd68::1]:443", false},
        {"https://[192.168.1.2]", false},
        {"https://[]", false},
        {"https://fd68::1", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *octets = (const uint8_t *)rows[i].origin;
        help_expect(check_copy(RRTYPE_ORIGINS, octets, strlen(rows[i].origin)),
                    rows[i].right ? STATUS_OK : STATUS_RDATA, "row", i);
    }
    assert_int_equal(check_copy(RRTYPE_ORIGINS, (const uint8_t *)"https://camera\0x", 16),
                     STATUS_RDATA);
    uint8_t longest[256];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "https://", 8);
    for (size_t i = 50; i < 250; i += 50)
        longest[i] = '.';
    assert_int_equal(check_copy(RRTYPE_ORIGINS, longest, 255), STATUS_OK);
    assert_int_equal(check_copy(RRTYPE_ORIGINS, longest, 256), STATUS_RDATA);
}

static void plain_text_is_utf8_without_controls(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        bool plain;
    } rows[] = {
        {"", true},
        {"20 7e", true},
        {"c2a0", true}, /* U+00A0 */
        {"dfbf e0a080 ed9fbf ee8080 efbfbf f0908080 f48fbfbf", true},
        {"00", false},
        {"1f", false},
        {"7f", false},
        {"c280", false}, /* U+0080 */
        {"c29f", false},
        {"80", false},
        {"c080", false}, /* overlong */
        {"c1bf", false},
        {"e09fbf", false},
        {"f08fbfbf", false},
        {"eda080", false}, /* surrogate */
        {"edbfbf", false},
        {"f4908080", false}, /* beyond U+10FFFF */
        {"f5808080", false},
        {"f888808080", false},
        {"ff", false},
        {"c3", false},
        {"c341", false},
        {"e282", false},
        {"e28241", false},
        {"f09f98", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[64];
        size_t len = help_hex(rows[i].octets, bytes, sizeof bytes);
        uint8_t *copy = help_copy(bytes, len);
        if (text_is_plain(copy, len) != rows[i].plain)
            fail_msg("row %zu", i);
        free(copy);
    }
}

static void petnames(void **state)
{
    (void)state;
    static const char id[] = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"; /* 52 */
    static const struct {
        const char *label;
        enum status status;
    } rows[] = {
        {"maple", STATUS_OK},
        {"Maple", STATUS_OK},
        {"m-2", STATUS_OK},
        {"xn--kche-0ra", STATUS_OK},
        {"hearth", STATUS_RESERVED},
        {"Hearth", STATUS_RESERVED},
        {"in-addr", STATUS_RESERVED},
        {"ip6", STATUS_RESERVED},
        {id, STATUS_RESERVED},
        {id + 1, STATUS_OK},
        {"_peer", STATUS_NAME_CHARACTER},
        {"a_b", STATUS_NAME_CHARACTER},
        {"a.b", STATUS_NAME_CHARACTER},
        {"maple.", STATUS_NAME_CHARACTER},
        {"-a", STATUS_NAME_CHARACTER},
        {"a b", STATUS_NAME_CHARACTER},
        {"k\xc3\xbc"
         "che",
         STATUS_NAME_U_LABEL},
        {"", STATUS_LABEL_EMPTY},
        {"@", STATUS_LABEL_EMPTY},
        {".", STATUS_LABEL_EMPTY},
        {"0123456789012345678901234567890123456789012345678901234567890123", STATUS_LABEL_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        help_expect(petname_check(rows[i].label), rows[i].status, "row", i);
}

static void peers_stand_in_their_place_and_alone(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        const char *name;
        bool right;
    } rows[] = {
        {RRTYPE_PEER, "maple._peer", true},    {RRTYPE_PEER, "_peer", false},
        {RRTYPE_PEER, "maple", false},         {RRTYPE_PEER, "@", false},
        {RRTYPE_PEER, "a.maple._peer", false}, {RRTYPE_PEER, "hearth._peer", false},
        {RRTYPE_PEER, "_a._peer", false},      {RRTYPE_PEER, "maple._peer.garage", false},
        {RRTYPE_AAAA, "maple", true},          {RRTYPE_AAAA, "@", true},
        {RRTYPE_AAAA, "maple._peers", true},   {RRTYPE_AAAA, "_peer.maple", true},
        {RRTYPE_AAAA, "maple._peer", false},   {RRTYPE_TXT, "_peer", false},
        {RRTYPE_NOTE, "a.maple._peer", false}, {65283, "maple._peer", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct name name;
        assert_int_equal(name_parse(&name, rows[i].name), STATUS_OK);
        help_expect(rdata_check_owner(rows[i].type, &name),
                    rows[i].right ? STATUS_OK : STATUS_RESERVED, "row", i);
    }
}

static void each_status_stands_for_a_rule(void **state)
{
    (void)state;
    assert_int_equal(rdata_rule(STATUS_OK), RULE_NONE);
    assert_int_equal(rdata_rule(STATUS_RDATA), RULE_RDATA);
    assert_int_equal(rdata_rule(STATUS_TYPE_UNSUPPORTED), RULE_RR_TYPE);
    assert_int_equal(rdata_rule(STATUS_ADDRESS_LOOPBACK), RULE_ADDRESS);
    assert_int_equal(rdata_rule(STATUS_ADDRESS_LINK_LOCAL), RULE_ADDRESS);
    assert_int_equal(rdata_rule(STATUS_ADDRESS_MULTICAST), RULE_ADDRESS);
    assert_int_equal(rdata_rule(STATUS_ADDRESS_UNSPECIFIED), RULE_ADDRESS);
    assert_int_equal(rdata_rule(STATUS_TLSA_MATCHING), RULE_TLSA);
    assert_int_equal(rdata_rule(STATUS_TLSA_LENGTH), RULE_TLSA);
    assert_int_equal(rdata_rule(STATUS_TLSA_EMPTY), RULE_TLSA);
    assert_int_equal(rdata_rule(STATUS_RESERVED), RULE_PEER_NAME);
}

/* No octets make any check read beyond them, and every answer names a rule. */
static void random_octets_are_judged(void **state)
{
    (void)state;
    static const uint16_t types[] = {RRTYPE_A,     RRTYPE_AAAA, RRTYPE_TXT,     RRTYPE_SRV,
                                     RRTYPE_SSHFP, RRTYPE_TLSA, RRTYPE_SVCB,    RRTYPE_HTTPS,
                                     RRTYPE_CAA,   RRTYPE_PEER, RRTYPE_ORIGINS, RRTYPE_NOTE};
    struct help_random random = {.state = 5};
    for (unsigned round = 0; round < 60000; round++) {
        uint8_t bytes[80];
        size_t len = help_below(&random, sizeof bytes + 1);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(help_random(&random) >> 32) & (help_below(&random, 2) ? 7 : 255);
        enum status status =
            check_copy(types[round % (sizeof types / sizeof types[0])], bytes, len);
        assert_true(status == STATUS_OK || rdata_rule(status) != RULE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(text),
        cmocka_unit_test(services),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(certificates),
        cmocka_unit_test(a_hash_of_nothing_is_refused),
        cmocka_unit_test(bindings),
        cmocka_unit_test(authorities),
        cmocka_unit_test(facts),
        cmocka_unit_test(an_origin_has_one_spelling),
        cmocka_unit_test(plain_text_is_utf8_without_controls),
        cmocka_unit_test(petnames),
        cmocka_unit_test(peers_stand_in_their_place_and_alone),
        cmocka_unit_test(each_status_stands_for_a_rule),
        cmocka_unit_test(random_octets_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
