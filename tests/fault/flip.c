/* flip.c: a small store with each of its bits flipped, and cut short at each of its pages.
 *
 *   fault_flip                 a sample, for ctest
 *   fault_flip all [PART OF]   every bit (of those whose number is PART modulo OF)
 *
 * After each the ledger must open. Either nothing is missing, or the damage was found: then
 * everything is there again, from what was readable and from the copy; without a copy, what is
 * there is genuine. And it goes on: a write, a close, an opening that finds nothing wrong any more.
 */
#include "tests/unit/ledger/ledger_help.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/crypt.h"
#include "ledger/rescue.h"

enum { SAMPLE = 300, NAMES = 24, ENTRIES_MAX = 256, PAGE = 4096 };

struct file {
    char path[HELP_PATH_SIZE];
    uint8_t *bytes; /* malloc'd */
    size_t len;
};

static struct {
    struct place *place;
    struct file data, mark, copy;
    struct root root;
    uint8_t ids[ENTRIES_MAX][32];
    size_t id_count;
    unsigned long found, harmless, rebuilt, partial;
} store;

/* --- the store --- */

static enum status note_id(void *context, const struct entry *entry)
{
    (void)context;
    assert_true(store.id_count < ENTRIES_MAX);
    memcpy(store.ids[store.id_count++], entry->id, 32);
    return STATUS_OK;
}

static void file_keep(struct file *file, const char *name)
{
    help_join(file->path, store.place->dir, name);
    file->bytes = help_file_read(file->path, &file->len);
}

static void write_copy(void)
{
    char path[HELP_PATH_SIZE];
    help_join(path, store.place->dir, RESCUE_COPY);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_ok(backup_export(store.place->ledger, fd));
    close(fd);
}

/* Pages of all kinds: written once, replaced, free, and free and used again. */
static void fill(struct place *place)
{
    uint8_t id[32];
    enum rule rule;
    char name[32];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "device%u", i);
        set(place->ledger, name, (uint8_t)(i + 1));
        if (i % 4 == 0)
            set(place->ledger, name, (uint8_t)(i + 101));
    }
    struct ledger_write gone = deletion("device3");
    put(place->ledger, &gone, id);
    assert_ok(ledger_append_withdraw(place->ledger, (const uint8_t[32]){7}, REASON_LOST, help_now,
                                     id, &rule));
    assert_ok(ledger_set_label(place->ledger, "nas"));
}

static void make_store(struct place *place)
{
    store.place = place;
    fill(place);
    store.root = root_of(place->ledger);
    assert_ok(ledger_each(place->ledger, note_id, NULL));
    write_copy();
    ledger_close(place->ledger);
    place->ledger = NULL;
    file_keep(&store.data, "ledger/data.mdb");
    file_keep(&store.mark, "incarnation");
    file_keep(&store.copy, RESCUE_COPY);
}

/* --- one fault --- */

static void forget_rescue(void)
{
    char path[HELP_PATH_SIZE];
    DIR *folder = opendir(store.place->dir);
    assert_non_null(folder);
    for (struct dirent *item; (item = readdir(folder));) {
        if (strncmp(item->d_name, "ledger.damaged-", 15) == 0) {
            help_join(path, store.place->dir, item->d_name);
            help_dir_remove(path);
        }
    }
    closedir(folder);
    help_join(path, store.place->dir, RESCUE_REPORT);
    (void)unlink(path);
}

static void lay_out(size_t len, bool with_copy)
{
    forget_rescue();
    help_file_write(store.data.path, store.data.bytes, len);
    help_file_write(store.mark.path, store.mark.bytes, store.mark.len);
    if (with_copy)
        help_file_write(store.copy.path, store.copy.bytes, store.copy.len);
    else
        (void)unlink(store.copy.path);
}

static enum status is_genuine(void *context, const struct entry *entry)
{
    (void)context;
    for (size_t i = 0; i < store.id_count; i++)
        if (memcmp(store.ids[i], entry->id, 32) == 0)
            return STATUS_OK;
    return STATUS_FOREIGN;
}

/* It goes on, and stays. */
static void goes_on(struct ledger *ledger)
{
    struct rescue rescue;
    set(ledger, "later", 99);
    struct root root = root_of(ledger);
    ledger_close(ledger);
    forget_rescue();
    assert_ok(rescue_open(&ledger, store.place->dir, &store.place->house.keys, &rescue, NULL));
    assert_int_equal(rescue.kind, RESCUE_NONE);
    expect_root(ledger, &root);
    assert_int_equal(address_of(ledger, "later"), 99);
    ledger_close(ledger);
}

static void expect_survival(size_t len, bool with_copy)
{
    struct ledger *ledger;
    struct rescue rescue;
    lay_out(len, with_copy);
    assert_ok(rescue_open(&ledger, store.place->dir, &store.place->house.keys, &rescue, NULL));
    if (getenv("FLIP_TRACE"))
        fprintf(stderr, "  kind %d, %llu entries, now %zu of %llu\n", (int)rescue.kind,
                (unsigned long long)rescue.entries,
                ledger_own(ledger) ? household_entries(ledger_own(ledger)) : 0,
                (unsigned long long)store.root.entries);
    store.found += rescue.kind != RESCUE_NONE;
    store.harmless += rescue.kind == RESCUE_NONE;
    assert_ok(ledger_each(ledger, is_genuine, NULL));
    if (with_copy || rescue.kind == RESCUE_NONE) {
        assert_non_null(ledger_own(ledger));
        expect_root(ledger, &store.root);
        store.rebuilt += rescue.kind != RESCUE_NONE;
    } else {
        struct household *own = ledger_own(ledger);
        assert_true(!own || household_entries(own) <= store.root.entries);
        store.partial += !own || household_entries(own) < store.root.entries;
    }
    if (ledger_own(ledger) &&
        household_may_set(ledger_own(ledger), store.place->house.keys.signing.public_key,
                          &(struct name){.wire = {0}, .len = 1}) == RULE_NONE)
        goes_on(ledger);
    else
        ledger_close(ledger);
}

static void flip(size_t bit, bool with_copy)
{
    if (getenv("FLIP_TRACE"))
        fprintf(stderr, "bit %zu (octet %zu of page %zu)%s\n", bit, bit / 8 % PAGE, bit / 8 / PAGE,
                with_copy ? "" : ", no copy");
    store.data.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    expect_survival(store.data.len, with_copy);
    store.data.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
}

/* --- all of them --- */

static void report(const char *what)
{
    print_message("%s: %lu found, %lu harmless; %lu rebuilt whole; without a copy %lu in part\n",
                  what, store.found, store.harmless, store.rebuilt, store.partial);
    store.found = store.harmless = store.rebuilt = store.partial = 0;
}

static size_t part, parts; /* of a long run; 0: a sample */

static void every_bit(void **state)
{
    make_store(*state);
    size_t bits = store.data.len * 8;
    if (parts > 0) {
        for (size_t bit = part; bit < bits; bit += parts)
            flip(bit, bit / parts % 8 != 0);
        report("bits");
        return;
    }
    srand(11);
    for (unsigned i = 0; i < SAMPLE; i++) {
        size_t bit = ((size_t)rand() << 16 ^ (size_t)rand()) % bits;
        /* What LMDB keeps for itself gets its share: meta pages, heads of pages. */
        if (i % 4 == 0)
            bit %= (size_t)2 * 160 * 8;
        else if (i % 4 == 1)
            bit = bit / (PAGE * 8) * (PAGE * 8) + bit % (64 * 8);
        flip(bit, i % 3 != 0);
    }
    report("bits");
}

static void every_page(void **state)
{
    make_store(*state);
    size_t step = parts > 0 ? PAGE / 8 : PAGE;
    for (size_t len = 0; len < store.data.len; len += step) {
        expect_survival(len, true);
        expect_survival(len, false);
    }
    report("lengths");
}

static int end(void **state)
{
    free(store.data.bytes);
    free(store.mark.bytes);
    free(store.copy.bytes);
    memset(&store, 0, sizeof store);
    return tear_down(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_page, set_up_admin, end),
        cmocka_unit_test_setup_teardown(every_bit, set_up_admin, end),
    };
    if (argc > 1 && strcmp(argv[1], "all") == 0) {
        part = argc > 3 ? (size_t)atol(argv[2]) : 0;
        parts = argc > 3 ? (size_t)atol(argv[3]) : 1;
    } else if (argc > 1) {
        return 2;
    }
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
