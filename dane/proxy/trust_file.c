/* trust_file.c: see trust_file.h. */
#include "dane/proxy/trust_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool trust_file_path(char path[static FILE_PATH_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(path, FILE_PATH_SIZE, format, arguments);
    va_end(arguments);
    return len >= 0 && len < FILE_PATH_SIZE;
}

enum status trust_file_folder(char folder[static FILE_PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    return trust_file_path(folder, "%.*s", slash ? (int)(slash - path) : 0, path) ? STATUS_OK
                                                                                  : STATUS_TOO_LONG;
}

bool trust_file_exists(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0;
}

static enum status read_open(int fd, char **text, size_t *len)
{
    struct stat there;
    if (fstat(fd, &there) != 0)
        return file_status(errno);
    if (!S_ISREG(there.st_mode) || there.st_size > TRUST_FILE_MAX)
        return STATUS_TOO_LONG;
    size_t size = (size_t)there.st_size, have = 0;
    *text = malloc(size + 1);
    if (!*text)
        return STATUS_NO_MEMORY;
    while (have < size) {
        ssize_t got = read(fd, *text + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_status(errno);
        if (got == 0)
            break;
        have += (size_t)got;
    }
    (*text)[have] = '\0';
    *len = have;
    return STATUS_OK;
}

enum status trust_file_read(const char *path, char **text, size_t *len)
{
    *text = NULL;
    *len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return file_status(errno);
    enum status status = read_open(fd, text, len);
    close(fd);
    if (status != STATUS_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

static enum status write_new(const char *temporary, int fd, const char *target, const char *text,
                             size_t len, mode_t mode)
{
    struct stat there;
    enum status status = STATUS_OK;
    if (stat(target, &there) == 0) {
        mode = there.st_mode & 07777;
        if ((there.st_uid != geteuid() || there.st_gid != getegid()) &&
            fchown(fd, there.st_uid, there.st_gid) != 0)
            status = file_status(errno);
    }
    if (status == STATUS_OK && fchmod(fd, mode) != 0)
        status = file_status(errno);
    if (status == STATUS_OK)
        status = file_write_all(fd, text, len);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = file_status(errno);
    if (status == STATUS_OK && rename(temporary, target) != 0)
        status = file_status(errno);
    return status;
}

enum status trust_file_replace(const char *path, const char *text, size_t len, mode_t mode)
{
    char temporary[FILE_PATH_SIZE], folder[FILE_PATH_SIZE];
    char *real = realpath(path, NULL);
    const char *target = real ? real : path;
    enum status status =
        trust_file_path(temporary, "%s.hearth.XXXXXX", target) ? STATUS_OK : STATUS_TOO_LONG;
    int fd = status == STATUS_OK ? mkostemp(temporary, O_CLOEXEC) : -1;
    if (status == STATUS_OK && fd < 0)
        status = file_status(errno);
    if (status == STATUS_OK)
        status = write_new(temporary, fd, target, text, len, mode);
    if (fd >= 0) {
        close(fd);
        if (status != STATUS_OK)
            unlink(temporary);
    }
    if (status == STATUS_OK)
        status = trust_file_folder(folder, target);
    if (status == STATUS_OK)
        status = file_sync_folder(folder);
    free(real);
    return status;
}

/* --- what was made --- */

/* The line of `path` in the list, or NULL. */
static const char *find_line(const char *list, const char *path)
{
    size_t len = strlen(path);
    for (const char *line = list; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, path, len) == 0 && line[len] == '\n')
            return line;
    }
    return NULL;
}

bool trust_made_has(const struct trust_made *made, const char *path)
{
    char *list;
    size_t len;
    enum status status = trust_file_read(made->path, &list, &len);
    bool has = status == STATUS_OK && find_line(list, path) != NULL;
    free(list);
    return has;
}

static enum status append(const char *file, const char *line)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_status(errno);
    enum status status = file_write_all(fd, line, strlen(line));
    if (status == STATUS_OK)
        status = file_write_all(fd, "\n", 1);
    if (close(fd) != 0 && status == STATUS_OK)
        status = STATUS_IO;
    return status;
}

/* Makes one folder and those above it; those made are told in the order of their making. */
static enum status make_with_parents(const char *folder, mode_t mode,
                                     enum status (*tell)(void *context, const char *path),
                                     void *context)
{
    char part[FILE_PATH_SIZE];
    enum status status = STATUS_OK;
    if (!trust_file_path(part, "%s", folder))
        return STATUS_TOO_LONG;
    for (char *slash = part; status == STATUS_OK && slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (!trust_file_exists(part)) {
            status = tell(context, part);
            if (status == STATUS_OK && mkdir(part, mode) != 0 && errno != EEXIST)
                status = file_status(errno);
        }
        if (slash)
            *slash = '/';
    }
    return status;
}

/* Folders above the list can't be written into it before they are there. */
struct parents {
    char lines[FILE_PATH_SIZE];
};

static enum status remember(void *context, const char *path)
{
    char *lines = ((struct parents *)context)->lines;
    size_t have = strlen(lines), len = strlen(path);
    if (len + 2 > FILE_PATH_SIZE - have)
        return STATUS_TOO_LONG;
    memcpy(lines + have, path, len);
    lines[have + len] = '\n';
    lines[have + len + 1] = '\0';
    return STATUS_OK;
}

static enum status make_list(const struct trust_made *made)
{
    char folder[FILE_PATH_SIZE];
    struct parents parents = {""};
    enum status status = trust_file_folder(folder, made->path);
    if (status == STATUS_OK)
        status = make_with_parents(folder, 0700, remember, &parents);
    if (status != STATUS_OK || parents.lines[0] == '\0')
        return status;
    parents.lines[strlen(parents.lines) - 1] = '\0';
    return append(made->path, parents.lines);
}

enum status trust_made_note(const struct trust_made *made, const char *path)
{
    if (strchr(path, '\n'))
        return STATUS_MALFORMED;
    enum status status = make_list(made);
    if (status != STATUS_OK || trust_made_has(made, path))
        return status;
    return append(made->path, path);
}

static enum status note_made(void *context, const char *path)
{
    return trust_made_note(context, path);
}

enum status trust_made_folder(const struct trust_made *made, const char *folder, mode_t mode)
{
    struct trust_made own = *made;
    return make_with_parents(folder, mode, note_made, &own);
}

/* From the last line to the first: what is gone now, or can be removed as an empty folder, leaves the
 * list. The list's own folder can't be empty yet. */
static void strike(char *list, const char *own_folder)
{
    char *end = list + strlen(list);
    while (end > list) {
        char *line = end - 1;
        while (line > list && line[-1] != '\n')
            line--;
        size_t len = strcspn(line, "\n");
        line[len] = '\0';
        bool own = strncmp(own_folder, line, len) == 0 &&
                   (own_folder[len] == '\0' || own_folder[len] == '/');
        bool gone = len == 0 || (!own && (rmdir(line) == 0 || errno == ENOENT));
        line[len] = '\n';
        if (gone)
            memmove(line, end, strlen(end) + 1);
        end = line;
    }
}

/* Removes a folder of the list, and those above it that are on the list too. */
static void remove_own(const char *list, const char *own_folder)
{
    char part[FILE_PATH_SIZE];
    if (!trust_file_path(part, "%s", own_folder))
        return;
    while (part[0] != '\0' && find_line(list, part) && rmdir(part) == 0) {
        char *slash = strrchr(part, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
}

/* Is every line of the list the list's own folder, or one above it? */
static bool only_own(const char *list, const char *own_folder)
{
    for (const char *line = list; *line; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n");
        if (strncmp(own_folder, line, len) != 0 ||
            (own_folder[len] != '\0' && own_folder[len] != '/'))
            return false;
    }
    return true;
}

enum status trust_made_clear(const struct trust_made *made, bool forget)
{
    char *list, folder[FILE_PATH_SIZE];
    size_t len;
    enum status status = trust_file_read(made->path, &list, &len);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    status = trust_file_folder(folder, made->path);
    if (status == STATUS_OK && len > 0) {
        strike(list, folder);
        if (!forget && !only_own(list, folder))
            status = trust_file_replace(made->path, list, strlen(list), 0600);
        else if (unlink(made->path) != 0)
            status = file_status(errno);
        else
            remove_own(list, folder);
    }
    free(list);
    return status;
}
