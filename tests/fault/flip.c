/* flip.c: a small store with each of its bits flipped, and cut short at each of its pages; and so
 * for the copy, with no database left, and for the mark of the incarnation.
 *
 *   fault_flip                 a sample, for ctest
 *   fault_flip all [PART OF]   every bit (of those whose number is PART modulo OF)
 *
 * After each the ledger must open. Either nothing is missing, or the damage was found: then
 * everything is there again, from what was readable and from the copy, down to the octets of the
 * view; without a copy, what is there is genuine. And it goes on: a write, a close, an opening that
 * finds nothing wrong any more.
 */
#include "tests/unit/ledger/ledger_help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/crypt.h"
#include "ledger/rescue.h"
#include "ledger/view_build.h"

enum {
    SAMPLE = 300,
    NAMES = 24,
    ENTRIES_MAX = 256,
    PAGE = 4096,
    GOES_ON_EVERY = 8,
    PROGRESS = 10000
};

struct file {
    char path[HELP_PATH_SIZE];
    uint8_t *bytes; /* malloc'd */
    size_t len;
};

static struct {
    struct place *place;
    struct file data, mark, copy;
    struct root root;
    struct file entries[ENTRIES_MAX]; /* without a path */
    size_t entry_count, view_len;
    uint8_t *view; /* malloc'd: what everybody is answered from */
    unsigned long number, found, harmless, rebuilt, partial;
} store;

/* --- the store --- */

static enum status note_entry(void *context, uint64_t number, const struct entry *entry)
{
    (void)context;
    (void)number;
    assert_true(store.entry_count < ENTRIES_MAX);
    struct file *kept = &store.entries[store.entry_count++];
    kept->len = entry->len;
    kept->bytes = malloc(entry->len);
    assert_non_null(kept->bytes);
    memcpy(kept->bytes, entry->bytes, entry->len);
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

/* The view of this household, malloc'd: the same octets as long as the names are the same, and who
 * wrote them. */
static uint8_t *view_of(struct ledger *ledger, size_t *len)
{
    uint8_t *view;
    struct view_build_household own = {
        .household = ledger_own(ledger), .own = true, .petname = "maple"};
    const struct view_build input = {
        .generation = 7, .published_ms = HELP_NOW_MS, .households = &own, .household_count = 1};
    memcpy(own.namespace_id, ledger_own_id(ledger), 32);
    assert_ok(view_build(&input, &view, len));
    return view;
}

static void expect_same_answers(struct ledger *ledger)
{
    size_t len;
    uint8_t *view = view_of(ledger, &len);
    expect_root(ledger, &store.root);
    assert_int_equal(len, store.view_len);
    assert_memory_equal(view, store.view, len);
    free(view);
}

/* What it calls itself stands nowhere else: it may be lost, but is never another text. */
static void expect_label(struct ledger *ledger, bool kept)
{
    const char *label = ledger_label(ledger);
    assert_true(strcmp(label, "nas") == 0 || (!kept && label[0] == '\0'));
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
    store.view = view_of(place->ledger, &store.view_len);
    assert_ok(ledger_each_from(place->ledger, 0, note_entry, NULL));
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
    char folder[HELP_PATH_SIZE];
    forget_rescue();
    help_join(folder, store.place->dir, "ledger");
    assert_true(mkdir(folder, 0700) == 0 || errno == EEXIST);
    help_file_write(store.data.path, store.data.bytes, len);
    help_file_write(store.mark.path, store.mark.bytes, store.mark.len);
    if (with_copy)
        help_file_write(store.copy.path, store.copy.bytes, store.copy.len);
    else
        (void)unlink(store.copy.path);
}

/* Octet for octet: signatures too, which no id covers. */
static enum status is_genuine(void *context, uint64_t number, const struct entry *entry)
{
    (void)context;
    (void)number;
    for (size_t i = 0; i < store.entry_count; i++)
        if (store.entries[i].len == entry->len &&
            memcmp(store.entries[i].bytes, entry->bytes, entry->len) == 0)
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

static bool may_write(struct ledger *ledger)
{
    static const struct name apex = {.wire = {0}, .len = 1};
    struct household *own = ledger_own(ledger);
    return own &&
           household_may_set(own, store.place->house.keys.signing.public_key, &apex) == RULE_NONE;
}

/* What was laid out is opened. `whole`: nothing of it may be missing. */
static void expect_survival(bool whole)
{
    struct ledger *ledger;
    struct rescue rescue;
    assert_ok(rescue_open(&ledger, store.place->dir, &store.place->house.keys, &rescue, NULL));
    bool found = rescue.kind != RESCUE_NONE;
    struct household *own = ledger_own(ledger);
    if (getenv("FLIP_TRACE"))
        fprintf(stderr, "  kind %d, %llu entries, now %zu of %llu\n", (int)rescue.kind,
                (unsigned long long)rescue.entries, own ? household_entries(own) : 0,
                (unsigned long long)store.root.entries);
    assert_ok(ledger_each_from(ledger, 0, is_genuine, NULL));
    expect_label(ledger, !found);
    if (whole || !found) {
        assert_non_null(own);
        expect_same_answers(ledger);
        store.rebuilt += found;
    } else {
        assert_true(!own || household_entries(own) <= store.root.entries);
        store.partial += !own || household_entries(own) < store.root.entries;
    }
    store.found += found;
    store.harmless += !found;
    if (may_write(ledger) && (found || store.number++ % GOES_ON_EVERY == 0))
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
    lay_out(store.data.len, with_copy);
    expect_survival(with_copy);
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
        for (size_t bit = part; bit < bits; bit += parts) {
            flip(bit, bit / parts % 8 != 0);
            if (bit / parts % PROGRESS == 0)
                print_message("%zu of %zu bits\n", bit / parts, bits / parts);
        }
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
        lay_out(len, true);
        expect_survival(true);
        lay_out(len, false);
        expect_survival(false);
    }
    report("lengths");
}

/* Nothing is left but the copy. */
static void every_bit_of_the_copy(void **state)
{
    char folder[HELP_PATH_SIZE];
    make_store(*state);
    help_join(folder, store.place->dir, "ledger");
    size_t bits = store.copy.len * 8, step = parts > 0 ? parts : bits / (SAMPLE / 4);
    for (size_t bit = part; bit < bits; bit += step) {
        store.copy.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        lay_out(store.data.len, true);
        help_dir_remove(folder);
        expect_survival(false);
        store.copy.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    report("bits of the copy");
}

/* It only says that this database is not an old one: nothing is missing, whatever it says. */
static void every_bit_of_the_mark(void **state)
{
    make_store(*state);
    for (size_t bit = 0; bit < store.mark.len * 8; bit++) {
        store.mark.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        lay_out(store.data.len, bit % 2);
        expect_survival(true);
        store.mark.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    report("bits of the mark");
}

static int end(void **state)
{
    for (size_t i = 0; i < store.entry_count; i++)
        free(store.entries[i].bytes);
    free(store.view);
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
        cmocka_unit_test_setup_teardown(every_bit_of_the_mark, set_up_admin, end),
        cmocka_unit_test_setup_teardown(every_bit_of_the_copy, set_up_admin, end),
        cmocka_unit_test_setup_teardown(every_bit, set_up_admin, end),
    };
    if (argc > 1 && strcmp(argv[1], "all") == 0) {
        part = argc > 3 ? (size_t)atol(argv[2]) : 0;
        parts = argc > 3 ? (size_t)atol(argv[3]) : 1;
    } else if (argc > 1) {
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
