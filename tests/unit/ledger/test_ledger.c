/* test_ledger.c: a household on one node: founded, written to, restarted, killed, restored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "ledger/ledger.h"
#include "ledger/statement.h"
#include "tests/unit/ledger/node_help.h"

static const struct clock_reading now = {.wall_ms = HELP_NOW_MS, .synchronised = true};

struct place {
    char dir[HELP_PATH_SIZE], data[HELP_PATH_SIZE];
    struct help_house house;
    struct ledger *ledger;
};

static void found(struct place *place, struct ledger *ledger)
{
    const struct help_house *house = &place->house;
    assert_ok(ledger_begin(ledger));
    assert_ok(ledger_ingest(ledger, house->genesis.bytes, house->genesis.len, true));
    assert_ok(ledger_ingest(ledger, house->grant.bytes, house->grant.len, false));
    assert_ok(ledger_commit(ledger));
}

static int set_up_role(void **state, enum body_role role)
{
    static struct place place;
    char db[HELP_PATH_SIZE];
    help_dir_make(place.dir);
    help_join(db, place.dir, "ledger");
    help_join(place.data, db, "data.mdb");
    help_house_make(&place.house, 40, role);
    assert_ok(ledger_open(&place.ledger, place.dir, &place.house.keys));
    *state = &place;
    return 0;
}

static int set_up_empty(void **state)
{
    return set_up_role(state, ROLE_ADMIN);
}

static int set_up(void **state)
{
    set_up_empty(state);
    struct place *place = *state;
    found(place, place->ledger);
    return 0;
}

static int set_up_node(void **state)
{
    set_up_role(state, ROLE_NODE);
    struct place *place = *state;
    found(place, place->ledger);
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    ledger_close(place->ledger);
    help_house_close(&place->house);
    help_dir_remove(place->dir);
    return 0;
}

static void reopen(struct place *place)
{
    ledger_close(place->ledger);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
}

struct root {
    uint8_t bytes[32], frontier[32];
    uint64_t entries;
};

static struct root root_of(struct ledger *ledger)
{
    struct root root = {.entries = household_entries(ledger_own(ledger))};
    household_state_root(ledger_own(ledger), root.bytes);
    household_frontier(ledger_own(ledger), false, root.frontier);
    return root;
}

static void expect_root(struct ledger *ledger, const struct root *expected)
{
    struct root root = root_of(ledger);
    assert_memory_equal(root.bytes, expected->bytes, 32);
    assert_memory_equal(root.frontier, expected->frontier, 32);
    assert_int_equal(root.entries, expected->entries);
}

/* An AAAA of that name, whose last octet tells writes apart. */
static struct ledger_write aaaa(const char *name, uint8_t last)
{
    static uint8_t rdata[256][16];
    memcpy(rdata[last], (uint8_t[16]){0xfd, 0x68, [15] = last}, 16);
    return (struct ledger_write){.name = help_name(name),
                                 .type = RRTYPE_AAAA,
                                 .ttl = 300,
                                 .rr_count = 1,
                                 .rrs = {{.data = rdata[last], .len = 16}},
                                 .by = "cli"};
}

static struct ledger_write deletion(const char *name)
{
    return (struct ledger_write){.name = help_name(name), .type = RRTYPE_AAAA, .by = "cli"};
}

static void put(struct ledger *ledger, const struct ledger_write *write, uint8_t id[static 32])
{
    enum rule rule;
    assert_ok(ledger_append_set(ledger, write, now, id, &rule));
    assert_int_equal(rule, RULE_NONE);
}

static void set(struct ledger *ledger, const char *name, uint8_t last)
{
    uint8_t id[32];
    struct ledger_write write = aaaa(name, last);
    put(ledger, &write, id);
}

static void expect_refused(struct ledger *ledger, enum status expected,
                           const struct ledger_write *write)
{
    uint8_t id[32];
    enum rule rule = RULE_COUNT;
    struct root before = root_of(ledger);
    assert_status(expected, ledger_append_set(ledger, write, now, id, &rule));
    assert_int_equal(rule != RULE_NONE, expected == STATUS_RULE);
    expect_root(ledger, &before);
}

/* The last octet of the winning address; 0 when it is deleted, -1 when there is none. */
static int address_of(struct ledger *ledger, const char *name)
{
    struct household_set winner;
    struct name relative = help_name(name);
    if (household_winner(ledger_own(ledger), &relative, RRTYPE_AAAA, &winner) != STATUS_OK)
        return -1;
    return winner.rr_count > 0 ? winner.rrs[0].data[15] : 0;
}

static void read_entry(struct ledger *ledger, const uint8_t id[static 32], uint8_t *bytes,
                       struct entry *entry)
{
    size_t len;
    assert_ok(ledger_get(ledger, id, bytes, &len));
    assert_ok(entry_decode(entry, bytes, len));
}

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
    assert_status(STATUS_NO_HOUSEHOLD, ledger_append_set(ledger, &write, now, id, &rule));
    assert_status(STATUS_NO_HOUSEHOLD,
                  ledger_append_withdraw(ledger, id, REASON_LOST, now, id, &rule));
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
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, now, id, &rule));
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
    assert_ok(ledger_set_label(place->ledger, longest + 1));
    assert_ok(ledger_set_label(place->ledger, ""));
    assert_string_equal(ledger_label(place->ledger), "");
}

/* --- writing --- */

static void writes_replace_and_delete(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    uint8_t first[32], second[32], third[32], bytes[LIMIT_ENTRY];
    struct entry entry;
    struct body body;
    struct name camera = help_name("camera");
    struct ledger_write write = aaaa("camera", 1);
    put(ledger, &write, first);
    write = aaaa("camera", 2);
    put(ledger, &write, second);
    read_entry(ledger, second, bytes, &entry);
    assert_ok(body_decode(&body, entry.type, entry.body, entry.body_len));
    assert_int_equal(body.set.over_count, 1);
    assert_memory_equal(body.set.over, first, 32);
    assert_int_equal(body.set.by_len, 3);
    assert_int_equal(entry.seq, 2); /* OPEN, SET, SET */
    assert_memory_equal(entry.auth_head, place->house.head.id, 32);
    assert_int_equal(household_live(ledger_own(ledger), &camera, RRTYPE_AAAA, NULL, 0), 1);
    write = deletion("camera");
    put(ledger, &write, third);
    assert_int_equal(address_of(ledger, "camera"), 0);
    expect_refused(ledger, STATUS_NOT_FOUND, &write);
    write = deletion("nothing");
    expect_refused(ledger, STATUS_NOT_FOUND, &write);
    set(ledger, "camera", 3);
    assert_int_equal(address_of(ledger, "camera"), 3);
    assert_int_equal(household_live(ledger_own(ledger), &camera, RRTYPE_AAAA, NULL, 0), 1);
}

static void what_stands_already_is_not_written_again(void **state)
{
    struct place *place = *state;
    uint8_t first[32], again[32];
    struct ledger_write write = aaaa("camera", 1);
    struct ledger_write other = aaaa("camera", 2);
    write.rrs[1] = other.rrs[0];
    write.rr_count = 2;
    put(place->ledger, &write, first);
    struct root before = root_of(place->ledger);
    /* In another order, with a duplicate, asked by somebody else. */
    write.rrs[2] = write.rrs[0];
    write.rrs[0] = write.rrs[1];
    write.rrs[1] = write.rrs[2];
    write.rr_count = 3;
    write.by = "import";
    put(place->ledger, &write, again);
    assert_memory_equal(first, again, 32);
    expect_root(place->ledger, &before);
    write.ttl++;
    put(place->ledger, &write, again);
    assert_memory_not_equal(first, again, 32);
    write.rr_count = 1;
    put(place->ledger, &write, again);
    assert_int_equal(root_of(place->ledger).entries, before.entries + 2);
}

static void refusals_name_the_rule(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    static const uint8_t loopback[16] = {[15] = 1}, link_local[16] = {0xfe, 0x80, [15] = 1};
    static const uint8_t tlsa[] = {3, 1, 1, 0xaa};
    set(ledger, "camera", 1);
    struct ledger_write write = aaaa("x", 1);
    write.rrs[0].data = loopback;
    expect_refused(ledger, STATUS_ADDRESS_LOOPBACK, &write);
    write.rrs[0].data = link_local;
    expect_refused(ledger, STATUS_ADDRESS_LINK_LOCAL, &write);
    write.rrs[0].len = 15;
    expect_refused(ledger, STATUS_RDATA, &write);
    write = aaaa("x", 1);
    write.type = RRTYPE_TLSA;
    write.rrs[0] = (struct body_rr){.data = tlsa, .len = sizeof tlsa};
    expect_refused(ledger, STATUS_TLSA_LENGTH, &write);
    write = aaaa("x", 1);
    write.type = RRTYPE_SOA;
    expect_refused(ledger, STATUS_TYPE_UNSUPPORTED, &write);
    write = aaaa("x", 1);
    write.rr_count = 9;
    expect_refused(ledger, STATUS_RANGE, &write);
    write = aaaa("x", 1);
    write.ttl = UINT32_C(0x80000000);
    expect_refused(ledger, STATUS_RANGE, &write);
    write = aaaa("x", 1);
    write.by = "a text that is longer than sixty-four octets can't say who asked ....";
    expect_refused(ledger, STATUS_TOO_LONG, &write);
    write = aaaa("x", 1);
    write.name.wire[1] = 'X';
    expect_refused(ledger, STATUS_NAME_CHARACTER, &write);
    write = aaaa("maple._peer", 1);
    expect_refused(ledger, STATUS_RESERVED, &write);
    char longest[200];
    for (unsigned i = 0; i < 199; i++)
        longest[i] = i % 40 == 39 ? '.' : 'a';
    longest[199] = '\0';
    write = aaaa(longest, 1);
    expect_refused(ledger, STATUS_NAME_TOO_LONG, &write);
    set(ledger, "x", 1);
}

/* Somebody else's SETs of one name that don't know of each other. */
static void ingest_rivals(struct place *place, const struct node_keys *keys, const char *name,
                          unsigned count)
{
    struct body body = {.type = ENTRY_OPEN, .open.kind = KIND_PRIVATE};
    struct entry entry, prev;
    struct owner_entry out, prev_out;
    help_feed_entry(&prev, &prev_out, &place->house, &keys->signing, 77, NULL, &body);
    assert_ok(ledger_ingest(place->ledger, prev_out.bytes, prev_out.len, false));
    for (unsigned i = 0; i < count; i++) {
        struct ledger_write write = aaaa(name, (uint8_t)(100 + i));
        body = (struct body){.type = ENTRY_SET,
                             .set = {.name = write.name,
                                     .type = write.type,
                                     .ttl = 60,
                                     .rr_count = 1,
                                     .rrs = {write.rrs[0]}}};
        help_feed_entry(&entry, &out, &place->house, &keys->signing, 77, &prev, &body);
        assert_ok(ledger_ingest(place->ledger, out.bytes, out.len, false));
        prev_out = out;
        prev = entry;
    }
}

static void grant_second(struct place *place, struct node_keys *keys, enum body_role role)
{
    struct owner_entry grant;
    help_house_grant(&place->house, keys, 60, role, &grant);
    assert_ok(ledger_ingest(place->ledger, grant.bytes, grant.len, false));
}

static void one_write_settles_any_conflict(void **state)
{
    struct place *place = *state;
    struct node_keys second;
    struct name camera = help_name("camera");
    uint8_t id[32];
    grant_second(place, &second, ROLE_ADMIN);
    for (unsigned count = 1; count <= 40; count += 13) {
        char name[16];
        snprintf(name, sizeof name, "camera%u", count);
        camera = help_name(name);
        if (count == 1)
            ingest_rivals(place, &second, name, 30);
        struct household *own = ledger_own(place->ledger);
        size_t rivals = household_live(own, &camera, RRTYPE_AAAA, NULL, 0);
        assert_int_equal(rivals, count == 1 ? 30 : 0);
        uint64_t entries = root_of(place->ledger).entries;
        struct ledger_write write = aaaa(name, 1);
        put(place->ledger, &write, id);
        uint8_t live[2][32];
        assert_int_equal(household_live(own, &camera, RRTYPE_AAAA, live, 2), 1);
        assert_memory_equal(live[0], id, 32);
        assert_int_equal(address_of(place->ledger, name), 1);
        if (count == 1) /* 30 -> 23 -> 16 -> 9 -> 2 -> 1, and an OPEN */
            assert_int_equal(root_of(place->ledger).entries, entries + 6);
    }
    node_keys_close(&second);
}

static void times_rise_and_stay_within_a_day(void **state)
{
    struct place *place = *state;
    uint8_t id[32], bytes[LIMIT_ENTRY];
    enum rule rule;
    struct entry entry;
    struct ledger_write write = aaaa("camera", 1);
    put(place->ledger, &write, id);
    read_entry(place->ledger, id, bytes, &entry);
    assert_int_equal(entry.time, clock_stamp(HELP_NOW_MS, 0));
    write = aaaa("camera", 2);
    put(place->ledger, &write, id);
    read_entry(place->ledger, id, bytes, &entry);
    assert_int_equal(entry.time, clock_stamp(HELP_NOW_MS, 1));
    /* The clock goes back an hour: later still. */
    struct clock_reading clock = {.wall_ms = HELP_NOW_MS - 3600000, .synchronised = true};
    write = aaaa("camera", 3);
    assert_ok(ledger_append_set(place->ledger, &write, clock, id, &rule));
    read_entry(place->ledger, id, bytes, &entry);
    assert_int_equal(entry.time, clock_stamp(HELP_NOW_MS, 2));
    /* By a year: a day beyond it at most, and the write wins all the same. */
    clock.wall_ms = HELP_NOW_MS - 365 * CLOCK_DAY_MS;
    write = aaaa("camera", 4);
    assert_ok(ledger_append_set(place->ledger, &write, clock, id, &rule));
    read_entry(place->ledger, id, bytes, &entry);
    assert_int_equal(entry.time, clock_stamp(clock.wall_ms + CLOCK_DAY_MS, 0));
    assert_int_equal(address_of(place->ledger, "camera"), 4);
}

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

static uint64_t stream_of(struct ledger *ledger, const struct ledger_write *write)
{
    uint8_t id[32], bytes[LIMIT_ENTRY];
    struct entry entry;
    put(ledger, write, id);
    read_entry(ledger, id, bytes, &entry);
    return entry.stream;
}

static void shared_names_stay_in_shared_streams(void **state)
{
    struct place *place = *state;
    struct ledger_write write = aaaa("camera", 1);
    uint64_t private_stream = stream_of(place->ledger, &write);
    write = aaaa("camera", 2);
    assert_int_equal(stream_of(place->ledger, &write), private_stream);
    write.shared = true; /* the same again, but shared: not the same */
    uint64_t shared_stream = stream_of(place->ledger, &write);
    assert_int_not_equal(shared_stream, private_stream);
    write = aaaa("camera", 3);
    assert_int_equal(stream_of(place->ledger, &write), shared_stream);
    write = aaaa("printer", 1);
    assert_int_equal(stream_of(place->ledger, &write), private_stream);
    /* The counters of the streams are those of their opening. */
    assert_int_equal(private_stream >> 32, 0);
    assert_int_equal(shared_stream >> 32, 1);
    reopen(place);
    write = aaaa("camera", 4);
    assert_int_equal(stream_of(place->ledger, &write), shared_stream);
    write = aaaa("printer", 2);
    assert_int_equal(stream_of(place->ledger, &write), private_stream);
}

/* --- denials --- */

static void denials_are_made_once(void **state)
{
    struct place *place = *state;
    struct node_keys second;
    struct household_grant grant;
    uint8_t hash[32] = {1, 2, 3}, first[32], again[32];
    enum rule rule;
    grant_second(place, &second, ROLE_NODE);
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, now, first, &rule));
    uint64_t entries = root_of(place->ledger).entries;
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_LOST, now, again, &rule));
    assert_memory_equal(first, again, 32);
    assert_ok(ledger_append_suspend(place->ledger, second.signing.public_key, now, first, &rule));
    assert_ok(ledger_append_suspend(place->ledger, second.signing.public_key, now, again, &rule));
    assert_memory_equal(first, again, 32);
    assert_int_equal(root_of(place->ledger).entries, entries + 1);
    assert_ok(household_find_grant(ledger_own(place->ledger), second.signing.public_key, &grant));
    assert_int_equal(grant.state, GRANT_SUSPENDED);
    assert_status(STATUS_NOT_FOUND, ledger_append_suspend(place->ledger, hash, now, again, &rule));
    node_keys_close(&second);
}

static void a_node_may_withdraw_but_not_suspend(void **state)
{
    struct place *place = *state;
    uint8_t hash[32] = {1}, id[32];
    enum rule rule;
    assert_status(
        STATUS_RULE,
        ledger_append_suspend(place->ledger, place->house.keys.signing.public_key, now, id, &rule));
    assert_int_equal(rule, RULE_NO_RIGHT);
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, now, id, &rule));
}

static void a_revoked_node_writes_nothing(void **state)
{
    struct place *place = *state;
    struct body_revoke revoke = {.signing.algorithm = KEY_ED25519, .reason = REASON_STOLEN};
    struct owner_entry out;
    uint8_t hash[32] = {1}, id[32];
    enum rule rule;
    set(place->ledger, "camera", 1);
    memcpy(revoke.signing.key, place->house.keys.signing.public_key, 32);
    assert_ok(owner_revoke(&place->house.owner, &place->house.head, HELP_NOW_MS, &revoke, &out));
    assert_ok(ledger_ingest(place->ledger, out.bytes, out.len, false));
    struct ledger_write write = aaaa("camera", 2);
    expect_refused(place->ledger, STATUS_RULE, &write);
    assert_status(STATUS_RULE,
                  ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, now, id, &rule));
    assert_int_equal(rule, RULE_REVOKED);
    assert_int_equal(address_of(place->ledger, "camera"), -1);
}

static void a_scope_is_revealed_when_it_changes(void **state)
{
    struct place *place = *state;
    static const uint8_t salt[16] = {9};
    uint8_t opening[SCOPE_OPENING_MAX];
    size_t len;
    struct name names[] = {help_name("garage"), help_name("attic")};
    struct body_scope scope = {.signing.algorithm = KEY_ED25519, .zone.algorithm = KEY_ED25519};
    struct owner_entry out;
    struct node_keys *keys = &place->house.keys;
    struct ledger_write write = aaaa("cam.garage", 1);
    uint64_t before = stream_of(place->ledger, &write);
    memcpy(scope.signing.key, keys->signing.public_key, 32);
    memcpy(scope.zone.key, keys->zone.public_key, 32);
    memcpy(scope.spki_sha256, keys->spki_sha256, 32);
    assert_ok(scope_encode(names, 2, salt, opening, &len, scope.scope_commitment));
    assert_ok(owner_scope(&place->house.owner, &place->house.head, HELP_NOW_MS, &scope, &out));
    assert_ok(ledger_ingest(place->ledger, out.bytes, out.len, false));
    write = aaaa("cam.garage", 2);
    expect_refused(place->ledger, STATUS_RULE, &write); /* nobody knows the list yet */
    assert_ok(ledger_set_scope_opening(place->ledger, opening, len));
    assert_status(STATUS_TRUNCATED, ledger_set_scope_opening(place->ledger, opening, len - 1));
    uint64_t after = stream_of(place->ledger, &write);
    assert_int_not_equal(before, after);
    assert_int_equal(address_of(place->ledger, "cam.garage"), 2);
    write = aaaa("cam.kitchen", 1);
    expect_refused(place->ledger, STATUS_RULE, &write);
    reopen(place);
    write = aaaa("attic", 1);
    assert_int_equal(stream_of(place->ledger, &write), after);
}

/* --- copies of the disk --- */

static void restore(struct place *place, const uint8_t *bytes, size_t len)
{
    ledger_close(place->ledger);
    place->ledger = NULL;
    help_file_write(place->data, bytes, len);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
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

/* --- kill -9 --- */

enum { KILLS = 100, ACKS_MAX = 60000 };

struct ack {
    uint8_t id[32];
};

/* Writes until it is killed, and says each id only after its commit. */
static void child_write(const struct place *place, int fd, unsigned round)
{
    struct ledger *ledger;
    if (ledger_open(&ledger, place->dir, &place->house.keys) != STATUS_OK)
        _exit(1);
    for (unsigned i = 0;; i++) {
        char name[32];
        enum rule rule;
        struct ack acks[4];
        unsigned count = 1 + i % 4;
        if (ledger_begin(ledger) != STATUS_OK)
            _exit(2);
        for (unsigned k = 0; k < count; k++) {
            snprintf(name, sizeof name, "d%u-%u", round % 7, (i + k) % 50);
            struct ledger_write write = aaaa(name, (uint8_t)(i * 31 + k + round));
            if (ledger_append_set(ledger, &write, now, acks[k].id, &rule) != STATUS_OK)
                _exit(3);
        }
        if (ledger_commit(ledger) != STATUS_OK)
            _exit(4);
        if (write(fd, acks, count * sizeof *acks) != (ssize_t)(count * sizeof *acks))
            _exit(5);
    }
}

/* One entry for each place of a stream, and none missing. */
struct places {
    const uint8_t *author;
    struct {
        uint64_t stream, next;
    } streams[LIMIT_STREAMS];
    unsigned count;
};

static enum status check_place(void *context, const struct entry *entry)
{
    struct places *places = context;
    if (memcmp(entry->author, places->author, 32) != 0)
        return STATUS_OK;
    unsigned i = 0;
    while (i < places->count && places->streams[i].stream != entry->stream)
        i++;
    if (i == places->count) {
        assert_true(places->count < LIMIT_STREAMS);
        places->streams[places->count].stream = entry->stream;
        places->streams[places->count++].next = 0;
    }
    assert_int_equal(entry->seq, places->streams[i].next);
    places->streams[i].next++;
    return STATUS_OK;
}

static unsigned run_and_kill(const struct place *place, unsigned round, struct ack *acks)
{
    int ends[2];
    unsigned count = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        child_write(place, ends[1], round);
    close(ends[1]);
    /* Every third one dies while it opens; the others after some commits. */
    if (round % 3 != 0)
        count += read(ends[0], acks, sizeof *acks) == sizeof *acks;
    usleep((useconds_t)(rand() % 12000));
    kill(child, SIGKILL);
    for (ssize_t got; (got = read(ends[0], acks + count, sizeof *acks)) > 0; count++)
        assert_int_equal(got, sizeof *acks);
    close(ends[0]);
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
    return count;
}

static void a_killed_process_loses_nothing(void **state)
{
    struct place *place = *state;
    struct ack *acks = malloc(ACKS_MAX * sizeof *acks);
    assert_non_null(acks);
    unsigned count = 0;
    bool restored;
    srand(1);
    ledger_close(place->ledger);
    place->ledger = NULL;
    for (unsigned round = 0; round < KILLS; round++) {
        assert_true(count < ACKS_MAX - 20000);
        count += run_and_kill(place, round, acks + count);
    }
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
    (void)ledger_incarnation(place->ledger, &restored);
    assert_false(restored);
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[LIMIT_ENTRY];
        size_t len;
        assert_ok(ledger_get(place->ledger, acks[i].id, bytes, &len));
        assert_true(household_holds(ledger_own(place->ledger), acks[i].id));
    }
    struct places places = {.author = place->house.keys.signing.public_key};
    assert_ok(ledger_each(place->ledger, check_place, &places));
    assert_int_equal(places.count, 1);
    assert_true(count > KILLS);
    print_message("%u acknowledged entries, %u kills\n", count, (unsigned)KILLS);
    free(acks);
}

#define WITH(test, up) cmocka_unit_test_setup_teardown(test, up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_household_is_founded_once, set_up_empty),
        WITH(refused_entries_leave_no_trace, set_up),
        WITH(a_refusal_does_not_spoil_the_batch, set_up),
        WITH(an_aborted_batch_was_never_there, set_up),
        WITH(an_aborted_founding_was_none, set_up_empty),
        WITH(a_restart_gives_the_same_root, set_up),
        WITH(writes_replace_and_delete, set_up),
        WITH(what_stands_already_is_not_written_again, set_up),
        WITH(refusals_name_the_rule, set_up),
        WITH(one_write_settles_any_conflict, set_up),
        WITH(times_rise_and_stay_within_a_day, set_up),
        WITH(statements_are_kept_newest_and_prove_time, set_up),
        WITH(shared_names_stay_in_shared_streams, set_up),
        WITH(denials_are_made_once, set_up),
        WITH(a_node_may_withdraw_but_not_suspend, set_up_node),
        WITH(a_revoked_node_writes_nothing, set_up),
        WITH(a_scope_is_revealed_when_it_changes, set_up_node),
        WITH(a_restored_database_is_noticed, set_up),
        WITH(a_lost_mark_or_database_begins_anew, set_up),
        WITH(a_stream_that_goes_on_elsewhere_is_left, set_up),
        WITH(a_killed_process_loses_nothing, set_up),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
