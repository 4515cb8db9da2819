/* disk.c: every call that writes fails, one after the other: a new node's keys, opening, commits,
 * publishing, bundles, a rescue. No place of a stream is signed twice, whatever failed. */
#include "tests/fault/deeds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/base/view_file.h"
#include "ledger/crypt.h"
#include "ledger/publish.h"
#include "ledger/rescue.h"
#include "ledger/view_build.h"

static void new_folder(struct place *place)
{
    deeds_shut(place);
    help_dir_remove(place->dir);
    help_dir_make(place->dir);
}

/* --- keys --- */

static struct node_keys keys;
static uint8_t zone_key[32];
static bool has_zone_key;

static enum status open_keys(struct place *place)
{
    return node_keys_open(&keys, place->dir);
}

/* What is there already will do for the next try: a key is whole or not there. */
static void look_at_keys(struct place *place)
{
    char path[HELP_PATH_SIZE];
    struct key_pair pair;
    help_join(path, place->dir, "zone.key");
    enum status status = key_pair_read(&pair, path, "zone");
    has_zone_key = status == STATUS_OK;
    if (!has_zone_key)
        assert_status(STATUS_NOT_FOUND, status);
    else
        memcpy(zone_key, pair.public_key, sizeof zone_key);
    key_pair_close(&pair);
}

static void same_keys(struct place *place)
{
    struct node_keys again;
    if (has_zone_key)
        assert_memory_equal(zone_key, keys.zone.public_key, sizeof zone_key);
    assert_ok(node_keys_open(&again, place->dir));
    assert_memory_equal(again.signing.public_key, keys.signing.public_key, 32);
    assert_memory_equal(again.zone.public_key, keys.zone.public_key, 32);
    node_keys_close(&again);
    node_keys_close(&keys);
    has_zone_key = false;
}

static void making_keys(void **state)
{
    const struct trial trial = {.what = "keys",
                                .prepare = new_folder,
                                .act = open_keys,
                                .unchanged = look_at_keys,
                                .done = same_keys};
    trial_disk(*state, &trial);
}

/* --- opening --- */

/* What a failed birth left behind is no damage. */
static enum status open_ledger(struct place *place)
{
    struct rescue rescue;
    enum status status = rescue_open(&place->ledger, place->dir, &place->house.keys, &rescue, NULL);
    assert_true(status != STATUS_OK || rescue.kind == RESCUE_NONE);
    return status;
}

static void can_be_used(struct place *place)
{
    found(place, place->ledger);
    set(place->ledger, "camera", 1);
    reopen(place);
    assert_int_equal(address_of(place->ledger, "camera"), 1);
}

static void making_a_ledger(void **state)
{
    const struct trial trial = {.what = "new ledger",
                                .prepare = new_folder,
                                .act = open_ledger,
                                .unchanged = deeds_is_shut,
                                .done = can_be_used};
    trial_disk(*state, &trial);
}

/* --- commits --- */

enum { WRITES = 3 };

/* One entry for each place of a stream, and none missing. */
struct places {
    uint64_t streams[LIMIT_STREAMS], next[LIMIT_STREAMS];
    unsigned count;
    const uint8_t *author;
};

static enum status check_place(void *context, uint64_t number, const struct entry *entry)
{
    struct places *places = context;
    unsigned i = 0;
    (void)number;
    if (memcmp(entry->author, places->author, 32) != 0)
        return STATUS_OK;
    while (i < places->count && places->streams[i] != entry->stream)
        i++;
    if (i == places->count)
        places->streams[places->count++] = entry->stream;
    assert_int_equal(entry->seq, places->next[i]++);
    return STATUS_OK;
}

static enum status write_some(struct place *place)
{
    enum status status = ledger_begin(place->ledger);
    if (status != STATUS_OK)
        return status;
    return deeds_end_batch(place, deeds_append(place, WRITES));
}

static void wrote_some(struct place *place)
{
    bool restored;
    struct places places = {.author = place->house.keys.signing.public_key};
    struct root root = root_of(place->ledger);
    reopen(place);
    (void)ledger_incarnation(place->ledger, &restored);
    assert_false(restored);
    expect_root(place->ledger, &root);
    deeds_has_names(place, WRITES);
    assert_ok(ledger_each_from(place->ledger, 0, check_place, &places));
    assert_int_equal(places.count, 1);
}

static void committing(void **state)
{
    const struct trial trial = {.what = "commit",
                                .prepare = deeds_remember,
                                .act = write_some,
                                .unchanged = deeds_is_as_before,
                                .done = wrote_some};
    trial_disk(*state, &trial);
}

/* --- publishing --- */

static struct publisher publisher;
static char view_dir[HELP_PATH_SIZE], view_path[HELP_PATH_SIZE];
static uint64_t published;

static enum status build(struct place *place, uint8_t **bytes, size_t *len)
{
    struct view_build_household own = {
        .household = ledger_own(place->ledger), .own = true, .petname = "maple"};
    struct view_build input = {.generation = publisher_next(&publisher),
                               .published_ms = HELP_NOW_MS,
                               .households = &own,
                               .household_count = 1};
    memcpy(own.namespace_id, ledger_own_id(place->ledger), 32);
    return view_build(&input, bytes, len);
}

static enum status publish(struct place *place)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum status status = build(place, &bytes, &len);
    if (status == STATUS_OK)
        status = publisher_put(&publisher, bytes, len);
    free(bytes);
    return status;
}

/* A reader finds the view before, or already the new one: whole. */
static void reads_whole(struct place *place)
{
    struct view_mapping mapping;
    (void)place;
    assert_ok(view_mapping_open(&mapping, view_path));
    assert_true(mapping.view.generation >= published);
    published = mapping.view.generation;
    view_mapping_close(&mapping);
}

static void publishing(void **state)
{
    struct place *place = *state;
    const struct trial trial = {
        .what = "publish", .act = publish, .unchanged = reads_whole, .done = reads_whole};
    set(place->ledger, "camera", 1);
    help_join(view_dir, place->dir, "view");
    help_join(view_path, view_dir, "names.view");
    assert_ok(publisher_open(&publisher, view_dir));
    assert_ok(publish(place));
    trial_disk(place, &trial);
    publisher_close(&publisher);
}

static enum status open_publisher(struct place *place)
{
    (void)place;
    return publisher_open(&publisher, view_dir);
}

static void close_publisher(struct place *place)
{
    assert_ok(publish(place));
    publisher_close(&publisher);
}

static void new_view_folder(struct place *place)
{
    (void)place;
    if (access(view_dir, F_OK) == 0)
        help_dir_remove(view_dir);
}

static void opening_a_publisher(void **state)
{
    struct place *place = *state;
    const struct trial fresh = {.what = "new view folder",
                                .prepare = new_view_folder,
                                .act = open_publisher,
                                .done = close_publisher};
    const struct trial again = {
        .what = "view folder", .act = open_publisher, .done = close_publisher};
    help_join(view_dir, place->dir, "view");
    trial_disk(place, &fresh);
    trial_disk(place, &again);
}

/* --- bundles --- */

static int bundle_fd = -1;

static enum status write_bundle(struct place *place)
{
    if (ftruncate(bundle_fd, 0) != 0 || lseek(bundle_fd, 0, SEEK_SET) != 0)
        return STATUS_IO;
    return backup_export(place->ledger, bundle_fd);
}

static void writing_bundles(void **state)
{
    struct place *place = *state;
    char path[HELP_PATH_SIZE];
    const struct trial trial = {.what = "bundle",
                                .prepare = deeds_remember,
                                .act = write_bundle,
                                .unchanged = deeds_is_as_before};
    help_join(path, place->dir, "bundle");
    bundle_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(bundle_fd >= 0);
    set(place->ledger, "camera", 1);
    trial_disk(place, &trial);
    close(bundle_fd);
}

/* --- rescue --- */

static uint8_t *data;
static size_t data_len;

static void damage(struct place *place)
{
    deeds_shut(place);
    help_file_write(place->data, data, data_len / 2);
}

static enum status open_rescued(struct place *place)
{
    struct rescue rescue;
    enum status status = rescue_open(&place->ledger, place->dir, &place->house.keys, &rescue, NULL);
    if (status == STATUS_OK)
        assert_int_equal(rescue.kind, RESCUE_DAMAGED);
    return status;
}

/* The damaged one stays where it is, or where it was moved to, until the new one is in place. */
static void rescuing(void **state)
{
    struct place *place = *state;
    const struct trial trial = {.what = "rescue",
                                .prepare = damage,
                                .act = open_rescued,
                                .unchanged = deeds_is_shut,
                                .done = deeds_is_as_before};
    for (unsigned i = 0; i < 20; i++)
        set(place->ledger, i % 2 ? "camera" : "printer", (uint8_t)(i + 1));
    data = deeds_leave_with_copy(place, &data_len);
    trial_disk(place, &trial);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(making_keys, set_up_empty),
        WITH(making_a_ledger, set_up_admin),
        WITH(committing, set_up_admin),
        WITH(publishing, set_up_admin),
        WITH(opening_a_publisher, set_up_admin),
        WITH(writing_bundles, set_up_admin),
        WITH(rescuing, set_up_admin),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
