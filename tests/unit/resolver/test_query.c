/* test_query.c: queries as they should be, and as they should not. */
#include "resolver/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "tests/unit/resolver/wire.h"

/* A copy on the heap exactly as long as the packet, so that one octet too far is seen. */
static enum status parse(struct query *query, const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    memset(query, 0xa5, sizeof *query);
    enum status status = query_parse(query, exact, len);
    free(exact);
    return status;
}

static void test_plain(void **state)
{
    uint8_t bytes[WIRE_MAX];
    struct query query;
    size_t len = wire_query(bytes, &(struct wire_query){.name = "CaMera.maple.home.arpa",
                                                        .type = RRTYPE_AAAA,
                                                        .flags = DNS_RD | DNS_CD | DNS_AD});
    (void)state;
    assert_int_equal(parse(&query, bytes, len), STATUS_OK);
    assert_int_equal(query.rcode, RCODE_NOERROR);
    assert_int_equal(query.id, WIRE_ID);
    assert_int_equal(query.flags, DNS_RD | DNS_CD | DNS_AD);
    assert_int_equal(query.type, RRTYPE_AAAA);
    assert_int_equal(query.class, RRCLASS_IN);
    assert_memory_equal(query.name.wire, "\6CaMera\5maple\4home\4arpa", 24);
    assert_memory_equal(query.folded.wire, "\6camera\5maple\4home\4arpa", 24);
    assert_int_equal(query.folded.len, 24);
    assert_true(query.has_question);
    assert_false(query.edns);
    assert_false(query.dnssec_ok);
    assert_int_equal(query.udp_size, DNS_UDP_MIN);
}

/* Every octet, in labels of every length: folded as name_fold does. */
static void test_fold(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        uint8_t bytes[WIRE_MAX];
        struct query query;
        struct writer w = writer_over(bytes, sizeof bytes);
        unsigned len = 1 + octet % 63;
        wire_header(&w, DNS_RD, 1, 0, 0, 0);
        writer_u8(&w, (uint8_t)len);
        memset(writer_room(&w, len), (int)octet, len);
        writer_bytes(&w, "\0\0\1\0\1", 5);
        assert_int_equal(parse(&query, bytes, w.used), STATUS_OK);
        assert_memory_equal(query.name.wire, bytes + 12, query.name.len);
        struct name expected = query.name;
        name_fold(&expected);
        assert_true(name_equal(&query.folded, &expected));
    }
}

static void test_edns(void **state)
{
    static const struct {
        uint16_t asked, got;
    } sizes[] = {{0x1, 512}, {511, 512}, {512, 512}, {900, 900}, {1232, 1232}, {65535, 1232}};
    uint8_t bytes[WIRE_MAX];
    struct query query;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t len = wire_query(bytes, &(struct wire_query){.name = "a",
                                                            .type = 1,
                                                            .edns = true,
                                                            .dnssec_ok = true,
                                                            .cookie = true,
                                                            .udp_size = sizes[i].asked});
        assert_int_equal(parse(&query, bytes, len), STATUS_OK);
        assert_int_equal(query.rcode, RCODE_NOERROR);
        assert_true(query.edns);
        assert_true(query.dnssec_ok);
        assert_int_equal(query.udp_size, sizes[i].got);
        assert_true(query.has_cookie);
        assert_memory_equal(query.client_cookie, "chipchip", 8);
    }
}

/* Every cut: below the header there is nobody to answer, above it the form is wrong. */
static void test_truncated(void **state)
{
    uint8_t bytes[WIRE_MAX];
    struct query query;
    size_t len = wire_query(
        bytes, &(struct wire_query){
                   .name = "camera.maple.home.arpa", .type = 52, .edns = true, .cookie = true});
    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        enum status status = parse(&query, bytes, cut);
        if (cut < DNS_HEADER_SIZE) {
            assert_int_equal(status, STATUS_MALFORMED);
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(query.rcode, RCODE_FORMERR);
    }
    assert_int_equal(parse(&query, bytes, len), STATUS_OK);
    assert_int_equal(query.rcode, RCODE_NOERROR);
    bytes[len] = 0;
    assert_int_equal(parse(&query, bytes, len + 1), STATUS_OK);
    assert_int_equal(query.rcode, RCODE_FORMERR);
}

static void test_header(void **state)
{
    static const struct {
        uint16_t flags, qd, an;
        bool drop;
        enum rcode rcode;
    } rows[] = {
        {DNS_QR, 1, 0, true, 0},          /* a response */
        {DNS_QR | 0x2800, 1, 0, true, 0}, /* of another opcode */
        {1 << 11, 1, 0, false, RCODE_NOTIMP},
        {2 << 11, 1, 0, false, RCODE_NOTIMP},
        {4 << 11, 1, 0, false, RCODE_NOTIMP},
        {5 << 11, 1, 0, false, RCODE_NOTIMP},
        {6 << 11, 1, 0, false, RCODE_NOTIMP},
        {15 << 11, 9, 9, false, RCODE_NOTIMP},
        {DNS_RD, 0, 0, false, RCODE_FORMERR},
        {DNS_RD, 2, 0, false, RCODE_FORMERR},
        {DNS_RD, 65535, 0, false, RCODE_FORMERR},
        {DNS_RD, 1, 1, false, RCODE_FORMERR},
        {DNS_RD | DNS_TC | DNS_AA | DNS_RA | 0x4f, 1, 0, false, RCODE_NOERROR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[WIRE_MAX];
        struct query query;
        struct writer w = writer_over(bytes, sizeof bytes);
        wire_header(&w, rows[i].flags, rows[i].qd, rows[i].an, 0, 0);
        wire_question(&w, "a.b", 1, 1);
        if (rows[i].qd == 2)
            wire_question(&w, "c.d", 1, 1);
        enum status status = parse(&query, bytes, w.used);
        assert_int_equal(status, rows[i].drop ? STATUS_MALFORMED : STATUS_OK);
        if (!rows[i].drop)
            assert_int_equal(query.rcode, rows[i].rcode);
    }
}

/* Octets after the header that are no question. */
static void test_question(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\xc0\x0c\0\1\0\1", 6},          /* a pointer to itself */
        {"\xc0\x00\0\1\0\1", 6},          /* into the header */
        {"\1a\xc0\x0c\0\1\0\1", 8},       /* back to its own start */
        {"\1a\xc0\x10\0\1\0\1\1b\0", 11}, /* ahead */
        {"\x40"
         "aaaaaaaaaa\0\0\1\0\1",
         16}, /* 0x40: no label's length */
        {"\x80"
         "aaaaaaaaaa\0\0\1\0\1",
         16},
        {"\5abc\0\0\1\0\1", 9}, /* the label takes what follows */
        {"\1a\0\0\1\0", 6},     /* half a class */
        {"\1a", 2},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[WIRE_MAX];
        struct query query;
        struct writer w = writer_over(bytes, sizeof bytes);
        wire_header(&w, DNS_RD, 1, 0, 0, 0);
        writer_bytes(&w, rows[i].bytes, rows[i].len);
        assert_int_equal(parse(&query, bytes, w.used), STATUS_OK);
        assert_int_equal(query.rcode, RCODE_FORMERR);
        assert_false(query.has_question);
    }
}

static size_t build_long_name(uint8_t *bytes, unsigned labels, unsigned last)
{
    struct writer w = writer_over(bytes, WIRE_MAX);
    wire_header(&w, DNS_RD, 1, 0, 0, 0);
    for (unsigned i = 0; i < labels; i++) {
        writer_u8(&w, 63);
        memset(writer_room(&w, 63), 'x', 63);
    }
    writer_u8(&w, (uint8_t)last);
    memset(writer_room(&w, last), 'y', last);
    writer_u8(&w, 0);
    writer_u16(&w, 1);
    writer_u16(&w, 1);
    return w.used;
}

static void test_name_length(void **state)
{
    uint8_t bytes[WIRE_MAX];
    struct query query;
    (void)state;
    assert_int_equal(parse(&query, bytes, build_long_name(bytes, 3, 61)), STATUS_OK);
    assert_int_equal(query.rcode, RCODE_NOERROR);
    assert_int_equal(query.name.len, 255);
    assert_int_equal(parse(&query, bytes, build_long_name(bytes, 3, 62)), STATUS_OK);
    assert_int_equal(query.rcode, RCODE_FORMERR);
}

/* Additional records: what of them is right, and what lies. */
static void test_additional(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        uint16_t count;
        enum rcode rcode;
        bool edns;
    } rows[] = {
        {"\0\0\x29\4\xd0\0\0\0\0\0\0", 11, 1, 0, true},
        {"\0\0\x29\4\xd0\0\0\0\0\0\1", 11, 1, RCODE_FORMERR, false}, /* data that is not there */
        {"\0\0\x29\4\xd0\0\0\0\0\xff\xff", 11, 1, RCODE_FORMERR, false},   /* nor all of this */
        {"\0\0\x29\4\xd0\0\0\0\0\0\0\0", 12, 1, RCODE_FORMERR, true},      /* one octet more */
        {"\1a\0\0\x29\4\xd0\0\0\0\0\0\0", 13, 1, RCODE_FORMERR, false},    /* owner not the root */
        {"\xc0\x0e\0\x29\4\xd0\0\0\0\0\0\0", 12, 1, RCODE_FORMERR, false}, /* root by a pointer */
        {"\0\0\x29\4\xd0\0\0\0\0\0\0\0\0\x29\4\xd0\0\0\0\0\0\0", 22, 2, RCODE_FORMERR, true},
        {"\0\0\x29\4\xd0\0\1\0\0\0\0", 11, 1, RCODE_BADVERS, true},
        {"\0\0\x29\4\xd0\0\377\0\0\0\3abc", 14, 1, RCODE_BADVERS, true},
        {"\0\0\x29\4\xd0\0\0\0\0\0\4\0\3\0\0", 15, 1, 0, true},             /* NSID, empty */
        {"\0\0\x29\4\xd0\0\0\0\0\0\3\0\3\0", 14, 1, RCODE_FORMERR, true},   /* half an option */
        {"\0\0\x29\4\xd0\0\0\0\0\0\4\0\3\0\1", 15, 1, RCODE_FORMERR, true}, /* its length lies */
        {"\0\0\x29\4\xd0\0\0\0\0\0\5\0\3\0\0x", 16, 1, RCODE_FORMERR, true},
        {"\0\0\x29\4\xd0\0\0\0\0\0\x0b\0\x0a\0\7chipchi", 22, 1, RCODE_FORMERR, true},
        {"\0\0\x29\4\xd0\0\0\0\0\0\x0d\0\x0a\0\11chipchipx", 24, 1, RCODE_FORMERR, true},
        {"\0\0\x29\4\xd0\0\0\0\0\0\x0c\0\x0a\0\10chipchip", 23, 1, 0, true},
        {"\0\0\x29\4\xd0\0\0\0\0\0\x14\0\x0a\0\20chipchipserverck", 31, 1, 0, true},
        /* Another record before the OPT, with an owner by pointer. */
        {"\xc0\x0c\0\1\0\1\0\0\0\0\0\1x\0\0\x29\4\xd0\0\0\0\0\0\0", 24, 2, 0, true},
        {"\xc0\x0c\0\1\0\1\0\0\0\0\0\2x\0\0\x29\4\xd0\0\0\0\0\0\0", 24, 2, RCODE_FORMERR, false},
        {"\xc0\x13\0\1\0\1\0\0\0\0\0\0", 12, 1, RCODE_FORMERR, false}, /* a pointer to itself */
        {"\xc0\xff\0\1\0\1\0\0\0\0\0\0", 12, 1, RCODE_FORMERR, false}, /* beyond the end */
        {"", 0, 1, RCODE_FORMERR, false},
        {"", 0, 65535, RCODE_FORMERR, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[WIRE_MAX];
        struct query query;
        struct writer w = writer_over(bytes, sizeof bytes);
        wire_header(&w, DNS_RD, 1, 0, 0, rows[i].count);
        wire_question(&w, "a", 1, 1); /* the name at 12, the question's end at 19 */
        writer_bytes(&w, rows[i].bytes, rows[i].len);
        assert_int_equal(parse(&query, bytes, w.used), STATUS_OK);
        if (query.rcode != rows[i].rcode || query.edns != rows[i].edns)
            fail_msg("row %zu: rcode %d, edns %d", i, (int)query.rcode, query.edns);
    }
}

/* An OPT in the authority section is no OPT. */
static void test_opt_place(void **state)
{
    uint8_t bytes[WIRE_MAX];
    struct query query;
    struct writer w = writer_over(bytes, sizeof bytes);
    (void)state;
    wire_header(&w, DNS_RD, 1, 0, 1, 0);
    wire_question(&w, "a", 1, 1);
    writer_bytes(&w, "\0\0\x29\4\xd0\0\0\0\0\0\0", 11);
    assert_int_equal(parse(&query, bytes, w.used), STATUS_OK);
    assert_int_equal(query.rcode, RCODE_FORMERR);
}

/* No octets at all may make it read outside (the sanitizers watch) or hang. */
static void test_random(void **state)
{
    uint8_t seed[WIRE_MAX];
    size_t len = wire_query(
        seed, &(struct wire_query){
                  .name = "camera.maple.home.arpa", .type = 28, .edns = true, .cookie = true});
    uint32_t random = 12345;
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t bytes[WIRE_MAX];
        struct query query;
        memcpy(bytes, seed, len);
        for (unsigned flips = 0; flips < 3; flips++) {
            random = random * 1664525 + 1013904223;
            bytes[random % len] = (uint8_t)(random >> 24);
        }
        random = random * 1664525 + 1013904223;
        (void)parse(&query, bytes, random % 4 ? len : random % len); /* any outcome is fine */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_fold),
        cmocka_unit_test(test_edns),        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_header),      cmocka_unit_test(test_question),
        cmocka_unit_test(test_name_length), cmocka_unit_test(test_additional),
        cmocka_unit_test(test_opt_place),   cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
