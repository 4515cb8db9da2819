/* test_record_text.c: presentation text to wire and back, and what must be refused. */
#include "resolver/record_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"

static struct name origin;

static int make_origin(void **state)
{
    (void)state;
    return name_parse(&origin, "maple.home.arpa") == STATUS_OK ? 0 : -1;
}

struct sample {
    uint16_t type;
    const char *text, *hex;
    const char *written; /* NULL: as `text` */
};

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct sample samples[] = {
    {RRTYPE_A, "192.168.1.20", "c0a80114", NULL},
    {RRTYPE_AAAA, "fd00::20", "fd000000000000000000000000000020", NULL},
    {RRTYPE_TLSA, "3 1 1 " HASH, "030101" HASH, NULL},
    {RRTYPE_TLSA, "3 1 1 00112233445566778899AABBCCDDEEFF 00112233445566778899aabbccddeeff",
     "030101" HASH, "3 1 1 " HASH},
    {RRTYPE_TXT, "\"one\" \"two\"", "036f6e650374776f", NULL},
    {RRTYPE_TXT, "\"\"", "00", NULL},
    {RRTYPE_TXT, "\"semi;colon\"", "0a73656d693b636f6c6f6e", NULL},
    {RRTYPE_SRV, "0 5 631 Printer",
     "00000005027707"
     "7072696e746572"
     "056d61706c6504686f6d65046172706100",
     "0 5 631 printer.maple.home.arpa."},
    {RRTYPE_SRV, "0 5 631 nas.oak.home.arpa", "000000050277036e6173036f616b04686f6d65046172706100",
     "0 5 631 nas.oak.home.arpa."},
    {RRTYPE_SRV, "0 5 631 a.maple.home.arpa.maple.home.arpa", /* the zone twice: it stays so */
     "000000050277"
     "0161056d61706c6504686f6d650461727061056d61706c6504686f6d65046172706100",
     "0 5 631 a.maple.home.arpa.maple.home.arpa."},
    {RRTYPE_SRV, "0 5 631 example.net.", "000000050277076578616d706c65036e657400", NULL},
    {RRTYPE_SRV, "0 0 1 .", "00000000000100", NULL},
    {RRTYPE_SSHFP, "4 2 " HASH, "0402" HASH, NULL},
    {RRTYPE_HTTPS, "1 . alpn=h2", "00010000010003026832", NULL},
    {RRTYPE_CAA, "0 issue \"ca.example\"",
     "00056973737565"
     "63612e6578616d706c65",
     NULL},
    {RRTYPE_AAAA, "\\# 16 fd000000000000000000000000000020", "fd000000000000000000000000000020",
     "fd00::20"},
    /* What ldns would write so that it reads back as something else. */
    {RRTYPE_HTTPS, "\\# 10 0001000100000300003b", "0001000100000300003b", NULL},
    {RRTYPE_CAA, "\\# 3 220130", "220130", NULL},
    {RRTYPE_SRV, "\\# 9 000000000050012200", "000000000050012200", NULL},
    {RRTYPE_NOTE, "model Foscam C1", "01466f7363616d204331", NULL},
    {RRTYPE_ORIGINS, "https://panel.example", "68747470733a2f2f70616e656c2e6578616d706c65", NULL},
};

static void test_samples_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *sample = &samples[i];
        struct record_data data;
        char error[RECORD_ERROR_SIZE], hex[2 * RECORD_RDATA_MAX + 1], text[RECORD_TEXT_SIZE];
        print_message("%s\n", sample->text);
        assert_int_equal(record_text_parse(sample->type, sample->text, &origin, &data, error),
                         STATUS_OK);
        hex_encode(data.octets, data.len, hex);
        assert_string_equal(hex, sample->hex);
        assert_int_equal(record_text_write(sample->type, data.octets, data.len, text, sizeof text),
                         STATUS_OK);
        assert_string_equal(text, sample->written ? sample->written : sample->text);
    }
}

static const struct {
    uint16_t type;
    const char *text;
} refused[] = {
    {RRTYPE_A, ""},
    {RRTYPE_A, "1.2.3"},
    {RRTYPE_A, "1.2.3.4.5"},
    {RRTYPE_A, "256.1.1.1"},
    {RRTYPE_A, "fd00::1"},
    {RRTYPE_A, "1.2.3.4 junk"},
    {RRTYPE_A, "1.2.3.4\n"},
    {RRTYPE_AAAA, "banana"},
    {RRTYPE_AAAA, "192.168.1.1"},
    {RRTYPE_AAAA, "fe80::1%eth0"},
    {RRTYPE_TLSA, "3 1 1"},
    {RRTYPE_TLSA, "3 1"},
    {RRTYPE_TLSA, "300 1 1 aa"},
    {RRTYPE_TLSA, "3 1 1 abc"},
    {RRTYPE_TLSA, "3 1 1 zz"},
    {RRTYPE_TLSA, "3x 1 1 aa"},
    {RRTYPE_TLSA, "-1 1 1 aa"},
    {RRTYPE_SRV, "0 0 65536 x"},
    {RRTYPE_SRV, "0 0 80"},
    {RRTYPE_SRV, "0 0 80 a..b"},
    {RRTYPE_SSHFP, "4 2"},
    {RRTYPE_SSHFP, "256 2 aa"},
    {RRTYPE_TXT, ""},
    {RRTYPE_TXT, "\"open"},
    {RRTYPE_TXT, "\"a\nb\""},
    {RRTYPE_HTTPS, "70000 ."},
    {RRTYPE_HTTPS, "1"},
    {RRTYPE_CAA, "256 issue x"},
    {RRTYPE_CAA, "0 issue"},
    {RRTYPE_PEER, "tooshort"},
    {RRTYPE_NOTE, "colour red"},
};

static void test_bad_text_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct record_data data;
        char error[RECORD_ERROR_SIZE] = "";
        print_message("%u: %s\n", refused[i].type, refused[i].text);
        assert_int_equal(record_text_parse(refused[i].type, refused[i].text, &origin, &data, error),
                         STATUS_RDATA);
        assert_true(error[0] != '\0');
    }
}

static void test_types_that_no_household_has(void **state)
{
    (void)state;
    struct record_data data;
    char error[RECORD_ERROR_SIZE];
    assert_int_equal(record_text_parse(RRTYPE_CNAME, "x.", &origin, &data, error),
                     STATUS_TYPE_UNSUPPORTED);
    assert_int_equal(record_text_parse(RRTYPE_NS, "x.", &origin, &data, error),
                     STATUS_TYPE_UNSUPPORTED);
}

static void test_type_names(void **state)
{
    (void)state;
    char text[RECORD_TYPE_SIZE];
    assert_int_equal(record_type_parse("tlsa"), RRTYPE_TLSA);
    assert_int_equal(record_type_parse("TYPE52"), RRTYPE_TLSA);
    assert_int_equal(record_type_parse("MX"), 15);
    assert_int_equal(record_type_parse("TYPE"), 0);
    assert_int_equal(record_type_parse("TYPE65536"), 0);
    assert_int_equal(record_type_parse("TYPE12x"), 0);
    assert_int_equal(record_type_parse("BANANA"), 0);
    assert_int_equal(record_type_parse(""), 0);
    record_type_text(RRTYPE_HTTPS, text);
    assert_string_equal(text, "HTTPS");
    record_type_text(65300, text);
    assert_string_equal(text, "TYPE65300");
}

static void test_literal_text(void **state)
{
    (void)state;
    struct record_data data;
    char long_text[RECORD_RDATA_MAX + 8];
    assert_int_equal(record_text_literal("say \"hi\"", &data), STATUS_OK);
    assert_int_equal(data.len, 9);
    assert_int_equal(data.octets[0], 8);
    memset(long_text, 'x', sizeof long_text);
    long_text[300] = '\0';
    assert_int_equal(record_text_literal(long_text, &data), STATUS_OK);
    assert_int_equal(data.len, 302);
    assert_int_equal(data.octets[256], 45);
    long_text[300] = 'x';
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(record_text_literal(long_text, &data), STATUS_TOO_LONG);
}

/* Data that does not have the form of its type is shown, never misread. */
static void test_damaged_data_is_written_generically(void **state)
{
    (void)state;
    static const uint8_t three[] = {1, 2, 3};
    char text[RECORD_TEXT_SIZE];
    assert_int_equal(record_text_write(RRTYPE_A, three, 3, text, sizeof text), STATUS_OK);
    assert_string_equal(text, "\\# 3 010203");
    assert_int_equal(record_text_write(RRTYPE_SRV, three, 3, text, sizeof text), STATUS_OK);
    assert_string_equal(text, "\\# 3 010203");
    assert_int_equal(record_text_write(RRTYPE_A, three, 0, text, sizeof text), STATUS_OK);
    assert_string_equal(text, "\\# 0");
    assert_int_equal(record_text_write(RRTYPE_A, three, 3, text, 5), STATUS_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_both_ways),
        cmocka_unit_test(test_bad_text_is_refused),
        cmocka_unit_test(test_types_that_no_household_has),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_literal_text),
        cmocka_unit_test(test_damaged_data_is_written_generically),
    };
    return cmocka_run_group_tests(tests, make_origin, NULL);
}
