/* Tests of file.c: what errors mean, paths, and which files are private. */
#include "ledger/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96];

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/hearth-file-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static void errors_have_their_status(void **state)
{
    (void)state;
    static const struct {
        int error;
        enum status status;
    } table[] = {
        {ENOENT, STATUS_NOT_FOUND}, {ENOTDIR, STATUS_NOT_FOUND},
        {EEXIST, STATUS_EXISTS},    {EACCES, STATUS_DENIED},
        {EPERM, STATUS_DENIED},     {EROFS, STATUS_DENIED},
        {ELOOP, STATUS_DENIED},     {ENOMEM, STATUS_NO_MEMORY},
        {ENOSPC, STATUS_FULL},      {EDQUOT, STATUS_FULL},
        {EFBIG, STATUS_FULL},       {ENAMETOOLONG, STATUS_TOO_LONG},
        {EIO, STATUS_IO},           {0, STATUS_IO},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(file_status(table[i].error), table[i].status);
}

static void paths_are_whole_or_refused(void **state)
{
    (void)state;
    char out[FILE_PATH_SIZE];
    static char longest[FILE_PATH_SIZE];
    assert_int_equal(file_path_join(out, "/a", "b"), STATUS_OK);
    assert_string_equal(out, "/a/b");
    memset(longest, 'x', sizeof longest - 3);
    assert_int_equal(file_path_join(out, longest, "b"), STATUS_OK);
    assert_int_equal(file_path_join(out, longest, "bc"), STATUS_TOO_LONG);
    static const char *const folders[][2] = {
        {"file", "."}, {"/file", "/"}, {"a/file", "a/"}, {"/a/b/file", "/a/b/"}, {"a/", "a/"},
    };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        assert_int_equal(file_path_folder(out, folders[i][0]), STATUS_OK);
        assert_string_equal(out, folders[i][1]);
    }
    memset(longest, '/', sizeof longest - 2);
    assert_int_equal(file_path_folder(out, longest), STATUS_OK);
    memset(longest, '/', sizeof longest - 1);
    assert_int_equal(file_path_folder(out, longest), STATUS_OK);
}

static enum status check(void)
{
    int folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(folder >= 0 && fd >= 0);
    enum status status = file_check_private(fd, folder);
    close(fd);
    close(folder);
    return status;
}

static void private_is_ours_alone(void **state)
{
    (void)state;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(file_write_all(fd, "secret", 6), STATUS_OK);
    close(fd);
    assert_int_equal(file_sync_folder(dir), STATUS_OK);
    assert_int_equal(check(), STATUS_OK);
    for (mode_t right = 1; right <= 040; right <<= 1) {
        assert_int_equal(chmod(path, 0600 | right), 0);
        assert_int_equal(check(), STATUS_DENIED);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(check(), STATUS_OK);
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(check(), STATUS_DENIED);
    assert_int_equal(chown(dir, 65533, 65533), 0);
    assert_int_equal(check(), STATUS_DENIED);
    assert_int_equal(chown(dir, 65534, 65534), 0);
    assert_int_equal(check(), STATUS_OK);
}

static void only_a_plain_file_is_private(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(check(), STATUS_CORRUPT);
    assert_int_equal(file_sync_folder(path), STATUS_NOT_FOUND);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, "x", 1), STATUS_FULL);
    assert_int_equal(file_write_all(fd, NULL, 0), STATUS_OK);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_their_status),
        cmocka_unit_test(paths_are_whole_or_refused),
        cmocka_unit_test_setup_teardown(private_is_ours_alone, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(only_a_plain_file_is_private, make_dir, remove_dir),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
