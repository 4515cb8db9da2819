/* test_store.c: what was committed is there after everything that can happen to a process, and
 * damage is never answered with wrong octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "ledger/store.h"
#include "tests/unit/ledger/node_help.h"

enum { MANY = 300 };

/* A household, and a stream of MANY entries in it. */
static struct help_house house;
static struct owner_entry made[MANY];
static struct entry entries[MANY];

struct place {
    char dir[HELP_PATH_SIZE], db[HELP_PATH_SIZE], data[HELP_PATH_SIZE];
    struct store *store;
};

static int make_entries(void **state)
{
    (void)state;
    help_house_make(&house, 20, ROLE_ADMIN);
    struct body body = {.type = ENTRY_OPEN, .open = {.kind = KIND_PRIVATE}};
    help_feed_entry(&entries[0], &made[0], &house, &house.keys.signing, 7, NULL, &body);
    for (unsigned i = 1; i < MANY; i++) {
        char text[32];
        uint8_t rdata[16] = {0xfd, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i};
        snprintf(text, sizeof text, "device%u", i);
        body = (struct body){.type = ENTRY_SET,
                             .set = {.name = help_name(text),
                                     .type = RRTYPE_AAAA,
                                     .ttl = 60,
                                     .rr_count = 1,
                                     .rrs = {{.data = rdata, .len = sizeof rdata}}}};
        help_feed_entry(&entries[i], &made[i], &house, &house.keys.signing, 7, &entries[i - 1],
                        &body);
    }
    return 0;
}

static int drop_entries(void **state)
{
    (void)state;
    help_house_close(&house);
    return 0;
}

static int set_up(void **state)
{
    static struct place place;
    help_dir_make(place.dir);
    help_join(place.db, place.dir, "ledger");
    help_join(place.data, place.db, "data.mdb");
    assert_ok(store_open(&place.store, place.db));
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    store_close(place->store);
    help_dir_remove(place->dir);
    return 0;
}

static void reopen(struct place *place)
{
    store_close(place->store);
    assert_ok(store_open(&place->store, place->db));
}

static void put_range(struct store *store, unsigned from, unsigned to)
{
    assert_ok(store_begin(store));
    for (unsigned i = from; i < to; i++)
        assert_ok(store_put_entry(store, &entries[i]));
    assert_ok(store_commit(store));
}

static void expect_held(struct store *store, unsigned i)
{
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    assert_ok(store_get_entry(store, made[i].id, bytes, &len));
    assert_int_equal(len, made[i].len);
    assert_memory_equal(bytes, made[i].bytes, len);
}

static void expect_missing(struct store *store, unsigned i)
{
    uint8_t bytes[LIMIT_ENTRY];
    size_t len;
    assert_status(STATUS_NOT_FOUND, store_get_entry(store, made[i].id, bytes, &len));
}

static void expect_entries(struct store *store, uint64_t count)
{
    struct store_size size;
    assert_ok(store_size(store, &size));
    assert_int_equal(size.entries, count);
    assert_true(size.bytes >= 4096);
}

struct walk {
    uint64_t next; /* expected number */
    bool back;
    unsigned count, stop_after; /* 0: never */
};

static enum status walk_one(void *context, uint64_t number, const struct entry *entry)
{
    struct walk *walk = context;
    assert_int_equal(number, walk->next);
    walk->next = walk->back ? walk->next - 1 : walk->next + 1;
    assert_int_equal(entry->len, made[number].len);
    assert_memory_equal(entry->bytes, made[number].bytes, entry->len);
    assert_memory_equal(entry->id, made[number].id, 32);
    walk->count++;
    return walk->count == walk->stop_after ? STATUS_AGAIN : STATUS_OK;
}

/* --- entries --- */

static void a_new_store_is_empty(void **state)
{
    struct place *place = *state;
    struct walk walk = {0};
    expect_entries(place->store, 0);
    expect_missing(place->store, 0);
    assert_ok(store_each_entry(place->store, walk_one, &walk));
    assert_ok(store_each_entry_back(place->store, UINT64_MAX, walk_one, &walk));
    assert_int_equal(walk.count, 0);
    reopen(place); /* also one that was never written to */
    expect_entries(place->store, 0);
    struct stat st;
    assert_int_equal(stat(place->db, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(place->data, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void entries_come_back_in_their_order(void **state)
{
    struct place *place = *state;
    put_range(place->store, 0, 100);
    put_range(place->store, 100, MANY);
    for (unsigned round = 0; round < 2; round++) {
        struct walk walk = {0};
        expect_entries(place->store, MANY);
        for (unsigned i = 0; i < MANY; i++)
            expect_held(place->store, i);
        assert_ok(store_each_entry(place->store, walk_one, &walk));
        assert_int_equal(walk.count, MANY);
        reopen(place);
    }
}

static void the_walk_goes_back_and_stops_where_it_is_told(void **state)
{
    struct place *place = *state;
    put_range(place->store, 0, 50);
    struct walk back = {.next = 49, .back = true};
    assert_ok(store_each_entry_back(place->store, UINT64_MAX, walk_one, &back));
    assert_int_equal(back.count, 50);
    back = (struct walk){.next = 19, .back = true, .stop_after = 5};
    assert_status(STATUS_AGAIN, store_each_entry_back(place->store, 20, walk_one, &back));
    assert_int_equal(back.count, 5);
    back = (struct walk){.back = true};
    assert_ok(store_each_entry_back(place->store, 0, walk_one, &back));
    assert_int_equal(back.count, 0);
    struct walk forth = {.stop_after = 3};
    assert_status(STATUS_AGAIN, store_each_entry(place->store, walk_one, &forth));
    assert_int_equal(forth.count, 3);
}

static void duplicates_change_nothing(void **state)
{
    struct place *place = *state;
    put_range(place->store, 0, 2);
    assert_ok(store_begin(place->store));
    assert_status(STATUS_DUPLICATE, store_put_entry(place->store, &entries[1]));
    assert_ok(store_put_entry(place->store, &entries[2]));
    assert_status(STATUS_DUPLICATE, store_put_entry(place->store, &entries[2]));
    assert_ok(store_commit(place->store));
    expect_entries(place->store, 3);
    reopen(place);
    expect_entries(place->store, 3);
}

static void an_aborted_batch_leaves_nothing(void **state)
{
    struct place *place = *state;
    uint8_t fact[4];
    size_t len;
    put_range(place->store, 0, 10);
    assert_ok(store_begin(place->store));
    assert_status(STATUS_BUSY, store_begin(place->store));
    for (unsigned i = 10; i < 20; i++)
        assert_ok(store_put_entry(place->store, &entries[i]));
    assert_ok(store_put_meta(place->store, "fact", "abcd", 4));
    expect_held(place->store, 15); /* a batch reads what it wrote */
    expect_entries(place->store, 20);
    store_abort(place->store);
    for (unsigned round = 0; round < 2; round++) {
        expect_entries(place->store, 10);
        expect_held(place->store, 9);
        expect_missing(place->store, 15);
        assert_status(STATUS_NOT_FOUND,
                      store_get_meta(place->store, "fact", fact, sizeof fact, &len));
        reopen(place);
    }
    put_range(place->store, 10, 20); /* and their numbers are free again */
    struct walk walk = {0};
    assert_ok(store_each_entry(place->store, walk_one, &walk));
    assert_int_equal(walk.count, 20);
}

/* Where an entry is, is known in memory: the place of one that is gone is another's. */
static void places_of_aborted_entries_are_others(void **state)
{
    struct place *place = *state;
    put_range(place->store, 0, 10);
    assert_ok(store_begin(place->store));
    for (unsigned i = 10; i < 20; i++)
        assert_ok(store_put_entry(place->store, &entries[i]));
    store_abort(place->store);
    put_range(place->store, 15, 20);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 20; i++)
            (i < 10 || i >= 15 ? expect_held : expect_missing)(place->store, i);
        expect_entries(place->store, 15);
        assert_false(store_is_damaged(place->store));
        reopen(place);
    }
}

static void closing_in_a_batch_aborts_it(void **state)
{
    struct place *place = *state;
    assert_ok(store_begin(place->store));
    assert_ok(store_put_entry(place->store, &entries[0]));
    reopen(place);
    expect_missing(place->store, 0);
}

/* --- facts and statements --- */

static void facts_are_kept_replaced_and_forgotten(void **state)
{
    struct place *place = *state;
    uint8_t fact[STORE_META_MAX];
    uint8_t big[STORE_META_MAX];
    size_t len;
    memset(big, 'x', sizeof big);
    assert_ok(store_begin(place->store));
    assert_ok(store_put_meta(place->store, "one", "1", 1));
    assert_ok(store_put_meta(place->store, "two", "old", 3));
    assert_ok(store_put_meta(place->store, "two", "newer", 5));
    assert_ok(store_put_meta(place->store, "big", big, sizeof big));
    assert_status(STATUS_TOO_LONG, store_put_meta(place->store, "b", big, sizeof big + 1));
    assert_ok(store_put_meta(place->store, "never", "", 0));
    assert_ok(store_commit(place->store));
    reopen(place);
    assert_ok(store_get_meta(place->store, "two", fact, sizeof fact, &len));
    assert_int_equal(len, 5);
    assert_memory_equal(fact, "newer", 5);
    assert_status(STATUS_NO_SPACE, store_get_meta(place->store, "two", fact, 4, &len));
    assert_ok(store_get_meta(place->store, "big", fact, sizeof fact, &len));
    assert_int_equal(len, sizeof big);
    assert_ok(store_begin(place->store));
    assert_ok(store_put_meta(place->store, "two", NULL, 0));
    assert_ok(store_commit(place->store));
    reopen(place);
    assert_status(STATUS_NOT_FOUND, store_get_meta(place->store, "two", fact, sizeof fact, &len));
    assert_ok(store_get_meta(place->store, "one", fact, sizeof fact, &len));
}

static enum status join_statements(void *context, const uint8_t *bytes, size_t len)
{
    char *joined = context;
    strncat(joined, (const char *)bytes, len);
    strcat(joined, ".");
    return STATUS_OK;
}

static void the_newest_statement_of_each_form_is_kept(void **state)
{
    struct place *place = *state;
    static const uint8_t space[32] = {1}, ann[32] = {2}, bob[32] = {3};
    char joined[64] = "";
    assert_ok(store_begin(place->store));
    assert_ok(store_put_statement(place->store, space, ann, (const uint8_t *)"HLS1Aold", 8));
    assert_ok(store_put_statement(place->store, space, bob, (const uint8_t *)"HLS1Abob", 8));
    assert_ok(store_put_statement(place->store, space, ann, (const uint8_t *)"HLS1Bshared", 11));
    assert_ok(store_put_statement(place->store, space, ann, (const uint8_t *)"HLS1Anew", 8));
    assert_status(STATUS_MALFORMED,
                  store_put_statement(place->store, space, ann, (const uint8_t *)"HLS1", 4));
    assert_ok(store_commit(place->store));
    reopen(place);
    assert_ok(store_each_statement(place->store, join_statements, joined));
    assert_string_equal(joined, "HLS1Anew.HLS1Bshared.HLS1Abob.");
}

/* --- the outside --- */

static void a_second_opener_finds_it_busy(void **state)
{
    struct place *place = *state;
    struct store *second;
    assert_status(STATUS_BUSY, store_open(&second, place->db));
    assert_null(second);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(store_open(&second, place->db) == STATUS_BUSY ? 0 : 1);
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    put_range(place->store, 0, 1); /* the first one is not disturbed */
    reopen(place);
    expect_held(place->store, 0);
}

/* A process that died holding the store leaves nothing that has to be cleaned up. */
static void a_dead_process_holds_no_lock(void **state)
{
    struct place *place = *state;
    store_close(place->store);
    place->store = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store;
        if (store_open(&store, place->db) == STATUS_OK && store_begin(store) == STATUS_OK &&
            store_put_entry(store, &entries[0]) == STATUS_OK)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));
    assert_ok(store_open(&place->store, place->db));
    expect_missing(place->store, 0);
}

static void a_full_map_grows(void **state)
{
    struct place *place = *state;
    store_close(place->store);
    /* Sixteen pages: too few for the empty databases and a single batch. */
    assert_ok(store_open_sized(&place->store, place->db, 16 * 4096));
    assert_ok(store_begin(place->store));
    assert_ok(store_put_meta(place->store, "fact", "kept", 4));
    for (unsigned i = 0; i < MANY; i++) {
        assert_ok(store_put_entry(place->store, &entries[i]));
        expect_held(place->store, i / 2);
    }
    assert_ok(store_commit(place->store));
    store_close(place->store);
    assert_ok(
        store_open_sized(&place->store, place->db, 16 * 4096)); /* smaller than what is there */
    struct walk walk = {0};
    assert_ok(store_each_entry(place->store, walk_one, &walk));
    assert_int_equal(walk.count, MANY);
    uint8_t fact[8];
    size_t len;
    assert_ok(store_get_meta(place->store, "fact", fact, sizeof fact, &len));
    assert_int_equal(len, 4);
    /* Many small commits, each of which copies pages, go on from a full map too. */
    for (unsigned i = 0; i < 200; i++) {
        assert_ok(store_begin(place->store));
        assert_ok(store_put_meta(place->store, "fact", &i, sizeof i));
        assert_ok(store_commit(place->store));
    }
}

static void commits_are_counted(void **state)
{
    struct place *place = *state;
    struct store_size before, after;
    put_range(place->store, 0, 1);
    assert_ok(store_size(place->store, &before));
    reopen(place);
    assert_ok(store_size(place->store, &after));
    assert_int_equal(before.commits, after.commits); /* opening is not writing */
    put_range(place->store, 1, 2);
    assert_ok(store_size(place->store, &after));
    assert_int_equal(after.commits, before.commits + 1);
}

/* --- damage --- */

/* How many damages to try: HEARTH_DAMAGES, or all of them. */
static unsigned damages(unsigned all)
{
    const char *text = getenv("HEARTH_DAMAGES");
    unsigned long count = text ? strtoul(text, NULL, 10) : all;
    return count > 0 && count < all ? (unsigned)count : all;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Either the store says that it is damaged, or everything is right. An older state (a damaged meta
 * page makes LMDB take the one before) is allowed when the number of the last commit tells of it.
 */
static bool damage_is_noticed(const struct place *place, uint64_t commits)
{
    struct store *store;
    enum status status = store_open(&store, place->db);
    if (status != STATUS_OK) {
        assert_status(STATUS_CORRUPT, status);
        return true;
    }
    struct store_size size;
    assert_ok(store_size(store, &size));
    for (unsigned i = 0; i < MANY; i++) {
        uint8_t bytes[LIMIT_ENTRY];
        size_t len;
        status = store_get_entry(store, made[i].id, bytes, &len);
        if (status == STATUS_OK) {
            assert_int_equal(len, made[i].len);
            assert_memory_equal(bytes, made[i].bytes, len);
        } else if (size.commits >= commits) {
            assert_status(STATUS_CORRUPT, status);
        }
    }
    store_close(store);
    return false;
}

static void flipped_bits_never_give_wrong_octets(void **state)
{
    struct place *place = *state;
    struct store_size size;
    size_t len;
    for (unsigned i = 0; i < MANY; i += 20)
        put_range(place->store, i, i + 20);
    assert_ok(store_size(place->store, &size));
    store_close(place->store);
    uint8_t *whole = help_file_read(place->data, &len);
    uint64_t seed = 88172645463325252U;
    unsigned noticed = 0;
    enum { FLIPS = 300 };
    unsigned flips = damages(FLIPS);
    for (unsigned i = 0; i < flips; i++) {
        uint64_t bit = next_random(&seed) % (len * 8);
        if (i % 5 == 0)
            bit %= 2 * 4096 * 8; /* the meta pages get their share */
        whole[bit / 8] ^= (uint8_t)(1 << bit % 8);
        help_file_write(place->data, whole, len);
        whole[bit / 8] ^= (uint8_t)(1 << bit % 8);
        noticed += damage_is_noticed(place, size.commits);
    }
    assert_true(flips < FLIPS ||
                noticed > FLIPS / 4); /* else the test flips nothing that matters */
    help_file_write(place->data, whole, len);
    free(whole);
    assert_ok(store_open(&place->store, place->db));
    for (unsigned i = 0; i < MANY; i++)
        expect_held(place->store, i);
}

/* A signature is not part of an entry's id: the seal has to notice. */
static void a_flipped_signature_is_noticed(void **state)
{
    struct place *place = *state;
    size_t len;
    put_range(place->store, 0, 1);
    store_close(place->store);
    place->store = NULL;
    uint8_t *whole = help_file_read(place->data, &len);
    uint8_t *found = memmem(whole, len, made[0].bytes, made[0].len);
    assert_non_null(found);
    found[made[0].len - 1] ^= 1;
    help_file_write(place->data, whole, len);
    free(whole);
    assert_status(STATUS_CORRUPT, store_open(&place->store, place->db));
}

/* LMDB's two meta pages, with two commits more than there were. */
static void claim_commits(const struct place *place)
{
    enum { PAGE = 4096, COMMITS_AT = 32 + 14 * sizeof(size_t) }; /* store_pages.c */
    size_t len, commits;
    uint8_t *whole = help_file_read(place->data, &len);
    for (unsigned page = 0; page < 2; page++) {
        memcpy(&commits, whole + page * PAGE + COMMITS_AT, sizeof commits);
        commits += 2;
        memcpy(whole + page * PAGE + COMMITS_AT, &commits, sizeof commits);
    }
    help_file_write(place->data, whole, len);
    free(whole);
}

/* The last commit left its number in the entry that it stored, or as a fact. */
static void a_false_number_of_commits_is_noticed(void **state)
{
    struct place *place = *state;
    for (unsigned round = 0; round < 2; round++) {
        put_range(place->store, round, round + 1);
        if (round == 1) {
            assert_ok(store_begin(place->store));
            assert_ok(store_put_meta(place->store, "fact", "abcd", 4));
            assert_ok(store_commit(place->store));
        }
        reopen(place);
        size_t len;
        uint8_t *whole = help_file_read(place->data, &len);
        store_close(place->store);
        claim_commits(place);
        assert_status(STATUS_CORRUPT, store_open(&place->store, place->db));
        help_file_write(place->data, whole, len);
        free(whole);
        assert_ok(store_open(&place->store, place->db));
    }
}

static void truncated_files_are_corrupt(void **state)
{
    struct place *place = *state;
    struct stat st;
    put_range(place->store, 0, MANY);
    store_close(place->store);
    place->store = NULL;
    assert_int_equal(stat(place->data, &st), 0);
    off_t step = 3 * 4096 + 512;
    unsigned all = (unsigned)(st.st_size / step) + 1;
    step *= all / damages(all);
    for (off_t len = st.st_size - 4096; len > 0; len -= step) {
        assert_int_equal(truncate(place->data, len), 0);
        assert_status(STATUS_CORRUPT, store_open(&place->store, place->db));
        assert_null(place->store);
    }
    help_file_write(place->data, "no database at all", 18);
    assert_status(STATUS_CORRUPT, store_open(&place->store, place->db));
}

/* A write that the disk refuses is said, and what was acknowledged before is still there. */
static void a_full_disk_loses_nothing(void **state)
{
    struct place *place = *state;
    put_range(place->store, 0, 20);
    store_close(place->store);
    place->store = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct stat st;
        struct store *store;
        signal(SIGXFSZ, SIG_IGN);
        if (stat(place->data, &st) != 0 || store_open(&store, place->db) != STATUS_OK)
            _exit(1);
        struct rlimit limit = {.rlim_cur = (rlim_t)st.st_size, .rlim_max = (rlim_t)st.st_size};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || store_begin(store) != STATUS_OK)
            _exit(2);
        for (unsigned i = 20; i < MANY; i++)
            if (store_put_entry(store, &entries[i]) != STATUS_OK)
                _exit(3);
        _exit(store_commit(store) == STATUS_FULL ? 0 : 4);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_ok(store_open(&place->store, place->db));
    expect_entries(place->store, 20);
    for (unsigned i = 0; i < 20; i++)
        expect_held(place->store, i);
    put_range(place->store, 20, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_store_is_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_come_back_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_walk_goes_back_and_stops_where_it_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(duplicates_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_aborted_batch_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(places_of_aborted_entries_are_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_in_a_batch_aborts_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(facts_are_kept_replaced_and_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_statement_of_each_form_is_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_second_opener_finds_it_busy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dead_process_holds_no_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_map_grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(commits_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flipped_bits_never_give_wrong_octets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flipped_signature_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_false_number_of_commits_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(truncated_files_are_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, set_up, tear_down),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, make_entries, drop_entries);
}
