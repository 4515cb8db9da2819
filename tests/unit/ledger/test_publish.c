/* The publisher, seen through a reader's eyes. */
#include "ledger/publish.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/base/view_file.h"
#include "ledger/view_build.h"

static char dir[64];
static char view_dir[128];
static char view_path[160];
static char word_path[160];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/hearth-test-publish-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(view_dir, sizeof view_dir, "%s/view", dir);
    snprintf(view_path, sizeof view_path, "%s/names.view", view_dir);
    snprintf(word_path, sizeof word_path, "%s/generation", view_dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(view_path);
    unlink(word_path);
    rmdir(view_dir);
    unlink(view_dir);
    return rmdir(dir); /* fails if a temporary file was left */
}

static enum status put_as(struct publisher *publisher, uint64_t generation)
{
    struct view_build input = {.generation = generation};
    uint8_t *bytes = NULL;
    size_t len = 0;
    assert_int_equal(view_build(&input, &bytes, &len), STATUS_OK);
    enum status status = publisher_put(publisher, bytes, len);
    free(bytes);
    return status;
}

static enum status put(struct publisher *publisher)
{
    return put_as(publisher, publisher_next(publisher));
}

static uint64_t word(void)
{
    uint8_t bytes[8];
    uint64_t value = 0;
    int fd = open(word_path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, bytes, 8), 8);
    close(fd);
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static ino_t inode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_ino;
}

static void a_reader_follows(void **state)
{
    (void)state;
    struct publisher publisher;
    struct view_file file;
    struct view *view = NULL;
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(view_file_init(&file, view_path), STATUS_OK);
    assert_int_equal(view_file_current(&file, &view), STATUS_NOT_FOUND);
    for (unsigned i = 0; i < 5; i++) {
        uint64_t next = publisher_next(&publisher);
        assert_int_equal(put(&publisher), STATUS_OK);
        assert_int_equal(word(), next);
        assert_int_equal(view_file_current(&file, &view), STATUS_OK);
        assert_int_equal(view->generation, next);
    }
    view_file_deinit(&file);
    publisher_close(&publisher);
}

static void everybody_may_read_whatever_the_umask(void **state)
{
    (void)state;
    struct publisher publisher;
    mode_t before = umask(077);
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(put(&publisher), STATUS_OK);
    umask(before);
    assert_int_equal(mode_of(view_dir), 0755);
    assert_int_equal(mode_of(view_path), 0644);
    assert_int_equal(mode_of(word_path), 0644);
    publisher_close(&publisher);
}

static void a_start_moves_the_word_and_keeps_its_file(void **state)
{
    (void)state;
    struct publisher publisher;
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(put(&publisher), STATUS_OK);
    uint64_t before = word();
    ino_t inode = inode_of(word_path);
    ino_t view_inode = inode_of(view_path);
    publisher_close(&publisher);
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(word(), before + 1);
    assert_int_equal(publisher_next(&publisher), before + 2);
    assert_int_equal(inode_of(word_path), inode);
    assert_int_equal(inode_of(view_path), view_inode); /* readers still have names */
    assert_int_equal(put(&publisher), STATUS_OK);
    assert_int_equal(inode_of(word_path), inode);
    assert_int_not_equal(inode_of(view_path), view_inode);
    publisher_close(&publisher);
}

/* A crash between rename and word: the view is new, the word is not. */
static void a_reader_of_before_the_crash_follows(void **state)
{
    (void)state;
    struct publisher publisher;
    struct view_file file;
    struct view *view = NULL;
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(put(&publisher), STATUS_OK);
    assert_int_equal(view_file_init(&file, view_path), STATUS_OK);
    assert_int_equal(view_file_current(&file, &view), STATUS_OK);
    uint64_t before = view->generation;
    int word_fd = publisher.word_fd;
    publisher.word_fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* the word can't be written */
    assert_int_not_equal(put(&publisher), STATUS_OK);
    close(publisher.word_fd);
    publisher.word_fd = word_fd;
    publisher_close(&publisher);
    assert_int_equal(word(), before);
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(view_file_current(&file, &view), STATUS_OK);
    assert_int_equal(view->generation, before + 1);
    assert_int_equal(publisher_next(&publisher), before + 2); /* never the same one twice */
    view_file_deinit(&file);
    publisher_close(&publisher);
}

static void folders_have_number_spaces_of_their_own(void **state)
{
    (void)state;
    struct publisher publisher;
    uint64_t spaces[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
        spaces[i] = word() >> 32;
        publisher_close(&publisher);
        unlink(word_path);
    }
    assert_int_not_equal(spaces[0], spaces[1]); /* two random numbers of 31 bits */
}

/* A word of another size, or all ones, is given up: said so in the old file, then made anew. */
static void a_word_that_is_no_word_is_given_up(void **state)
{
    (void)state;
    struct publisher publisher;
    assert_int_equal(mkdir(view_dir, 0755), 0);
    for (int i = 0; i < 2; i++) {
        int fd = open(word_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        uint8_t old[GENERATION_FILE_SIZE];
        assert_true(fd >= 0);
        memset(old, i == 0 ? 0 : 0xff, sizeof old);
        assert_int_equal(write(fd, old, i == 0 ? 16 : sizeof old), i == 0 ? 16 : sizeof old);
        assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
        assert_int_equal(pread(fd, old, 8, 0), 8);
        assert_memory_equal(old, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
        close(fd);
        assert_true(word() != UINT64_MAX);
        struct stat st;
        assert_int_equal(stat(word_path, &st), 0);
        assert_int_equal(st.st_size, GENERATION_FILE_SIZE);
        publisher_close(&publisher);
        unlink(word_path);
    }
}

static void symbolic_links_are_refused(void **state)
{
    (void)state;
    struct publisher publisher;
    assert_int_equal(symlink("/tmp", view_dir), 0);
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_DENIED);
    assert_int_equal(publisher.dir_fd, -1);
    unlink(view_dir);
    assert_int_equal(mkdir(view_dir, 0755), 0);
    assert_int_equal(symlink("/dev/null", word_path), 0);
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_DENIED);
    unlink(word_path);
    assert_int_equal(mkfifo(word_path, 0600), 0);
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_DENIED);
    unlink(word_path);
    /* A link planted for the temporary name is removed, not followed. */
    char temporary[192];
    char victim[192];
    snprintf(temporary, sizeof temporary, "%s/names.view.tmp", view_dir);
    snprintf(victim, sizeof victim, "%s/victim", dir);
    assert_int_equal(symlink(victim, temporary), 0);
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(put(&publisher), STATUS_OK);
    assert_int_not_equal(access(victim, F_OK), 0);
    publisher_close(&publisher);
}

static void another_generation_is_refused(void **state)
{
    (void)state;
    struct publisher publisher;
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    uint64_t before = word();
    assert_int_equal(put_as(&publisher, publisher_next(&publisher) + 1), STATUS_RANGE);
    assert_int_equal(put_as(&publisher, before), STATUS_RANGE);
    assert_int_equal(publisher_put(&publisher, (const uint8_t *)"HVW1", 4), STATUS_RANGE);
    assert_int_equal(word(), before);
    assert_int_not_equal(access(view_path, F_OK), 0);
    publisher_close(&publisher);
}

static void a_full_disk_leaves_the_view_before(void **state)
{
    (void)state;
    struct publisher publisher;
    assert_int_equal(publisher_open(&publisher, view_dir), STATUS_OK);
    assert_int_equal(put(&publisher), STATUS_OK);
    uint64_t before = word();
    ino_t inode = inode_of(view_path);
    struct rlimit old;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = {.rlim_cur = 100, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status status = put(&publisher);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, STATUS_FULL);
    assert_int_equal(word(), before);
    assert_int_equal(inode_of(view_path), inode);
    char temporary[192];
    snprintf(temporary, sizeof temporary, "%s/names.view.tmp", view_dir);
    assert_int_not_equal(access(temporary, F_OK), 0); /* nothing is left to fill it further */
    assert_int_equal(put(&publisher), STATUS_OK);
    publisher_close(&publisher);
}

static void no_folder_above_is_not_found(void **state)
{
    (void)state;
    struct publisher publisher;
    char path[192];
    snprintf(path, sizeof path, "%s/no/view", dir);
    assert_int_equal(publisher_open(&publisher, path), STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reader_follows),
        TEST(everybody_may_read_whatever_the_umask),
        TEST(a_start_moves_the_word_and_keeps_its_file),
        TEST(a_reader_of_before_the_crash_follows),
        TEST(folders_have_number_spaces_of_their_own),
        TEST(a_word_that_is_no_word_is_given_up),
        TEST(symbolic_links_are_refused),
        TEST(another_generation_is_refused),
        TEST(a_full_disk_leaves_the_view_before),
        TEST(no_folder_above_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
