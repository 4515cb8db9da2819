/* The mapping and its generation word, with a clock that the test moves. */
#include "ledger/base/view_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/base/clock.h"
#include "view_sample.h"

static uint64_t now_ms = 5000;

/* In the place of clock.c's. */
uint64_t clock_coarse_ms(void)
{
    return now_ms;
}

static char dir[64];
static char view_path[128];
static char word_path[128];
static struct view_file file;

static void write_file(const char *path, const void *bytes, size_t len)
{
    char temporary[160];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    assert_int_equal(rename(temporary, path), 0);
}

static void put_view(uint64_t generation)
{
    static uint8_t bytes[VIEW_SAMPLE_MAX];
    write_file(view_path, bytes, view_sample_make(bytes, generation));
}

static void encode(uint8_t bytes[8], uint64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void make_word(uint64_t generation)
{
    uint8_t page[GENERATION_FILE_SIZE] = {0};
    encode(page, generation);
    write_file(word_path, page, sizeof page);
}

static void move_word(uint64_t generation)
{
    uint8_t bytes[8];
    encode(bytes, generation);
    int fd = open(word_path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, 8, 0), 8);
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/hearth-test-view-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(view_path, sizeof view_path, "%s/names.view", dir);
    snprintf(word_path, sizeof word_path, "%s/generation", dir);
    return view_file_init(&file, view_path) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    view_file_deinit(&file);
    unlink(view_path);
    unlink(word_path);
    return rmdir(dir);
}

/* The generation of the present view; 0 when there is none. */
static uint64_t current(void)
{
    struct view *view = NULL;
    if (view_file_current(&file, &view) != STATUS_OK)
        return 0;
    assert_int_equal(view_check(view), STATUS_OK);
    return view->generation;
}

static void nothing_then_something(void **state)
{
    (void)state;
    struct view *view = NULL;
    assert_int_equal(view_file_current(&file, &view), STATUS_NOT_FOUND);
    assert_null(view);
    put_view(7);
    assert_int_equal(current(), 7); /* at once, without a word */
}

static void the_word_brings_the_new_view(void **state)
{
    (void)state;
    put_view(7);
    make_word(7);
    assert_int_equal(current(), 7);
    put_view(8);
    assert_int_equal(current(), 7); /* not said yet */
    move_word(8);
    assert_int_equal(current(), 8);
    put_view(3); /* restored from elsewhere: any difference counts */
    move_word(3);
    assert_int_equal(current(), 3);
}

static void a_quiet_word_maps_nothing_again(void **state)
{
    (void)state;
    put_view(7);
    make_word(7);
    assert_int_equal(current(), 7);
    put_view(8);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(current(), 7);
}

/* A crash between rename and word: word and view differ until the next start. */
static void a_word_that_lags_is_no_storm(void **state)
{
    (void)state;
    put_view(8);
    make_word(7);
    assert_int_equal(current(), 8);
    put_view(9); /* would be seen if it were opened again */
    assert_int_equal(current(), 8);
    move_word(9);
    assert_int_equal(current(), 9);
}

static void the_word_arriving_late_maps_nothing_again(void **state)
{
    (void)state;
    make_word(7);
    put_view(8);
    assert_int_equal(current(), 8); /* between rename and word */
    put_view(99);                   /* would be seen if it were opened again */
    move_word(8);
    assert_int_equal(current(), 8);
}

static void all_ones_reopens(void **state)
{
    (void)state;
    put_view(7);
    make_word(7);
    assert_int_equal(current(), 7);
    move_word(UINT64_MAX);
    make_word(1000);
    put_view(1000);
    assert_int_equal(current(), 1000);
    move_word(1001);
    put_view(1001);
    assert_int_equal(current(), 1001); /* the new word is the mapped one */
}

static void a_folder_made_again_is_noticed_after_a_second(void **state)
{
    (void)state;
    put_view(7);
    make_word(7);
    assert_int_equal(current(), 7);
    unlink(view_path);
    unlink(word_path);
    make_word(50);
    put_view(50);
    now_ms += VIEW_RECHECK_MS - 1;
    assert_int_equal(current(), 7); /* the old word says nothing, nobody looks */
    now_ms += 1;
    assert_int_equal(current(), 50);
    move_word(51);
    put_view(51);
    assert_int_equal(current(), 51);
}

static void a_word_made_again_is_noticed_after_a_second(void **state)
{
    (void)state;
    put_view(7);
    make_word(7);
    assert_int_equal(current(), 7);
    make_word(7); /* another file */
    now_ms += VIEW_RECHECK_MS;
    assert_int_equal(current(), 7);
    put_view(8);
    move_word(8);
    assert_int_equal(current(), 8);
}

static void a_view_that_is_gone_is_gone_after_a_second(void **state)
{
    (void)state;
    put_view(7);
    make_word(7);
    assert_int_equal(current(), 7);
    unlink(view_path);
    now_ms += VIEW_RECHECK_MS;
    assert_int_equal(current(), 0);
    put_view(9);
    assert_int_equal(current(), 9);
}

static void what_is_no_view_is_refused(void **state)
{
    (void)state;
    struct view *view = NULL;
    uint8_t bytes[VIEW_SAMPLE_MAX];
    size_t len = view_sample_make(bytes, 7);
    write_file(view_path, bytes, 0);
    assert_int_equal(view_file_current(&file, &view), STATUS_TRUNCATED);
    write_file(view_path, bytes, 10);
    assert_int_equal(view_file_current(&file, &view), STATUS_TRUNCATED);
    write_file(view_path, bytes, len - 1);
    assert_int_equal(view_file_current(&file, &view), STATUS_TRUNCATED);
    bytes[9] ^= 1;
    write_file(view_path, bytes, len);
    assert_int_equal(view_file_current(&file, &view), STATUS_CORRUPT);
    assert_null(view);
    unlink(view_path);
    assert_int_equal(mkfifo(view_path, 0600), 0); /* must not wait for a writer */
    assert_int_equal(view_file_current(&file, &view), STATUS_MALFORMED);
    unlink(view_path);
    assert_int_equal(mkdir(view_path, 0700), 0);
    assert_int_equal(view_file_current(&file, &view), STATUS_MALFORMED);
    assert_int_equal(rmdir(view_path), 0);
}

/* A word that is too short would end a reader by SIGBUS if it were mapped. */
static void a_short_word_is_not_mapped(void **state)
{
    (void)state;
    put_view(7);
    write_file(word_path, "", 0);
    assert_int_equal(current(), 7);
    assert_null(file.mapping.word);
    make_word(7);
    now_ms += VIEW_RECHECK_MS;
    assert_int_equal(current(), 7);
    assert_non_null(file.mapping.word);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void no_descriptor_stays_open(void **state)
{
    (void)state;
    unsigned before = count_descriptors();
    (void)current(); /* fails: there is nothing */
    put_view(7);
    make_word(7);
    for (uint64_t i = 8; i < 20; i++) {
        put_view(i);
        move_word(i);
        assert_int_equal(current(), i);
        assert_int_equal(count_descriptors(), before);
    }
}

static void paths_are_measured(void **state)
{
    (void)state;
    static struct view_file other;
    char path[VIEW_PATH_MAX + 1];
    memset(path, 'x', sizeof path);
    path[VIEW_PATH_MAX] = '\0';
    assert_int_equal(view_file_init(&other, path), STATUS_TOO_LONG);
    path[VIEW_PATH_MAX - 1] = '\0';
    assert_int_equal(view_file_init(&other, path),
                     STATUS_OK); /* no folder: `generation` is short */
    path[VIEW_PATH_MAX - 5] = '/';
    assert_int_equal(view_file_init(&other, path), STATUS_TOO_LONG); /* FOLDER/generation is not */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_then_something),
        TEST(the_word_brings_the_new_view),
        TEST(a_quiet_word_maps_nothing_again),
        TEST(a_word_that_lags_is_no_storm),
        TEST(the_word_arriving_late_maps_nothing_again),
        TEST(all_ones_reopens),
        TEST(a_folder_made_again_is_noticed_after_a_second),
        TEST(a_word_made_again_is_noticed_after_a_second),
        TEST(a_view_that_is_gone_is_gone_after_a_second),
        TEST(what_is_no_view_is_refused),
        TEST(a_short_word_is_not_mapped),
        TEST(no_descriptor_stays_open),
        TEST(paths_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
