/* test_ledger.c: a household on one node: founded, fed, restarted, and run on a copy of its disk.
 */
#include "tests/unit/ledger/ledger_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "ledger/household_impl.h"
#include "ledger/statement.h"

/* --- founding and ingesting --- */

static void a_household_is_founded_once(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct help_house *house = &place->house;
    struct help_house other;
    bool restored;
    assert_null(ledger_own(ledger));
    assert_null(ledger_own_id(ledger));
    assert_true(ledger_incarnation(ledger, &restored) > 0);
    assert_false(restored);
    struct ledger_write write = aaaa("camera", 1);
    uint8_t id[32];
    enum rule rule;
    assert_status(STATUS_NO_HOUSEHOLD, ledger_append_set(ledger, &write, help_now, id, &rule));
    assert_status(STATUS_NO_HOUSEHOLD,
                  ledger_append_withdraw(ledger, id, REASON_LOST, help_now, id, &rule));
    /* Not by accident: a GENESIS that nobody asked for is somebody else's. */
    assert_status(STATUS_FOREIGN,
                  ledger_ingest(ledger, house->genesis.bytes, house->genesis.len, false));
    assert_status(STATUS_FOREIGN,
                  ledger_ingest(ledger, house->grant.bytes, house->grant.len, true));
    found(place, ledger);
    assert_memory_equal(ledger_own_id(ledger), house->genesis.id, 32);
    assert_status(STATUS_DUPLICATE,
                  ledger_ingest(ledger, house->genesis.bytes, house->genesis.len, true));
    help_house_make(&other, 90, ROLE_ADMIN);
    assert_status(STATUS_EXISTS,
                  ledger_ingest(ledger, other.genesis.bytes, other.genesis.len, true));
    assert_status(STATUS_FOREIGN, ledger_ingest(ledger, other.grant.bytes, other.grant.len, false));
    help_house_close(&other);
    reopen(place);
    assert_memory_equal(ledger_own_id(place->ledger), house->genesis.id, 32);
}

/* Nobody outside can know which ids share a place in the maps: each process hashes by another key.
 */
static void maps_are_hashed_by_a_random_key(void **state)
{
    struct place *place = *state;
    uint8_t before[sizeof ledger_own(place->ledger)->hash_key];
    memcpy(before, ledger_own(place->ledger)->hash_key, sizeof before);
    reopen(place);
    assert_memory_not_equal(before, ledger_own(place->ledger)->hash_key, sizeof before);
}

static void refused_entries_leave_no_trace(void **state)
{
    struct place *place = *state;
    struct help_house *house = &place->house;
    struct key_pair stranger = help_pair(99);
    struct body body = {.type = ENTRY_OPEN, .open.kind = KIND_PRIVATE};
    struct entry open, later;
    struct owner_entry open_out, later_out;
    struct root before = root_of(place->ledger);
    help_feed_entry(&open, &open_out, house, &house->keys.signing, 5, NULL, &body);
    body = (struct body){.type = ENTRY_WITHDRAW, .withdraw.reason = REASON_STOLEN};
    help_feed_entry(&later, &later_out, house, &house->keys.signing, 5, &open, &body);
    assert_status(STATUS_WAIT_PREV,
                  ledger_ingest(place->ledger, later_out.bytes, later_out.len, false));
    open_out.bytes[open_out.len - 1] ^= 1;
    assert_status(STATUS_SIGNATURE,
                  ledger_ingest(place->ledger, open_out.bytes, open_out.len, false));
    open_out.bytes[open_out.len - 1] ^= 1;
    for (size_t len = 0; len < open_out.len; len++)
        assert_int_not_equal(STATUS_OK, ledger_ingest(place->ledger, open_out.bytes, len, false));
    body = (struct body){.type = ENTRY_OPEN, .open.kind = KIND_PRIVATE};
    struct entry foreign;
    struct owner_entry foreign_out;
    help_feed_entry(&foreign, &foreign_out, house, &stranger, 5, NULL, &body);
    assert_status(STATUS_WAIT_GRANT,
                  ledger_ingest(place->ledger, foreign_out.bytes, foreign_out.len, false));
    expect_root(place->ledger, &before);
    reopen(place);
    expect_root(place->ledger, &before);
    assert_ok(ledger_ingest(place->ledger, open_out.bytes, open_out.len, false));
    assert_ok(ledger_ingest(place->ledger, later_out.bytes, later_out.len, false));
    key_pair_close(&stranger);
}

static void a_refusal_does_not_spoil_the_batch(void **state)
{
    struct place *place = *state;
    uint8_t rubbish[300] = {0};
    assert_ok(ledger_begin(place->ledger));
    assert_status(STATUS_BUSY, ledger_begin(place->ledger));
    set(place->ledger, "camera", 1);
    assert_status(STATUS_MALFORMED, ledger_ingest(place->ledger, rubbish, sizeof rubbish, false));
    set(place->ledger, "printer", 2);
    assert_ok(ledger_commit(place->ledger));
    reopen(place);
    assert_int_equal(address_of(place->ledger, "camera"), 1);
    assert_int_equal(address_of(place->ledger, "printer"), 2);
}

static void an_aborted_batch_was_never_there(void **state)
{
    struct place *place = *state;
    set(place->ledger, "camera", 1);
    struct root before = root_of(place->ledger);
    assert_ok(ledger_begin(place->ledger));
    set(place->ledger, "camera", 2);
    set(place->ledger, "printer", 3);
    assert_ok(ledger_set_label(place->ledger, "attic"));
    assert_int_equal(address_of(place->ledger, "camera"), 2);
    ledger_abort(place->ledger);
    expect_root(place->ledger, &before);
    assert_int_equal(address_of(place->ledger, "camera"), 1);
    assert_int_equal(address_of(place->ledger, "printer"), -1);
    assert_string_equal(ledger_label(place->ledger), "");
    reopen(place);
    expect_root(place->ledger, &before);
    /* The places of the aborted entries in the stream are taken by others. */
    set(place->ledger, "printer", 4);
    assert_int_equal(root_of(place->ledger).entries, before.entries + 1);
}

static void an_aborted_founding_was_none(void **state)
{
    struct place *place = *state;
    assert_ok(ledger_begin(place->ledger));
    assert_ok(
        ledger_ingest(place->ledger, place->house.genesis.bytes, place->house.genesis.len, true));
    assert_non_null(ledger_own(place->ledger));
    ledger_abort(place->ledger);
    assert_null(ledger_own(place->ledger));
    reopen(place);
    assert_null(ledger_own(place->ledger));
    found(place, place->ledger);
    set(place->ledger, "camera", 1);
}

static void a_restart_gives_the_same_root(void **state)
{
    struct place *place = *state;
    uint8_t id[32], hash[32] = {7};
    enum rule rule;
    for (unsigned i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u.room", i % 20);
        set(place->ledger, name, (uint8_t)(i + 1));
    }
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, help_now, id, &rule));
    assert_ok(ledger_set_label(place->ledger, "the attic"));
    struct root before = root_of(place->ledger);
    for (unsigned i = 0; i < 3; i++) {
        reopen(place);
        expect_root(place->ledger, &before);
        assert_string_equal(ledger_label(place->ledger), "the attic");
    }
    set(place->ledger, "more", 1); /* and the stream goes on */
    assert_int_equal(root_of(place->ledger).entries, before.entries + 1);
    char longest[65];
    memset(longest, 'a', 64);
    longest[64] = '\0';
    assert_status(STATUS_TOO_LONG, ledger_set_label(place->ledger, longest));
    assert_status(STATUS_MALFORMED, ledger_set_label(place->ledger, "the\nattic"));
    assert_status(STATUS_MALFORMED, ledger_set_label(place->ledger, "\xc2\x9b"
                                                                    "31m"));
    assert_status(STATUS_MALFORMED, ledger_set_label(place->ledger, "atti\xc3"));
    assert_ok(ledger_set_label(place->ledger, longest + 1));
    assert_ok(ledger_set_label(place->ledger, ""));
    assert_string_equal(ledger_label(place->ledger), "");
}

/* --- statements --- */

static void statements_are_kept_newest_and_prove_time(void **state)
{
    struct place *place = *state;
    struct node_keys *keys = &place->house.keys;
    struct statement statement = {.form = STATEMENT_HOUSEHOLD, .incarnation = 1, .number = 2};
    uint8_t bytes[LIMIT_STATEMENT], id[32], entry_bytes[LIMIT_ENTRY];
    size_t len;
    enum rule rule;
    struct entry entry;
    statement.time = clock_stamp(HELP_NOW_MS, 0);
    memcpy(statement.namespace_id, place->house.genesis.id, 32);
    memcpy(statement.author, keys->signing.public_key, 32);
    assert_int_equal(ledger_floor_ms(place->ledger), 0);
    assert_ok(statement_sign(&statement, keys->signing.secret, bytes, &len));
    bytes[len - 1] ^= 1;
    assert_status(STATUS_SIGNATURE, ledger_ingest_statement(place->ledger, bytes, len));
    bytes[len - 1] ^= 1;
    assert_ok(ledger_ingest_statement(place->ledger, bytes, len));
    assert_status(STATUS_DUPLICATE, ledger_ingest_statement(place->ledger, bytes, len));
    statement.number = 1;
    assert_ok(statement_sign(&statement, keys->signing.secret, bytes, &len));
    assert_status(STATUS_DUPLICATE, ledger_ingest_statement(place->ledger, bytes, len));
    struct key_pair stranger = help_pair(99);
    memcpy(statement.author, stranger.public_key, 32);
    assert_ok(statement_sign(&statement, stranger.secret, bytes, &len));
    assert_status(STATUS_UNAUTHORISED, ledger_ingest_statement(place->ledger, bytes, len));
    statement.namespace_id[0] ^= 1;
    assert_ok(statement_sign(&statement, stranger.secret, bytes, &len));
    assert_status(STATUS_FOREIGN, ledger_ingest_statement(place->ledger, bytes, len));
    key_pair_close(&stranger);
    reopen(place);
    assert_int_equal(ledger_floor_ms(place->ledger), HELP_NOW_MS);
    /* A machine that wakes in 1970 writes at the time that is proven. */
    struct clock_reading clock = {.wall_ms = 1000, .synchronised = false};
    struct ledger_write write = aaaa("camera", 1);
    assert_ok(ledger_append_set(place->ledger, &write, clock, id, &rule));
    read_entry(place->ledger, id, entry_bytes, &entry);
    assert_int_equal(entry.time, clock_stamp(HELP_NOW_MS, 0));
}

/* --- copies of the disk --- */

static void restore(struct place *place, const uint8_t *bytes, size_t len)
{
    ledger_close(place->ledger);
    place->ledger = NULL;
    help_file_write(place->data, bytes, len);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
}

static void state_time(struct place *place, const struct node_keys *keys, uint64_t number,
                       uint64_t ms)
{
    struct statement statement = {.form = STATEMENT_HOUSEHOLD,
                                  .incarnation = 1,
                                  .number = number,
                                  .time = clock_stamp(ms, 0)};
    uint8_t bytes[LIMIT_STATEMENT];
    size_t len;
    memcpy(statement.namespace_id, place->house.genesis.id, 32);
    memcpy(statement.author, keys->signing.public_key, 32);
    assert_ok(statement_sign(&statement, keys->signing.secret, bytes, &len));
    assert_ok(ledger_ingest_statement(place->ledger, bytes, len));
}

/* The owner's newest entry is of HELP_NOW_MS. */
static void one_liar_moves_time_by_a_day_at_most(void **state)
{
    struct place *place = *state;
    struct owner_entry grant;
    struct node_keys honest, liar;
    help_house_grant(&place->house, &honest, 60, ROLE_NODE, &grant);
    assert_ok(ledger_ingest(place->ledger, grant.bytes, grant.len, false));
    help_house_grant(&place->house, &liar, 70, ROLE_NODE, &grant);
    assert_ok(ledger_ingest(place->ledger, grant.bytes, grant.len, false));
    state_time(place, &liar, 1, HELP_NOW_MS + 1000 * CLOCK_DAY_MS);
    assert_int_equal(ledger_floor_ms(place->ledger), HELP_NOW_MS + CLOCK_DAY_MS);
    state_time(place, &liar, 2, HELP_NOW_MS + 2000 * CLOCK_DAY_MS); /* again, louder */
    assert_int_equal(ledger_floor_ms(place->ledger), HELP_NOW_MS + CLOCK_DAY_MS);
    state_time(place, &honest, 1, HELP_NOW_MS + 10 * CLOCK_DAY_MS);
    assert_int_equal(ledger_floor_ms(place->ledger), HELP_NOW_MS + 11 * CLOCK_DAY_MS);
    state_time(place, &place->house.keys, 1, HELP_NOW_MS + 12 * CLOCK_DAY_MS);
    assert_int_equal(ledger_floor_ms(place->ledger), HELP_NOW_MS + 13 * CLOCK_DAY_MS);
    /* This node's own word needs no other. */
    state_time(place, &place->house.keys, 2, HELP_NOW_MS + 3000 * CLOCK_DAY_MS);
    assert_int_equal(ledger_floor_ms(place->ledger),
                     HELP_NOW_MS + 2000 * CLOCK_DAY_MS + 1000 * CLOCK_DAY_MS);
    node_keys_close(&honest);
    node_keys_close(&liar);
}

static void a_restored_database_is_noticed(void **state)
{
    struct place *place = *state;
    bool restored;
    size_t len;
    struct ledger_write write = aaaa("camera", 1);
    uint64_t before = stream_of(place->ledger, &write);
    uint64_t began = ledger_incarnation(place->ledger, &restored);
    uint8_t *copy = help_file_read(place->data, &len);
    /* Without a change in between, it is no older than what is there. */
    restore(place, copy, len);
    assert_int_equal(ledger_incarnation(place->ledger, &restored), began);
    assert_false(restored);
    write = aaaa("camera", 2);
    assert_int_equal(stream_of(place->ledger, &write), before);
    restore(place, copy, len);
    assert_true(ledger_incarnation(place->ledger, &restored) > began);
    assert_true(restored);
    assert_int_equal(address_of(place->ledger, "camera"), 1);
    write = aaaa("camera", 3);
    uint64_t after = stream_of(place->ledger, &write);
    assert_int_not_equal(after, before);
    assert_int_equal(after >> 32, 1);
    /* The new incarnation goes on as any other. */
    reopen(place);
    (void)ledger_incarnation(place->ledger, &restored);
    assert_false(restored);
    write = aaaa("camera", 4);
    assert_int_equal(stream_of(place->ledger, &write), after);
    free(copy);
}

static void a_lost_mark_or_database_begins_anew(void **state)
{
    struct place *place = *state;
    bool restored;
    char mark[HELP_PATH_SIZE];
    help_join(mark, place->dir, "incarnation");
    struct ledger_write write = aaaa("camera", 1);
    uint64_t before = stream_of(place->ledger, &write);
    static const char *const damages[] = {NULL, "", "rubbish", "rubbish rubbish rubbish rubb"};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        if (damages[i])
            help_file_write(mark, damages[i], strlen(damages[i]));
        else
            assert_int_equal(unlink(mark), 0);
        reopen(place);
        (void)ledger_incarnation(place->ledger, &restored);
        assert_true(restored);
        write = aaaa("camera", (uint8_t)(i + 2));
        uint64_t after = stream_of(place->ledger, &write);
        assert_int_not_equal(after, before);
        before = after;
    }
    ledger_close(place->ledger);
    assert_int_equal(unlink(place->data), 0);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
    (void)ledger_incarnation(place->ledger, &restored);
    assert_true(restored);
    assert_null(ledger_own(place->ledger));
}

/* However often it is restored, a node doesn't open more streams than a key may hold: its SETs
 * would be void. */
static void a_key_never_overruns_itself(void **state)
{
    struct place *place = *state;
    char mark[HELP_PATH_SIZE];
    uint8_t id[32], hash[32] = {1};
    enum rule rule;
    help_join(mark, place->dir, "incarnation");
    for (unsigned i = 1; i < LIMIT_STREAMS; i++) {
        set(place->ledger, "camera", (uint8_t)i);
        assert_int_equal(unlink(mark), 0);
        reopen(place);
    }
    struct ledger_write write = aaaa("camera", 200);
    expect_refused(place->ledger, STATUS_FULL, &write);
    /* The last place is for denials. */
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_LOST, help_now, id, &rule));
    assert_int_equal(address_of(place->ledger, "camera"), LIMIT_STREAMS - 1);
    assert_int_equal(unlink(mark), 0);
    reopen(place);
    hash[0]++;
    assert_status(STATUS_FULL,
                  ledger_append_withdraw(place->ledger, hash, REASON_LOST, help_now, id, &rule));
}

/* A peer brings an entry of our own stream that we did not write: somebody runs on a copy of our
 * disk. */
static void a_stream_that_goes_on_elsewhere_is_left(void **state)
{
    struct place *place = *state;
    uint8_t id[32], bytes[LIMIT_ENTRY];
    struct entry head, clone;
    struct owner_entry out;
    struct ledger_write write = aaaa("camera", 1);
    put(place->ledger, &write, id);
    read_entry(place->ledger, id, bytes, &head);
    struct body body = {.type = ENTRY_SET,
                        .set = {.name = help_name("other"), .type = RRTYPE_AAAA, .ttl = 60}};
    help_feed_entry(&clone, &out, &place->house, &place->house.keys.signing, head.stream, &head,
                    &body);
    assert_ok(ledger_ingest(place->ledger, out.bytes, out.len, false));
    write = aaaa("camera", 2);
    uint64_t after = stream_of(place->ledger, &write);
    assert_int_not_equal(after, head.stream);
    reopen(place);
    write = aaaa("camera", 3);
    assert_int_equal(stream_of(place->ledger, &write), after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_household_is_founded_once, set_up_empty),
        WITH(maps_are_hashed_by_a_random_key, set_up_admin),
        WITH(refused_entries_leave_no_trace, set_up_admin),
        WITH(a_refusal_does_not_spoil_the_batch, set_up_admin),
        WITH(an_aborted_batch_was_never_there, set_up_admin),
        WITH(an_aborted_founding_was_none, set_up_empty),
        WITH(a_restart_gives_the_same_root, set_up_admin),
        WITH(statements_are_kept_newest_and_prove_time, set_up_admin),
        WITH(one_liar_moves_time_by_a_day_at_most, set_up_admin),
        WITH(a_restored_database_is_noticed, set_up_admin),
        WITH(a_lost_mark_or_database_begins_anew, set_up_admin),
        WITH(a_key_never_overruns_itself, set_up_admin),
        WITH(a_stream_that_goes_on_elsewhere_is_left, set_up_admin),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
