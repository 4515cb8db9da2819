/* memory.c: every request for memory fails, one after the other: opening, ingesting, writing, the
 * view, bundles, a rescue. */
#include "tests/fault/deeds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/crypt.h"
#include "ledger/rescue.h"
#include "ledger/view_build.h"

enum { NAMES = 12 };

static void fill(struct place *place)
{
    char name[32];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "device%u", i);
        set(place->ledger, name, (uint8_t)(i + 1));
    }
}

/* --- opening --- */

static enum status open_again(struct place *place)
{
    return ledger_open(&place->ledger, place->dir, &place->house.keys);
}

static void opening(void **state)
{
    struct place *place = *state;
    const struct trial trial = {.what = "open",
                                .prepare = deeds_shut,
                                .act = open_again,
                                .unchanged = deeds_is_shut,
                                .done = deeds_is_as_before};
    fill(place);
    deeds_remember(place);
    trial_memory(place, &trial);
}

/* --- ingest --- */

static void new_place(struct place *place)
{
    struct help_house house = place->house;
    ledger_close(place->ledger);
    help_dir_remove(place->dir);
    help_dir_make(place->dir);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
    place->house = house;
}

static enum status take_founding(struct place *place)
{
    const struct help_house *house = &place->house;
    enum status status = ledger_begin(place->ledger);
    if (status != STATUS_OK)
        return status;
    status = ledger_ingest(place->ledger, house->genesis.bytes, house->genesis.len, true);
    if (status == STATUS_OK)
        status = ledger_ingest(place->ledger, house->grant.bytes, house->grant.len, false);
    return deeds_end_batch(place, status);
}

static void has_no_household(struct place *place)
{
    assert_ok(ledger_ready(place->ledger));
    assert_null(ledger_own(place->ledger));
}

static void has_household(struct place *place)
{
    assert_non_null(ledger_own(place->ledger));
    assert_int_equal(household_entries(ledger_own(place->ledger)), 2);
}

static void founding(void **state)
{
    const struct trial trial = {.what = "ingest",
                                .prepare = new_place,
                                .act = take_founding,
                                .unchanged = has_no_household,
                                .done = has_household};
    trial_memory(*state, &trial);
}

/* --- writes --- */

static unsigned writes = 3;

static enum status write_some(struct place *place)
{
    uint8_t id[32];
    enum rule rule;
    enum status status = ledger_begin(place->ledger);
    if (status != STATUS_OK)
        return status;
    status = deeds_append(place, writes);
    if (status == STATUS_OK)
        status = ledger_append_withdraw(place->ledger, (const uint8_t[32]){(uint8_t)deeds_turn},
                                        REASON_LOST, help_now, id, &rule);
    return deeds_end_batch(place, status);
}

static void wrote_some(struct place *place)
{
    deeds_has_names(place, writes);
    struct root root = root_of(place->ledger);
    if (deeds_turn % 4 == 0)
        reopen(place);
    expect_root(place->ledger, &root);
}

static void new_house(struct place *place)
{
    new_place(place);
    found(place, place->ledger);
    deeds_remember(place);
}

/* The first write of an incarnation opens its streams. */
static void writing(void **state)
{
    const struct trial trial = {.what = "write",
                                .prepare = new_house,
                                .act = write_some,
                                .unchanged = deeds_is_as_before,
                                .done = wrote_some};
    trial_memory(*state, &trial);
    writes = 100;
    trial_memory(*state, &trial);
}

/* --- the view --- */

static uint8_t *view, *first_view;
static size_t view_len, first_len;

static enum status build(struct place *place)
{
    struct view_build_household own = {
        .household = ledger_own(place->ledger), .own = true, .petname = "maple"};
    struct view_build input = {
        .generation = 7, .published_ms = HELP_NOW_MS, .households = &own, .household_count = 1};
    memcpy(own.namespace_id, ledger_own_id(place->ledger), 32);
    return view_build(&input, &view, &view_len);
}

static void same_view(struct place *place)
{
    (void)place;
    assert_int_equal(view_len, first_len);
    assert_memory_equal(view, first_view, first_len);
    free(view);
    view = NULL;
}

static void building(void **state)
{
    const struct trial trial = {.what = "view",
                                .prepare = deeds_remember,
                                .act = build,
                                .unchanged = deeds_is_as_before,
                                .done = same_view};
    fill(*state);
    assert_ok(build(*state));
    first_view = view;
    first_len = view_len;
    trial_memory(*state, &trial);
    free(first_view);
}

/* --- bundles --- */

static int bundle_fd = -1;
static uint8_t *bundle;
static size_t bundle_len;

static void new_file(struct place *place)
{
    deeds_remember(place);
    if (bundle_fd >= 0)
        close(bundle_fd);
    bundle_fd = memfd_create("bundle", MFD_CLOEXEC);
    assert_true(bundle_fd >= 0);
}

static enum status write_bundle(struct place *place)
{
    enum status status = lseek(bundle_fd, 0, SEEK_SET) == 0 ? STATUS_OK : STATUS_IO;
    return status == STATUS_OK ? backup_export(place->ledger, bundle_fd) : status;
}

static void keep_bundle(struct place *place)
{
    (void)place;
    free(bundle);
    bundle_len = (size_t)lseek(bundle_fd, 0, SEEK_END);
    bundle = malloc(bundle_len);
    assert_non_null(bundle);
    assert_int_equal(pread(bundle_fd, bundle, bundle_len, 0), bundle_len);
}

static enum status read_bundle(struct place *place)
{
    return backup_import(place->ledger, bundle, bundle_len, place->house.genesis.id, NULL, NULL);
}

static void bundles(void **state)
{
    struct place *place = *state;
    const struct trial out = {.what = "bundle out",
                              .prepare = new_file,
                              .act = write_bundle,
                              .unchanged = deeds_is_as_before,
                              .done = keep_bundle};
    const struct trial in = {.what = "bundle in",
                             .prepare = new_place,
                             .act = read_bundle,
                             .unchanged = has_no_household,
                             .done = deeds_is_as_before};
    fill(place);
    trial_memory(place, &out);
    trial_memory(place, &in);
    free(bundle);
    close(bundle_fd);
}

/* --- rescue --- */

static uint8_t *data;
static size_t data_len;

static void damage(struct place *place)
{
    deeds_shut(place);
    data[data_len / 2] ^= 1;
    help_file_write(place->data, data, data_len / 4096 * 4096 - 4096);
    data[data_len / 2] ^= 1;
}

static enum status open_rescued(struct place *place)
{
    struct rescue rescue;
    enum status status = rescue_open(&place->ledger, place->dir, &place->house.keys, &rescue, NULL);
    assert_true(status != STATUS_OK || rescue.kind != RESCUE_NONE);
    return status;
}

/* Whatever was in reach of the damage: the copy has it. */
static void rescuing(void **state)
{
    struct place *place = *state;
    const struct trial trial = {.what = "rescue",
                                .prepare = damage,
                                .act = open_rescued,
                                .unchanged = deeds_is_shut,
                                .done = deeds_is_as_before};
    fill(place);
    data = deeds_leave_with_copy(place, &data_len);
    trial_memory(place, &trial);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(opening, set_up_admin),  WITH(founding, set_up_empty), WITH(writing, set_up_admin),
        WITH(building, set_up_admin), WITH(bundles, set_up_admin),  WITH(rescuing, set_up_admin),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
