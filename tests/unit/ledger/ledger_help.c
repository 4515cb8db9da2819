/* ledger_help.c: see ledger_help.h. */
#include "tests/unit/ledger/ledger_help.h"

#include <string.h>

#include "ledger/base/rrtype.h"

const struct clock_reading help_now = {.wall_ms = HELP_NOW_MS, .synchronised = true};

void found(struct place *place, struct ledger *ledger)
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

int set_up_empty(void **state)
{
    return set_up_role(state, ROLE_ADMIN);
}

int set_up_admin(void **state)
{
    set_up_empty(state);
    struct place *place = *state;
    found(place, place->ledger);
    return 0;
}

int set_up_node(void **state)
{
    set_up_role(state, ROLE_NODE);
    struct place *place = *state;
    found(place, place->ledger);
    return 0;
}

int tear_down(void **state)
{
    struct place *place = *state;
    ledger_close(place->ledger);
    help_house_close(&place->house);
    help_dir_remove(place->dir);
    return 0;
}

void reopen(struct place *place)
{
    ledger_close(place->ledger);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
}

struct root root_of(struct ledger *ledger)
{
    struct root root = {.entries = household_entries(ledger_own(ledger))};
    household_state_root(ledger_own(ledger), root.bytes);
    household_frontier(ledger_own(ledger), false, root.frontier);
    return root;
}

void expect_root(struct ledger *ledger, const struct root *expected)
{
    struct root root = root_of(ledger);
    assert_memory_equal(root.bytes, expected->bytes, 32);
    assert_memory_equal(root.frontier, expected->frontier, 32);
    assert_int_equal(root.entries, expected->entries);
}

struct ledger_write aaaa(const char *name, uint8_t last)
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

struct ledger_write deletion(const char *name)
{
    return (struct ledger_write){.name = help_name(name), .type = RRTYPE_AAAA, .by = "cli"};
}

void put(struct ledger *ledger, const struct ledger_write *write, uint8_t id[static 32])
{
    enum rule rule;
    assert_ok(ledger_append_set(ledger, write, help_now, id, &rule));
    assert_int_equal(rule, RULE_NONE);
}

void set(struct ledger *ledger, const char *name, uint8_t last)
{
    uint8_t id[32];
    struct ledger_write write = aaaa(name, last);
    put(ledger, &write, id);
}

void expect_refused(struct ledger *ledger, enum status expected, const struct ledger_write *write)
{
    uint8_t id[32];
    enum rule rule = RULE_COUNT;
    struct root before = root_of(ledger);
    assert_status(expected, ledger_append_set(ledger, write, help_now, id, &rule));
    assert_int_equal(rule != RULE_NONE, expected == STATUS_RULE);
    expect_root(ledger, &before);
}

int address_of(struct ledger *ledger, const char *name)
{
    struct household_set winner;
    struct name relative = help_name(name);
    if (household_winner(ledger_own(ledger), &relative, RRTYPE_AAAA, &winner) != STATUS_OK)
        return -1;
    return winner.rr_count > 0 ? winner.rrs[0].data[15] : 0;
}

void read_entry(struct ledger *ledger, const uint8_t id[static 32], uint8_t *bytes,
                struct entry *entry)
{
    size_t len;
    assert_ok(ledger_get(ledger, id, bytes, &len));
    assert_ok(entry_decode(entry, bytes, len));
}

uint64_t stream_of(struct ledger *ledger, const struct ledger_write *write)
{
    uint8_t id[32], bytes[LIMIT_ENTRY];
    struct entry entry;
    put(ledger, write, id);
    read_entry(ledger, id, bytes, &entry);
    return entry.stream;
}
