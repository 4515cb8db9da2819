/* guard.c: see guard.h. The child says how it went with one octet over a pipe; one that died says
 * nothing. So it doesn't matter who else waits for this process's children.
 */
#include "ledger/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static enum status result_read(int fd)
{
    uint8_t said = 0;
    ssize_t got;
    do
        got = read(fd, &said, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 && said < STATUS_COUNT ? (enum status)said : STATUS_CORRUPT;
}

/* The child dies quietly: whatever its parent set up for crashes is not meant for this one, and a
 * core would hold the parent's keys. */
static void die_quietly(void)
{
    static const int deaths[] = {SIGBUS, SIGSEGV, SIGABRT, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
        signal(deaths[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 0, .rlim_max = 0});
}

enum status guard_run(enum status (*check)(void *context), void *context)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return STATUS_IO;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        die_quietly();
        uint8_t said = (uint8_t)check(context);
        _exit(write(ends[1], &said, 1) == 1 ? 0 : 1);
    }
    close(ends[1]);
    enum status status = child < 0 ? STATUS_IO : result_read(ends[0]);
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    return status;
}
