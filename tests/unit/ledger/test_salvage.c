/* test_salvage.c: entries among rubbish, in any order, in pieces of files; which household is one's
 * own; and of several entries for one place, which. */
#include "ledger/salvage.h"

#include "tests/unit/ledger/ledger_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/writer.h"
#include "ledger/crypt.h"
#include "ledger/scope.h"
#include "ledger/statement.h"

enum { FILE_MAX = 3 << 20, COUNT = 40 };

static struct {
    char path[HELP_PATH_SIZE];
    uint8_t *bytes; /* malloc'd */
    size_t len;
} file;

static int set_up(void **state)
{
    assert_int_equal(set_up_empty(state), 0);
    struct place *place = *state;
    help_join(file.path, place->dir, "rubbish");
    file.bytes = calloc(1, FILE_MAX);
    assert_non_null(file.bytes);
    file.len = 0;
    return 0;
}

static int end(void **state)
{
    free(file.bytes);
    return tear_down(state);
}

static void add(const void *bytes, size_t len)
{
    assert_true(len <= FILE_MAX - file.len);
    memcpy(file.bytes + file.len, bytes, len);
    file.len += len;
}

static void add_entry(const struct owner_entry *entry)
{
    add(entry->bytes, entry->len);
}

static uint64_t give(struct place *place)
{
    uint64_t added = 0;
    help_file_write(file.path, file.bytes, file.len);
    struct salvage *salvage = salvage_create();
    assert_non_null(salvage);
    assert_ok(salvage_file(salvage, file.path));
    assert_ok(salvage_into(salvage, place->ledger, place->house.keys.signing.public_key, &added));
    salvage_destroy(salvage);
    return added;
}

/* A stream of the house's own key. */
static void make_feed(const struct place *place, struct owner_entry made[static COUNT],
                      struct entry entries[static COUNT], uint64_t stream, uint8_t last)
{
    struct body body = {.type = ENTRY_OPEN, .open = {.kind = KIND_PRIVATE}};
    help_feed_entry(&entries[0], &made[0], &place->house, &place->house.keys.signing, stream, NULL,
                    &body);
    for (unsigned i = 1; i < COUNT; i++) {
        char name[32];
        uint8_t rdata[16] = {0xfd, [14] = (uint8_t)i, [15] = last};
        snprintf(name, sizeof name, "device%u", i);
        body = (struct body){.type = ENTRY_SET,
                             .set = {.name = help_name(name),
                                     .type = RRTYPE_AAAA,
                                     .ttl = 60,
                                     .rr_count = 1,
                                     .rrs = {{.data = rdata, .len = sizeof rdata}}}};
        help_feed_entry(&entries[i], &made[i], &place->house, &place->house.keys.signing, stream,
                        &entries[i - 1], &body);
    }
}

static struct owner_entry made[COUNT];
static struct entry entries[COUNT];

static void entries_are_found_wherever_they_are(void **state)
{
    struct place *place = *state;
    uint8_t rubbish[4096];
    make_feed(place, made, entries, 7, 1);
    /* Backwards, at odd places, some twice, across the borders of what is read at once. */
    for (unsigned i = COUNT; i-- > 0;) {
        crypt_random(rubbish, sizeof rubbish);
        for (unsigned k = 0; k < 10 + i % 7; k++)
            add(rubbish, sizeof rubbish - i);
        add("HLE1HLE1", 8);
        add_entry(&made[i]);
        if (i % 3 == 0)
            add_entry(&made[i]);
    }
    assert_true(file.len > 1 << 20);
    add_entry(&place->house.grant);
    add_entry(&place->house.genesis);
    add(made[0].bytes, made[0].len - 1); /* cut short by the end */
    assert_int_equal(give(place), COUNT + 2);
    assert_int_equal(address_of(place->ledger, "device39"), 1);
    assert_int_equal(give(place), 0);
}

/* One of two copies is damaged, each at another octet in turn: signature, body, header. */
static void a_sound_copy_is_enough(void **state)
{
    struct place *place = *state;
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    size_t first = file.len;
    make_feed(place, made, entries, 7, 1);
    for (unsigned i = 0; i < COUNT; i++) {
        add_entry(&made[i]);
        file.bytes[file.len - 1 - i * made[i].len / COUNT] ^= 0x10;
        add_entry(&made[i]);
        add_entry(&made[i]);
        file.bytes[file.len - 1 - (i * 7) % made[i].len] ^= 1;
    }
    assert_true(file.len > first);
    assert_int_equal(give(place), COUNT + 2);
}

static void a_lost_link_ends_a_stream(void **state)
{
    struct place *place = *state;
    make_feed(place, made, entries, 7, 1);
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    for (unsigned i = 0; i < COUNT; i++)
        if (i != 20)
            add_entry(&made[i]);
    assert_int_equal(give(place), 2 + 20);
    add_entry(&made[20]);
    assert_int_equal(give(place), COUNT - 20);
}

/* Another entry for the same place, signed a moment later. */
static void sign_again(const struct place *place, const struct entry *first, struct entry *again,
                       struct owner_entry *out)
{
    uint8_t octets[LIMIT_BODY];
    *again = *first;
    memcpy(octets, first->body, first->body_len);
    again->body = octets;
    again->time += (uint64_t)1 << 16;
    assert_ok(entry_sign(again, place->house.keys.signing.secret, out->bytes, &out->len));
}

/* Pages that a crash left behind hold what was never committed. */
static void the_last_signed_one_has_its_place(void **state)
{
    struct place *place = *state;
    struct entry again;
    struct owner_entry later;
    make_feed(place, made, entries, 7, 1);
    sign_again(place, &entries[10], &again, &later);
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    for (unsigned i = 0; i < COUNT; i++)
        add_entry(&made[i]);
    add_entry(&later);
    assert_int_equal(give(place), 2 + 11);
    assert_true(household_holds(ledger_own(place->ledger), again.id));
    assert_false(household_holds(ledger_own(place->ledger), entries[10].id));
    assert_int_equal(give(place), 0); /* nor when it is tried again */
}

static void what_is_held_keeps_its_place(void **state)
{
    struct place *place = *state;
    static struct owner_entry others[COUNT];
    static struct entry other_entries[COUNT];
    found(place, place->ledger);
    make_feed(place, made, entries, 7, 1);
    make_feed(place, others, other_entries, 7, 2);
    for (unsigned i = 0; i < COUNT; i++)
        assert_ok(ledger_ingest(place->ledger, made[i].bytes, made[i].len, false));
    for (unsigned i = 0; i < COUNT; i++) {
        add_entry(&others[i]);
        add_entry(&made[i]);
    }
    assert_int_equal(give(place), 0);
    assert_int_equal(address_of(place->ledger, "device39"), 1);
}

/* An entry can stand in a record of another: whoever may write one must not become the owner. */
static void an_invented_household_is_not_taken(void **state)
{
    struct place *place = *state;
    struct help_house other;
    uint8_t octets[LIMIT_BODY], bytes[LIMIT_ENTRY];
    size_t len;
    struct writer w = writer_over(octets, sizeof octets);
    help_house_make(&other, 90, ROLE_ADMIN);
    struct body body = {.type = ENTRY_GRANT, .grant = {.role = ROLE_ADMIN}};
    assert_ok(node_keys_possess(&place->house.keys, other.genesis.id, &body.grant));
    /* All is right but for the proof that the key agreed, which it gave for another household. */
    assert_ok(node_keys_possess(&place->house.keys, place->house.genesis.id, &body.grant));
    assert_ok(body_encode(&body, &w));
    struct entry entry = {.type = ENTRY_GRANT,
                          .body = octets,
                          .body_len = (uint16_t)w.used,
                          .seq = 1,
                          .time = HELP_NOW_MS << 16};
    memcpy(entry.namespace_id, other.genesis.id, 32);
    memcpy(entry.prev, other.genesis.id, 32);
    memcpy(entry.auth_head, other.genesis.id, 32);
    memcpy(entry.author, other.owner.public_key, 32);
    assert_ok(entry_sign(&entry, other.owner.secret, bytes, &len));
    add_entry(&other.genesis);
    add(bytes, len);
    assert_int_equal(give(place), 0);
    assert_null(ledger_own(place->ledger));
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    assert_int_equal(give(place), 2);
    assert_memory_equal(ledger_own_id(place->ledger), place->house.genesis.id, 32);
    help_house_close(&other);
}

/* A fact as the database has it: length of the value, flags, length of the key; key, value, seal.
 */
static void add_fact(const char *key, const char *text)
{
    uint32_t len = (uint32_t)strlen(text) + 4;
    uint16_t flags = 0, key_len = (uint16_t)strlen(key);
    uint8_t seal[4];
    struct writer w = writer_over(seal, sizeof seal);
    writer_u32(&w, crc32c(crc32c(0, key, key_len), text, strlen(text)));
    add(&len, sizeof len);
    add(&flags, sizeof flags);
    add(&key_len, sizeof key_len);
    add(key, key_len);
    add(text, strlen(text));
    add(seal, sizeof seal);
}

/* A label is taken back; one that would garble a terminal is left, and costs nothing else. */
static void a_label_is_taken_if_it_is_plain(void **state)
{
    struct place *place = *state;
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    add_fact("label", "nas\033[2J");
    assert_int_equal(give(place), 2);
    assert_string_equal(ledger_label(place->ledger), "");
    add_fact("label", "nas");
    assert_int_equal(give(place), 0);
    assert_string_equal(ledger_label(place->ledger), "nas");
}

/* --- facts --- */

/* As the store keeps it (store_lmdb.c); returns its length. */
static size_t make_fact(uint8_t out[static 256], const char *key, const void *value, size_t len)
{
    uint16_t key_len = (uint16_t)strlen(key);
    uint32_t value_len = (uint32_t)len + 4;
    memset(out, 0, 8);
    memcpy(out, &value_len, 4);
    memcpy(out + 6, &key_len, 2);
    memcpy(out + 8, key, key_len);
    memcpy(out + 8 + key_len, value, len);
    struct writer w = writer_over(out + 8 + key_len + len, 4);
    writer_u32(&w, crc32c(0, out + 8, key_len + len));
    return 8 + key_len + len + 4;
}

/* A TXT of which one string is `text`. */
static void make_txt(const struct place *place, const uint8_t *text, size_t len)
{
    uint8_t rdata[256];
    rdata[0] = (uint8_t)len;
    memcpy(rdata + 1, text, len);
    struct body body = {.type = ENTRY_SET,
                        .set = {.name = help_name("camera"),
                                .type = RRTYPE_TXT,
                                .ttl = 60,
                                .rr_count = 1,
                                .rrs = {{.data = rdata, .len = (uint16_t)(len + 1)}}}};
    help_feed_entry(&entries[1], &made[1], &place->house, &place->house.keys.signing, 7,
                    &entries[0], &body);
}

/* Whoever may write a record may put any octets into it, also those of a sealed fact. */
static void facts_are_not_taken_from_records(void **state)
{
    struct place *place = *state;
    uint8_t fact[256];
    make_feed(place, made, entries, 7, 1);
    make_txt(place, fact, make_fact(fact, "label", "impostor", 8));
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    add_entry(&made[0]);
    add_entry(&made[1]);
    file.len = (1 << 19) - 100; /* and where a window ends within it */
    add_entry(&made[1]);
    file.len = 1 << 20;
    assert_int_equal(give(place), 4);
    assert_string_equal(ledger_label(place->ledger), "");
    /* The one that the store kept is, wherever it stands. */
    add(fact, make_fact(fact, "label", "attic", 5));
    add_entry(&made[1]);
    assert_int_equal(give(place), 0);
    assert_string_equal(ledger_label(place->ledger), "attic");
}

static void a_label_is_plain(void **state)
{
    struct place *place = *state;
    uint8_t fact[256];
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    add(fact, make_fact(fact, "label", "the attic", 9));
    add(fact, make_fact(fact, "label", "\033[2J", 4));
    assert_int_equal(give(place), 2);
    assert_string_equal(ledger_label(place->ledger), "the attic");
}

static void facts_are_not_taken_from_statements(void **state)
{
    struct place *place = *state;
    uint8_t fact[256], bytes[LIMIT_STATEMENT];
    size_t len;
    struct statement statement = {.form = STATEMENT_HOUSEHOLD, .time = HELP_NOW_MS << 16};
    memcpy(statement.namespace_id, place->house.genesis.id, 32);
    memcpy(statement.author, place->house.keys.signing.public_key, 32);
    memcpy(statement.nonce, fact, make_fact(fact, "label", "impostor", 8));
    assert_ok(statement_sign(&statement, place->house.keys.signing.secret, bytes, &len));
    add_entry(&place->house.genesis);
    add_entry(&place->house.grant);
    add(bytes, len);
    assert_int_equal(give(place), 2);
    assert_string_equal(ledger_label(place->ledger), "");
}

/* Of several openings the one that the grant commits to; an entry's front may be lost. */
static void an_opening_must_be_that_of_the_grant(void **state)
{
    struct place *place = *state;
    static const uint8_t salt[16] = {9}, other_salt[16] = {8};
    struct body_grant grant = {.role = ROLE_NODE};
    struct owner_entry out;
    struct owner_head head = place->house.head;
    struct name name = help_name("garage"), root = help_name("@");
    uint8_t right[SCOPE_OPENING_MAX], wrong[SCOPE_OPENING_MAX], ignored[32], fact[256];
    size_t right_len, wrong_len;
    uint8_t id[32];
    enum rule rule;
    help_house_close(&place->house);
    ledger_close(place->ledger);
    help_house_make(&place->house, 50, ROLE_ADMIN);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
    /* The grant again, with a scope, on the branch point of the one that was made. */
    head = place->house.head;
    memcpy(head.id, place->house.genesis.id, 32);
    head.seq = 0;
    assert_ok(scope_encode(&name, 1, salt, right, &right_len, grant.scope_commitment));
    assert_ok(scope_encode(&root, 1, other_salt, wrong, &wrong_len, ignored));
    assert_ok(node_keys_possess(&place->house.keys, head.namespace_id, &grant));
    assert_ok(owner_grant(&place->house.owner, &head, HELP_NOW_MS, &grant, &out));
    add_entry(&place->house.genesis);
    add_entry(&out);
    add(fact, make_fact(fact, "scope", right, right_len));
    add(fact, make_fact(fact, "scope", wrong, wrong_len));
    assert_int_equal(give(place), 2);
    struct ledger_write write = aaaa("cam.garage", 1);
    put(place->ledger, &write, id);
    assert_int_equal(address_of(place->ledger, "cam.garage"), 1);
    write = aaaa("cam.kitchen", 1);
    assert_status(STATUS_RULE, ledger_append_set(place->ledger, &write, help_now, id, &rule));
}

static void files_that_are_none(void **state)
{
    (void)state;
    struct salvage *salvage = salvage_create();
    assert_non_null(salvage);
    assert_status(STATUS_NOT_FOUND, salvage_file(salvage, "/nowhere/at/all"));
    assert_status(STATUS_DENIED, salvage_file(salvage, "/dev/zero")); /* without an end */
    assert_status(STATUS_DENIED, salvage_file(salvage, "/"));
    for (unsigned i = 0; i < SALVAGE_FILES_MAX; i++)
        assert_ok(salvage_file(salvage, "/proc/self/status"));
    assert_status(STATUS_FULL, salvage_file(salvage, "/proc/self/status"));
    salvage_destroy(salvage);
    salvage_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_are_found_wherever_they_are, set_up, end),
        cmocka_unit_test_setup_teardown(a_sound_copy_is_enough, set_up, end),
        cmocka_unit_test_setup_teardown(a_lost_link_ends_a_stream, set_up, end),
        cmocka_unit_test_setup_teardown(the_last_signed_one_has_its_place, set_up, end),
        cmocka_unit_test_setup_teardown(what_is_held_keeps_its_place, set_up, end),
        cmocka_unit_test_setup_teardown(an_invented_household_is_not_taken, set_up, end),
        cmocka_unit_test_setup_teardown(a_label_is_taken_if_it_is_plain, set_up, end),
        cmocka_unit_test_setup_teardown(facts_are_not_taken_from_records, set_up, end),
        cmocka_unit_test_setup_teardown(facts_are_not_taken_from_statements, set_up, end),
        cmocka_unit_test_setup_teardown(a_label_is_plain, set_up, end),
        cmocka_unit_test_setup_teardown(an_opening_must_be_that_of_the_grant, set_up, end),
        cmocka_unit_test(files_that_are_none),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
