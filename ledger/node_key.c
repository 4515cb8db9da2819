/* node_key.c: see node_key.h. recovery_words.c has the words.
 *
 * The happy path of a start: both files are there, are ours alone, and have the form; the pairs are
 * made from their seeds in locked memory. A file that is not as it should be stops the start:
 * making another key in its place would lock the node out of its own grant.
 */
#include "ledger/node_key.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/text.h"
#include "ledger/crypt.h"

enum { PATH_SIZE = 4096, HEX_SIZE = 64, FILE_MAX = 128, WHAT_MAX = 32 };

/* What passes through a key file, in locked memory. */
struct key_file {
    char text[FILE_MAX + 1]; /* NUL-terminated */
    char hex[HEX_SIZE + 1];
    uint8_t seed[KEY_SEED_SIZE];
};

static enum status status_from_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EEXIST:
        return STATUS_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return STATUS_DENIED;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case ENOSPC:
    case EDQUOT:
        return STATUS_FULL;
    default:
        return STATUS_IO;
    }
}

static enum status path_join(char path[static PATH_SIZE], const char *dir, const char *name)
{
    int len = snprintf(path, PATH_SIZE, "%s/%s", dir, name);
    return len > 0 && len < PATH_SIZE ? STATUS_OK : STATUS_TOO_LONG;
}

/* The folder that `path` lies in. */
static enum status path_folder(char folder[static PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return path_join(folder, ".", "");
    int len = snprintf(folder, PATH_SIZE, "%.*s", (int)(slash - path + 1), path);
    return len > 0 && len < PATH_SIZE ? STATUS_OK : STATUS_TOO_LONG;
}

static enum status make_folder(const char *folder)
{
    return mkdir(folder, 0700) == 0 || errno == EEXIST ? STATUS_OK : status_from_errno(errno);
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

/* Only its owner may read a key, and that is us; root may also use what belongs to the folder's
 * owner. */
static enum status check_rights(int fd, const char *path)
{
    struct stat file = {0};
    if (fstat(fd, &file) != 0)
        return STATUS_IO;
    if (!S_ISREG(file.st_mode))
        return STATUS_CORRUPT;
    if ((file.st_mode & 077) != 0)
        return STATUS_DENIED;
    if (file.st_uid == geteuid())
        return STATUS_OK;
    char folder_path[PATH_SIZE];
    struct stat folder = {0};
    enum status status = path_folder(folder_path, path);
    if (status != STATUS_OK)
        return status;
    if (geteuid() != 0 || stat(folder_path, &folder) != 0 || folder.st_uid != file.st_uid)
        return STATUS_DENIED;
    return STATUS_OK;
}

/* Reads the whole of a small file. CORRUPT when it is longer than `max` or has a NUL in it. */
static enum status read_text(int fd, char *text, size_t max)
{
    size_t used = 0;
    while (used <= max) {
        ssize_t got = read(fd, text + used, max + 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return STATUS_IO;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    if (used > max || memchr(text, '\0', used))
        return STATUS_CORRUPT;
    text[used] = '\0';
    return STATUS_OK;
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
        return status_from_errno(errno);
    enum status status = check_rights(fd, path);
    if (status != STATUS_OK)
        goto out;
    status = STATUS_NO_MEMORY;
    file = crypt_secret_alloc(sizeof *file);
    if (!file)
        goto out;
    status = read_text(fd, file->text, FILE_MAX - 1);
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

static enum status write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return status_from_errno(errno);
        bytes += put;
        len -= (size_t)put;
    }
    return STATUS_OK;
}

static enum status sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    enum status status = path_folder(folder, path);
    if (status != STATUS_OK)
        return status;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return status_from_errno(errno);
    status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
    close(fd);
    return status;
}

/* Renames without ever replacing: of two processes that make the same key, one gets EXISTS. */
static enum status rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return STATUS_OK;
    if (errno != EINVAL && errno != ENOSYS)
        return status_from_errno(errno);
    /* A file system without that flag has links instead. */
    if (link(from, to) != 0)
        return status_from_errno(errno);
    return unlink(from) == 0 ? STATUS_OK : status_from_errno(errno);
}

static enum status put_file(const char *path, const char *text, size_t len)
{
    char temporary[PATH_SIZE];
    uint64_t random = 0;
    crypt_random(&random, sizeof random);
    int chars = snprintf(temporary, sizeof temporary, "%s.%016" PRIx64, path, random);
    if (chars < 0 || (size_t)chars >= sizeof temporary)
        return STATUS_TOO_LONG;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return status_from_errno(errno);
    /* The umask may have taken rights away, which the reader would not miss, but we would. */
    enum status status = fchmod(fd, 0600) == 0 ? STATUS_OK : status_from_errno(errno);
    if (status == STATUS_OK)
        status = write_all(fd, text, len);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = STATUS_IO;
    if (close(fd) != 0 && status == STATUS_OK)
        status = STATUS_IO;
    if (status == STATUS_OK)
        status = rename_new(temporary, path);
    if (status != STATUS_OK)
        unlink(temporary);
    return status == STATUS_OK ? sync_folder(path) : status;
}

static enum status prepare_folder(const char *path)
{
    char folder[PATH_SIZE];
    enum status status = path_folder(folder, path);
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

/* --- the node's --- */

static enum status open_or_create(struct key_pair *pair, const char *dir, const char *name,
                                  const char *what)
{
    char path[PATH_SIZE];
    enum status status = path_join(path, dir, name);
    if (status != STATUS_OK)
        return status;
    status = key_pair_read(pair, path, what);
    if (status == STATUS_NOT_FOUND)
        status = key_pair_create(pair, path, what);
    /* Another process was faster: its key is the key. */
    if (status == STATUS_EXISTS)
        status = key_pair_read(pair, path, what);
    return status;
}

static enum status read_spki(uint8_t spki_sha256[static 32], const char *dir)
{
    char path[PATH_SIZE];
    char text[FILE_MAX + 1];
    enum status status = path_join(path, dir, "tls.spki");
    if (status != STATUS_OK)
        return status;
    memset(spki_sha256, 0, 32);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? STATUS_OK : status_from_errno(errno);
    status = read_text(fd, text, FILE_MAX);
    close(fd);
    if (status != STATUS_OK)
        return status;
    if (strlen(text) != HEX_SIZE + 1 || text[HEX_SIZE] != '\n')
        return STATUS_CORRUPT;
    text[HEX_SIZE] = '\0';
    return hex_decode(text, spki_sha256, 32) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

enum status node_keys_open(struct node_keys *keys, const char *dir)
{
    *keys = (struct node_keys){.signing = {.secret = NULL}};
    enum status status = crypt_init();
    if (status == STATUS_OK)
        status = make_folder(dir);
    if (status == STATUS_OK)
        status = open_or_create(&keys->signing, dir, "signing.key", "signing");
    if (status == STATUS_OK)
        status = open_or_create(&keys->zone, dir, "zone.key", "zone");
    if (status == STATUS_OK)
        status = read_spki(keys->spki_sha256, dir);
    if (status != STATUS_OK)
        node_keys_close(keys);
    return status;
}

void node_keys_close(struct node_keys *keys)
{
    key_pair_close(&keys->signing);
    key_pair_close(&keys->zone);
}

enum status node_keys_possess(const struct node_keys *keys, const uint8_t namespace_id[static 32],
                              struct body_grant *grant)
{
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    grant->signing.algorithm = KEY_ED25519;
    grant->zone.algorithm = KEY_ED25519;
    memcpy(grant->signing.key, keys->signing.public_key, 32);
    memcpy(grant->zone.key, keys->zone.public_key, 32);
    memcpy(grant->spki_sha256, keys->spki_sha256, 32);
    body_possession_message(grant, namespace_id, message);
    /* The prefix stands at the message's beginning already. */
    return crypt_sign("", 0, message, sizeof message, keys->signing.secret, grant->possession);
}
