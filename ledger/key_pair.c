/* key_pair.c: see key_pair.h.
 *
 * A file that is there, is ours alone and has the form becomes a pair, made from its seed in locked
 * memory. Between file and pair the seed stands in locked memory too.
 */
#include "ledger/key_pair.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/file.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"

enum { HEX_SIZE = 64, FILE_MAX = 128, WHAT_MAX = 32 };

/* What passes through a key file, in locked memory. */
struct key_file {
    char text[FILE_MAX + 1]; /* NUL-terminated */
    char hex[HEX_SIZE + 1];
    uint8_t seed[KEY_SEED_SIZE];
};

static enum status make_folder(const char *folder)
{
    return mkdir(folder, 0700) == 0 || errno == EEXIST ? STATUS_OK : file_status(errno);
}

/* --- pairs --- */

enum status key_pair_from_seed(struct key_pair *pair, const uint8_t seed[static 32])
{
    *pair = (struct key_pair){.secret = crypt_secret_alloc(KEY_SECRET_SIZE)};
    if (!pair->secret)
        return STATUS_NO_MEMORY;
    crypt_keypair_from_seed(seed, pair->public_key, pair->secret);
    return STATUS_OK;
}

void key_pair_close(struct key_pair *pair)
{
    crypt_secret_free(pair->secret);
    *pair = (struct key_pair){.secret = NULL};
}

/* --- reading --- */

static enum status check_rights(int fd, const char *path)
{
    char folder[FILE_PATH_SIZE];
    enum status status = file_path_folder(folder, path);
    if (status != STATUS_OK)
        return status;
    int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return file_status(errno);
    status = file_check_private(fd, folder_fd);
    close(folder_fd);
    return status;
}

static enum status key_file_parse(struct key_file *file, const char *what)
{
    char first[FILE_MAX];
    int len = snprintf(first, sizeof first, "hearth-key 1 %s\n", what);
    assert(len > 0 && (size_t)len < sizeof first);
    if (strlen(file->text) != (size_t)len + HEX_SIZE + 1 ||
        memcmp(file->text, first, (size_t)len) != 0 || file->text[len + HEX_SIZE] != '\n')
        return STATUS_CORRUPT;
    memcpy(file->hex, file->text + len, HEX_SIZE);
    file->hex[HEX_SIZE] = '\0';
    return hex_decode(file->hex, file->seed, KEY_SEED_SIZE) == STATUS_OK ? STATUS_OK
                                                                         : STATUS_CORRUPT;
}

enum status key_pair_read(struct key_pair *pair, const char *path, const char *what)
{
    assert(strlen(what) <= WHAT_MAX);
    *pair = (struct key_pair){.secret = NULL};
    struct key_file *file = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return file_status(errno);
    enum status status = check_rights(fd, path);
    if (status != STATUS_OK)
        goto out;
    status = STATUS_NO_MEMORY;
    file = crypt_secret_alloc(sizeof *file);
    if (!file)
        goto out;
    status = file_read_text(fd, file->text, FILE_MAX - 1);
    if (status == STATUS_OK)
        status = key_file_parse(file, what);
    if (status == STATUS_OK)
        status = key_pair_from_seed(pair, file->seed);
out:
    crypt_secret_free(file);
    close(fd);
    return status;
}

/* --- making --- */

/* Renames without ever replacing: of two processes that make the same key, one gets EXISTS. */
static enum status rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return STATUS_OK;
    if (errno != EINVAL && errno != ENOSYS)
        return file_status(errno);
    /* A file system without that flag has links instead. */
    if (link(from, to) != 0)
        return file_status(errno);
    return unlink(from) == 0 ? STATUS_OK : file_status(errno);
}

/* Under a fixed name, so that what a crash left of a seed is gone with the next attempt. */
static enum status write_temporary(const char *temporary, const char *text, size_t len)
{
    if (unlink(temporary) != 0 && errno != ENOENT)
        return file_status(errno);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_status(errno);
    /* The umask may have taken rights away, which the reader would not miss, but we would. */
    enum status status = fchmod(fd, 0600) == 0 ? STATUS_OK : file_status(errno);
    if (status == STATUS_OK)
        status = file_write_all(fd, text, len);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = STATUS_IO;
    if (close(fd) != 0 && status == STATUS_OK)
        status = STATUS_IO;
    return status;
}

/* One process at a time: the temporary name belongs to whoever has the folder's lock. */
static int lock_folder(const char *path)
{
    char folder[FILE_PATH_SIZE];
    if (file_path_folder(folder, path) != STATUS_OK)
        return -1;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        close(fd);
        fd = -1;
    }
    return fd;
}

static enum status put_file(const char *path, const char *text, size_t len)
{
    char temporary[FILE_PATH_SIZE];
    int chars = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (chars < 0 || (size_t)chars >= sizeof temporary)
        return STATUS_TOO_LONG;
    int folder_fd = lock_folder(path);
    if (folder_fd < 0)
        return file_status(errno);
    enum status status = write_temporary(temporary, text, len);
    if (status == STATUS_OK)
        status = rename_new(temporary, path);
    if (status != STATUS_OK)
        (void)unlink(temporary); /* the first failure is the one to tell */
    if (status == STATUS_OK && fsync(folder_fd) != 0)
        status = STATUS_IO;
    close(folder_fd);
    return status;
}

static enum status prepare_folder(const char *path)
{
    char folder[FILE_PATH_SIZE];
    enum status status = file_path_folder(folder, path);
    return status == STATUS_OK ? make_folder(folder) : status;
}

enum status key_pair_create(struct key_pair *pair, const char *path, const char *what)
{
    assert(strlen(what) <= WHAT_MAX);
    *pair = (struct key_pair){.secret = NULL};
    struct stat there;
    if (lstat(path, &there) == 0)
        return STATUS_EXISTS;
    enum status status = prepare_folder(path);
    if (status != STATUS_OK)
        return status;
    struct key_file *file = crypt_secret_alloc(sizeof *file);
    if (!file)
        return STATUS_NO_MEMORY;
    crypt_random(file->seed, sizeof file->seed);
    hex_encode(file->seed, sizeof file->seed, file->hex);
    int len = snprintf(file->text, sizeof file->text, "hearth-key 1 %s\n%s\n", what, file->hex);
    assert(len > 0 && (size_t)len < sizeof file->text);
    status = key_pair_from_seed(pair, file->seed);
    if (status == STATUS_OK)
        status = put_file(path, file->text, (size_t)len);
    if (status != STATUS_OK)
        key_pair_close(pair);
    crypt_secret_free(file);
    return status;
}
