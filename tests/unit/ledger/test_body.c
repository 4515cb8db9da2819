/* test_body.c: bodies decode to what was encoded, and every second spelling of a body is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/body.h"
#include "ledger/crypt.h"
#include "ledger/scope.h"
#include "tests/unit/ledger/codec_help.h"
#include "tests/unit/ledger/vectors.h"

static const uint8_t types[] = {ENTRY_GENESIS, ENTRY_GRANT,  ENTRY_SCOPE,   ENTRY_REVOKE,
                                ENTRY_LIFT,    ENTRY_POLICY, ENTRY_MERGE,   ENTRY_RECOVER,
                                ENTRY_OPEN,    ENTRY_SET,    ENTRY_SUSPEND, ENTRY_WITHDRAW};
enum { TYPES = sizeof types };

/* --- every spelling but one is refused: by hand --- */

#define ID(x)   x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x
#define KEY     "01" ID("aa")
#define HEAD(s) "00000000000000" s "0000000000000002" ID("cc")
#define SALT    "33333333333333333333333333333333"
#define CAMERA  "0663616d65726100"
#define GARAGE  "0667617261676500"
#define SET                                                                                        \
    CAMERA "001c"                                                                                  \
           "0000012c"

struct spelling {
    uint8_t type;
    const char *octets;
    enum status status;
};

static const struct spelling spellings[] = {
    {ENTRY_GENESIS, KEY ID("01") ID("02"), STATUS_OK},
    {ENTRY_POLICY, "0001 0002 0003", STATUS_OK},
    {ENTRY_POLICY, "0000 0000 0000", STATUS_OK}, /* its range is a matter of effect */
    {ENTRY_LIFT, ID("01"), STATUS_OK},
    {ENTRY_MERGE, ID("01"), STATUS_OK},
    /* Heads. */
    {ENTRY_REVOKE, KEY "00 00", STATUS_OK},
    {ENTRY_REVOKE, KEY "ff 00", STATUS_OK}, /* other reasons are kept */
    {ENTRY_REVOKE, KEY "00 02" HEAD("01") HEAD("02"), STATUS_OK},
    {ENTRY_REVOKE, KEY "00 02" HEAD("02") HEAD("01"), STATUS_NOT_CANONICAL},
    {ENTRY_REVOKE, KEY "00 02" HEAD("01") HEAD("01"), STATUS_NOT_CANONICAL},
    {ENTRY_REVOKE, KEY "00 02" HEAD("01"), STATUS_TRUNCATED},
    {ENTRY_REVOKE, KEY "00 01" HEAD("01") HEAD("02"), STATUS_NOT_CANONICAL}, /* read as a tail */
    {ENTRY_REVOKE, KEY "00 11", STATUS_RANGE},
    {ENTRY_REVOKE, KEY "00 ff", STATUS_RANGE},
    {ENTRY_SCOPE, KEY ID("01") KEY "00" ID("02") "11", STATUS_RANGE},
    {ENTRY_SCOPE, KEY ID("01") KEY "00" ID("02") "01" HEAD("09"), STATUS_OK},
    /* OPEN and its scope opening. */
    {ENTRY_OPEN, "01", STATUS_OK},
    {ENTRY_OPEN, "00", STATUS_OK}, /* an unknown kind is a matter of effect */
    {ENTRY_OPEN, "", STATUS_TRUNCATED},
    {ENTRY_OPEN, "01 01 0011" SALT "00", STATUS_OK},
    {ENTRY_OPEN, "01 01 0021" SALT "02" CAMERA GARAGE, STATUS_OK},
    {ENTRY_OPEN, "01 01 0021" SALT "02" GARAGE CAMERA, STATUS_NOT_CANONICAL},
    {ENTRY_OPEN, "01 01 0021" SALT "02" GARAGE GARAGE, STATUS_NOT_CANONICAL},
    {ENTRY_OPEN, "01 01 0021" SALT "03" CAMERA GARAGE, STATUS_TRUNCATED},
    {ENTRY_OPEN, "01 01 0021" SALT "01" CAMERA GARAGE, STATUS_TRAILING},
    {ENTRY_OPEN, "01 01 0010" SALT, STATUS_TRUNCATED},
    {ENTRY_OPEN, "01 01 0000", STATUS_TRUNCATED},
    {ENTRY_OPEN, "02 01 0000", STATUS_OK}, /* tag 1 is unknown there */
    {ENTRY_OPEN, "01 01 0014" SALT "01 014100", STATUS_NAME_CHARACTER},
    /* SET: name. */
    {ENTRY_SET, SET "00 00", STATUS_OK},
    {ENTRY_SET, "00 001c 00000000 00 00", STATUS_OK}, /* the apex */
    {ENTRY_SET, "0643616d65726100 001c 00000000 00 00", STATUS_NAME_CHARACTER},
    {ENTRY_SET, "0663616d65722000 001c 00000000 00 00", STATUS_NAME_CHARACTER},
    {ENTRY_SET, "022d6100 001c 00000000 00 00", STATUS_NAME_CHARACTER},
    {ENTRY_SET, "c00c 001c 00000000 00 00", STATUS_MALFORMED}, /* compressed */
    {ENTRY_SET, "40" ID("61") ID("61") "00 001c 00000000 00 00", STATUS_MALFORMED},
    /* SET: TTL. */
    {ENTRY_SET, CAMERA "001c 7fffffff 00 00", STATUS_OK},
    {ENTRY_SET, CAMERA "001c 80000000 00 00", STATUS_RANGE},
    /* SET: over. */
    {ENTRY_SET, SET "02" ID("01") ID("02") "00", STATUS_OK},
    {ENTRY_SET, SET "02" ID("02") ID("01") "00", STATUS_NOT_CANONICAL},
    {ENTRY_SET, SET "02" ID("01") ID("01") "00", STATUS_NOT_CANONICAL},
    {ENTRY_SET, SET "09", STATUS_RANGE},
    {ENTRY_SET, SET "01" ID("01"), STATUS_TRUNCATED},
    /* SET: RRs. */
    {ENTRY_SET, SET "00 01 0000", STATUS_OK},
    {ENTRY_SET, SET "00 02 0001 01 0001 02", STATUS_OK},
    {ENTRY_SET, SET "00 02 0001 01 0002 0100", STATUS_OK}, /* an absent octet sorts first */
    {ENTRY_SET, SET "00 02 0002 0100 0001 01", STATUS_NOT_CANONICAL},
    {ENTRY_SET, SET "00 02 0001 02 0002 0101", STATUS_NOT_CANONICAL}, /* not by length */
    {ENTRY_SET, SET "00 02 0001 01 0001 01", STATUS_NOT_CANONICAL},
    {ENTRY_SET, SET "00 02 0000 0000", STATUS_NOT_CANONICAL},
    {ENTRY_SET, SET "00 09", STATUS_RANGE},
    {ENTRY_SET, SET "00 01 0002 01", STATUS_TRUNCATED},
    /* SET: by. */
    {ENTRY_SET, SET "00 00 01 0003 636c69", STATUS_OK},
    {ENTRY_SET, SET "00 00 01 0000", STATUS_MALFORMED},
    {ENTRY_SET, SET "00 00 01 0003 632069", STATUS_MALFORMED},
    {ENTRY_SET, SET "00 00 01 0003 631b69", STATUS_MALFORMED},
    {ENTRY_SET, SET "00 00 01 0003 637f69", STATUS_MALFORMED},
    {ENTRY_SET, SET "00 00 01 0003 63c3a4", STATUS_MALFORMED},
    {ENTRY_SET, SET "00 00 01 0040" ID("61") ID("61"), STATUS_OK},
    {ENTRY_SET, SET "00 00 01 0041" ID("61") ID("61") "61", STATUS_TOO_LONG},
    /* The tail. */
    {ENTRY_LIFT, ID("01") "00 0000", STATUS_OK},
    {ENTRY_LIFT, ID("01") "00 0000 01 0001 ff", STATUS_OK},
    {ENTRY_LIFT, ID("01") "01 0000 00 0000", STATUS_NOT_CANONICAL},
    {ENTRY_LIFT, ID("01") "01 0000 01 0000", STATUS_NOT_CANONICAL},
    {ENTRY_LIFT, ID("01") "00", STATUS_TRUNCATED},
    {ENTRY_LIFT, ID("01") "00 00", STATUS_TRUNCATED},
    {ENTRY_LIFT, ID("01") "00 0002 01", STATUS_TRUNCATED},
    {ENTRY_LIFT, ID("01") "80 0000 7f 0000", STATUS_NOT_CANONICAL}, /* octets are unsigned */
    {ENTRY_SET, SET "00 00 01 0001 61 01 0001 62", STATUS_NOT_CANONICAL},
    /* Types. */
    {0x08, "", STATUS_UPGRADE},
    {0x25, "00", STATUS_UPGRADE},
    {0x00, "", STATUS_UPGRADE},
    {0xff, "", STATUS_UPGRADE},
};

/* Decodes a copy of exact size. */
static enum status decode_copy(uint8_t type, const uint8_t *bytes, size_t len)
{
    struct body body;
    uint8_t *copy = help_copy(bytes, len);
    enum status status = body_decode(&body, type, copy, len);
    free(copy);
    return status;
}

static void each_spelling_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        uint8_t bytes[LIMIT_BODY];
        size_t len = help_hex(spellings[i].octets, bytes, sizeof bytes);
        help_expect(decode_copy(spellings[i].type, bytes, len), spellings[i].status, "spelling", i);
    }
}

static void a_name_has_180_octets_at_most(void **state)
{
    (void)state;
    uint8_t bytes[256] = {0};
    for (size_t at = 0; at < 3; at++) {
        bytes[at * 60] = 59;
        memset(bytes + at * 60 + 1, 'a', 59);
    }
    bytes[120] = 58; /* 60 + 60 + 59 + 1 */
    bytes[179] = 0;
    assert_int_equal(decode_copy(ENTRY_SET, bytes, 180 + 8), STATUS_OK);
    bytes[120] = 59;
    bytes[179] = 'a';
    bytes[180] = 0;
    assert_int_equal(decode_copy(ENTRY_SET, bytes, 181 + 8), STATUS_NAME_TOO_LONG);
}

static void upgrade_is_said(void **state)
{
    (void)state;
    static const struct spelling some[] = {
        {ENTRY_SUSPEND, KEY, 0},
        {ENTRY_SUSPEND, "00" ID("aa"), 1},
        {ENTRY_SUSPEND, "02" ID("aa"), 1},
        {ENTRY_SUSPEND, KEY "7f 0000", 0},
        {ENTRY_SUSPEND, KEY "80 0000", 1},
        {ENTRY_SUSPEND, KEY "05 0000 ff 0001 00", 1},
        {ENTRY_RECOVER, KEY "03" ID("bb") ID("cc"), 1},
        {ENTRY_SET, SET "00 00 81 0000", 1},
        {ENTRY_OPEN, "01 81 0000", 1},
    };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        uint8_t bytes[LIMIT_BODY];
        struct body body;
        size_t len = help_hex(some[i].octets, bytes, sizeof bytes);
        assert_int_equal(body_decode(&body, some[i].type, bytes, len), STATUS_OK);
        assert_int_equal(body.upgrade, some[i].status);
    }
}

static void fields_come_back(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("set");
    struct entry entry;
    struct body body;
    assert_int_equal(entry_decode(&entry, vector->bytes, vector->len), STATUS_OK);
    assert_int_equal(body_decode(&body, entry.type, entry.body, entry.body_len), STATUS_OK);
    assert_int_equal(body.set.name.len, 8);
    assert_int_equal(body.set.type, 28);
    assert_int_equal(body.set.ttl, 300);
    assert_int_equal(body.set.over_count, 0);
    assert_int_equal(body.set.rr_count, 2);
    assert_int_equal(body.set.rrs[0].data[15], 0x10);
    assert_int_equal(body.set.rrs[1].data[15], 0x11);
    assert_int_equal(body.set.by_len, 3);
    assert_memory_equal(body.set.by, "cli", 3);
}

/* --- random bodies --- */

static struct body_key random_key(struct help_random *random)
{
    struct body_key key = {.algorithm = help_below(random, 8) ? KEY_ED25519 : 2};
    help_fill(random, key.key, sizeof key.key);
    return key;
}

/* Unsorted, with duplicates. */
static struct body_heads random_heads(struct help_random *random)
{
    struct body_heads heads = {.count = (uint8_t)help_below(random, LIMIT_HEADS + 1)};
    for (unsigned i = 0; i < heads.count; i++) {
        heads.heads[i].stream = help_below(random, 3);
        heads.heads[i].seq = help_random(random) >> help_below(random, 64);
        help_fill(random, heads.heads[i].id, 32);
        if (i > 0 && help_below(random, 4) == 0)
            heads.heads[i] = heads.heads[i - 1];
    }
    return heads;
}

static struct name random_name(struct help_random *random)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    char text[160];
    size_t len = 0;
    for (unsigned labels = help_below(random, 5); labels > 0; labels--) {
        for (unsigned i = help_below(random, 30) + 1; i > 0; i--)
            text[len++] = letters[help_below(random, sizeof letters - 1)];
        text[len++] = '.';
    }
    text[len] = '\0';
    struct name name;
    assert_int_equal(name_parse(&name, text), STATUS_OK);
    return name;
}

/* What the random bodies borrow. */
struct scratch {
    uint8_t over[LIMIT_OVER][32];
    uint8_t data[LIMIT_RRS][64];
    uint8_t opening[SCOPE_OPENING_MAX];
    uint8_t tail[256];
};

static void random_set(struct help_random *random, struct body_set *set, struct scratch *scratch)
{
    set->name = random_name(random);
    set->type = (uint16_t)help_random(random);
    set->ttl = help_below(random, 0x80000000U);
    set->over_count = (uint8_t)help_below(random, LIMIT_OVER + 1);
    set->rr_count = (uint8_t)help_below(random, LIMIT_RRS + 1);
    help_fill(random, scratch->over, sizeof scratch->over);
    help_fill(random, scratch->data, sizeof scratch->data);
    if (help_below(random, 2))
        memcpy(scratch->over[1], scratch->over[0], 32);
    set->over = scratch->over[0];
    for (unsigned i = 0; i < LIMIT_RRS; i++) {
        scratch->data[i][0] &= 3; /* so that some are prefixes of others */
        set->rrs[i] =
            (struct body_rr){.data = scratch->data[i], .len = (uint16_t)help_below(random, 65)};
    }
    if (help_below(random, 2)) {
        set->by = (const uint8_t *)"token:0123456789";
        set->by_len = (uint16_t)(help_below(random, 16) + 1);
    }
}

static void random_open(struct help_random *random, struct body_open *open, struct scratch *scratch)
{
    struct name names[4];
    uint8_t salt[16], commitment[32];
    size_t len = 0;
    open->kind = (uint8_t)help_below(random, 5);
    if (open->kind != KIND_PRIVATE || help_below(random, 4) == 0)
        return;
    for (size_t i = 0; i < 4; i++)
        names[i] = random_name(random);
    help_fill(random, salt, sizeof salt);
    assert_int_equal(
        scope_encode(names, help_below(random, 5), salt, scratch->opening, &len, commitment),
        STATUS_OK);
    open->opening = scratch->opening;
    open->opening_len = (uint16_t)len;
}

/* Unknown tags, rising, around tag 1. */
static void random_tail(struct help_random *random, struct body *body, struct scratch *scratch)
{
    struct writer w = writer_over(scratch->tail, sizeof scratch->tail);
    unsigned tag = help_below(random, 2) ? 0 : 2;
    for (unsigned i = help_below(random, 4); i > 0; i--) {
        uint16_t len = (uint16_t)help_below(random, 20);
        writer_u8(&w, (uint8_t)tag);
        writer_u16(&w, len);
        uint8_t *value = writer_room(&w, len);
        assert_non_null(value);
        help_fill(random, value, len);
        tag += 2 + help_below(random, 80);
        if (tag > 255)
            break;
    }
    body->tail = scratch->tail;
    body->tail_len = (uint16_t)w.used;
}

static struct body random_body(struct help_random *random, uint8_t type, struct scratch *scratch)
{
    struct body body = {.type = type};
    switch (type) {
    case ENTRY_GENESIS:
        help_fill(random, &body.genesis, sizeof body.genesis);
        body.genesis.owner = random_key(random);
        break;
    case ENTRY_GRANT:
        help_fill(random, &body.grant, sizeof body.grant);
        body.grant.signing = random_key(random);
        body.grant.zone = random_key(random);
        break;
    case ENTRY_SCOPE:
        help_fill(random, body.scope.scope_commitment, 32);
        body.scope.signing = random_key(random);
        body.scope.zone = random_key(random);
        body.scope.heads = random_heads(random);
        break;
    case ENTRY_REVOKE:
        body.revoke.signing = random_key(random);
        body.revoke.heads = random_heads(random);
        break;
    case ENTRY_RECOVER:
        body.recover.recovery = random_key(random);
        body.recover.owner = random_key(random);
        break;
    case ENTRY_OPEN:
        random_open(random, &body.open, scratch);
        break;
    case ENTRY_SET:
        random_set(random, &body.set, scratch);
        break;
    case ENTRY_SUSPEND:
        body.suspend.signing = random_key(random);
        break;
    default: /* LIFT, POLICY, MERGE, WITHDRAW: any octets will do */
        help_fill(random, &body.withdraw, sizeof body.withdraw);
        break;
    }
    random_tail(random, &body, scratch);
    return body;
}

static size_t encode(const struct body *body, uint8_t octets[static LIMIT_BODY])
{
    struct writer w = writer_over(octets, LIMIT_BODY);
    assert_int_equal(body_encode(body, &w), STATUS_OK);
    return w.used;
}

/* What was encoded decodes, encodes to the same octets, and keeps that under every cut. */
static void random_bodies_survive(void **state)
{
    (void)state;
    struct help_random random = {.state = 20260101};
    static struct scratch scratch;
    for (unsigned round = 0; round < 300 * TYPES; round++) {
        uint8_t first[LIMIT_BODY], second[LIMIT_BODY];
        struct body body = random_body(&random, types[round % TYPES], &scratch);
        struct body again;
        size_t len = encode(&body, first);
        help_expect(body_decode(&again, body.type, first, len), STATUS_OK, "round", round);
        assert_int_equal(again.type, body.type);
        assert_int_equal(encode(&again, second), len);
        assert_memory_equal(first, second, len);
    }
}

/* Decoding is identity or refusal: whatever octets are taken, encoding gives them back. */
static void changed_bodies_survive_or_are_refused(void **state)
{
    (void)state;
    struct help_random random = {.state = 42};
    static struct scratch scratch;
    unsigned taken = 0, refused = 0;
    for (unsigned round = 0; round < 2000 * TYPES; round++) {
        uint8_t first[LIMIT_BODY], second[LIMIT_BODY];
        uint8_t type = types[round % TYPES];
        struct body body = random_body(&random, type, &scratch);
        size_t len = encode(&body, first);
        for (unsigned i = help_below(&random, 3) + 1; i > 0; i--)
            first[help_below(&random, (uint32_t)len)] = (uint8_t)help_below(&random, 256);
        if (help_below(&random, 4) == 0)
            len = help_below(&random, (uint32_t)len + 1);
        uint8_t *exact = help_copy(first, len);
        if (body_decode(&body, type, exact, len) == STATUS_OK) {
            assert_int_equal(encode(&body, second), len);
            assert_memory_equal(first, second, len);
            taken++;
        } else {
            refused++;
        }
        free(exact);
    }
    assert_true(taken > 1000 && refused > 1000);
}

/* Every length below the tail is refused; within the tail all but those at which a tag ends. */
static void every_cut_is_refused(void **state)
{
    (void)state;
    struct help_random random = {.state = 7};
    static struct scratch scratch;
    for (unsigned t = 0; t < TYPES; t++) {
        uint8_t bytes[LIMIT_BODY];
        struct body body = random_body(&random, types[t], &scratch);
        body.tail_len = 0;
        size_t len = encode(&body, bytes);
        assert_int_equal(body_decode(&body, types[t], bytes, len), STATUS_OK);
        for (size_t n = 0; n < len; n++) {
            bool whole = n == len - body.tail_len;
            help_expect(decode_copy(types[t], bytes, n), whole ? STATUS_OK : STATUS_TRUNCATED,
                        "length", n);
        }
        bytes[len] = 0xfe; /* the first octet of a tag, cut */
        help_expect(decode_copy(types[t], bytes, len + 1), STATUS_TRUNCATED, "type", types[t]);
    }
}

/* --- what the encoder refuses --- */

static enum status try_encode(const struct body *body, size_t room)
{
    uint8_t octets[LIMIT_BODY];
    struct writer w = writer_over(octets, room);
    return body_encode(body, &w);
}

static void the_encoder_refuses_what_the_decoder_does(void **state)
{
    (void)state;
    struct help_random random = {.state = 3};
    static struct scratch scratch;
    static const uint8_t octets[SCOPE_OPENING_MAX + 1];
    struct body set = {.type = ENTRY_SET};
    random_set(&random, &set.set, &scratch);
    struct body bad = set;
    assert_int_equal(try_encode(&set, LIMIT_BODY), STATUS_OK);
    assert_int_equal(try_encode(&set, 10), STATUS_NO_SPACE);
    bad.set.over_count = LIMIT_OVER + 1;
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_RANGE);
    bad = set;
    bad.set.rr_count = LIMIT_RRS + 1;
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_RANGE);
    bad = set;
    bad.set.ttl = 0x80000000U;
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_RANGE);
    bad = set;
    bad.set.name = (struct name){.len = 3, .wire = {1, 'A', 0}};
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_NAME_CHARACTER);
    bad = set;
    bad.set.by = (const uint8_t *)"two words";
    bad.set.by_len = 9;
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_MALFORMED);
    bad = (struct body){.type = ENTRY_REVOKE, .revoke = {.heads = {.count = LIMIT_HEADS + 1}}};
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_RANGE);
    bad = (struct body){.type = ENTRY_OPEN,
                        .open = {.kind = KIND_SHARED, .opening = octets, .opening_len = 17}};
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_MALFORMED);
    bad.open.kind = KIND_PRIVATE;
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_OK);
    bad.open.opening_len = sizeof octets;
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_TOO_LONG);
    bad.type = 0x08;
    assert_int_equal(try_encode(&bad, LIMIT_BODY), STATUS_UPGRADE);
}

static void the_recovery_commitment_is_to_all_33_octets(void **state)
{
    (void)state;
    uint8_t octets[33] = {KEY_ED25519};
    struct body_key key = {.algorithm = KEY_ED25519};
    uint8_t first[32], second[32];
    memset(key.key, 9, 32);
    memset(octets + 1, 9, 32);
    body_recovery_commitment(&key, first);
    crypt_hash("hearth1.recovery", octets, 33, second);
    assert_memory_equal(first, second, 32);
    key.algorithm = 2;
    body_recovery_commitment(&key, second);
    assert_memory_not_equal(first, second, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_spelling_has_its_answer),
        cmocka_unit_test(a_name_has_180_octets_at_most),
        cmocka_unit_test(upgrade_is_said),
        cmocka_unit_test(fields_come_back),
        cmocka_unit_test(random_bodies_survive),
        cmocka_unit_test(changed_bodies_survive_or_are_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(the_encoder_refuses_what_the_decoder_does),
        cmocka_unit_test(the_recovery_commitment_is_to_all_33_octets),
    };
    return crypt_init() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
