/* trust_rights.c: see trust_rights.h. */
#include "dane/proxy/trust_rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/base/file.h"

enum status trust_rights_owner(const char *path, uid_t *owner)
{
    char part[FILE_PATH_SIZE];
    struct stat there;
    size_t len = strlen(path);
    if (len >= sizeof part)
        return STATUS_TOO_LONG;
    memcpy(part, path, len + 1);
    for (char *slash; lstat(part[0] != '\0' ? part : "/", &there) != 0; *slash = '\0') {
        slash = strrchr(part, '/');
        if (errno != ENOENT || !slash)
            return STATUS_IO;
    }
    *owner = there.st_uid;
    return STATUS_OK;
}

/* The user's own group and no other; the supplementary ones of the passwd entry, if it has one. */
static bool become(uid_t user)
{
    const struct passwd *entry = getpwuid(user);
    gid_t group = entry ? entry->pw_gid : (gid_t)user;
    bool grouped = entry ? initgroups(entry->pw_name, group) == 0 : setgroups(0, NULL) == 0;
    return grouped && setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0 &&
           prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setuid(0) != 0;
}

enum status trust_rights_run(uid_t user, const struct trust_rights_job *job)
{
    int ends[2], how = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return STATUS_IO;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        if (!become(user))
            _exit(1);
        job->work(job->context, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    enum status status = pid < 0 ? STATUS_IO : job->take(job->context, ends[0]);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return STATUS_IO;
    if (pid > 0 && (!WIFEXITED(how) || WEXITSTATUS(how) != 0))
        return STATUS_DENIED;
    return status;
}
