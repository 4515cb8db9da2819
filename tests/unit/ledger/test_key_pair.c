/* test_key_pair.c: key files that only their owner may read, whole or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/crypt.h"
#include "ledger/key_pair.h"
#include "tests/unit/ledger/node_help.h"

struct place {
    char dir[HELP_PATH_SIZE];
    char path[HELP_PATH_SIZE]; /* of a key in it */
};

static int set_up(void **state)
{
    static struct place place;
    help_dir_make(place.dir);
    help_join(place.path, place.dir, "some.key");
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    help_dir_remove(place->dir);
    return 0;
}

static void a_key_is_made_once_and_read_again(void **state)
{
    struct place *place = *state;
    struct key_pair made, read;
    assert_status(STATUS_NOT_FOUND, key_pair_read(&read, place->path, "signing"));
    assert_ok(key_pair_create(&made, place->path, "signing"));
    assert_int_equal(help_mode_of(place->path), 0600);
    assert_int_equal(help_files_in(place->dir), 1); /* no temporary file is left */
    assert_ok(key_pair_read(&read, place->path, "signing"));
    assert_memory_equal(made.public_key, read.public_key, 32);
    assert_memory_equal(made.secret, read.secret, 64);
    key_pair_close(&made);
    key_pair_close(&read);
    assert_null(read.secret);
    key_pair_close(&read); /* twice is safe */
}

/* A crash before the rename leaves a seed on the disk: the next attempt takes it away. */
static void what_a_crash_left_is_taken_away(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    char left[HELP_PATH_SIZE + 8];
    snprintf(left, sizeof left, "%s.new", place->path);
    help_file_write(left, "hearth-key 1 signing\n0123", 25);
    assert_int_equal(chmod(left, 0), 0);
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    assert_int_equal(help_files_in(place->dir), 1);
    assert_ok(key_pair_read(&pair, place->path, "signing"));
    key_pair_close(&pair);
}

static void what_is_there_is_never_overwritten(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    help_file_write(place->path, "precious", 8);
    assert_status(STATUS_EXISTS, key_pair_create(&pair, place->path, "signing"));
    assert_null(pair.secret);
    size_t len;
    uint8_t *bytes = help_file_read(place->path, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(bytes, "precious", 8);
    free(bytes);
    /* Not even what only looks like nothing. */
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(symlink("/nonexistent", place->path), 0);
    assert_status(STATUS_EXISTS, key_pair_create(&pair, place->path, "signing"));
}

static void wider_rights_are_denied(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    static const mode_t wide[] = {0640, 0604, 0660, 0606, 0601, 0610, 0644, 0666, 0777};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        assert_int_equal(chmod(place->path, wide[i]), 0);
        assert_status(STATUS_DENIED, key_pair_read(&pair, place->path, "signing"));
        assert_null(pair.secret);
    }
    assert_int_equal(chmod(place->path, 0400), 0);
    assert_ok(key_pair_read(&pair, place->path, "signing"));
    key_pair_close(&pair);
}

static void somebody_elses_file_is_denied(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    if (geteuid() != 0)
        skip(); /* only root can make such a file; for others the rights decide (above) */
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    assert_int_equal(chown(place->path, 65534, 65534), 0);
    assert_status(STATUS_DENIED, key_pair_read(&pair, place->path, "signing"));
    /* Root may use the key of the user whose folder it is. */
    assert_int_equal(chown(place->dir, 65534, 65534), 0);
    assert_ok(key_pair_read(&pair, place->path, "signing"));
    key_pair_close(&pair);
}

static void links_folders_and_pipes_are_no_keys(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    char link_path[HELP_PATH_SIZE], pipe_path[HELP_PATH_SIZE];
    help_join(link_path, place->dir, "link.key");
    help_join(pipe_path, place->dir, "pipe.key");
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    assert_int_equal(symlink(place->path, link_path), 0);
    assert_status(STATUS_DENIED, key_pair_read(&pair, link_path, "signing"));
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, pipe_path, "signing"));
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, place->dir, "signing"));
}

static void expect_corrupt(const struct place *place, const void *bytes, size_t len)
{
    struct key_pair pair;
    help_file_write(place->path, bytes, len);
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, place->path, "signing"));
    assert_null(pair.secret);
}

static void damaged_files_are_corrupt(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    size_t len;
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, place->path, "zone"));
    uint8_t *whole = help_file_read(place->path, &len);
    uint8_t *bytes = malloc(len + 4096);
    assert_non_null(bytes);
    for (size_t cut = 0; cut < len; cut++)
        expect_corrupt(place, whole, cut);
    for (size_t i = 0; i < len; i++) { /* no octet may be another kind of character */
        memcpy(bytes, whole, len);
        bytes[i] = '~';
        expect_corrupt(place, bytes, len);
        bytes[i] = '\0';
        expect_corrupt(place, bytes, len);
    }
    memcpy(bytes, whole, len);
    memset(bytes + len, '\n', 4096);
    expect_corrupt(place, bytes, len + 1);
    expect_corrupt(place, bytes, len + 4096);
    help_file_write(place->path, whole, len);
    assert_ok(key_pair_read(&pair, place->path, "signing"));
    key_pair_close(&pair);
    free(bytes);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_made_once_and_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_crash_left_is_taken_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_is_never_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wider_rights_are_denied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(somebody_elses_file_is_denied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_folders_and_pipes_are_no_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_files_are_corrupt, set_up, tear_down),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
