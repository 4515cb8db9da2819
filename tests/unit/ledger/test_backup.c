/* test_backup.c: everything out as a bundle and in again, and what damage to a bundle does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/base/rrtype.h"
#include "ledger/bundle.h"
#include "ledger/crypt.h"
#include "ledger/statement.h"
#include "tests/unit/ledger/node_help.h"

static const struct clock_reading now = {.wall_ms = HELP_NOW_MS, .synchronised = true};

struct place {
    char dir[HELP_PATH_SIZE];
    struct help_house house;
    struct node_keys second;
    struct ledger *ledger; /* full */
    struct ledger *empty;
    uint8_t *bundle;
    size_t bundle_len;
};

static uint8_t *export(const struct place *place, struct ledger *ledger, size_t *len)
{
    char path[HELP_PATH_SIZE];
    help_join(path, place->dir, "bundle");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_ok(backup_export(ledger, fd));
    close(fd);
    return help_file_read(path, len);
}

static void ingest(struct ledger *ledger, const struct owner_entry *entry, bool own)
{
    assert_ok(ledger_ingest(ledger, entry->bytes, entry->len, own));
}

static void set(struct ledger *ledger, unsigned n)
{
    char text[16];
    uint8_t rdata[16] = {0xfd, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n}, id[32];
    enum rule rule;
    snprintf(text, sizeof text, "d%u", n % 10);
    struct ledger_write write = {.name = help_name(text),
                                 .type = RRTYPE_AAAA,
                                 .ttl = 60,
                                 .rr_count = 1,
                                 .rrs = {{.data = rdata, .len = sizeof rdata}},
                                 .shared = n % 3 == 0};
    assert_ok(ledger_append_set(ledger, &write, now, id, &rule));
}

static void ingest_statement(struct place *place, const struct key_pair *author, uint64_t number)
{
    struct statement statement = {.form = STATEMENT_HOUSEHOLD, .incarnation = 1, .number = number};
    uint8_t bytes[LIMIT_STATEMENT];
    size_t len;
    memcpy(statement.namespace_id, place->house.genesis.id, 32);
    memcpy(statement.author, author->public_key, 32);
    assert_ok(statement_sign(&statement, author->secret, bytes, &len));
    assert_ok(ledger_ingest_statement(place->ledger, bytes, len));
}

/* A fork of the authority, so that a MERGE stands on a shallow branch and needs a deep one. */
static void fork_and_merge(struct place *place)
{
    struct owner_head deep = place->house.head, shallow = place->house.head;
    struct owner_entry out;
    struct body_policy policy = {.soft_hours = 24, .hard_hours = 48, .min_version = 1};
    for (unsigned i = 0; i < 5; i++) {
        policy.soft_hours++;
        assert_ok(owner_policy(&place->house.owner, &deep, HELP_NOW_MS, &policy, &out));
        ingest(place->ledger, &out, false);
    }
    policy.hard_hours = 1000;
    assert_ok(owner_policy(&place->house.owner, &shallow, HELP_NOW_MS, &policy, &out));
    ingest(place->ledger, &out, false);
    assert_ok(owner_merge(&place->house.owner, &shallow, HELP_NOW_MS, deep.id, &out));
    ingest(place->ledger, &out, false);
    place->house.head = shallow;
}

static void fill(struct place *place)
{
    struct owner_entry grant;
    struct node_keys *keys = &place->house.keys;
    uint8_t hash[32] = {3}, id[32];
    enum rule rule;
    ingest(place->ledger, &place->house.genesis, true);
    ingest(place->ledger, &place->house.grant, false);
    help_house_grant(&place->house, &place->second, 70, ROLE_NODE, &grant);
    ingest(place->ledger, &grant, false);
    for (unsigned i = 0; i < 30; i++)
        set(place->ledger, i);
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, now, id, &rule));
    struct body body = {.type = ENTRY_OPEN, .open.kind = KIND_PRIVATE};
    struct entry open_entry;
    struct owner_entry out;
    help_feed_entry(&open_entry, &out, &place->house, &place->second.signing, 9, NULL, &body);
    ingest(place->ledger, &out, false);
    ingest_statement(place, &keys->signing, 1);
    ingest_statement(place, &place->second.signing, 1);
    fork_and_merge(place);
}

static int set_up(void **state)
{
    static struct place place;
    char full[HELP_PATH_SIZE], empty[HELP_PATH_SIZE];
    help_dir_make(place.dir);
    help_join(full, place.dir, "full");
    help_join(empty, place.dir, "empty");
    help_house_make(&place.house, 50, ROLE_ADMIN);
    assert_ok(ledger_open(&place.ledger, full, &place.house.keys));
    assert_ok(ledger_open(&place.empty, empty, &place.house.keys));
    fill(&place);
    place.bundle = export(&place, place.ledger, &place.bundle_len);
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    ledger_close(place->ledger);
    ledger_close(place->empty);
    node_keys_close(&place->second);
    help_house_close(&place->house);
    free(place->bundle);
    help_dir_remove(place->dir);
    return 0;
}

static void expect_same(struct ledger *a, struct ledger *b)
{
    uint8_t root_a[32], root_b[32];
    struct ledger_stats stats_a, stats_b;
    household_state_root(ledger_own(a), root_a);
    household_state_root(ledger_own(b), root_b);
    assert_memory_equal(root_a, root_b, 32);
    household_frontier(ledger_own(a), false, root_a);
    household_frontier(ledger_own(b), false, root_b);
    assert_memory_equal(root_a, root_b, 32);
    assert_ok(ledger_stats(a, &stats_a));
    assert_ok(ledger_stats(b, &stats_b));
    assert_int_equal(stats_a.entries, stats_b.entries);
}

struct heard {
    unsigned sections;
    struct backup_result last;
};

static void hear(void *context, const struct backup_result *result)
{
    struct heard *heard = context;
    heard->sections++;
    heard->last = *result;
}

static enum status import(struct place *place, const uint8_t *bytes, size_t len,
                          struct heard *heard)
{
    *heard = (struct heard){.sections = 0};
    return backup_import(place->empty, bytes, len, place->house.genesis.id, hear, heard);
}

static void expect_nothing_imported(struct place *place)
{
    struct ledger_stats stats;
    assert_ok(ledger_stats(place->empty, &stats));
    assert_int_equal(stats.entries, 0);
    assert_int_equal(stats.households, 0);
    assert_null(ledger_own(place->empty));
}

/* --- whole bundles --- */

static void what_went_out_comes_in(void **state)
{
    struct place *place = *state;
    struct heard heard;
    struct ledger_stats stats;
    size_t len;
    assert_ok(import(place, place->bundle, place->bundle_len, &heard));
    assert_int_equal(heard.sections, 1);
    assert_ok(ledger_stats(place->ledger, &stats));
    assert_int_equal(heard.last.added, stats.entries);
    assert_int_equal(heard.last.known, 0);
    expect_same(place->ledger, place->empty);
    /* It came in another order than it was written in: and goes out the same. */
    uint8_t *again = export(place, place->empty, &len);
    assert_int_equal(len, place->bundle_len);
    assert_memory_equal(again, place->bundle, len);
    free(again);
    /* And once more: nothing is new. */
    assert_ok(import(place, place->bundle, place->bundle_len, &heard));
    assert_int_equal(heard.last.added, 0);
    assert_int_equal(heard.last.known, stats.entries);
}

static void an_older_bundle_adds_what_is_missing(void **state)
{
    struct place *place = *state;
    struct heard heard;
    assert_ok(import(place, place->bundle, place->bundle_len, &heard));
    set(place->ledger, 31);
    size_t len;
    uint8_t *newer = export(place, place->ledger, &len);
    assert_ok(import(place, newer, len, &heard));
    assert_int_equal(heard.last.added, 1);
    expect_same(place->ledger, place->empty);
    assert_ok(import(place, place->bundle, place->bundle_len, &heard));
    assert_int_equal(heard.last.added, 0);
    expect_same(place->ledger, place->empty);
    free(newer);
}

static void an_empty_ledger_makes_an_empty_bundle(void **state)
{
    struct place *place = *state;
    struct heard heard;
    size_t len;
    uint8_t *bytes = export(place, place->empty, &len);
    assert_int_equal(len, 4 + 4 + 32);
    assert_ok(import(place, bytes, len, &heard));
    assert_int_equal(heard.sections, 0);
    expect_nothing_imported(place);
    free(bytes);
}

static void a_household_that_is_not_ones_own_is_foreign(void **state)
{
    struct place *place = *state;
    struct heard heard = {0};
    assert_status(STATUS_FOREIGN, backup_import(place->empty, place->bundle, place->bundle_len,
                                                NULL, hear, &heard));
    assert_status(STATUS_FOREIGN, heard.last.status);
    uint8_t other[32] = {1};
    assert_status(STATUS_FOREIGN,
                  backup_import(place->empty, place->bundle, place->bundle_len, other, NULL, NULL));
    expect_nothing_imported(place);
}

static void a_batch_under_way_is_not_disturbed(void **state)
{
    struct place *place = *state;
    struct heard heard;
    assert_ok(ledger_begin(place->empty));
    assert_status(STATUS_BUSY, import(place, place->bundle, place->bundle_len, &heard));
    ledger_abort(place->empty);
    assert_ok(ledger_begin(place->ledger));
    assert_status(STATUS_BUSY, backup_export(place->ledger, -1));
    ledger_abort(place->ledger);
    assert_status(STATUS_IO, backup_export(place->ledger, -1));
}

/* --- damage --- */

static void a_damaged_section_imports_nothing_and_says_where(void **state)
{
    struct place *place = *state;
    struct heard heard;
    uint8_t *bytes = malloc(place->bundle_len);
    assert_non_null(bytes);
    for (size_t at = 8; at < place->bundle_len; at += 97) {
        memcpy(bytes, place->bundle, place->bundle_len);
        bytes[at] ^= 0x10;
        bool in_section = at < place->bundle_len - 32;
        enum status status = import(place, bytes, place->bundle_len, &heard);
        if (!in_section)
            break; /* below */
        assert_int_not_equal(status, STATUS_OK);
        expect_nothing_imported(place);
        if (heard.sections > 0 && at >= 8 + 40) {
            assert_status(STATUS_CORRUPT, heard.last.status);
            assert_int_equal(heard.last.offset, 8);
            assert_memory_equal(heard.last.namespace_id, place->house.genesis.id, 32);
        }
    }
    /* Only the end is wrong: the sections are whole, and that is said. */
    memcpy(bytes, place->bundle, place->bundle_len);
    bytes[place->bundle_len - 1] ^= 1;
    assert_status(STATUS_CORRUPT, import(place, bytes, place->bundle_len, &heard));
    assert_ok(heard.last.status);
    expect_same(place->ledger, place->empty);
    free(bytes);
}

static void a_bundle_that_is_cut_short_imports_nothing(void **state)
{
    struct place *place = *state;
    struct heard heard;
    for (size_t len = 0; len < place->bundle_len - 32; len += len < 100 ? 1 : 131) {
        assert_int_not_equal(STATUS_OK, import(place, place->bundle, len, &heard));
        expect_nothing_imported(place);
    }
}

/* Hashes that are right over entries that are not: the refused item is named. */
struct items {
    struct {
        enum bundle_part part;
        uint8_t bytes[LIMIT_ENTRY];
        size_t len;
    } at[128];
    unsigned count;
};

static enum status collect(void *context, enum bundle_part part, const uint8_t *bytes, size_t len,
                           uint64_t offset)
{
    struct items *items = context;
    (void)offset;
    assert_true(items->count < 128);
    items->at[items->count].part = part;
    memcpy(items->at[items->count].bytes, bytes, len);
    items->at[items->count++].len = len;
    return STATUS_OK;
}

/* One section of these items, with that household's id on it. */
static uint8_t *write_items(const struct place *place, const uint8_t namespace_id[static 32],
                            const struct items *items, size_t *len)
{
    char path[HELP_PATH_SIZE];
    struct bundle_writer *writer;
    uint32_t counts[3] = {0};
    uint64_t octets = BUNDLE_PARTS_EMPTY;
    help_join(path, place->dir, "forged");
    for (unsigned i = 0; i < items->count; i++) {
        counts[items->at[i].part]++;
        octets += items->at[i].len + BUNDLE_ITEM_EXTRA;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_ok(bundle_writer_create(&writer, fd, 1));
    assert_ok(bundle_writer_section(writer, namespace_id, octets, counts));
    for (enum bundle_part part = BUNDLE_AUTHORITY; part <= BUNDLE_FEED; part++) {
        assert_ok(bundle_writer_list(writer, part));
        for (unsigned i = 0; i < items->count; i++)
            if (items->at[i].part == part)
                assert_ok(bundle_writer_item(writer, items->at[i].bytes, items->at[i].len));
    }
    assert_ok(bundle_writer_finish(writer));
    close(fd);
    return help_file_read(path, len);
}

static void expect_forged(struct place *place, const struct items *items, enum status expected,
                          unsigned refused)
{
    struct heard heard;
    size_t len;
    uint8_t *bytes = write_items(place, place->house.genesis.id, items, &len);
    assert_status(expected, import(place, bytes, len, &heard));
    assert_status(expected, heard.last.status);
    assert_int_equal(heard.last.added, 0);
    /* The offset is that of the refused item. */
    assert_true(heard.last.offset < len);
    assert_memory_equal(bytes + heard.last.offset, items->at[refused].bytes,
                        items->at[refused].len);
    expect_nothing_imported(place);
    free(bytes);
}

static void collect_all(const struct place *place, struct items *items)
{
    struct bundle bundle;
    items->count = 0;
    assert_ok(bundle_open(&bundle, place->bundle, place->bundle_len));
    assert_ok(bundle_each(&bundle.sections[0], collect, items));
    bundle_close(&bundle);
}

static void a_section_holds_one_household(void **state)
{
    struct place *place = *state;
    static struct items items;
    struct heard heard = {0};
    uint8_t other[32] = {1};
    size_t len;
    collect_all(place, &items);
    items.count = 3; /* GENESIS and two GRANTs: */
    uint8_t *bytes = write_items(place, other, &items, &len);
    /* They are held already; but they are not that household's. */
    assert_status(STATUS_FOREIGN, backup_import(place->ledger, bytes, len, NULL, hear, &heard));
    assert_status(STATUS_FOREIGN, heard.last.status);
    free(bytes);
}

static void a_refused_entry_ends_its_section(void **state)
{
    struct place *place = *state;
    static struct items whole, items;
    collect_all(place, &whole);
    assert_true(whole.count > 40);
    unsigned last = whole.count - 1;
    items = whole;
    items.at[last].bytes[items.at[last].len - 1] ^= 1;
    expect_forged(place, &items, STATUS_SIGNATURE, last);
    items = whole;
    items.at[last].bytes[8] ^= 1;
    expect_forged(place, &items, STATUS_FOREIGN, last);
    items = whole;
    items.at[2].bytes[0] = 'X';
    expect_forged(place, &items, STATUS_MALFORMED, 2);
    items = whole;
    items.at[1] = whole.at[2];
    items.at[2] = whole.at[1];
    expect_forged(place, &items, STATUS_WAIT_PREV, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_went_out_comes_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_bundle_adds_what_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_ledger_makes_an_empty_bundle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_household_that_is_not_ones_own_is_foreign, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_batch_under_way_is_not_disturbed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_section_imports_nothing_and_says_where, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_bundle_that_is_cut_short_imports_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_section_holds_one_household, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_entry_ends_its_section, set_up, tear_down),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
