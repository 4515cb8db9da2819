/* Names: the text that people write, the wire form, compression, canonical order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/name.h"

#define LABEL_63 "a23456789b123456789c123456789d123456789e123456789f123456789g123"

static struct name parsed(const char *text)
{
    struct name name;
    assert_int_equal(name_parse(&name, text), STATUS_OK);
    return name;
}

static void text_becomes_wire(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wire;
        size_t len;
    } table[] = {
        {"", "", 1},
        {"@", "", 1},
        {".", "", 1},
        {"camera", "\6camera", 8},
        {"Camera.", "\6camera", 8},
        {"cam1.garage", "\4cam1\6garage", 13},
        {"_443._tcp.camera", "\4_443\4_tcp\6camera", 18},
        {"xn--kche-0ra", "\14xn--kche-0ra", 14},
        {"a-b", "\3a-b", 5},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct name name = parsed(table[i].text);
        assert_int_equal(name.len, table[i].len);
        assert_memory_equal(name.wire, table[i].wire, table[i].len);
    }
}

static void bad_text_names_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
    } table[] = {
        {"a..b", STATUS_LABEL_EMPTY},
        {".a", STATUS_LABEL_EMPTY},
        {"a..", STATUS_LABEL_EMPTY},
        {"-a", STATUS_NAME_CHARACTER},
        {"a-", STATUS_NAME_CHARACTER},
        {"a b", STATUS_NAME_CHARACTER},
        {"a\\.b", STATUS_NAME_CHARACTER},
        {"a*", STATUS_NAME_CHARACTER},
        {"k\xc3\xbc"
         "che",
         STATUS_NAME_U_LABEL},
        {LABEL_63 "h", STATUS_LABEL_TOO_LONG},
        {LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, STATUS_NAME_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct name name;
        assert_int_equal(name_parse(&name, table[i].text), table[i].status);
    }
    /* 255 octets are a name, 256 are not. */
    struct name name =
        parsed(LABEL_63 "." LABEL_63 "." LABEL_63
                        ".a23456789b123456789c123456789d123456789e123456789f123456789g1");
    assert_int_equal(name.len, NAME_WIRE_MAX);
    assert_int_equal(name_parse(&name, LABEL_63 "." LABEL_63 "." LABEL_63
                                                ".a23456789b123456789c123456789d123456789e123456789"
                                                "f123456789g12"),
                     STATUS_NAME_TOO_LONG);
}

static void wire_becomes_text_with_escapes(void **state)
{
    (void)state;
    char text[NAME_TEXT_SIZE];
    name_text((const uint8_t *)"\3a.b\2\\ \1\x07", 12, text);
    assert_string_equal(text, "a\\.b.\\\\\\032.\\007");
    name_text((const uint8_t *)"", 1, text);
    assert_string_equal(text, ".");
    /* The longest text: every octet escaped. */
    uint8_t wire[NAME_WIRE_MAX];
    memset(wire, 0, sizeof wire);
    wire[0] = wire[64] = wire[128] = 63;
    wire[192] = 61;
    name_text(wire, sizeof wire, text);
    assert_int_equal(strlen(text), 4 * 250 + 3);
}

static void a_wire_name_is_read_whole_or_not(void **state)
{
    (void)state;
    static const uint8_t wire[] = "\6camera\5maple";
    for (size_t len = 0; len < sizeof wire; len++) {
        struct reader r = reader_over(wire, len);
        struct name name;
        assert_int_not_equal(name_read(&r, &name), STATUS_OK);
    }
    struct reader r = reader_over(wire, sizeof wire);
    struct name name;
    assert_int_equal(name_read(&r, &name), STATUS_OK);
    assert_int_equal(name.len, sizeof wire);
    assert_int_equal(reader_finish(&r), STATUS_OK);
    r = reader_over("\xc0\x00", 2); /* a pointer has no place in a stored name */
    assert_int_equal(name_read(&r, &name), STATUS_MALFORMED);
}

static void a_wire_name_has_at_most_255_octets(void **state)
{
    (void)state;
    uint8_t wire[300];
    struct name name;
    for (size_t i = 0; i < sizeof wire; i += 2) {
        wire[i] = 1;
        wire[i + 1] = 'a';
    }
    wire[254] = 0;
    struct reader r = reader_over(wire, sizeof wire);
    assert_int_equal(name_read(&r, &name), STATUS_OK);
    assert_int_equal(name.len, 255);
    wire[254] = 1;
    wire[256] = 0;
    r = reader_over(wire, sizeof wire);
    assert_int_equal(name_read(&r, &name), STATUS_NAME_TOO_LONG);
}

static enum status unpack(const char *message, size_t len, size_t offset, struct name *name)
{
    return name_unpack((const uint8_t *)message, len, &offset, name);
}

static void compression_pointers_lead_backwards_only(void **state)
{
    (void)state;
    struct name name;
    /* "maple" at 0, "camera" + pointer to 0 at 7. */
    static const char message[] = "\5maple\0\6camera\xc0\x00";
    size_t offset = 7;
    assert_int_equal(name_unpack((const uint8_t *)message, 16, &offset, &name), STATUS_OK);
    assert_int_equal(offset, 16);
    assert_true(name_equal(&name, &(struct name){14, "\6camera\5maple"}));
    for (size_t len = 0; len < 16; len++)
        assert_int_not_equal(unpack(message, len, 7, &name), STATUS_OK);
    assert_int_equal(unpack("\xc0\x00", 2, 0, &name), STATUS_MALFORMED);         /* itself */
    assert_int_equal(unpack("\xc0\x02\xc0\x00", 4, 2, &name), STATUS_MALFORMED); /* a loop */
    assert_int_equal(unpack("\1a\xc0\x00", 4, 0, &name), STATUS_MALFORMED);      /* its own start */
    assert_int_equal(unpack("\1a\xc0\x05\1b\0", 7, 0, &name), STATUS_MALFORMED); /* forwards */
    assert_int_equal(unpack("\x40\x00", 2, 0, &name), STATUS_MALFORMED); /* RFC 6891 retired it */
    assert_int_equal(unpack("\x80\x00", 2, 0, &name), STATUS_MALFORMED);
    assert_int_equal(unpack("\xc0", 1, 0, &name), STATUS_TRUNCATED);
    assert_int_equal(unpack("", 0, 0, &name), STATUS_TRUNCATED);
    assert_int_equal(unpack("\1a", 2, 9, &name), STATUS_TRUNCATED);
}

static void a_long_chain_of_pointers_ends(void **state)
{
    (void)state;
    /* Each pointer leads to the one before it; the first label is at 0. */
    uint8_t message[2 + 2 * 4000] = {1, 'a'};
    struct name name;
    message[2] = 0;
    for (size_t at = 4; at + 1 < sizeof message; at += 2) {
        message[at] = (uint8_t)(0xc0 | (at - 2) >> 8);
        message[at + 1] = (uint8_t)(at - 2);
    }
    size_t offset = sizeof message - 2;
    assert_int_equal(name_unpack(message, sizeof message, &offset, &name), STATUS_OK);
    assert_int_equal(name.len, 1);
}

static void the_household_rule_is_kept(void **state)
{
    (void)state;
    assert_int_equal(name_check_household(&(struct name){8, "\6camera"}), STATUS_OK);
    assert_int_equal(name_check_household(&(struct name){1, ""}), STATUS_OK);
    assert_int_equal(name_check_household(&(struct name){8, "\6Camera"}), STATUS_NAME_CHARACTER);
    assert_int_equal(name_check_household(&(struct name){4, "\2-a"}), STATUS_NAME_CHARACTER);
    assert_int_equal(name_check_household(&(struct name){4, "\2a-"}), STATUS_NAME_CHARACTER);
    assert_int_equal(name_check_household(&(struct name){4, "\2a."}), STATUS_NAME_CHARACTER);
    assert_int_equal(name_check_household(&(struct name){3, "\2ab"}), STATUS_TRUNCATED);
}

static void canonical_order_is_that_of_rfc_4034(void **state)
{
    (void)state;
    /* RFC 4034, section 6.1, the example, as far as our names may be so written. */
    static const struct name ordered[] = {
        {9, "\7example"},           {11, "\1a\7example"},    {19, "\7yljkjlk\1a\7example"},
        {13, "\1z\1a\7example"},    {13, "\3zab\7example"},  {11, "\1z\7example"},
        {13, "\1\x01\1z\7example"}, {13, "\1*\1z\7example"}, {13, "\1\xc8\1z\7example"},
    };
    static const size_t count = sizeof ordered / sizeof *ordered;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (i == 4 || j == 4)
                continue; /* "zab" sorts behind "z": see below */
            int order =
                name_compare(ordered[i].wire, ordered[i].len, ordered[j].wire, ordered[j].len);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
    assert_true(name_compare(ordered[5].wire, 11, ordered[4].wire, 13) < 0);
}

static void below_is_by_whole_labels(void **state)
{
    (void)state;
    struct name maple = parsed("maple.home.arpa");
    static const struct {
        const char *text;
        bool within;
    } table[] = {
        {"maple.home.arpa", true},
        {"camera.maple.home.arpa", true},
        {"xmaple.home.arpa", false},
        {"home.arpa", false},
        {"", false},
        {"maple.home.arpa.x", false},
        {"a.b.maple.home.arpa", true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct name name = parsed(table[i].text);
        assert_int_equal(name_is_within(name.wire, name.len, maple.wire, maple.len),
                         table[i].within);
    }
}

static void join_and_relative_are_inverse(void **state)
{
    (void)state;
    struct name maple = parsed("maple.home.arpa");
    struct name full;
    struct name back;
    struct name camera = parsed("cam1.garage");
    assert_int_equal(name_join(&full, &camera, &maple), STATUS_OK);
    assert_true(name_equal(&full, &(struct name){29, "\4cam1\6garage\5maple\4home\4arpa"}));
    assert_int_equal(name_relative(&back, &full, &maple), STATUS_OK);
    assert_true(name_equal(&back, &camera));
    assert_int_equal(name_relative(&back, &camera, &maple), STATUS_NOT_FOUND);
    assert_int_equal(name_relative(&back, &maple, &maple), STATUS_OK);
    assert_int_equal(back.len, 1);
    struct name wide = parsed(LABEL_63 "." LABEL_63 "." LABEL_63);
    assert_int_equal(name_join(&full, &wide, &wide), STATUS_NAME_TOO_LONG);
}

static void a_label_is_prepended(void **state)
{
    (void)state;
    struct name name = parsed("camera");
    assert_int_equal(name_prepend(&name, "_tcp", 4), STATUS_OK);
    assert_int_equal(name_prepend(&name, "_443", 4), STATUS_OK);
    struct name expected = parsed("_443._tcp.camera");
    assert_true(name_equal(&name, &expected));
    assert_int_equal(name_prepend(&name, "", 0), STATUS_LABEL_EMPTY);
    assert_int_equal(name_prepend(&name, LABEL_63 "x", 64), STATUS_LABEL_TOO_LONG);
    struct name wide = parsed(&(LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63)[4]);
    assert_int_equal(name_prepend(&wide, LABEL_63, 63), STATUS_NAME_TOO_LONG);
    assert_int_equal(name_labels(expected.wire, expected.len), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_wire),
        cmocka_unit_test(bad_text_names_its_rule),
        cmocka_unit_test(wire_becomes_text_with_escapes),
        cmocka_unit_test(a_wire_name_is_read_whole_or_not),
        cmocka_unit_test(a_wire_name_has_at_most_255_octets),
        cmocka_unit_test(compression_pointers_lead_backwards_only),
        cmocka_unit_test(a_long_chain_of_pointers_ends),
        cmocka_unit_test(the_household_rule_is_kept),
        cmocka_unit_test(canonical_order_is_that_of_rfc_4034),
        cmocka_unit_test(below_is_by_whole_labels),
        cmocka_unit_test(join_and_relative_are_inverse),
        cmocka_unit_test(a_label_is_prepended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
