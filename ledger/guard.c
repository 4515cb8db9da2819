/* guard.c: see guard.h. The child says how it went with one octet over a pipe; one that died says
 * nothing, and how it died tells whether the file is to blame.
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

/* What a damaged file does to its reader. */
static const int deaths[] = {SIGBUS, SIGSEGV, SIGABRT, SIGILL, SIGFPE};

enum { DEATHS = sizeof deaths / sizeof deaths[0] };

/* AGAIN when the child has said nothing. */
static enum status result_read(int fd)
{
    uint8_t said = 0;
    ssize_t got;
    do
        got = read(fd, &said, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1)
        return STATUS_AGAIN;
    return said < STATUS_COUNT ? (enum status)said : STATUS_CORRUPT;
}

/* The child dies quietly: whatever its parent set up for crashes is not meant for this one, and a
 * core would hold the parent's keys. */
static void die_quietly(void)
{
    for (size_t i = 0; i < DEATHS; i++)
        (void)signal(deaths[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 0, .rlim_max = 0});
}

/* Somebody who ends a process, or a machine that is out of memory, says nothing about the file. */
static enum status death_of(pid_t child)
{
    int how = 0;
    pid_t ended;
    do
        ended = waitpid(child, &how, 0);
    while (ended < 0 && errno == EINTR);
    if (ended == child && WIFSIGNALED(how))
        for (size_t i = 0; i < DEATHS; i++)
            if (WTERMSIG(how) == deaths[i])
                return STATUS_CORRUPT;
    return STATUS_IO;
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
    if (child < 0)
        return status;
    enum status death = death_of(child);
    return status == STATUS_AGAIN ? death : status;
}
