/* instance.c: see instance.h. */
#include "resolver/daemon/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_BACKLOG = 64, PID_TEXT_SIZE = 16, LOCK_TRIES = 40, LOCK_PAUSE_NS = 25000000 };

/* Says what could not be done and why, by errno. */
[[gnu::format(printf, 2, 3)]] static enum status fail(char error[static INSTANCE_ERROR_SIZE],
                                                      const char *format, ...)
{
    const char *why = strerror(errno);
    enum status status =
        errno == EACCES || errno == EPERM || errno == EROFS ? STATUS_DENIED : STATUS_IO;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(error, INSTANCE_ERROR_SIZE, format, args);
    va_end(args);
    if (len >= 0 && len < INSTANCE_ERROR_SIZE)
        (void)snprintf(error + len, (size_t)(INSTANCE_ERROR_SIZE - len), ": %s", why);
    return status;
}

static enum status give(int fd, const char *path, const struct process_user *user, char *error)
{
    if (!user || !user->change || fchown(fd, user->uid, user->gid) == 0)
        return STATUS_OK;
    return fail(error, "%s can't be given to user hearth", path);
}

/* Makes a folder of that mode unless it is there, and gives it to the user when there is one. */
static enum status make_folder(const char *path, mode_t mode, const struct process_user *user,
                               char *error)
{
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return fail(error, "%s can't be made", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && !user)
        return STATUS_OK; /* a symbolic link, or not readable: what is made in it will tell */
    if (fd < 0)
        return fail(error, "%s is no folder that can be used", path);
    enum status status = give(fd, path, user, error);
    close(fd);
    return status;
}

static enum status make_folders(const struct paths *paths, const struct process_user *user,
                                char *error)
{
    char parent[PATHS_SIZE];
    memcpy(parent, paths->state, sizeof parent);
    char *slash = strrchr(parent, '/');
    if (slash && slash != parent)
        *slash = '\0';
    enum status status = make_folder(parent, 0755, NULL, error);
    if (status == STATUS_OK)
        status = make_folder(paths->run, paths->system ? 0755 : 0700, user, error);
    if (status == STATUS_OK && paths->system)
        status = make_folder(paths->state, 0700, user, error);
    if (status == STATUS_OK) /* the resolver's process keeps what is there when it starts */
        status = make_folder(paths->view, 0755, user, error);
    return status;
}

/* A child that was forked just before its parent was killed holds the lock until it has seen that. */
static bool take_lock(int fd)
{
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
        if (i > 0)
            (void)nanosleep(&pause, NULL);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK)
            return false;
    }
    return false;
}

static enum status lock_folder(struct instance *instance, const struct paths *paths,
                               const struct process_user *user, char *error)
{
    char path[PATHS_SIZE + 16];
    char pid[PID_TEXT_SIZE] = "";
    (void)snprintf(path, sizeof path, "%s/hearthd.lock", paths->run);
    instance->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (instance->lock_fd < 0)
        return fail(error, "%s can't be opened", path);
    if (take_lock(instance->lock_fd)) {
        int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
        bool written = ftruncate(instance->lock_fd, 0) == 0 && len > 0 &&
                       pwrite(instance->lock_fd, pid, (size_t)len, 0) == len;
        /* The lock holds without its number: a full disk is no reason not to serve. */
        return written || errno == ENOSPC || errno == EDQUOT
                   ? give(instance->lock_fd, path, user, error)
                   : fail(error, "%s can't be written", path);
    }
    if (errno != EWOULDBLOCK)
        return fail(error, "%s can't be locked", path);
    ssize_t got = pread(instance->lock_fd, pid, sizeof pid - 1, 0);
    pid[got > 0 ? got : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
    (void)snprintf(error, INSTANCE_ERROR_SIZE, "another hearthd (process %s) serves %s already",
                   pid[0] ? pid : "unknown", paths->run);
    return STATUS_BUSY;
}

static enum status bind_control(struct instance *instance, const struct paths *paths, char *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(paths->control);
    if (len >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return fail(error, "%s", paths->control);
    }
    memcpy(address.sun_path, paths->control, len);
    if (unlink(paths->control) != 0 && errno != ENOENT)
        return fail(error, "%s can't be replaced", paths->control);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(error, "%s", paths->control);
    instance->control_fd = fd;
    /* Its mode is right from the start. To change it by its path would be root following whatever
     * the user hearth, whose folder this is, puts there. */
    mode_t before = umask(paths->system ? 0111 : 0177);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
    int saved = errno;
    umask(before);
    errno = saved;
    if (bound != 0)
        return fail(error, "%s can't be bound", paths->control);
    if (listen(fd, CONTROL_BACKLOG) != 0)
        return fail(error, "%s can't be listened on", paths->control);
    return STATUS_OK;
}

enum status instance_open(struct instance *instance, const struct paths *paths,
                          const struct process_user *user, char error[static INSTANCE_ERROR_SIZE])
{
    *instance = (struct instance){.lock_fd = -1, .control_fd = -1};
    const struct process_user *owner = paths->system ? user : NULL;
    enum status status = make_folders(paths, owner, error);
    if (status == STATUS_OK)
        status = lock_folder(instance, paths, owner, error);
    if (status == STATUS_OK)
        status = bind_control(instance, paths, error);
    if (status != STATUS_OK) {
        if (instance->lock_fd >= 0)
            close(instance->lock_fd);
        if (instance->control_fd >= 0)
            close(instance->control_fd);
        *instance = (struct instance){.lock_fd = -1, .control_fd = -1};
    }
    return status;
}

void instance_close(struct instance *instance, const struct paths *paths)
{
    if (instance->control_fd >= 0) {
        (void)unlink(paths->control); /* one that stays is taken over */
        close(instance->control_fd);
    }
    if (instance->lock_fd >= 0)
        close(instance->lock_fd);
    *instance = (struct instance){.lock_fd = -1, .control_fd = -1};
}
