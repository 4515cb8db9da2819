/* file.c: see file.h. */
#include "ledger/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status file_status(int error)
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
    case ELOOP: /* O_NOFOLLOW met a symbolic link */
        return STATUS_DENIED;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STATUS_FULL;
    case ENAMETOOLONG:
        return STATUS_TOO_LONG;
    default:
        return STATUS_IO;
    }
}

enum status file_path_join(char path[static FILE_PATH_SIZE], const char *folder, const char *name)
{
    int len = snprintf(path, FILE_PATH_SIZE, "%s/%s", folder, name);
    return len > 0 && len < FILE_PATH_SIZE ? STATUS_OK : STATUS_TOO_LONG;
}

enum status file_path_folder(char folder[static FILE_PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 1;
    if (len >= FILE_PATH_SIZE)
        return STATUS_TOO_LONG;
    memcpy(folder, slash ? path : ".", len);
    folder[len] = '\0';
    return STATUS_OK;
}

enum status file_read_text(int fd, char *text, size_t max)
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

enum status file_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? file_status(errno) : STATUS_IO;
        at += put;
        len -= (size_t)put;
    }
    return STATUS_OK;
}

enum status file_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return file_status(errno);
    /* EINVAL: there is no such thing on this file system. */
    enum status status = fsync(fd) == 0 || errno == EINVAL ? STATUS_OK : file_status(errno);
    close(fd);
    return status;
}

enum status file_check_private(int fd, int folder_fd)
{
    struct stat file = {0}, folder = {0};
    if (fstat(fd, &file) != 0 || fstat(folder_fd, &folder) != 0)
        return STATUS_IO;
    if (!S_ISREG(file.st_mode))
        return STATUS_CORRUPT;
    bool own = file.st_uid == geteuid() || (geteuid() == 0 && file.st_uid == folder.st_uid);
    return own && (file.st_mode & 077) == 0 ? STATUS_OK : STATUS_DENIED;
}
