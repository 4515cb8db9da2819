/* Property tests of the state function over random histories: any order, duplicates and questions
 * in between give one state root, what is judged step by step is what is judged at once, and what
 * comes through the ledger's own door, in batches or as a bundle, is what was judged here.
 *
 * HEARTH_HISTORIES=N takes more of them (60), HEARTH_SEED=S others, HEARTH_ORDERS=K tries K orders
 * of each (4; 0: none, for long runs). HEARTH_ORACLE=FILE also writes each of them, and sets of
 * some of its entries, as cases for tests/oracle/compare.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/backup.h"
#include "tests/unit/ledger/history.h"
#include "tests/unit/ledger/history_facts.h"
#include "tests/unit/ledger/node_help.h"

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* What the histories came to, so that a generator that reaches nothing is noticed. */
struct tally {
    uint64_t histories, frozen, merged, won, conflicts, removed, rules[RULE_COUNT];
};

struct look {
    bool won, conflict, removed;
};

static bool look_at(void *context, const struct household_set *set)
{
    struct look *look = context;
    look->won = true;
    look->conflict = look->conflict || set->conflicts > 0;
    look->removed = look->removed || set->removed_count > 0;
    return true;
}

static void count(struct story *s, struct tally *tally)
{
    struct household_authority authority;
    struct look look = {.won = false};
    bool merged = false;
    bool reached[RULE_COUNT] = {false};
    assert_ok(household_authority(s->house, &authority));
    household_each_winner(s->house, look_at, &look);
    for (int i = 0; i < s->count; i++) {
        enum rule rule;
        assert_ok(household_effect(s->house, story_id(s, i), &rule));
        reached[rule] = true;
        merged = merged || (rule == RULE_NONE && s->entries[i].entry.type == ENTRY_MERGE);
    }
    tally->histories++;
    tally->frozen += authority.frozen;
    tally->merged += merged;
    tally->won += look.won;
    tally->conflicts += look.conflict;
    tally->removed += look.removed;
    for (size_t rule = 0; rule < RULE_COUNT; rule++)
        tally->rules[rule] += reached[rule];
}

/* An entry that the next answer may hang on: some authority entry, or none. */
static const uint8_t *pick_trusted(struct story *s)
{
    int entry = (int)story_random(s, (uint32_t)s->count);
    return s->entries[entry].entry.stream == 0 ? story_id(s, entry) : NULL;
}

/* --- orders --- */

/* One household takes the entries in a random order; now and then its root is compared with that of
 * one which takes all that the first has by now, and is asked once. */
static void check_increments(struct story *s, const int *order)
{
    struct household *h = household_create(story_id(s, 0), (const uint8_t[16]){0});
    int *taken = calloc((size_t)s->count, sizeof *taken);
    int held = 0;
    assert_non_null(h);
    assert_non_null(taken);
    while (held < s->count) {
        for (int i = 0; i < s->count; i++) {
            uint8_t root[32];
            uint8_t whole[32];
            enum status status = household_add(h, &s->entries[order[i]].entry);
            if (status != STATUS_OK)
                continue;
            taken[held++] = order[i];
            if (story_random(s, 3) == 0)
                household_state_root(h, root);
            if (story_random(s, 4) > 0)
                continue;
            household_state_root(h, root);
            story_replay(s, taken, held, false, NULL, whole);
            assert_memory_equal(root, whole, 32);
        }
    }
    free(taken);
    household_destroy(h);
}

static void check_orders(struct story *s, uint64_t seed, uint64_t orders, const uint8_t *trusted,
                         const uint8_t root[static 32])
{
    int *order = calloc((size_t)s->count, sizeof *order);
    assert_non_null(order);
    for (uint64_t i = 0; i < orders; i++) {
        uint8_t other[32];
        story_shuffle(s, order);
        story_replay(s, order, s->count, i > 0, trusted, other);
        if (memcmp(root, other, 32) != 0)
            fail_msg("HEARTH_SEED=%llu HEARTH_HISTORIES=1: another order, another root",
                     (unsigned long long)seed);
    }
    if (orders > 0)
        check_increments(s, order);
    free(order);
}

/* --- cases for the oracle --- */

static void put(FILE *file, const void *bytes, size_t len)
{
    assert_int_equal(fwrite(bytes, 1, len, file), len);
}

static void put_sized(FILE *file, const void *bytes, size_t len)
{
    uint8_t head[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                       (uint8_t)len};
    put(file, head, 4);
    put(file, bytes, len);
}

static void write_case(struct story *s, struct household *h, const bool *given, FILE *file,
                       const uint8_t *trusted)
{
    static const uint8_t none[32];
    size_t len = 0;
    size_t facts_len = 0;
    char *facts = NULL;
    uint8_t root[32];
    uint8_t *bundle = history_bundle_of(s, given, &len);
    FILE *text = open_memstream(&facts, &facts_len);
    assert_non_null(text);
    household_trust_branch(h, trusted);
    household_state_root(h, root);
    history_facts(text, h, s);
    assert_int_equal(fclose(text), 0);
    put_sized(file, bundle, len);
    put(file, trusted ? trusted : none, 32);
    put(file, root, 32);
    put_sized(file, facts, facts_len);
    free(facts);
    free(bundle);
}

/* Some of the entries, closed under nothing: those before a moment, or all but a few, or all but
 * many a feed's, so that listed heads are not held and others wait. */
static void pick_some(struct story *s, bool *given)
{
    uint32_t way = story_random(s, 3);
    int until = way == 0 ? 1 + (int)story_random(s, (uint32_t)s->count) : s->count;
    for (int i = 0; i < s->count; i++) {
        bool authority = s->entries[i].entry.stream == 0;
        uint32_t odds = way == 0 ? 0 : way == 1 ? 24 : authority ? 0 : 5;
        given[i] = i == 0 || (i < until && (odds == 0 || story_random(s, odds) > 0));
    }
}

static void write_some(struct story *s, FILE *file, const uint8_t *trusted)
{
    struct household *h = household_create(story_id(s, 0), (const uint8_t[16]){0});
    bool *given = calloc((size_t)s->count, sizeof *given);
    int *order = calloc((size_t)s->count, sizeof *order);
    bool more = true;
    assert_non_null(h);
    assert_non_null(given);
    assert_non_null(order);
    pick_some(s, given);
    story_shuffle(s, order);
    while (more) {
        more = false;
        for (int i = 0; i < s->count; i++) {
            if (given[order[i]])
                more = household_add(h, &s->entries[order[i]].entry) == STATUS_OK || more;
        }
    }
    write_case(s, h, given, file, trusted);
    free(order);
    free(given);
    household_destroy(h);
}

static void check_history(uint64_t seed, uint64_t orders, struct tally *tally, FILE *cases)
{
    struct story s;
    uint8_t root[32];
    history_make(&s, seed, 18 + (int)(seed * 7 % 61));
    const uint8_t *trusted = pick_trusted(&s);
    household_trust_branch(s.house, trusted);
    count(&s, tally);
    household_state_root(s.house, root);
    check_orders(&s, seed, orders, trusted, root);
    if (cases) {
        write_case(&s, s.house, NULL, cases, trusted);
        for (uint32_t some = story_random(&s, 3); some > 0; some--)
            write_some(&s, cases, trusted);
    }
    story_free(&s);
}

static void check_tally(const struct tally *tally)
{
    for (size_t rule = 0; rule < RULE_COUNT; rule++) {
        printf("%6llu %s\n", (unsigned long long)tally->rules[rule], rule_name((enum rule)rule));
        if (tally->rules[rule] == 0)
            fail_msg("no history came to \"%s\"", rule_name((enum rule)rule));
    }
    printf("%llu histories: %llu with winners, %llu frozen, %llu merged, %llu with conflicts, %llu "
           "with keys taken out\n",
           (unsigned long long)tally->histories, (unsigned long long)tally->won,
           (unsigned long long)tally->frozen, (unsigned long long)tally->merged,
           (unsigned long long)tally->conflicts, (unsigned long long)tally->removed);
    assert_true(tally->won * 10 >= tally->histories * 6);
    assert_true(tally->frozen * 20 >= tally->histories);
    assert_true(tally->frozen * 2 <= tally->histories);
    assert_true(tally->merged * 20 >= tally->histories);
    assert_true(tally->conflicts * 10 >= tally->histories);
    assert_true(tally->removed > 0);
}

static void any_order_gives_one_root(void **state)
{
    (void)state;
    struct tally tally = {.frozen = 0};
    uint64_t first = number_from("HEARTH_SEED", 1);
    uint64_t histories = number_from("HEARTH_HISTORIES", 60);
    uint64_t orders = number_from("HEARTH_ORDERS", 4);
    const char *path = getenv("HEARTH_ORACLE");
    FILE *cases = path ? fopen(path, "wb") : NULL;
    assert_true(!path || cases);
    for (uint64_t i = 0; i < histories; i++)
        check_history(first + i, orders, &tally, cases);
    if (cases)
        assert_int_equal(fclose(cases), 0);
    if (histories >= 60)
        check_tally(&tally);
}

/* --- through the door --- */

struct door {
    char dir[HELP_PATH_SIZE];
    struct help_house house; /* only for its node keys, which are granted nowhere here */
    struct ledger *ledger;
};

static void door_open(struct door *door)
{
    help_dir_make(door->dir);
    help_house_make(&door->house, 40, ROLE_NODE);
    assert_ok(ledger_open(&door->ledger, door->dir, &door->house.keys));
}

static void door_close(struct door *door)
{
    ledger_close(door->ledger);
    help_house_close(&door->house);
    help_dir_remove(door->dir);
}

static void expect_root(struct door *door, const struct story *s, const uint8_t root[static 32])
{
    uint8_t other[32];
    household_state_root(ledger_own(door->ledger), other);
    assert_int_equal(household_entries(ledger_own(door->ledger)), s->count);
    assert_memory_equal(root, other, 32);
}

/* Random batches, with what is held already and what must wait among them. */
static void ingest_batches(struct door *door, struct story *s)
{
    int *order = calloc((size_t)s->count, sizeof *order);
    size_t left = (size_t)s->count;
    assert_non_null(order);
    while (left > 0) {
        size_t begun = left;
        story_shuffle(s, order);
        assert_ok(ledger_begin(door->ledger));
        for (int i = 0; i < s->count; i++) {
            const struct story_entry *e = &s->entries[order[i]];
            left -= ledger_ingest(door->ledger, e->bytes, e->len, true) == STATUS_OK;
            if (story_random(s, 8) > 0)
                continue;
            assert_ok(ledger_commit(door->ledger));
            assert_ok(ledger_begin(door->ledger));
        }
        assert_ok(ledger_commit(door->ledger));
        assert_true(left < begun);
    }
    free(order);
}

static void batches_and_bundles_give_that_root(void **state)
{
    (void)state;
    enum { HISTORIES = 6 };
    for (uint64_t seed = 900; seed < 900 + HISTORIES; seed++) {
        struct story s;
        struct door door;
        uint8_t root[32];
        size_t len;
        history_make(&s, seed, 40);
        household_state_root(s.house, root);
        door_open(&door);
        ingest_batches(&door, &s);
        expect_root(&door, &s, root);
        ledger_close(door.ledger);
        assert_ok(ledger_open(&door.ledger, door.dir, &door.house.keys));
        expect_root(&door, &s, root);
        door_close(&door);
        door_open(&door);
        uint8_t *bundle = history_bundle(&s, &len);
        assert_ok(backup_import(door.ledger, bundle, len, story_id(&s, 0), NULL, NULL));
        expect_root(&door, &s, root);
        free(bundle);
        door_close(&door);
        story_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_one_root),
        cmocka_unit_test(batches_and_bundles_give_that_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
