/* test_statement.c: head statements decode to what was signed, and nothing else decodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/crypt.h"
#include "ledger/statement.h"
#include "tests/unit/ledger/codec_help.h"
#include "tests/unit/ledger/vectors.h"

static enum status decode(const uint8_t *bytes, size_t len)
{
    struct statement statement;
    return statement_decode(&statement, bytes, len);
}

static struct statement decoded(const char *name)
{
    const struct vector *vector = vectors_find(name);
    struct statement statement;
    assert_int_equal(statement_decode(&statement, vector->bytes, vector->len), STATUS_OK);
    return statement;
}

static void fields_come_back(void **state)
{
    (void)state;
    struct statement s = decoded("statement-household");
    assert_int_equal(s.form, STATEMENT_HOUSEHOLD);
    assert_memory_equal(s.author, vectors_key(3).public_key, 32);
    assert_int_equal(s.number, 41);
    assert_int_equal(s.authority_seq, 6);
    assert_int_equal(s.frontier[31], 0x55);
    assert_int_equal(s.state_root[0], 0x66);
    assert_int_equal(s.nonce[0], 0x77);
    assert_int_equal(s.label_len, 6);
    assert_string_equal(s.label, "k\xc3\xbc"
                                 "che");
    assert_int_equal(s.address_count, 2);
    assert_int_equal(s.addresses[1].address[12], 192);
    assert_int_equal(s.addresses[1].port, 4653);
    s = decoded("statement-shared");
    assert_int_equal(s.form, STATEMENT_SHARED);
    assert_int_equal(s.label_len, 0);
    assert_int_equal(s.address_count, 0);
}

static void signing_makes_the_same_octets_again(void **state)
{
    (void)state;
    static const char *const names[] = {"statement-household", "statement-shared"};
    for (size_t i = 0; i < 2; i++) {
        const struct vector *vector = vectors_find(names[i]);
        struct statement s = decoded(names[i]);
        uint8_t out[LIMIT_STATEMENT];
        size_t len = 0;
        assert_int_equal(statement_sign(&s, vectors_key(3).secret, out, &len), STATUS_OK);
        assert_int_equal(len, vector->len);
        assert_memory_equal(out, vector->bytes, len);
    }
}

static void every_other_length_is_refused(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("statement-household");
    help_every_length(decode, vector->bytes, vector->len);
    vector = vectors_find("statement-shared");
    help_every_length(decode, vector->bytes, vector->len);
}

/* Puts another body between header and signature. */
static enum status decode_with(uint8_t form, uint8_t flags, const char *body_hex)
{
    const struct vector *vector = vectors_find("statement-shared");
    uint8_t bytes[2048];
    memcpy(bytes, vector->bytes, 232);
    size_t n = help_hex(body_hex, bytes + 232, sizeof bytes - 232 - 64);
    memset(bytes + 232 + n, 0, 64);
    bytes[4] = form;
    bytes[5] = flags;
    bytes[6] = (uint8_t)(n >> 8);
    bytes[7] = (uint8_t)n;
    uint8_t *copy = help_copy(bytes, 232 + n + 64);
    enum status status = decode(copy, 232 + n + 64);
    free(copy);
    return status;
}

#define ADDRESS "fd686561727400000000000000000010"

static void each_body_has_its_answer(void **state)
{
    (void)state;
    static const struct {
        uint8_t form, flags;
        const char *body;
        enum status status;
    } rows[] = {
        {1, 0, "00 00", STATUS_OK},
        {1, 0, "01 61 00", STATUS_OK},
        {1, 0, "", STATUS_TRUNCATED},
        {1, 0, "00", STATUS_TRUNCATED},
        {1, 0, "02 61", STATUS_TRUNCATED},
        {1, 0, "01 00 00", STATUS_MALFORMED}, /* NUL in the label */
        {1, 0, "01 1b 00", STATUS_MALFORMED},
        {1, 0, "01 ff 00", STATUS_MALFORMED}, /* not UTF-8 */
        {1, 0, "02 c3bc 00", STATUS_OK},
        {1, 0, "01 c3 00", STATUS_MALFORMED},
        {1, 0, "40 00", STATUS_RANGE},
        {1, 0, "ff 00", STATUS_RANGE},
        {2, 0, "00 00", STATUS_OK},
        {2, 0, "01 61 00", STATUS_RANGE}, /* followers see no label */
        {1, 0, "00 01" ADDRESS "122d", STATUS_OK},
        {1, 0, "00 01" ADDRESS "0000", STATUS_RANGE},
        {1, 0, "00 01" ADDRESS "12", STATUS_TRUNCATED},
        {1, 0, "00 02" ADDRESS "122d", STATUS_TRUNCATED},
        {1, 0, "00 09", STATUS_RANGE},
        {1, 0, "00 00 01 0001 ff", STATUS_OK}, /* an unknown tag */
        {1, 0, "00 00 00 0000 01 0000", STATUS_OK},
        {1, 0, "00 00 01 0000 00 0000", STATUS_NOT_CANONICAL},
        {1, 0, "00 00 01 0000 01 0000", STATUS_NOT_CANONICAL},
        {1, 0, "00 00 01", STATUS_TRUNCATED},
        {1, 0, "00 00 01 0001", STATUS_TRUNCATED},
        {1, 0, "00 00 80 0000", STATUS_UPGRADE},
        {1, 1, "00 00", STATUS_UPGRADE},
        {1, 0x80, "00 00", STATUS_UPGRADE},
        {1, 1, "00 09", STATUS_RANGE},
        {0, 0, "00 00", STATUS_UPGRADE},
        {3, 0, "00 00", STATUS_UPGRADE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        help_expect(decode_with(rows[i].form, rows[i].flags, rows[i].body), rows[i].status, "row",
                    i);
}

static void header_and_length_are_checked(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("statement-household");
    uint8_t bytes[LIMIT_STATEMENT + 1] = {0};
    memcpy(bytes, vector->bytes, vector->len);
    bytes[3] = '2';
    assert_int_equal(decode(bytes, vector->len), STATUS_UPGRADE);
    bytes[2] = 'E';
    assert_int_equal(decode(bytes, vector->len), STATUS_MALFORMED);
    memcpy(bytes, vector->bytes, vector->len);
    bytes[7]++;
    assert_int_equal(decode(bytes, vector->len), STATUS_TRUNCATED);
    bytes[7] -= 2;
    assert_int_equal(decode(bytes, vector->len), STATUS_TRAILING);
    /* The greatest body: an unknown tag fills it; then one octet more. */
    enum { BODY = LIMIT_STATEMENT - 232 - 64 };
    memset(bytes + 232, 0, sizeof bytes - 232);
    bytes[4] = STATEMENT_SHARED;
    bytes[6] = BODY >> 8;
    bytes[7] = BODY & 0xff;
    bytes[232 + 2] = 0x07;
    bytes[232 + 3] = (BODY - 5) >> 8;
    bytes[232 + 4] = (BODY - 5) & 0xff;
    assert_int_equal(decode(bytes, LIMIT_STATEMENT), STATUS_OK);
    bytes[7]++;
    bytes[232 + 4]++;
    assert_int_equal(decode(bytes, LIMIT_STATEMENT + 1), STATUS_TOO_LONG);
}

static void every_octet_is_signed(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("statement-household");
    for (size_t i = 0; i < vector->len; i++) {
        uint8_t *bytes = help_copy(vector->bytes, vector->len);
        struct statement s;
        bytes[i] ^= 4;
        if (statement_decode(&s, bytes, vector->len) == STATUS_OK)
            assert_int_equal(statement_verify(&s, bytes, vector->len), STATUS_SIGNATURE);
        free(bytes);
    }
    struct statement s = decoded("statement-household");
    assert_int_equal(statement_verify(&s, vector->bytes, 100), STATUS_TRUNCATED);
}

static void what_can_not_be_decoded_is_not_signed(void **state)
{
    (void)state;
    uint8_t out[LIMIT_STATEMENT];
    size_t len = 0;
    struct vector_key key = vectors_key(3);
    struct statement s = decoded("statement-household");
    s.label_len = 64;
    assert_int_equal(statement_sign(&s, key.secret, out, &len), STATUS_RANGE);
    s = decoded("statement-household");
    s.address_count = LIMIT_STATEMENT_ADDRS + 1;
    assert_int_equal(statement_sign(&s, key.secret, out, &len), STATUS_RANGE);
    s = decoded("statement-household");
    s.label[0] = '\n';
    assert_int_equal(statement_sign(&s, key.secret, out, &len), STATUS_MALFORMED);
    s = decoded("statement-household");
    s.form = STATEMENT_SHARED;
    assert_int_equal(statement_sign(&s, key.secret, out, &len), STATUS_RANGE);
    s.form = 3;
    assert_int_equal(statement_sign(&s, key.secret, out, &len), STATUS_UPGRADE);
}

static void random_statements_survive(void **state)
{
    (void)state;
    struct help_random random = {.state = 99};
    struct vector_key key = vectors_key(3);
    for (unsigned round = 0; round < 300; round++) {
        struct statement s, again;
        uint8_t first[LIMIT_STATEMENT], second[LIMIT_STATEMENT];
        size_t len = 0, again_len = 0;
        help_fill(&random, &s, sizeof s);
        s.form = (uint8_t)(1 + help_below(&random, 2));
        s.label_len = s.form == STATEMENT_SHARED ? 0 : (uint8_t)help_below(&random, 64);
        for (unsigned i = 0; i < s.label_len; i++)
            s.label[i] = (char)(' ' + help_below(&random, 95));
        s.address_count = (uint8_t)help_below(&random, LIMIT_STATEMENT_ADDRS + 1);
        for (unsigned i = 0; i < s.address_count; i++)
            s.addresses[i].port |= 1;
        assert_int_equal(statement_sign(&s, key.secret, first, &len), STATUS_OK);
        assert_int_equal(statement_decode(&again, first, len), STATUS_OK);
        assert_int_equal(statement_sign(&again, key.secret, second, &again_len), STATUS_OK);
        assert_int_equal(len, again_len);
        assert_memory_equal(first, second, len);
    }
}

static void incarnation_comes_before_number(void **state)
{
    (void)state;
    struct statement a = {.incarnation = 1, .number = 9};
    struct statement b = {.incarnation = 2, .number = 1};
    assert_true(statement_compare(&a, &b) < 0);
    assert_true(statement_compare(&b, &a) > 0);
    b.incarnation = 1;
    assert_true(statement_compare(&a, &b) > 0);
    b.number = 9;
    assert_int_equal(statement_compare(&a, &b), 0);
    a.number = UINT64_MAX;
    b.number = 0;
    assert_true(statement_compare(&a, &b) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back),
        cmocka_unit_test(signing_makes_the_same_octets_again),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(each_body_has_its_answer),
        cmocka_unit_test(header_and_length_are_checked),
        cmocka_unit_test(every_octet_is_signed),
        cmocka_unit_test(what_can_not_be_decoded_is_not_signed),
        cmocka_unit_test(random_statements_survive),
        cmocka_unit_test(incarnation_comes_before_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
