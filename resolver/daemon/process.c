/* process.c: see process.h. Every step that fails ends the child: half of a hardening is none. */
#include "resolver/daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int parent_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

enum { PARENT_SIGNALS = sizeof parent_signals / sizeof parent_signals[0] };

enum status process_user_find(struct process_user *user, bool system)
{
    *user = (struct process_user){.change = false};
    if (!system || geteuid() != 0)
        return STATUS_OK;
    const struct passwd *entry = getpwnam("hearth");
    if (!entry)
        return STATUS_NOT_FOUND;
    *user = (struct process_user){.change = true, .uid = entry->pw_uid, .gid = entry->pw_gid};
    return STATUS_OK;
}

enum status process_block_signals(sigset_t *set)
{
    if (sigemptyset(set) != 0)
        return STATUS_IO;
    for (size_t i = 0; i < PARENT_SIGNALS; i++) {
        if (sigaddset(set, parent_signals[i]) != 0)
            return STATUS_IO;
    }
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return STATUS_IO;
    return sigprocmask(SIG_BLOCK, set, NULL) == 0 ? STATUS_OK : STATUS_IO;
}

/* SIGTERM and SIGCHLD as usual. SIGHUP and SIGINT (which a terminal sends to all) are the parent's
 * business: ignored, unless the child asks for them. */
static enum status reset_signals(void)
{
    sigset_t none;
    for (size_t i = 0; i < PARENT_SIGNALS; i++) {
        bool ignored = parent_signals[i] == SIGHUP || parent_signals[i] == SIGINT;
        if (signal(parent_signals[i], ignored ? SIG_IGN : SIG_DFL) == SIG_ERR)
            return STATUS_IO;
    }
    if (sigemptyset(&none) != 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        return STATUS_IO;
    return STATUS_OK;
}

/* Leaves those of `rights` that this process may use at all. */
static enum status keep_capabilities(uint64_t rights)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        return STATUS_DENIED;
    if (syscall(SYS_capget, &header, data) != 0)
        return STATUS_DENIED;
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].permitted &= (uint32_t)(rights >> 32 * i);
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return syscall(SYS_capset, &header, data) == 0 ? STATUS_OK : STATUS_DENIED;
}

static enum status change_user(const struct process_user *user)
{
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(1, &user->gid) != 0 ||
        setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0)
        return STATUS_DENIED;
    return STATUS_OK;
}

enum status process_become_user(const struct process_user *user)
{
    enum status status = user->change ? change_user(user) : STATUS_OK;
    if (status == STATUS_OK)
        status = keep_capabilities(PROCESS_RIGHT(CAP_NET_BIND_SERVICE));
    if (status == STATUS_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        status = STATUS_DENIED;
    /* There must be no way back. */
    if (status == STATUS_OK && user->change && setuid(0) == 0)
        status = STATUS_DENIED;
    /* The kernel takes /proc/self from who changes; the ledger process, which has secrets, gives it
     * up by itself. */
    if (status == STATUS_OK && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        status = STATUS_DENIED;
    return status;
}

static enum status follow_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return STATUS_IO;
    return getppid() == parent ? STATUS_OK : STATUS_CLOSED;
}

static int compare_fds(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;
    return x < y ? -1 : x > y;
}

static enum status close_others(int *keep, size_t count)
{
    unsigned from = STDERR_FILENO + 1;
    qsort(keep, count, sizeof keep[0], compare_fds);
    for (size_t i = 0; i < count; i++) {
        unsigned fd = (unsigned)keep[i];
        if (keep[i] < 0 || fd < from)
            continue;
        if (fd > from && close_range(from, fd - 1, 0) != 0)
            return STATUS_IO;
        from = fd + 1;
    }
    return close_range(from, ~0U, 0) == 0 ? STATUS_OK : STATUS_IO;
}

static enum status close_input(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return STATUS_IO;
    enum status status = dup2(fd, STDIN_FILENO) < 0 ? STATUS_IO : STATUS_OK;
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}

enum status process_become_child(pid_t parent, uint64_t rights, int *keep, size_t keep_count)
{
    umask(022);
    enum status status = reset_signals();
    if (status == STATUS_OK)
        status = close_input();
    if (status == STATUS_OK)
        status = close_others(keep, keep_count);
    if (status == STATUS_OK)
        status = keep_capabilities(rights);
    if (status == STATUS_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        status = STATUS_DENIED;
    if (status == STATUS_OK)
        status = follow_parent(parent);
    return status;
}
