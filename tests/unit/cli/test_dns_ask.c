/* test_dns_ask.c: the answer that `why` reads from a resolver, octet by octet. */
#include "resolver/cli/dns_ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"

/* Id 0x1234, QR; `a.b AAAA`; one AAAA RR by a compressed owner, one TXT RR. */
static const uint8_t message[] = {
    0x12, 0x34, 0x81, 0x80, 0, 1, 0,  2, 0, 0,  0, 0,                /* header */
    1,    'A',  1,    'b',  0, 0, 28, 0, 1,                          /* question */
    0xc0, 12,   0,    28,   0, 1, 0,  0, 0, 60, 0, 16,               /* RR */
    0xfd, 0,    0,    0,    0, 0, 0,  0, 0, 0,  0, 0,  0, 0,   0, 1, /* its data */
    0xc0, 12,   0,    16,   0, 1, 0,  0, 0, 60, 0, 2,  1, 'x',       /* TXT */
};

static struct dns_answer *answer;
static struct name name;

static int make(void **state)
{
    (void)state;
    answer = calloc(1, sizeof *answer);
    return answer && name_parse(&name, "a.b") == STATUS_OK ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    free(answer);
    return 0;
}

static enum status read_first(size_t len)
{
    memset(answer->message, 0xff, sizeof answer->message);
    memcpy(answer->message, message, len);
    return dns_answer_read(answer, len, 0x1234, &name, RRTYPE_AAAA);
}

static void test_whole(void **state)
{
    (void)state;
    assert_int_equal(read_first(sizeof message), STATUS_OK);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->rrs[0].len, 16);
    assert_int_equal(answer->rrs[0].data[15], 1);
    assert_int_equal(answer->rcode, 0);
}

static void test_every_cut_fails(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof message; len++)
        assert_int_equal(read_first(len), STATUS_MALFORMED);
}

static void test_not_this_question(void **state)
{
    (void)state;
    assert_int_equal(read_first(sizeof message), STATUS_OK);
    assert_int_equal(dns_answer_read(answer, sizeof message, 0x1235, &name, RRTYPE_AAAA),
                     STATUS_MALFORMED);
    assert_int_equal(dns_answer_read(answer, sizeof message, 0x1234, &name, RRTYPE_A),
                     STATUS_MALFORMED);
    answer->message[2] &= 0x7f; /* a query */
    assert_int_equal(dns_answer_read(answer, sizeof message, 0x1234, &name, RRTYPE_AAAA),
                     STATUS_MALFORMED);
    memcpy(answer->message, message, sizeof message);
    answer->message[5] = 2; /* questions */
    assert_int_equal(dns_answer_read(answer, sizeof message, 0x1234, &name, RRTYPE_AAAA),
                     STATUS_MALFORMED);
    memcpy(answer->message, message, sizeof message);
    answer->message[22] = 21; /* the owner points to itself */
    assert_int_equal(dns_answer_read(answer, sizeof message, 0x1234, &name, RRTYPE_AAAA),
                     STATUS_MALFORMED);
    memcpy(answer->message, message, sizeof message);
    answer->message[32] = 200; /* data beyond the end */
    assert_int_equal(dns_answer_read(answer, sizeof message, 0x1234, &name, RRTYPE_AAAA),
                     STATUS_MALFORMED);
}

/* Id 0x1234; `a.b SRV`; one RR whose target is `C` and the question's name by a pointer. */
static const uint8_t compressed[] = {
    0x12, 0x34, 0x81, 0x80, 0, 1, 0,  1,   0,    0,  0, 0,  /* header */
    1,    'a',  1,    'b',  0, 0, 33, 0,   1,               /* question */
    0xc0, 12,   0,    33,   0, 1, 0,  0,   0,    60, 0, 10, /* RR */
    0,    1,    0,    2,    0, 3, 1,  'C', 0xc0, 12,        /* its data */
};

static void test_names_are_spelled_out(void **state)
{
    (void)state;
    static const uint8_t whole[] = {0, 1, 0, 2, 0, 3, 1, 'c', 1, 'a', 1, 'b', 0};
    memcpy(answer->message, compressed, sizeof compressed);
    assert_int_equal(dns_answer_read(answer, sizeof compressed, 0x1234, &name, RRTYPE_SRV),
                     STATUS_OK);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->rrs[0].len, sizeof whole);
    assert_memory_equal(answer->rrs[0].data, whole, sizeof whole);
    for (uint8_t len = 0; len < 10; len++) { /* data that ends within */
        memcpy(answer->message, compressed, sizeof compressed);
        answer->message[32] = len;
        assert_int_equal(dns_answer_read(answer, sizeof compressed, 0x1234, &name, RRTYPE_SRV),
                         STATUS_MALFORMED);
    }
}

static void test_cut_by_the_server(void **state)
{
    (void)state;
    assert_int_equal(read_first(sizeof message), STATUS_OK);
    assert_false(answer->truncated);
    answer->message[2] |= 2;
    assert_int_equal(dns_answer_read(answer, sizeof message, 0x1234, &name, RRTYPE_AAAA),
                     STATUS_OK);
    assert_true(answer->truncated);
    assert_int_equal(answer->count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_spelled_out),
        cmocka_unit_test(test_cut_by_the_server),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_every_cut_fails),
        cmocka_unit_test(test_not_this_question),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
