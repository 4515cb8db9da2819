/* test_entry.c: entry_decode takes what entry_sign writes, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/writer.h"
#include "ledger/body.h"
#include "ledger/crypt.h"
#include "ledger/entry.h"
#include "tests/unit/ledger/codec_help.h"
#include "tests/unit/ledger/vectors.h"

static enum status decode(const uint8_t *bytes, size_t len)
{
    struct entry entry;
    return entry_decode(&entry, bytes, len);
}

static struct entry decoded(const char *name)
{
    const struct vector *vector = vectors_find(name);
    struct entry entry;
    assert_int_equal(entry_decode(&entry, vector->bytes, vector->len), STATUS_OK);
    return entry;
}

static void fields_come_back(void **state)
{
    (void)state;
    struct entry genesis = decoded("genesis");
    struct entry set = decoded("set");
    struct entry open = decoded("open-private");
    assert_int_equal(set.type, ENTRY_SET);
    assert_int_equal(set.flags, 0);
    assert_int_equal(set.body_len, 58);
    assert_int_equal(set.stream, UINT64_C(0x00000001a1a2a3a4));
    assert_int_equal(set.seq, 1);
    assert_int_equal(set.time & 0xffff, 7);
    assert_memory_equal(set.prev, open.id, 32);
    assert_memory_equal(set.namespace_id, genesis.id, 32);
    assert_memory_equal(set.author, vectors_key(3).public_key, 32);
    assert_ptr_equal(set.body, set.bytes + 160);
    assert_false(set.upgrade);
}

static void the_namespace_is_the_id_of_genesis(void **state)
{
    (void)state;
    struct entry genesis = decoded("genesis");
    struct entry grant = decoded("grant");
    assert_memory_equal(entry_namespace(&genesis), genesis.id, 32);
    assert_memory_equal(entry_namespace(&grant), genesis.id, 32);
}

static void every_other_length_is_refused(void **state)
{
    (void)state;
    size_t count = 0;
    const struct vector *all = vectors_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].kind == VECTOR_ENTRY)
            help_every_length(decode, all[i].bytes, all[i].len);
    }
}

/* One change of a good entry, and what becomes of it. */
struct change {
    const char *vector;
    size_t at;
    const char *octets; /* hex */
    enum status status;
    bool upgrade;
};

#define ZERO32 "00000000000000000000000000000000 00000000000000000000000000000000"
#define ONES32 "11111111111111111111111111111111 11111111111111111111111111111111"
#define SEQ(n) "000000000000000" #n

static const struct change changes[] = {
    /* Magic. */
    {"set", 0, "484c4532", STATUS_UPGRADE, false},
    {"set", 0, "484c5331", STATUS_MALFORMED, false},
    {"set", 0, "00000000", STATUS_MALFORMED, false},
    /* Types and streams agree. */
    {"grant", 4, "08", STATUS_UPGRADE, true},
    {"grant", 4, "00", STATUS_UPGRADE, true},
    {"grant", 4, "1f", STATUS_UPGRADE, true},
    {"grant", 4, "20", STATUS_MALFORMED, false},
    {"grant", 4, "22", STATUS_MALFORMED, false},
    {"set", 4, "25", STATUS_OK, true},
    {"set", 4, "20", STATUS_OK, true},
    {"set", 4, "ff", STATUS_OK, true},
    {"set", 4, "1f", STATUS_MALFORMED, false},
    {"set", 4, "02", STATUS_MALFORMED, false},
    {"set", 72, "0000000000000000", STATUS_MALFORMED, false},
    {"lift", 72, "0000000000000001", STATUS_MALFORMED, false},
    /* GENESIS at the start of stream 0, OPEN at the start of a feed, nothing else there. */
    {"genesis", 80, SEQ(1), STATUS_MALFORMED, false},
    {"genesis", 80, SEQ(1) ZERO32, STATUS_MALFORMED, false},
    {"genesis", 80, SEQ(1) ONES32, STATUS_MALFORMED, false},
    {"genesis", 4, "0a", STATUS_MALFORMED, false},
    {"grant", 80, SEQ(0) ZERO32, STATUS_MALFORMED, false},
    {"open-shared", 80, SEQ(1) ONES32, STATUS_MALFORMED, false},
    {"open-shared", 4, "25", STATUS_MALFORMED, false},
    {"set", 80, SEQ(0) ZERO32, STATUS_MALFORMED, false},
    {"set", 4, "21", STATUS_MALFORMED, false},
    /* seq 0 exactly when prev is zero. */
    {"genesis", 88, ONES32, STATUS_MALFORMED, false},
    {"open-shared", 88, ONES32, STATUS_MALFORMED, false},
    {"set", 88, ZERO32, STATUS_MALFORMED, false},
    {"set", 80, SEQ(0), STATUS_MALFORMED, false},
    {"set", 80, "ffffffffffffffff", STATUS_OK, false},
    /* The namespace is zero in GENESIS alone. */
    {"genesis", 8, ONES32, STATUS_MALFORMED, false},
    {"grant", 8, ZERO32, STATUS_MALFORMED, false},
    {"set", 8, ZERO32, STATUS_MALFORMED, false},
    /* Flags, algorithms. */
    {"genesis", 5, "01", STATUS_UPGRADE, true},
    {"policy", 5, "80", STATUS_UPGRADE, true},
    {"set", 5, "01", STATUS_OK, true},
    {"grant", 160, "02", STATUS_UPGRADE, true},
    {"grant", 160 + 65, "00", STATUS_UPGRADE, true},
    {"suspend", 160, "02", STATUS_OK, true},
    /* body_len. */
    {"set", 6, "003b", STATUS_TRUNCATED, false},
    {"set", 6, "0039", STATUS_TRAILING, false},
    {"set", 6, "ffff", STATUS_TOO_LONG, false},
    {"set", 6, "0721", STATUS_TOO_LONG, false},
    {"set", 6, "0720", STATUS_TRUNCATED, false},
    /* What says nothing about form. */
    {"set", 40, ZERO32, STATUS_OK, false},
    {"set", 120, ZERO32, STATUS_OK, false},
    {"set", 152, "ffffffffffffffff", STATUS_OK, false},
};

static void each_change_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const struct change *change = &changes[i];
        const struct vector *vector = vectors_find(change->vector);
        uint8_t *bytes = help_copy(vector->bytes, vector->len);
        struct entry entry;
        help_hex(change->octets, bytes + change->at, vector->len - change->at);
        help_expect(entry_decode(&entry, bytes, vector->len), change->status, "change", i);
        if (change->status == STATUS_OK || change->upgrade)
            assert_int_equal(entry.upgrade, change->upgrade);
        free(bytes);
    }
}

static void an_unknown_flag_does_not_excuse_a_bad_form(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("revoke");
    uint8_t *bytes = help_copy(vector->bytes, vector->len);
    bytes[5] = 1;
    assert_int_equal(decode(bytes, vector->len), STATUS_UPGRADE);
    bytes[160 + 34] = LIMIT_HEADS + 1;
    assert_int_equal(decode(bytes, vector->len), STATUS_RANGE);
    free(bytes);
}

/* An entry of a longer body than there may be, else perfect. */
static void a_body_beyond_its_limit_is_refused(void **state)
{
    (void)state;
    struct entry set = decoded("set");
    size_t len = 160 + LIMIT_BODY + 1 + 64;
    uint8_t *bytes = calloc(1, len);
    assert_non_null(bytes);
    memcpy(bytes, set.bytes, 160);
    bytes[4] = 0x7f; /* its body is opaque */
    bytes[6] = (LIMIT_BODY + 1) >> 8;
    bytes[7] = (LIMIT_BODY + 1) & 0xff;
    assert_int_equal(decode(bytes, len), STATUS_TOO_LONG);
    bytes[7]--;
    assert_int_equal(decode(bytes, len), STATUS_TRAILING);
    assert_int_equal(decode(bytes, len - 1), STATUS_OK);
    free(bytes);
}

/* Enough is decoded of an authority entry that is too new to check who signed it. */
static void too_new_is_still_checkable(void **state)
{
    (void)state;
    uint8_t out[LIMIT_ENTRY];
    size_t len = 0;
    struct entry policy = decoded("policy");
    struct entry newer = policy;
    newer.flags = 1;
    assert_int_equal(entry_sign(&newer, vectors_key(1).secret, out, &len), STATUS_UPGRADE);
    assert_true(newer.upgrade);
    assert_int_equal(newer.seq, policy.seq);
    assert_int_equal(entry_verify(&newer), STATUS_OK);
    assert_memory_not_equal(newer.id, policy.id, 32);
}

static void a_feed_entry_that_is_too_new_is_kept(void **state)
{
    (void)state;
    struct entry newer = decoded("set-newer");
    struct body body;
    assert_true(newer.upgrade);
    assert_int_equal(entry_verify(&newer), STATUS_OK);
    assert_int_equal(body_decode(&body, newer.type, newer.body, newer.body_len), STATUS_OK);
    assert_true(body.upgrade); /* its critical tag */
}

static void the_id_covers_all_but_the_signature(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("withdraw");
    struct entry good = decoded("withdraw");
    for (size_t i = 0; i < vector->len; i++) {
        uint8_t *bytes = help_copy(vector->bytes, vector->len);
        struct entry entry;
        bytes[i] ^= 0x10;
        enum status status = entry_decode(&entry, bytes, vector->len);
        if (status == STATUS_OK) {
            bool same = memcmp(entry.id, good.id, 32) == 0;
            assert_int_equal(same, i >= vector->len - 64);
            assert_int_equal(entry_verify(&entry), STATUS_SIGNATURE);
        }
        free(bytes);
    }
}

static void the_signature_is_the_authors(void **state)
{
    (void)state;
    uint8_t out[LIMIT_ENTRY];
    size_t len = 0;
    struct entry entry = decoded("set");
    assert_int_equal(entry_sign(&entry, vectors_key(5).secret, out, &len), STATUS_OK);
    assert_int_equal(entry_verify(&entry), STATUS_SIGNATURE);
}

/* A statement's or a possession's signature is none of an entry. */
static void the_prefix_is_signed(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("set");
    uint8_t *bytes = help_copy(vector->bytes, vector->len);
    struct entry entry;
    size_t signed_len = vector->len - 64;
    struct vector_key key = vectors_key(3);
    assert_int_equal(
        crypt_sign("hearth/v1/statement", 20, bytes, signed_len, key.secret, bytes + signed_len),
        STATUS_OK);
    assert_int_equal(entry_decode(&entry, bytes, vector->len), STATUS_OK);
    assert_int_equal(entry_verify(&entry), STATUS_SIGNATURE);
    free(bytes);
}

static void signing_makes_the_same_octets_again(void **state)
{
    (void)state;
    uint8_t out[LIMIT_ENTRY];
    size_t len = 0;
    const struct vector *vector = vectors_find("scope");
    struct entry entry = decoded("scope");
    assert_int_equal(entry_sign(&entry, vectors_key(1).secret, out, &len), STATUS_OK);
    assert_int_equal(len, vector->len);
    assert_memory_equal(out, vector->bytes, len);
    assert_ptr_equal(entry.bytes, out);
}

/* Decoding is identity or refusal: what is taken encodes to the same octets again. */
static void changed_entries_survive_or_are_refused(void **state)
{
    (void)state;
    struct help_random random = {.state = 11};
    struct vector_key key = vectors_key(3);
    unsigned taken = 0;
    size_t count = 0;
    const struct vector *all = vectors_all(&count);
    for (unsigned round = 0; round < 20000; round++) {
        const struct vector *vector = &all[help_below(&random, (uint32_t)count)];
        uint8_t out[LIMIT_ENTRY];
        size_t len = 0;
        struct entry entry;
        if (vector->kind != VECTOR_ENTRY)
            continue;
        uint8_t *bytes = help_copy(vector->bytes, vector->len);
        bytes[help_below(&random, (uint32_t)vector->len)] ^= 1U << help_below(&random, 8);
        if (entry_decode(&entry, bytes, vector->len) == STATUS_OK) {
            assert_int_equal(entry_sign(&entry, key.secret, out, &len), STATUS_OK);
            assert_int_equal(len, vector->len);
            assert_memory_equal(out, bytes, len - 64);
            taken++;
        }
        free(bytes);
    }
    assert_true(taken > 1000);
}

static void what_can_not_be_decoded_is_not_signed(void **state)
{
    (void)state;
    static const uint8_t zeroes[LIMIT_BODY + 1];
    uint8_t out[LIMIT_ENTRY];
    size_t len = 0;
    struct vector_key key = vectors_key(1);
    struct entry entry = decoded("set");
    entry.body = zeroes;
    entry.body_len = LIMIT_BODY + 1;
    assert_int_equal(entry_sign(&entry, key.secret, out, &len), STATUS_TOO_LONG);
    entry = decoded("set");
    entry.body_len--;
    assert_int_equal(entry_sign(&entry, key.secret, out, &len), STATUS_TRUNCATED);
    entry = decoded("set");
    memset(entry.prev, 0, 32);
    assert_int_equal(entry_sign(&entry, key.secret, out, &len), STATUS_MALFORMED);
    entry = decoded("policy");
    entry.type = 0x0a;
    assert_int_equal(entry_sign(&entry, key.secret, out, &len), STATUS_UPGRADE);
    entry = decoded("set");
    entry.type = 0x7f;
    entry.body = zeroes;
    entry.body_len = LIMIT_BODY;
    assert_int_equal(entry_sign(&entry, key.secret, out, &len), STATUS_OK);
    assert_int_equal(len, LIMIT_ENTRY);
    assert_true(entry.upgrade);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back),
        cmocka_unit_test(the_namespace_is_the_id_of_genesis),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(each_change_has_its_answer),
        cmocka_unit_test(an_unknown_flag_does_not_excuse_a_bad_form),
        cmocka_unit_test(a_body_beyond_its_limit_is_refused),
        cmocka_unit_test(too_new_is_still_checkable),
        cmocka_unit_test(a_feed_entry_that_is_too_new_is_kept),
        cmocka_unit_test(the_id_covers_all_but_the_signature),
        cmocka_unit_test(the_signature_is_the_authors),
        cmocka_unit_test(the_prefix_is_signed),
        cmocka_unit_test(signing_makes_the_same_octets_again),
        cmocka_unit_test(changed_entries_survive_or_are_refused),
        cmocka_unit_test(what_can_not_be_decoded_is_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
