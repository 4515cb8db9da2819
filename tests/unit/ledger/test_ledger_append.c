/* test_ledger_append.c: what this node writes: what it replaces, where to, when it is refused. */
#include "tests/unit/ledger/ledger_help.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "ledger/scope.h"

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
    static const uint8_t peer[33] = {1}, other_peer[33] = {2};
    write = aaaa("maple._peer", 1);
    write.type = RRTYPE_PEER;
    write.rr_count = 2;
    write.rrs[0] = (struct body_rr){.data = peer, .len = sizeof peer};
    write.rrs[1] = (struct body_rr){.data = other_peer, .len = sizeof other_peer};
    expect_refused(ledger, STATUS_RANGE, &write);
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
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, help_now, first, &rule));
    uint64_t entries = root_of(place->ledger).entries;
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_LOST, help_now, again, &rule));
    assert_memory_equal(first, again, 32);
    assert_ok(
        ledger_append_suspend(place->ledger, second.signing.public_key, help_now, first, &rule));
    assert_ok(
        ledger_append_suspend(place->ledger, second.signing.public_key, help_now, again, &rule));
    assert_memory_equal(first, again, 32);
    assert_int_equal(root_of(place->ledger).entries, entries + 1);
    assert_ok(household_find_grant(ledger_own(place->ledger), second.signing.public_key, &grant));
    assert_int_equal(grant.state, GRANT_SUSPENDED);
    assert_status(STATUS_NOT_FOUND,
                  ledger_append_suspend(place->ledger, hash, help_now, again, &rule));
    node_keys_close(&second);
}

static void a_node_may_withdraw_but_not_suspend(void **state)
{
    struct place *place = *state;
    uint8_t hash[32] = {1}, id[32];
    enum rule rule;
    assert_status(STATUS_RULE,
                  ledger_append_suspend(place->ledger, place->house.keys.signing.public_key,
                                        help_now, id, &rule));
    assert_int_equal(rule, RULE_NO_RIGHT);
    assert_ok(ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, help_now, id, &rule));
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
                  ledger_append_withdraw(place->ledger, hash, REASON_STOLEN, help_now, id, &rule));
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

/* A shared stream reveals no list: the private one does, before the first SET that needs it. */
static void a_scope_is_revealed_for_shared_writes_too(void **state)
{
    struct place *place = *state;
    static const uint8_t salt[16] = {9};
    uint8_t opening[SCOPE_OPENING_MAX];
    size_t len;
    struct name names[] = {help_name("garage")};
    struct body_scope scope = {.signing.algorithm = KEY_ED25519, .zone.algorithm = KEY_ED25519};
    struct owner_entry out;
    const struct node_keys *keys = &place->house.keys;
    memcpy(scope.signing.key, keys->signing.public_key, 32);
    memcpy(scope.zone.key, keys->zone.public_key, 32);
    memcpy(scope.spki_sha256, keys->spki_sha256, 32);
    assert_ok(scope_encode(names, 1, salt, opening, &len, scope.scope_commitment));
    assert_ok(owner_scope(&place->house.owner, &place->house.head, HELP_NOW_MS, &scope, &out));
    assert_ok(ledger_ingest(place->ledger, out.bytes, out.len, false));
    assert_ok(ledger_set_scope_opening(place->ledger, opening, len));
    struct ledger_write write = aaaa("cam.garage", 2);
    write.shared = true;
    uint64_t stream = stream_of(place->ledger, &write);
    assert_int_equal(address_of(place->ledger, "cam.garage"), 2);
    write = aaaa("cam.garage", 3); /* shared as it is */
    assert_int_equal(stream_of(place->ledger, &write), stream);
    assert_int_equal(address_of(place->ledger, "cam.garage"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(writes_replace_and_delete, set_up_admin),
        WITH(what_stands_already_is_not_written_again, set_up_admin),
        WITH(refusals_name_the_rule, set_up_admin),
        WITH(one_write_settles_any_conflict, set_up_admin),
        WITH(times_rise_and_stay_within_a_day, set_up_admin),
        WITH(shared_names_stay_in_shared_streams, set_up_admin),
        WITH(denials_are_made_once, set_up_admin),
        WITH(a_node_may_withdraw_but_not_suspend, set_up_node),
        WITH(a_revoked_node_writes_nothing, set_up_admin),
        WITH(a_scope_is_revealed_when_it_changes, set_up_node),
        WITH(a_scope_is_revealed_for_shared_writes_too, set_up_node),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
