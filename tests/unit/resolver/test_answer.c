/* test_answer.c: what the resolver says, and to whom. */
#include "resolver/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "tests/unit/resolver/sample.h"
#include "tests/unit/resolver/wire.h"

#define CAMERA "camera.maple.home.arpa"

struct fixture {
    uint8_t *bytes;
    size_t len;
    struct view view;
    struct answer_input input;
    uint8_t key[16];
    /* The last answer. */
    struct answer answer;
    struct wire_reply reply;
    uint8_t out[DNS_MESSAGE_MAX];
};

static void load(struct fixture *f, struct sketch_zone zone)
{
    free(f->bytes);
    f->bytes = sample_view(zone, 7, &f->len);
    assert_int_equal(view_open(&f->view, f->bytes, f->len), STATUS_OK);
    assert_int_equal(view_check(&f->view), STATUS_OK);
    f->input.view = &f->view;
    f->input.view_status = STATUS_OK;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->input =
        (struct answer_input){.now_ms = 1000000, .client = ANSWER_LOCAL, .cookie_key = f->key};
    load(f, (struct sketch_zone){.flags = 0});
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    free(f->bytes);
    free(f);
    return 0;
}

/* Asks, into a buffer as large as the transport allows; the reply must be a sound message that
 * echoes the question. */
static void ask_query(struct fixture *f, const struct wire_query *wire)
{
    uint8_t bytes[WIRE_MAX];
    struct query query;
    size_t len = wire_query(bytes, wire);
    size_t size = f->input.stream ? DNS_MESSAGE_MAX : DNS_UDP_MAX;
    uint8_t *exact = malloc(size);
    assert_non_null(exact);
    f->answer = answer_packet(&f->input, bytes, len, &query, exact, size);
    memcpy(f->out, exact, size);
    free(exact);
    memset(&f->reply, 0, sizeof f->reply);
    if (f->answer.action != ANSWER_SEND)
        return;
    assert_true(wire_parse(&f->reply, f->out, f->answer.len));
    assert_int_equal(f->reply.id, WIRE_ID);
    assert_true(f->reply.flags & DNS_QR);
    assert_int_equal(f->reply.counts[0], 1);
    assert_memory_equal(f->out + 12, bytes + 12, query.name.len + 4); /* as it was spelt */
}

static void ask(struct fixture *f, const char *name, uint16_t type)
{
    ask_query(f, &(struct wire_query){.name = name, .type = type, .edns = true});
}

static void test_found(void **state)
{
    struct fixture *f = *state;
    ask(f, CAMERA, RRTYPE_AAAA);
    assert_int_equal(f->answer.action, ANSWER_SEND);
    assert_int_equal(f->answer.kind, ANSWER_KIND_HOUSEHOLD);
    assert_int_equal(f->reply.rcode, RCODE_NOERROR);
    assert_int_equal(f->reply.flags & (DNS_AA | DNS_TC | DNS_RD | DNS_RA | DNS_AD),
                     DNS_AA | DNS_RD | DNS_RA);
    assert_int_equal(f->reply.rr_count, 1);
    const struct wire_rr *rr = wire_first(&f->reply, 0, RRTYPE_AAAA);
    assert_non_null(rr);
    assert_memory_equal(rr->owner.wire, "\6camera\5maple\4home\4arpa", 24);
    assert_int_equal(rr->ttl, 300);
    assert_int_equal(rr->len, 16);
    assert_int_equal(rr->rdata[0], 0xfd);
    assert_int_equal(rr->rdata[15], 1);
    assert_true(f->reply.has_opt);
    assert_int_equal(f->reply.opt_ttl, 0);
    assert_int_equal(f->reply.ede, -1);
    /* Both forms of the household's name, and other types. */
    ask(f, "camera." SAMPLE_ID ".home.arpa", RRTYPE_A);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_A), 1);
    ask(f, "_443._tcp." CAMERA, RRTYPE_TLSA);
    assert_int_equal(wire_first(&f->reply, 0, RRTYPE_TLSA)->len, 35);
    ask(f, "lamp.birch.home.arpa", RRTYPE_AAAA);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_AAAA), 1);
}

static void test_case_and_no_edns(void **state)
{
    struct fixture *f = *state;
    ask_query(f, &(struct wire_query){.name = "cAMERA.mApLe.HOME.arpA", .type = RRTYPE_A});
    assert_int_equal(f->reply.rcode, RCODE_NOERROR);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_A), 1);
    /* The owner points at the question, and so has its spelling. */
    assert_memory_equal(wire_first(&f->reply, 0, RRTYPE_A)->owner.wire, "\6cAMERA\5mApLe", 13);
    assert_false(f->reply.has_opt);
    assert_int_equal(f->reply.counts[3], 0);
    ask_query(f, &(struct wire_query){.name = "NOBODY.mApLe.HOME.arpA", .type = RRTYPE_A});
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    assert_memory_equal(wire_first(&f->reply, 1, RRTYPE_SOA)->owner.wire, "\5mApLe\4HOME\4arpA",
                        17);
}

static void test_apex(void **state)
{
    struct fixture *f = *state;
    ask(f, "maple.home.arpa", RRTYPE_SOA);
    assert_int_equal(wire_first(&f->reply, 0, RRTYPE_SOA)->ttl, SKETCH_SOA_TTL);
    ask(f, "maple.home.arpa", RRTYPE_NS);
    assert_int_equal(wire_first(&f->reply, 0, RRTYPE_NS)->len, 11);
    ask(f, "maple.home.arpa", RRTYPE_DNSKEY);
    assert_int_equal(f->reply.rcode, RCODE_NOERROR);
    assert_int_equal(wire_count(&f->reply, 1, RRTYPE_SOA), 1);
}

/* Nothing there, in all its kinds; the SOA goes with it, for its minimum. */
static void test_negative(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum rcode rcode;
        int ede;
    } rows[] = {
        {CAMERA, RRTYPE_TXT, RCODE_NOERROR, -1},
        {CAMERA, RRTYPE_RRSIG, RCODE_NOERROR, -1},
        {CAMERA, RRTYPE_CNAME, RCODE_NOERROR, -1},
        {CAMERA, RRTYPE_NOTE, RCODE_NOERROR, -1}, /* internal */
        {CAMERA, RRTYPE_INTERNAL_LAST, RCODE_NOERROR, -1},
        {CAMERA, 4711, RCODE_NOERROR, -1},
        {"note.maple.home.arpa", RRTYPE_A, RCODE_NOERROR, -1},
        {"note.maple.home.arpa", RRTYPE_ANY, RCODE_NOERROR, -1},
        {"_tcp." CAMERA, RRTYPE_A, RCODE_NOERROR, -1}, /* empty non-terminals */
        {"_tcp." CAMERA, RRTYPE_ANY, RCODE_NOERROR, -1},
        {"gone.maple.home.arpa", RRTYPE_AAAA, RCODE_NOERROR, -1},
        {"nobody.maple.home.arpa", RRTYPE_A, RCODE_NXDOMAIN, -1},
        {"x._tcp." CAMERA, RRTYPE_A, RCODE_NXDOMAIN, -1},
        {"below." CAMERA, RRTYPE_A, RCODE_NXDOMAIN, -1},
        {"nobody." SAMPLE_ID ".home.arpa", RRTYPE_A, RCODE_NXDOMAIN, -1},
        {"_443._tcp.gone.maple.home.arpa", RRTYPE_TLSA, RCODE_NOERROR, EDE_BLOCKED},
        {"_443._tcp.gone.maple.home.arpa", RRTYPE_ANY, RCODE_NOERROR, -1},
        {"_443._tcp.torn.maple.home.arpa", RRTYPE_TLSA, RCODE_NOERROR, EDE_OTHER},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(f, rows[i].name, rows[i].type);
        if (f->reply.rcode != rows[i].rcode || f->reply.ede != rows[i].ede)
            fail_msg("row %zu: rcode %u, ede %d", i, f->reply.rcode, f->reply.ede);
        assert_int_equal(f->answer.kind, ANSWER_KIND_HOUSEHOLD);
        assert_true(f->reply.flags & DNS_AA);
        assert_int_equal(f->reply.counts[1], 0);
        assert_int_equal(f->reply.rr_count, 1);
        assert_int_equal(wire_first(&f->reply, 1, RRTYPE_SOA)->ttl, SKETCH_SOA_MINIMUM);
    }
}

static void test_any(void **state)
{
    struct fixture *f = *state;
    ask(f, CAMERA, RRTYPE_ANY);
    assert_int_equal(f->reply.counts[1], 1);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_A), 1);
}

static void test_signatures(void **state)
{
    struct fixture *f = *state;
    ask(f, "signed.maple.home.arpa", RRTYPE_AAAA);
    assert_int_equal(f->reply.rr_count, 1);
    ask_query(f, &(struct wire_query){.name = "signed.maple.home.arpa",
                                      .type = RRTYPE_AAAA,
                                      .edns = true,
                                      .dnssec_ok = true});
    assert_int_equal(f->reply.rr_count, 2);
    assert_int_equal(wire_first(&f->reply, 0, RRTYPE_RRSIG)->len, 9);
    assert_int_equal(f->reply.opt_ttl, 0x8000); /* DO comes back */
}

/* Every size: the reply never exceeds it, and is whole or says TC. */
static void test_sizes(void **state)
{
    struct fixture *f = *state;
    for (unsigned size = 400; size < 1400; size++) {
        ask_query(f, &(struct wire_query){.name = "four.maple.home.arpa",
                                          .type = RRTYPE_TXT,
                                          .edns = true,
                                          .cookie = true,
                                          .udp_size = (uint16_t)size});
        size_t limit = size < 512 ? 512 : size > 1232 ? 1232 : size;
        assert_true(f->answer.len <= limit);
        bool cut = (f->reply.flags & DNS_TC) != 0;
        assert_int_equal(f->reply.counts[1], cut ? 0 : 4);
        assert_true(f->reply.has_opt);
        assert_true(cut == (limit < 1000) || (limit > 900 && limit < 1100));
    }
    ask_query(f, &(struct wire_query){.name = "four.maple.home.arpa", .type = RRTYPE_TXT});
    assert_true(f->reply.flags & DNS_TC);
    ask(f, "big.maple.home.arpa", RRTYPE_TXT);
    assert_true(f->reply.flags & DNS_TC);
    f->input.stream = true;
    ask(f, "big.maple.home.arpa", RRTYPE_TXT);
    assert_false(f->reply.flags & DNS_TC);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_TXT), 8);
}

static void test_cookie(void **state)
{
    struct fixture *f = *state;
    struct wire_query query = {.name = CAMERA, .type = RRTYPE_A, .edns = true, .cookie = true};
    uint8_t first[24];
    ask_query(f, &query);
    assert_int_equal(f->reply.cookie_len, 24);
    assert_memory_equal(f->reply.cookie, "chipchip\1\0\0\0\0\0\3\xe8", 16); /* 1,000 seconds */
    memcpy(first, f->reply.cookie, sizeof first);
    ask_query(f, &query);
    assert_memory_equal(f->reply.cookie, first, sizeof first);
    f->input.peer.octets[15] = 9; /* another client, another cookie */
    ask_query(f, &query);
    assert_memory_not_equal(f->reply.cookie + 16, first + 16, 8);
    f->input.peer.octets[15] = 0;
    f->key[0] = 1;
    ask_query(f, &query);
    assert_memory_not_equal(f->reply.cookie + 16, first + 16, 8);
}

static void check_stale(struct fixture *f, const char *name, uint16_t type)
{
    ask(f, name, type);
    assert_int_equal(f->reply.ede, EDE_STALE);
    for (unsigned i = 0; i < f->reply.rr_count; i++)
        assert_true(f->reply.rrs[i].ttl <= ANSWER_STALE_TTL);
}

static void test_stale(void **state)
{
    struct fixture *f = *state;
    const struct sketch_zone zones[] = {
        {.state = VIEW_ZONE_SOFT}, {.soft_ms = 1000000, .hard_ms = 2000000}, /* since just now */
    };
    for (unsigned i = 0; i < 2; i++) {
        load(f, zones[i]);
        check_stale(f, CAMERA, RRTYPE_AAAA);
        assert_int_equal(f->reply.counts[1], 1);
        check_stale(f, "_443._tcp." CAMERA, RRTYPE_TLSA);
        assert_int_equal(f->reply.counts[1], 1);
        check_stale(f, CAMERA, RRTYPE_TXT);
        check_stale(f, "nobody.maple.home.arpa", RRTYPE_A);
        assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
        ask(f, "lamp.birch.home.arpa", RRTYPE_AAAA); /* another household's matter */
        assert_int_equal(f->reply.ede, -1);
    }
    load(f, (struct sketch_zone){.soft_ms = 1000001, .hard_ms = 0});
    ask(f, CAMERA, RRTYPE_AAAA);
    assert_int_equal(f->reply.ede, -1);
    assert_int_equal(wire_first(&f->reply, 0, RRTYPE_AAAA)->ttl, 300);
}

static void test_expired(void **state)
{
    struct fixture *f = *state;
    const struct sketch_zone zones[] = {{.state = VIEW_ZONE_HARD},
                                        {.soft_ms = 10, .hard_ms = 1000000}};
    static const char *const names[] = {"_443._tcp." CAMERA, CAMERA, "nobody.maple.home.arpa"};
    for (unsigned i = 0; i < 2; i++) {
        load(f, zones[i]);
        for (unsigned n = 0; n < 3; n++) {
            ask(f, names[n], RRTYPE_TLSA);
            assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
            assert_int_equal(f->reply.ede, EDE_NO_AUTHORITY);
            assert_int_equal(f->answer.kind, ANSWER_KIND_FAILED);
            assert_int_equal(f->reply.rr_count, 0);
        }
        check_stale(f, CAMERA, RRTYPE_AAAA);
        assert_int_equal(f->reply.counts[1], 1);
        ask(f, "_443._tcp." CAMERA, RRTYPE_ANY); /* no way round */
        assert_int_equal(wire_count(&f->reply, 0, RRTYPE_TLSA), 0);
        ask(f, "lamp.birch.home.arpa", RRTYPE_TLSA);
        assert_int_equal(f->reply.rcode, RCODE_NOERROR);
    }
}

/* Names that never leave, and what is said of them. */
static void test_special(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum rcode rcode;
        unsigned answers;
    } rows[] = {
        {"home.arpa", RRTYPE_SOA, RCODE_NOERROR, 0},
        {"home.arpa", RRTYPE_NS, RCODE_NOERROR, 0},
        {"home.arpa", 43, RCODE_NOERROR, 0}, /* DS */
        {"nas.home.arpa", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"a.b.c.home.arpa", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"hearth.home.arpa", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"localhost", RRTYPE_A, RCODE_NOERROR, 1},
        {"LocalHost", RRTYPE_AAAA, RCODE_NOERROR, 1},
        {"a.b.localhost", RRTYPE_AAAA, RCODE_NOERROR, 1},
        {"localhost", RRTYPE_TXT, RCODE_NOERROR, 0},
        {"x.invalid", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"test", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"x.onion", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"printer.local", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"x.alt", RRTYPE_A, RCODE_NXDOMAIN, 0},
        {"_dns.resolver.arpa", 64, RCODE_NOERROR, 0},
        {"9.9.168.192.in-addr.arpa", RRTYPE_PTR, RCODE_NXDOMAIN, 0},
        {"168.192.in-addr.arpa", RRTYPE_NS, RCODE_NOERROR, 0}, /* there are names below it */
        {"x.168.192.in-addr.arpa", RRTYPE_PTR, RCODE_NXDOMAIN, 0},
        {"1.0.0.127.in-addr.arpa", RRTYPE_PTR, RCODE_NOERROR, 1},
        {"d.f.ip6.arpa", RRTYPE_SOA, RCODE_NOERROR, 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(f, rows[i].name, rows[i].type);
        assert_int_equal(f->answer.action, ANSWER_SEND);
        if (f->reply.rcode != rows[i].rcode || f->reply.counts[1] != rows[i].answers)
            fail_msg("row %zu: rcode %u, %u answers", i, f->reply.rcode, f->reply.counts[1]);
        assert_int_equal(f->answer.kind, ANSWER_KIND_SPECIAL);
    }
    ask(f, "nas.home.arpa", RRTYPE_A);
    assert_string_equal(f->reply.ede_text, "not a household name");
}

static void test_upstream(void **state)
{
    static const char *const names[] = {
        "example.com",  "arpa",       "xhome.arpa",           "testing",
        "com",          "",           "1.1.1.1.in-addr.arpa", "172.in-addr.arpa",
        "in-addr.arpa", "mylocalhost"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ask(f, names[i], RRTYPE_A);
        if (f->answer.action != ANSWER_UPSTREAM)
            fail_msg("%s", names[i]);
        assert_int_equal(f->answer.kind, ANSWER_KIND_UPSTREAM);
    }
    ask_query(f, &(struct wire_query){.name = "example.com", .type = 1, .flags = DNS_CD});
    assert_int_equal(f->reply.rcode, RCODE_REFUSED); /* no RD: nothing is cached here */
}

static void test_local_upstream(void **state)
{
    struct fixture *f = *state;
    f->input.local_upstream = true;
    ask(f, "nas.home.arpa", RRTYPE_A);
    assert_int_equal(f->answer.action, ANSWER_UPSTREAM);
    ask(f, "home.arpa", RRTYPE_SOA);
    assert_int_equal(f->answer.action, ANSWER_UPSTREAM);
    /* Never names of households, known or not, nor the dashboard's. */
    ask(f, "nobody.maple.home.arpa", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    ask(f, "x.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbba.home.arpa", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    ask(f, "hearth.home.arpa", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    ask(f, "x.hearth.home.arpa", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
}

static void test_pointers(void **state)
{
    struct fixture *f = *state;
    ask(f, "9.7.168.192.in-ADDR.arpa", RRTYPE_PTR);
    assert_int_equal(f->reply.rcode, RCODE_NOERROR);
    assert_int_equal(f->answer.kind, ANSWER_KIND_HOUSEHOLD);
    assert_true(f->reply.flags & DNS_AA);
    assert_int_equal(f->reply.counts[1], 1); /* the petname form alone */
    const struct wire_rr *rr = wire_first(&f->reply, 0, RRTYPE_PTR);
    assert_int_equal(rr->len, 24);
    assert_memory_equal(rr->rdata, "\6camera\5maple\4home\4arpa", 24);
    ask(f, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.6.5.6.8.6.d.f.ip6.arpa", RRTYPE_PTR);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_PTR), 2); /* camera and lamp */
    ask(f, "9.7.168.192.in-addr.arpa", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_NOERROR);
    assert_int_equal(f->reply.counts[1], 0);
    ask(f, "x.9.7.168.192.in-addr.arpa", RRTYPE_PTR);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    ask(f, "1.0.0.10.in-addr.arpa", RRTYPE_PTR);
    assert_int_equal(f->reply.counts[1], ANSWER_PTR_MAX);
    ask_query(f, &(struct wire_query){.name = "1.0.0.10.in-addr.arpa", .type = RRTYPE_PTR});
    assert_true(f->reply.flags & DNS_TC || f->reply.counts[1] == ANSWER_PTR_MAX);
    assert_true(f->answer.len <= 512);
    /* A public address that the household has published is its own. */
    ask(f, "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.a.2.ip6.arpa", RRTYPE_PTR);
    assert_int_equal(wire_count(&f->reply, 0, RRTYPE_PTR), 1);
}

static void test_guest(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum rcode rcode;
    } rows[] = {
        {CAMERA, RRTYPE_AAAA, RCODE_NOERROR},
        {"camera." SAMPLE_ID ".home.arpa", RRTYPE_AAAA, RCODE_NOERROR},
        {CAMERA, RRTYPE_TXT, RCODE_NOERROR},
        {"nobody.maple.home.arpa", RRTYPE_A, RCODE_NXDOMAIN},
        {CAMERA, RRTYPE_ANY, RCODE_REFUSED},
        {CAMERA, RRTYPE_AXFR, RCODE_REFUSED},
        {"lamp.birch.home.arpa", RRTYPE_AAAA, RCODE_REFUSED},
        {"nobody.birch.home.arpa", RRTYPE_AAAA, RCODE_REFUSED},
        {"nas.home.arpa", RRTYPE_A, RCODE_REFUSED},
        {"home.arpa", RRTYPE_SOA, RCODE_REFUSED},
        {"example.com", RRTYPE_A, RCODE_REFUSED},
        {"localhost", RRTYPE_A, RCODE_REFUSED},
        {"9.7.168.192.in-addr.arpa", RRTYPE_PTR, RCODE_REFUSED},
    };
    struct fixture *f = *state;
    f->input.client = ANSWER_GUEST;
    f->input.local_upstream = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(f, rows[i].name, rows[i].type);
        assert_int_equal(f->answer.action, ANSWER_SEND);
        if (f->reply.rcode != rows[i].rcode)
            fail_msg("row %zu: rcode %u", i, f->reply.rcode);
        assert_false(f->reply.flags & DNS_RA);
        assert_int_equal(f->reply.counts[1], i < 2 ? 1 : 0);
    }
}

static void test_stranger(void **state)
{
    struct fixture *f = *state;
    f->input.client = ANSWER_STRANGER;
    ask(f, CAMERA, RRTYPE_AAAA);
    assert_int_equal(f->reply.rcode, RCODE_REFUSED);
    assert_int_equal(f->reply.ede, EDE_PROHIBITED);
    assert_int_equal(f->reply.rr_count, 0);
    ask(f, "example.com", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_REFUSED);
    ask_query(f, &(struct wire_query){.name = CAMERA, .type = 1, .flags = 4 << 11});
    assert_int_equal(f->answer.action, ANSWER_DROP);
    ask_query(f, &(struct wire_query){.name = CAMERA, .type = 1, .edns = true, .version = 1});
    assert_int_equal(f->answer.action, ANSWER_DROP);
}

static void test_unusual(void **state)
{
    static const struct {
        uint16_t type, class;
        enum rcode rcode;
    } rows[] = {
        {RRTYPE_A, 3, RCODE_REFUSED},
        {RRTYPE_A, RRCLASS_ANY, RCODE_REFUSED},
        {RRTYPE_A, RRCLASS_NONE, RCODE_REFUSED},
        {RRTYPE_A, 65535, RCODE_REFUSED},
        {RRTYPE_AXFR, 1, RCODE_REFUSED},
        {RRTYPE_IXFR, 1, RCODE_REFUSED},
        {RRTYPE_OPT, 1, RCODE_FORMERR},
        {250, 1, RCODE_FORMERR},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask_query(
            f, &(struct wire_query){.name = CAMERA, .type = rows[i].type, .class = rows[i].class});
        if (f->reply.rcode != rows[i].rcode)
            fail_msg("row %zu: rcode %u", i, f->reply.rcode);
    }
    ask_query(f, &(struct wire_query){.name = CAMERA, .type = 1, .edns = true, .version = 1});
    assert_int_equal(f->reply.rcode, RCODE_BADVERS);
    assert_int_equal(f->reply.opt_ttl, 0x01000000); /* the upper bits; our version is 0 */
    assert_int_equal(f->reply.counts[1], 0);
}

static void check_error(struct fixture *f, const uint8_t *bytes, size_t len, enum rcode rcode)
{
    struct query query;
    f->answer = answer_packet(&f->input, bytes, len, &query, f->out, DNS_UDP_MAX);
    assert_int_equal(f->answer.action, ANSWER_SEND);
    assert_int_equal(f->answer.kind, ANSWER_KIND_MALFORMED);
    assert_true(wire_parse(&f->reply, f->out, f->answer.len));
    assert_int_equal(f->reply.rcode, rcode);
    assert_int_equal(f->reply.id, WIRE_ID);
}

static void test_malformed(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[WIRE_MAX];
    struct query query;
    struct writer w = writer_over(bytes, sizeof bytes);
    wire_header(&w, DNS_RD, 2, 0, 0, 0);
    wire_question(&w, CAMERA, 1, 1);
    wire_question(&w, CAMERA, 28, 1);
    check_error(f, bytes, w.used, RCODE_FORMERR);
    w = writer_over(bytes, sizeof bytes);
    wire_header(&w, 2 << 11, 1, 0, 0, 0);
    check_error(f, bytes, w.used, RCODE_NOTIMP);
    assert_int_equal(f->reply.flags & DNS_OPCODE, 2 << 11);
    w = writer_over(bytes, sizeof bytes);
    wire_header(&w, DNS_QR, 1, 0, 0, 0);
    wire_question(&w, CAMERA, 1, 1);
    f->answer = answer_packet(&f->input, bytes, w.used, &query, f->out, DNS_UDP_MAX);
    assert_int_equal(f->answer.action, ANSWER_DROP);
    for (size_t len = 0; len < DNS_HEADER_SIZE; len++) {
        f->answer = answer_packet(&f->input, bytes, len, &query, f->out, DNS_UDP_MAX);
        assert_int_equal(f->answer.action, ANSWER_DROP);
    }
}

/* Many at once, step by step, get what each would get alone. */
static void test_in_steps(void **state)
{
    static const struct wire_query asked[] = {
        {.name = CAMERA, .type = RRTYPE_AAAA},
        {.name = "_443._tcp." CAMERA, .type = RRTYPE_TLSA, .edns = true},
        {.name = "nothing.maple.home.arpa", .type = RRTYPE_AAAA},
        {.name = "example.com", .type = RRTYPE_A},
        {.name = CAMERA, .type = RRTYPE_A, .edns = true, .version = 1},
        {.name = CAMERA, .type = RRTYPE_OPT},
        {.name = "localhost", .type = RRTYPE_A},
        {.name = "maple.home.arpa", .type = RRTYPE_SOA},
    };
    enum { ASKED = sizeof asked / sizeof asked[0] };
    struct fixture *f = *state;
    struct query queries[ASKED];
    uint8_t bytes[WIRE_MAX], alone[DNS_UDP_MAX];
    for (size_t i = 0; i < ASKED; i++)
        assert_true(answer_read(&f->input, bytes, wire_query(bytes, &asked[i]), &queries[i]));
    for (size_t i = 0; i < ASKED; i++)
        answer_fetch(&f->input, &queries[i]);
    for (size_t i = 0; i < ASKED; i++) {
        struct query query;
        struct answer answer = answer_query(&f->input, &queries[i], f->out, DNS_UDP_MAX);
        struct answer wanted = answer_packet(&f->input, bytes, wire_query(bytes, &asked[i]), &query,
                                             alone, DNS_UDP_MAX);
        assert_int_equal(answer.action, wanted.action);
        assert_int_equal(answer.kind, wanted.kind);
        assert_int_equal(answer.len, wanted.len);
        assert_memory_equal(f->out, alone, wanted.len);
    }
    assert_false(answer_read(&f->input, bytes, DNS_HEADER_SIZE - 1, &queries[0]));
}

static void test_no_view(void **state)
{
    struct fixture *f = *state;
    f->input.view = NULL;
    f->input.view_status = STATUS_NOT_FOUND;
    ask(f, CAMERA, RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    ask(f, "9.7.168.192.in-addr.arpa", RRTYPE_PTR);
    assert_int_equal(f->reply.rcode, RCODE_NXDOMAIN);
    ask(f, "example.com", RRTYPE_A);
    assert_int_equal(f->answer.action, ANSWER_UPSTREAM);
    f->input.view_status = STATUS_CORRUPT;
    ask(f, CAMERA, RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
    assert_int_equal(f->reply.ede, EDE_NOT_READY);
    ask(f, "9.7.168.192.in-addr.arpa", RRTYPE_PTR);
    assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
    f->input.local_upstream = true; /* which of them are the household's is not known */
    ask(f, "nas.home.arpa", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
    ask(f, "localhost", RRTYPE_A);
    assert_int_equal(f->reply.rcode, RCODE_NOERROR);
}

/* A damaged block: no answer is ever wrong. */
static void test_damage(void **state)
{
    struct fixture *f = *state;
    f->bytes[f->len - 300] ^= 1;
    assert_int_equal(view_open(&f->view, f->bytes, f->len), STATUS_OK);
    ask(f, CAMERA, RRTYPE_AAAA);
    assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
    assert_false(f->reply.flags & DNS_AA);
    ask(f, "nobody.maple.home.arpa", RRTYPE_AAAA);
    assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
    f->input.client = ANSWER_GUEST;
    ask(f, CAMERA, RRTYPE_AAAA);
    assert_int_equal(f->reply.rcode, RCODE_SERVFAIL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(found),
        TEST(case_and_no_edns),
        TEST(apex),
        TEST(negative),
        TEST(any),
        TEST(signatures),
        TEST(sizes),
        TEST(cookie),
        TEST(stale),
        TEST(expired),
        TEST(special),
        TEST(upstream),
        TEST(local_upstream),
        TEST(pointers),
        TEST(guest),
        TEST(stranger),
        TEST(unusual),
        TEST(malformed),
        TEST(in_steps),
        TEST(no_view),
        TEST(damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
