/* test_answer_upstream.c: what the upstream said, on its way to one client. */
#include "resolver/answer_upstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "tests/unit/resolver/sketch.h"
#include "tests/unit/resolver/wire.h"

struct fixture {
    struct answer_input input;
    uint8_t key[16];
    uint8_t message[WIRE_MAX];
    struct writer w; /* over the message */
    struct query query;
    struct upstream_result result;
    struct answer answer;
    struct wire_reply reply;
    uint8_t out[DNS_MESSAGE_MAX];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->input = (struct answer_input){.client = ANSWER_LOCAL, .cookie_key = f->key};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* The client's question. */
static void client(struct fixture *f, const struct wire_query *wire)
{
    uint8_t bytes[WIRE_MAX];
    size_t len = wire_query(bytes, wire);
    assert_int_equal(query_parse(&f->query, bytes, len), STATUS_OK);
    assert_int_equal(f->query.rcode, RCODE_NOERROR);
}

/* The upstream's message begins; the question's name stands at 12. */
static void message(struct fixture *f, uint16_t flags, uint16_t an, uint16_t ns, uint16_t ar)
{
    f->w = writer_over(f->message, sizeof f->message);
    wire_header(&f->w, flags, 1, an, ns, ar);
    wire_question(&f->w, "www.example.com", RRTYPE_A, 1);
}

static bool answer(struct fixture *f)
{
    uint8_t *exact = malloc(f->w.used);
    assert_non_null(exact);
    memcpy(exact, f->message, f->w.used);
    f->result.packet = exact;
    f->result.len = f->w.used;
    f->answer = answer_upstream(&f->input, &f->query, &f->result, f->out,
                                f->input.stream ? DNS_MESSAGE_MAX : DNS_UDP_MAX);
    free(exact);
    assert_int_equal(f->answer.action, ANSWER_SEND);
    assert_true(wire_parse(&f->reply, f->out, f->answer.len));
    assert_int_equal(f->reply.id, WIRE_ID);
    assert_true(f->reply.flags & DNS_QR);
    assert_false(f->reply.flags & DNS_AA);
    return f->reply.rcode == RCODE_NOERROR;
}

/* CNAME with a compressed target, A under the target by pointer, RRSIG, OPT. */
static void message_with_alias(struct fixture *f)
{
    message(f, DNS_QR | DNS_RA, 3, 0, 1);
    writer_bytes(&f->w, "\xc0\x0c\0\5\0\1\0\0\1\0\0\6\3cdn\xc0\x10", 18);
    writer_bytes(&f->w, "\xc0\x0c\0\56\0\1\0\0\1\0\0\3sig", 15);
    writer_bytes(&f->w, "\3cdn\xc0\x10\0\1\0\1\0\0\0\74\0\4\1\2\3\4", 20);
    writer_bytes(&f->w, "\0\0\x29\4\xd0\0\0\x80\0\0\0", 11);
}

static void test_alias(void **state)
{
    struct fixture *f = *state;
    client(f, &(struct wire_query){.name = "wWw.Example.com", .type = RRTYPE_A, .edns = true});
    message_with_alias(f);
    assert_true(answer(f));
    assert_int_equal(f->answer.kind, ANSWER_KIND_UPSTREAM);
    assert_int_equal(f->reply.counts[1], 2); /* without the RRSIG */
    assert_memory_equal(f->out + 12, "\3wWw\7Example\3com", 17);
    const struct wire_rr *alias = wire_first(&f->reply, 0, RRTYPE_CNAME);
    assert_int_equal(alias->ttl, 256);
    assert_int_equal(alias->len, 17);
    assert_memory_equal(alias->rdata, "\3cdn\7example\3com", 17);
    const struct wire_rr *a = wire_first(&f->reply, 0, RRTYPE_A);
    assert_memory_equal(a->owner.wire, "\3cdn\7example\3com", 17);
    assert_memory_equal(a->rdata, "\1\2\3\4", 4);
    client(f, &(struct wire_query){
                  .name = "www.example.com", .type = RRTYPE_A, .edns = true, .dnssec_ok = true});
    assert_true(answer(f));
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_RRSIG), 1);
}

/* AD: only when it is true, asked for, and the way to the client is this machine. */
static void test_ad(void **state)
{
    static const struct {
        enum upstream_security security;
        uint16_t flags;
        bool dnssec_ok;
        enum answer_client client;
        bool ad;
    } rows[] = {
        {UPSTREAM_SECURE, DNS_RD, false, ANSWER_LOCAL, false},
        {UPSTREAM_SECURE, DNS_RD | DNS_AD, false, ANSWER_LOCAL, true},
        {UPSTREAM_SECURE, DNS_RD, true, ANSWER_LOCAL, true},
        {UPSTREAM_SECURE, DNS_RD | DNS_AD, true, ANSWER_GUEST, false},
        {UPSTREAM_INSECURE, DNS_RD | DNS_AD, true, ANSWER_LOCAL, false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        client(f, &(struct wire_query){.name = "www.example.com",
                                       .type = RRTYPE_A,
                                       .flags = rows[i].flags,
                                       .edns = true,
                                       .dnssec_ok = rows[i].dnssec_ok});
        message_with_alias(f);
        f->result.security = rows[i].security;
        f->input.client = rows[i].client;
        assert_true(answer(f));
        assert_int_equal((f->reply.flags & DNS_AD) != 0, rows[i].ad);
    }
}

static void test_bogus(void **state)
{
    struct fixture *f = *state;
    client(f, &(struct wire_query){.name = "www.example.com", .type = RRTYPE_A, .edns = true});
    message_with_alias(f);
    f->result.security = UPSTREAM_BOGUS;
    assert_false(answer(f));
    assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
    assert_int_equal(f->reply.ede, EDE_BOGUS);
    assert_int_equal(f->reply.rr_count, 0);
    assert_int_equal(f->answer.kind, ANSWER_KIND_FAILED);
    /* Who sets CD judges for himself (RFC 4035, section 3.2.2). */
    client(f, &(struct wire_query){.name = "www.example.com",
                                   .type = RRTYPE_A,
                                   .flags = DNS_RD | DNS_CD,
                                   .edns = true});
    assert_true(answer(f));
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_A), 1);
    assert_false(f->reply.flags & DNS_AD);
    assert_true(f->reply.flags & DNS_CD);
}

static void test_negative(void **state)
{
    struct fixture *f = *state;
    client(f, &(struct wire_query){.name = "www.example.com", .type = RRTYPE_A, .edns = true});
    message(f, DNS_QR | DNS_RA | RCODE_NXDOMAIN, 0, 2, 0);
    writer_bytes(&f->w, "\xc0\x10\0\6\0\1\0\1\x51\x81\0\x1d\2ns\xc0\x10\1h\xc0\x10", 21);
    writer_bytes(&f->w, "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 20);
    writer_bytes(&f->w, "\xc0\x0c\0\57\0\1\0\0\0\5\0\3nxt", 15); /* NSEC */
    (void)answer(f);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    assert_int_equal(f->reply.rr_count, 1);
    const struct wire_rr *soa = wire_first(&f->reply, 1, RRTYPE_SOA);
    assert_memory_equal(soa->owner.wire, "\7example\3com", 13);
    assert_int_equal(soa->ttl, 86400); /* a day at most */
    assert_int_equal(soa->len, 16 + 15 + 20);
    assert_memory_equal(soa->rdata, "\2ns\7example\3com\0\1h\7example\3com\0\0\0\0\1", 35);
}

static void test_failures(void **state)
{
    static const struct {
        struct upstream_result result;
        enum rcode rcode;
        int ede;
    } rows[] = {
        {{.rcode = RCODE_SERVFAIL, .timed_out = true}, RCODE_SERVFAIL, EDE_NETWORK},
        {{.rcode = RCODE_SERVFAIL}, RCODE_SERVFAIL, EDE_NO_AUTHORITY},
        {{.rcode = RCODE_NOERROR}, RCODE_SERVFAIL, EDE_NO_AUTHORITY},
        {{.rcode = RCODE_SERVFAIL, .security = UPSTREAM_BOGUS}, RCODE_SERVFAIL, EDE_BOGUS},
        {{.rcode = RCODE_REFUSED}, RCODE_REFUSED, -1},
    };
    struct fixture *f = *state;
    client(f, &(struct wire_query){.name = "www.example.com", .type = RRTYPE_A, .edns = true});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->answer = answer_upstream(&f->input, &f->query, &rows[i].result, f->out, sizeof f->out);
        assert_true(wire_parse(&f->reply, f->out, f->answer.len));
        assert_int_equal(f->reply.rcode, rows[i].rcode);
        assert_int_equal(f->reply.ede, rows[i].ede);
        assert_int_equal(f->reply.counts[0], 1);
    }
}

/* Every cut and every flipped octet: SERVFAIL or a sound reply, never a read outside. */
static void test_damaged(void **state)
{
    struct fixture *f = *state;
    client(f, &(struct wire_query){
                  .name = "www.example.com", .type = RRTYPE_A, .edns = true, .dnssec_ok = true});
    message_with_alias(f);
    size_t len = f->w.used;
    size_t end_of_answer = len - 11; /* the OPT is not read */
    for (size_t cut = 1; cut < len; cut++) {
        f->w.used = cut;
        assert_int_equal(answer(f), cut >= end_of_answer);
    }
    for (size_t at = 0; at < len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            message_with_alias(f);
            f->message[at] ^= (uint8_t)(1U << bit);
            (void)answer(f);
        }
    }
}

static void test_bad_names(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x2d", 14}, /* a pointer to itself */
        {"\xc0\x0c\0\5\0\1\0\0\0\1\0\4\3cd\0", 16},   /* beyond the data */
        {"\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1a\0\0", 16},  /* less than the data */
        {"\xc0\x0c\0\17\0\1\0\0\0\1\0\1\0", 13},      /* MX without room for its number */
        {"\xc0\x0c\0\6\0\1\0\0\0\1\0\25\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 33}, /* SOA */
        {"\xc0\x0c\0\1\0\1\0\0\0\1\377\377\0", 13},
    };
    struct fixture *f = *state;
    client(f, &(struct wire_query){.name = "www.example.com", .type = RRTYPE_A, .edns = true});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        message(f, DNS_QR, 1, 0, 0);
        writer_bytes(&f->w, rows[i].bytes, rows[i].len);
        if (answer(f))
            fail_msg("row %zu", i);
        assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
    }
}

static void test_truncation(void **state)
{
    struct fixture *f = *state;
    client(f, &(struct wire_query){.name = "www.example.com", .type = RRTYPE_TXT});
    message(f, DNS_QR, 6, 0, 0);
    for (unsigned i = 0; i < 6; i++) {
        uint8_t text[101] = {100};
        wire_rr(&f->w, "www.example.com", RRTYPE_TXT, 5, text, sizeof text);
    }
    assert_true(answer(f));
    assert_true(f->answer.len <= 512);
    assert_true(f->reply.flags & DNS_TC);
    assert_int_equal(f->reply.rr_count, 0);
    f->input.stream = true;
    assert_true(answer(f));
    assert_false(f->reply.flags & DNS_TC);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_TXT), 6);
}

/* --- rebinding --- */

enum { A_LEN = 4, AAAA_LEN = 16 };

/* A household with a device that has a global address. */
static uint8_t *open_house(struct view *view)
{
    size_t len = 0;
    struct sketch *sketch = sketch_create(1);
    sketch_zone(sketch, "maple.home.arpa", (struct sketch_zone){.flags = VIEW_ZONE_OWN});
    sketch_rr(sketch, "camera.maple.home.arpa", RRTYPE_AAAA, 300,
              "\x26\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\x20", AAAA_LEN);
    uint8_t *bytes = sketch_finish(sketch, &len);
    assert_int_equal(view_open(view, bytes, len), STATUS_OK);
    return bytes;
}

/* One record for www.example.com: does it come through? */
static bool passes(struct fixture *f, uint16_t type, const void *data, size_t len)
{
    message(f, DNS_QR | DNS_RA, 1, 0, 0);
    wire_rr(&f->w, "www.example.com", type, 60, data, len);
    assert_true(answer(f));
    bool passed = wire_count(&f->reply, 0, type) == 1;
    assert_int_equal(f->reply.ede, passed ? -1 : EDE_BLOCKED);
    assert_int_equal(f->reply.rr_count, passed);
    return passed;
}

static void test_public_name_with_house_address(void **state)
{
    static const struct {
        uint8_t octets[AAAA_LEN];
        size_t len;
        bool passes;
    } rows[] = {
        {{203, 0, 113, 7}, A_LEN, true},
        {{0, 0, 0, 0}, A_LEN, false},
        {{10, 1, 2, 3}, A_LEN, false},
        {{100, 64, 0, 1}, A_LEN, false},
        {{100, 127, 255, 255}, A_LEN, false},
        {{100, 128, 0, 0}, A_LEN, true},
        {{127, 0, 0, 1}, A_LEN, false},
        {{169, 254, 1, 1}, A_LEN, false},
        {{172, 31, 0, 1}, A_LEN, false},
        {{172, 32, 0, 1}, A_LEN, true},
        {{192, 168, 1, 5}, A_LEN, false},
        {{0}, AAAA_LEN, false},
        {{[15] = 1}, AAAA_LEN, false},
        {{[10] = 0xff, 0xff, 192, 168, 1, 5}, AAAA_LEN, false},
        {{0xfd, 0x12, [15] = 1}, AAAA_LEN, false},
        {{0xfe, 0x80, [15] = 1}, AAAA_LEN, false},
        {{0xfe, 0xc0, [15] = 1}, AAAA_LEN, false},
        {{0, 0x64, 0xff, 0x9b, [12] = 192, 168, 1, 5}, AAAA_LEN, false},
        {{0, 0x64, 0xff, 0x9b, [12] = 203, 0, 113, 7}, AAAA_LEN, true}, /* a network without IPv4 */
        {{0x26, 0x20, [15] = 0x20}, AAAA_LEN, false},                   /* the camera's */
        {{0x26, 0x20, [15] = 0x21}, AAAA_LEN, true},
    };
    struct fixture *f = *state;
    struct view view;
    uint8_t *bytes = open_house(&view);
    f->input.view = &view;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t type = rows[i].len == A_LEN ? RRTYPE_A : RRTYPE_AAAA;
        client(f, &(struct wire_query){.name = "www.example.com", .type = type, .edns = true});
        if (passes(f, type, rows[i].octets, rows[i].len) != rows[i].passes)
            fail_msg("row %zu", i);
    }
    free(bytes);
}

/* Other ways to an address: an alias, and hints. */
static void test_public_name_with_house_target(void **state)
{
#define TO_NAS    "\3nas\4home\4arpa"
#define TO_PUBLIC "\3cdn\3net"
    static const struct {
        uint16_t type;
        const char *data;
        size_t len;
        bool passes;
    } rows[] = {
        {RRTYPE_CNAME, TO_PUBLIC, sizeof TO_PUBLIC, true},
        {RRTYPE_CNAME, TO_NAS, sizeof TO_NAS, false},
        {RRTYPE_CNAME, "\3NAS\4Home\4aRPa", sizeof TO_NAS, false},
        {39, TO_NAS, sizeof TO_NAS, false},
        {RRTYPE_HTTPS, "\0\1" TO_PUBLIC "\0\0\4\0\4\xcb\0\x71\7", 19, true},
        {RRTYPE_HTTPS, "\0\1\0\0\4\0\4\xc0\xa8\1\5", 11, false},
        {RRTYPE_SVCB, "\0\1\0\0\4\0\10\xcb\0\x71\7\xc0\xa8\1\5", 15, false},
        {RRTYPE_HTTPS, "\0\1\0\0\1\0\3\2h2\0\6\0\20\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 30,
         false},
        {RRTYPE_HTTPS, "\0\0" TO_NAS, 2 + sizeof TO_NAS, false},
        {RRTYPE_HTTPS, "\0\1\0\0\4\0\5\xcb\0\x71\7\7", 12, false}, /* no addresses */
        {RRTYPE_HTTPS, "\0\1\0\0\4\0\4\xcb", 8, false},
        {RRTYPE_TXT, "\5nas.x", 6, true},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        client(f,
               &(struct wire_query){.name = "www.example.com", .type = rows[i].type, .edns = true});
        if (passes(f, rows[i].type, rows[i].data, rows[i].len) != rows[i].passes)
            fail_msg("row %zu", i);
    }
}

/* With a local upstream, libunbound lets private addresses through below home.arpa: right for those
 * who ask for them, not for a public name that is made another name for them. */
static void test_alias_into_the_house(void **state)
{
    struct fixture *f = *state;
    client(f, &(struct wire_query){.name = "www.example.com", .type = RRTYPE_A, .edns = true});
    message(f, DNS_QR | DNS_RA, 2, 0, 0);
    wire_rr(&f->w, "www.example.com", RRTYPE_CNAME, 60, TO_NAS, sizeof TO_NAS);
    wire_rr(&f->w, "nas.home.arpa", RRTYPE_A, 60, "\xcb\0\x71\7", A_LEN);
    f->result.security = UPSTREAM_SECURE;
    assert_true(answer(f));
    assert_int_equal(f->reply.rr_count, 0);
    assert_int_equal(f->reply.ede, EDE_BLOCKED);
    assert_false(f->reply.flags & DNS_AD);

    client(f, &(struct wire_query){.name = "box.home.arpa", .type = RRTYPE_A, .edns = true});
    message(f, DNS_QR | DNS_RA, 2, 0, 0);
    wire_rr(&f->w, "box.home.arpa", RRTYPE_CNAME, 60, TO_NAS, sizeof TO_NAS);
    wire_rr(&f->w, "nas.home.arpa", RRTYPE_A, 60, "\xc0\xa8\1\5", A_LEN);
    assert_true(answer(f));
    assert_int_equal(f->reply.rr_count, 2);
    assert_int_equal(f->reply.ede, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(alias),
        TEST(ad),
        TEST(bogus),
        TEST(negative),
        TEST(failures),
        TEST(damaged),
        TEST(bad_names),
        TEST(truncation),
        TEST(public_name_with_house_address),
        TEST(public_name_with_house_target),
        TEST(alias_into_the_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
