/* Property tests of the state function over random histories: any order, duplicates and questions
 * in between give one state root, and what is judged step by step is what is judged at once.
 *
 * HEARTH_HISTORIES=N takes more of them (60), HEARTH_SEED=S others; HEARTH_ORACLE=FILE also writes
 * each of them with its root as a case for `tests/oracle/oracle.py --stream`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ledger/history.h"

#define assert_status(expected, call) assert_string_equal(status_name(expected), status_name(call))

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* What the histories came to, so that a generator that reaches nothing is noticed. */
struct tally {
    uint64_t frozen, rules[RULE_COUNT];
};

static void count_rules(struct story *s, struct tally *tally)
{
    struct household_authority authority;
    assert_status(STATUS_OK, household_authority(s->house, &authority));
    tally->frozen += authority.frozen;
    for (int i = 0; i < s->count; i++) {
        enum rule rule;
        assert_status(STATUS_OK, household_effect(s->house, story_id(s, i), &rule));
        tally->rules[rule]++;
    }
}

/* An entry that the next answer may hang on: some authority entry, or none. */
static const uint8_t *pick_trusted(struct story *s)
{
    int entry = (int)story_random(s, (uint32_t)s->count);
    return s->entries[entry].entry.stream == 0 ? story_id(s, entry) : NULL;
}

/* One household takes the entries in a random order; now and then its root is compared with that of
 * one which takes all that the first has by now, and is asked once. */
static void check_increments(struct story *s, const int *order)
{
    struct household *h = household_create(story_id(s, 0));
    int *taken = calloc((size_t)s->count, sizeof *taken);
    int count = 0;
    assert_non_null(h);
    assert_non_null(taken);
    while (count < s->count) {
        for (int i = 0; i < s->count; i++) {
            uint8_t root[32];
            uint8_t whole[32];
            enum status status = household_add(h, &s->entries[order[i]].entry);
            if (status != STATUS_OK)
                continue;
            taken[count++] = order[i];
            if (story_random(s, 3) == 0)
                household_state_root(h, root);
            if (story_random(s, 4) > 0)
                continue;
            household_state_root(h, root);
            story_replay(s, taken, count, false, NULL, whole);
            assert_memory_equal(root, whole, 32);
        }
    }
    free(taken);
    household_destroy(h);
}

static void write_case(struct story *s, FILE *file, const uint8_t *trusted,
                       const uint8_t root[static 32])
{
    static const uint8_t none[32];
    size_t len = 0;
    uint8_t *bundle = history_bundle(s, &len);
    uint8_t head[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                       (uint8_t)len};
    assert_int_equal(fwrite(head, 1, 4, file), 4);
    assert_int_equal(fwrite(bundle, 1, len, file), len);
    assert_int_equal(fwrite(trusted ? trusted : none, 1, 32, file), 32);
    assert_int_equal(fwrite(root, 1, 32, file), 32);
    free(bundle);
}

static void check_history(uint64_t seed, struct tally *tally, FILE *cases)
{
    enum { ORDERS = 4 };
    struct story s;
    uint8_t root[32];
    history_make(&s, seed, 12 + (int)(seed % 61));
    const uint8_t *trusted = pick_trusted(&s);
    int *order = calloc((size_t)s.count, sizeof *order);
    assert_non_null(order);
    count_rules(&s, tally);
    household_trust_branch(s.house, trusted);
    household_state_root(s.house, root);
    for (int i = 0; i < ORDERS; i++) {
        uint8_t other[32];
        story_shuffle(&s, order);
        story_replay(&s, order, s.count, i > 0, trusted, other);
        if (memcmp(root, other, 32) != 0)
            fail_msg("HEARTH_SEED=%llu HEARTH_HISTORIES=1: another order, another root",
                     (unsigned long long)seed);
    }
    check_increments(&s, order);
    if (cases)
        write_case(&s, cases, trusted, root);
    free(order);
    story_free(&s);
}

static void any_order_gives_one_root(void **state)
{
    (void)state;
    static const enum rule reached[] = {
        RULE_NONE,      RULE_BEATEN,      RULE_TIED,         RULE_KEY_LIVE, RULE_KEY_NOT_LIVE,
        RULE_KEY_BURNT, RULE_MERGE_PATHS, RULE_NOT_GRANTED,  RULE_REVOKED,  RULE_SUSPENDED,
        RULE_SCOPE,     RULE_NO_RIGHT,    RULE_DENIAL_ENDED, RULE_LIFTED,   RULE_STREAM_KIND,
        RULE_REPLACED,  RULE_OUTRANKED};
    struct tally tally = {.frozen = 0};
    uint64_t first = number_from("HEARTH_SEED", 1);
    uint64_t count = number_from("HEARTH_HISTORIES", 60);
    const char *path = getenv("HEARTH_ORACLE");
    FILE *cases = path ? fopen(path, "wb") : NULL;
    assert_true(!path || cases);
    for (uint64_t i = 0; i < count; i++)
        check_history(first + i, &tally, cases);
    if (cases)
        assert_int_equal(fclose(cases), 0);
    for (size_t i = 0; i < sizeof reached / sizeof reached[0] && count >= 60; i++) {
        if (tally.rules[reached[i]] == 0)
            fail_msg("no history came to \"%s\"", rule_name(reached[i]));
    }
    assert_true(count < 60 || (tally.frozen > 0 && tally.frozen < count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_one_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
