/* test_rescue.c: damaged, missing and older databases, crashes in between, and what is told and
 * kept. tests/fault/ has every bit, every failing call and real daemons. */
#include "ledger/rescue.h"

#include "tests/unit/ledger/ledger_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/crypt.h"

static unsigned said;

static void say(const char *text)
{
    assert_non_null(text);
    said++;
}

static void shut(struct place *place)
{
    ledger_close(place->ledger);
    place->ledger = NULL;
}

static struct rescue open_rescued(struct place *place)
{
    struct rescue rescue;
    shut(place);
    said = 0;
    assert_ok(rescue_open(&place->ledger, place->dir, &place->house.keys, &rescue, say));
    return rescue;
}

static void write_copy(struct place *place)
{
    char path[HELP_PATH_SIZE];
    help_join(path, place->dir, RESCUE_COPY);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_ok(backup_export(place->ledger, fd));
    close(fd);
}

/* Its meta pages are gone: nothing of its order can be used. */
static void damage(struct place *place)
{
    size_t len;
    shut(place);
    uint8_t *bytes = help_file_read(place->data, &len);
    memset(bytes, 0, 8192);
    help_file_write(place->data, bytes, len);
    free(bytes);
}

static bool is_there(struct place *place, const char *name)
{
    char path[HELP_PATH_SIZE];
    help_join(path, place->dir, name);
    return access(path, F_OK) == 0;
}

static void remove_one(struct place *place, const char *name)
{
    char path[HELP_PATH_SIZE];
    help_join(path, place->dir, name);
    assert_int_equal(unlink(path), 0);
}

static void move_one(struct place *place, const char *from, const char *to)
{
    char from_path[HELP_PATH_SIZE], to_path[HELP_PATH_SIZE];
    help_join(from_path, place->dir, from);
    help_join(to_path, place->dir, to);
    assert_int_equal(rename(from_path, to_path), 0);
}

static void a_sound_ledger_needs_none(void **state)
{
    struct place *place = *state;
    set(place->ledger, "camera", 1);
    struct rescue rescue = open_rescued(place);
    assert_int_equal(rescue.kind, RESCUE_NONE);
    assert_int_equal(said, 0);
    assert_int_equal(address_of(place->ledger, "camera"), 1);
    assert_false(is_there(place, RESCUE_REPORT));
}

static void a_damaged_one_is_read_without_its_order(void **state)
{
    struct place *place = *state;
    set(place->ledger, "camera", 1);
    assert_ok(ledger_set_label(place->ledger, "nas"));
    struct ledger_write write = aaaa("camera", 2);
    uint64_t stream = stream_of(place->ledger, &write);
    struct root root = root_of(place->ledger);
    damage(place);
    struct rescue rescue = open_rescued(place);
    assert_int_equal(said, 1);
    assert_int_equal(rescue.kind, RESCUE_DAMAGED);
    assert_int_equal(rescue.entries, root.entries);
    assert_true(rescue.household);
    assert_string_equal(rescue.kept, "ledger.damaged-1");
    assert_true(is_there(place, "ledger.damaged-1/data.mdb"));
    expect_root(place->ledger, &root);
    assert_string_equal(ledger_label(place->ledger), "nas");
    /* What the old one may have signed beyond that is not known: another stream. */
    write = aaaa("camera", 3);
    assert_true(stream_of(place->ledger, &write) != stream);
}

static void it_is_told_until_somebody_takes_note(void **state)
{
    struct place *place = *state;
    damage(place);
    struct rescue first = open_rescued(place);
    struct rescue again = open_rescued(place);
    assert_int_equal(said, 0);
    assert_int_equal(again.kind, RESCUE_DAMAGED);
    assert_int_equal(again.entries, first.entries);
    assert_int_equal(again.time_ms, first.time_ms);
    assert_string_equal(again.kept, first.kept);
    char path[HELP_PATH_SIZE];
    help_join(path, place->dir, RESCUE_REPORT);
    help_file_write(path, "no report", 9);
    again = open_rescued(place);
    assert_int_equal(again.kind, RESCUE_DAMAGED);
    assert_string_equal(again.kept, "");
    assert_int_equal(unlink(path), 0);
    again = open_rescued(place);
    assert_int_equal(again.kind, RESCUE_NONE);
}

static void what_is_kept_is_bounded_and_the_first_stays(void **state)
{
    struct place *place = *state;
    char name[32];
    for (unsigned i = 1; i <= 7; i++) {
        set(place->ledger, "camera", (uint8_t)i);
        write_copy(place);
        damage(place);
        struct rescue rescue = open_rescued(place);
        snprintf(name, sizeof name, "ledger.damaged-%u", i);
        assert_string_equal(rescue.kept, name);
        assert_int_equal(address_of(place->ledger, "camera"), i);
    }
    for (unsigned i = 1; i <= 7; i++) {
        snprintf(name, sizeof name, "ledger.damaged-%u", i);
        assert_int_equal(is_there(place, name), i == 1 || i > 4);
    }
    assert_true(is_there(place, "ledger.damaged-7/" RESCUE_COPY));
}

/* More folders of that kind than are listed, in any order: the next one still has a free name. */
static void a_free_name_is_found_among_many(void **state)
{
    struct place *place = *state;
    char path[HELP_PATH_SIZE], name[32];
    for (unsigned i = 1; i <= 300; i++) {
        snprintf(name, sizeof name, "ledger.damaged-%u/", i);
        help_join(path, place->dir, name);
        assert_int_equal(mkdir(path, 0700), 0);
        strcat(path, "mine");
        help_file_write(path, "x", 1);
    }
    damage(place);
    struct rescue rescue = open_rescued(place);
    assert_string_equal(rescue.kept, "ledger.damaged-301");
    assert_true(is_there(place, "ledger.damaged-301/data.mdb"));
}

static void a_name_beyond_the_last_is_refused(void **state)
{
    struct place *place = *state;
    struct rescue rescue;
    char path[HELP_PATH_SIZE];
    help_join(path, place->dir, "ledger.damaged-999999");
    assert_int_equal(mkdir(path, 0700), 0);
    damage(place);
    assert_status(STATUS_FULL,
                  rescue_open(&place->ledger, place->dir, &place->house.keys, &rescue, say));
    assert_true(is_there(place, "ledger/data.mdb"));
    assert_int_equal(rmdir(path), 0);
    assert_ok(rescue_open(&place->ledger, place->dir, &place->house.keys, &rescue, say));
}

static void a_missing_one_comes_from_the_copy(void **state)
{
    struct place *place = *state;
    set(place->ledger, "camera", 1);
    write_copy(place);
    struct root root = root_of(place->ledger);
    shut(place);
    remove_one(place, "ledger/data.mdb");
    struct rescue rescue = open_rescued(place);
    assert_int_equal(rescue.kind, RESCUE_MISSING);
    assert_int_equal(rescue.entries, root.entries);
    expect_root(place->ledger, &root);
}

static void without_anything_left_it_is_said(void **state)
{
    struct place *place = *state;
    shut(place);
    remove_one(place, "ledger/data.mdb");
    struct rescue rescue = open_rescued(place);
    assert_int_equal(rescue.kind, RESCUE_MISSING);
    assert_false(rescue.household);
    assert_null(ledger_own(place->ledger));
    rescue = open_rescued(place);
    assert_int_equal(rescue.kind, RESCUE_MISSING); /* also later */
}

static void a_new_node_has_nothing_to_tell(void **state)
{
    struct place *place = *state;
    for (unsigned i = 0; i < 3; i++) {
        struct rescue rescue = open_rescued(place);
        assert_int_equal(rescue.kind, RESCUE_NONE);
        assert_null(ledger_own(place->ledger));
    }
    /* A mark that was never written is no sign of a household that was. */
    shut(place);
    remove_one(place, "incarnation");
    struct rescue rescue = open_rescued(place);
    assert_int_equal(rescue.kind, RESCUE_NONE);
}

/* A copy of the database from before is put in its place: what the newer one had comes from the
 * bundle, and nothing is signed twice. */
static void an_older_one_is_supplemented(void **state)
{
    struct place *place = *state;
    size_t len;
    set(place->ledger, "camera", 1);
    shut(place);
    uint8_t *older = help_file_read(place->data, &len);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
    struct ledger_write write = aaaa("camera", 2);
    uint64_t stream = stream_of(place->ledger, &write);
    write_copy(place);
    struct root root = root_of(place->ledger);
    shut(place);
    help_file_write(place->data, older, len);
    free(older);
    struct rescue rescue = open_rescued(place);
    assert_int_equal(rescue.kind, RESCUE_OLDER);
    assert_int_equal(rescue.entries, 1);
    expect_root(place->ledger, &root);
    write = aaaa("camera", 3);
    assert_true(stream_of(place->ledger, &write) != stream);
    assert_false(is_there(place, RESCUE_REPORT));
}

static void a_crash_between_the_moves_is_completed(void **state)
{
    struct place *place = *state;
    char path[HELP_PATH_SIZE];
    set(place->ledger, "camera", 1);
    struct root root = root_of(place->ledger);
    shut(place);
    help_join(path, place->dir, "rebuild");
    assert_int_equal(mkdir(path, 0700), 0);
    move_one(place, "ledger", "rebuild/ledger");
    struct rescue rescue = open_rescued(place);
    assert_int_equal(rescue.kind, RESCUE_NONE); /* its report would have been written before */
    expect_root(place->ledger, &root);
    assert_false(is_there(place, "rebuild"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_sound_ledger_needs_none, set_up_admin),
        WITH(a_damaged_one_is_read_without_its_order, set_up_admin),
        WITH(it_is_told_until_somebody_takes_note, set_up_admin),
        WITH(what_is_kept_is_bounded_and_the_first_stays, set_up_admin),
        WITH(a_free_name_is_found_among_many, set_up_admin),
        WITH(a_name_beyond_the_last_is_refused, set_up_admin),
        WITH(a_missing_one_comes_from_the_copy, set_up_admin),
        WITH(without_anything_left_it_is_said, set_up_admin),
        WITH(a_new_node_has_nothing_to_tell, set_up_empty),
        WITH(an_older_one_is_supplemented, set_up_admin),
        WITH(a_crash_between_the_moves_is_completed, set_up_admin),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
