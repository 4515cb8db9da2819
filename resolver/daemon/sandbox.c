/* sandbox.c: see sandbox.h. The only file that knows libseccomp.
 *
 * One table of calls: who may make them and, where a call is wide, with which arguments. A call
 * that is not in it does not exist (ENOSYS): that is what libraries are prepared for, so that a
 * newer C library that tries a newer call first goes on without it. A call that nothing in these
 * processes makes in any version, and that an intruder would begin with, ends the process.
 *
 * Any step that fails ends the child: half of a sandbox is none.
 */
#include "resolver/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver/daemon/log.h"
#include "resolver/daemon/sandbox_files.h"

/* The build says whether the compiler put calls of its own in (sanitizers, coverage). */
#ifndef HEARTH_INSTRUMENTED
#define HEARTH_INSTRUMENTED 0
#endif

enum role_set {
    LEDGER = 1 << CHILD_LEDGER,
    RESOLVER = 1 << CHILD_RESOLVER,
    BOTH = LEDGER | RESOLVER,
    CHECKED = HEARTH_INSTRUMENTED ? BOTH : 0,
};

/* Lists end with NULL. Names that an architecture lacks are left out. */
static const char *const both[] = {
    /* descriptors that are there */
    "read", "readv", "pread64", "write", "writev", "close", "lseek", "_llseek", "fstat", "fstat64",
    "newfstatat", "fstatat64", "statx",
    /* clients that are there */
    "accept", "accept4", "recv", "send", "recvfrom", "recvmsg", "sendto", "sendmsg", "getsockopt",
    "getsockname", "getpeername", "shutdown",
    /* waiting */
    "epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll", "ppoll_time64", "nanosleep",
    "clock_nanosleep", "clock_nanosleep_time64", "futex", "futex_time64", "restart_syscall",
    /* memory; mmap and mprotect are narrowed below */
    "brk", "munmap", "mremap", "madvise",
    /* the time; to set it needs a capability that none has */
    "clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time", "adjtimex",
    "clock_adjtime", "clock_adjtime64",
    /* the process itself; qsort asks how much memory there is, malloc how many processors */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "set_robust_list", "rseq",
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getuid32",
    "geteuid32", "getgid32", "getegid32", "getrandom", "sysinfo", "sched_getaffinity",
    "sched_yield", "uname", "exit", "exit_group", NULL};

static const char *const ledger[] = {
    /* the store, the view, bundles: which paths is sandbox_files.h's matter */
    "openat", "pwrite64", "pwritev", "preadv", "fsync", "fdatasync", "msync", "ftruncate",
    "ftruncate64", "fallocate", "flock", "mkdir", "mkdirat", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "rmdir", "fchmod", "getdents64", "access", "faccessat", "fstatfs",
    "fstatfs64", "statfs", "statfs64", "sync_file_range", "arm_sync_file_range", "fadvise64",
    "fadvise64_64", "arm_fadvise64_64",
    /* memory for keys, which is not swapped */
    "mlock", "munlock",
    /* a bundle for a client when the disk is full */
    "memfd_create", NULL};

static const char *const resolver[] = {"recvmmsg", "recvmmsg_time64", "sendmmsg", "connect", "bind",
                                       NULL};

/* None of this is in a release. */
static const char *const checkers[] = {
    /* sanitizers walk all threads of a process that ends, and describe what they found */
    "openat", "open", "clone", "ptrace", "process_vm_readv", "wait4", "kill", "tgkill", "prctl",
    "sigaltstack", "getdents", "getdents64", "readlink", "readlinkat", "stat", "access", "pipe",
    "pipe2", "dup2", "getrlimit", "prlimit64", "mmap", "mprotect", "set_tid_address",
    /* coverage is written to files */
    "fcntl", "ftruncate", "mkdir", NULL};

/* Programs, other processes, other identities, other roots, and the kernel itself. */
static const char *const hostile[] = {
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "kcmp", "pidfd_getfd", "pidfd_open", "pidfd_send_signal",
    /* identities */
    "setuid", "setuid32", "setgid", "setgid32", "setreuid", "setreuid32", "setregid", "setregid32",
    "setresuid", "setresuid32", "setresgid", "setresgid32", "setfsuid", "setfsuid32", "setfsgid",
    "setfsgid32", "setgroups", "setgroups32", "capset",
    /* roots and namespaces */
    "chroot", "pivot_root", "mount", "umount", "umount2", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "setns", "unshare", "open_by_handle_at",
    "mknod", "mknodat",
    /* the kernel */
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "iopl", "ioperm",
    "modify_ldt", "personality", "keyctl", "add_key", "request_key", "fanotify_init",
    "settimeofday", "clock_settime", "stime", "sethostname", "setdomainname", "syslog", NULL};

static const struct {
    const char *const *names;
    unsigned roles;
} lists[] = {{both, BOTH}, {ledger, LEDGER}, {resolver, RESOLVER}, {checkers, CHECKED}};

/* Argument number `arg`: of its lower 32 bits, those of the mask are `value`. */
struct condition {
    unsigned arg;
    uint32_t mask, value;
};

enum { CONDITIONS_MAX = 2 };

/* A call that is allowed with some arguments. Rows of one name add up. */
struct narrow {
    const char *name;
    unsigned roles, count;
    struct condition when[CONDITIONS_MAX];
};

#define ALL          UINT32_C(0xffffffff)
#define OPEN_CHANGES (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))
/* What the C library asks for a thread of this process, and nothing besides: no child, no
 * namespace. */
#define THREAD                                                                                     \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define SOCKET_KIND UINT32_C(0xf) /* SOCK_NONBLOCK and SOCK_CLOEXEC lie above */

static const struct narrow narrows[] = {
    {"fcntl", BOTH, 1, {{1, ALL, F_GETFL}}},
    {"fcntl", BOTH, 1, {{1, ALL, F_SETFL}}},
    {"fcntl", BOTH, 1, {{1, ALL, F_GETFD}}},
    {"fcntl", BOTH, 1, {{1, ALL, F_SETFD}}},
    {"fcntl64", BOTH, 1, {{1, ALL, F_GETFL}}},
    {"fcntl64", BOTH, 1, {{1, ALL, F_SETFL}}},
    {"fcntl64", BOTH, 1, {{1, ALL, F_GETFD}}},
    {"fcntl64", BOTH, 1, {{1, ALL, F_SETFD}}},
    {"ioctl", BOTH, 1, {{1, ALL, FIONREAD}}},
    {"ioctl", BOTH, 1, {{1, ALL, FIONBIO}}},
    /* no memory that can be executed */
    {"mmap", BOTH, 1, {{2, PROT_EXEC, 0}}},
    {"mmap2", BOTH, 1, {{2, PROT_EXEC, 0}}},
    {"mprotect", BOTH, 1, {{2, PROT_EXEC, 0}}},
    /* threads that verify a bundle's entries (clone3, whose flags can't be seen, is tried first) */
    {"clone", LEDGER, 1, {{0, ALL, THREAD}}},
    /* the upstream: sockets of the internet's families, files for reading */
    {"socket", RESOLVER, 2, {{0, ALL, AF_INET}, {1, SOCKET_KIND, SOCK_DGRAM}}},
    {"socket", RESOLVER, 2, {{0, ALL, AF_INET}, {1, SOCKET_KIND, SOCK_STREAM}}},
    {"socket", RESOLVER, 2, {{0, ALL, AF_INET6}, {1, SOCKET_KIND, SOCK_DGRAM}}},
    {"socket", RESOLVER, 2, {{0, ALL, AF_INET6}, {1, SOCKET_KIND, SOCK_STREAM}}},
    /* what libunbound sets on its sockets, and the workers on theirs. The doors' sockets are the
     * parent's too and outlive this process: a filter or a group put on one would stay */
    {"setsockopt", RESOLVER, 2, {{1, ALL, SOL_SOCKET}, {2, ALL, SO_REUSEADDR}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_IP}, {2, ALL, IP_MTU_DISCOVER}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_IP}, {2, ALL, IP_BIND_ADDRESS_NO_PORT}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_IP}, {2, ALL, IP_PKTINFO}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_IPV6}, {2, ALL, IPV6_V6ONLY}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_IPV6}, {2, ALL, IPV6_MTU}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_IPV6}, {2, ALL, IPV6_MTU_DISCOVER}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_IPV6}, {2, ALL, IPV6_RECVPKTINFO}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_TCP}, {2, ALL, TCP_NODELAY}}},
    {"setsockopt", RESOLVER, 2, {{1, ALL, IPPROTO_TCP}, {2, ALL, TCP_MAXSEG}}},
    {"openat", RESOLVER, 1, {{2, OPEN_CHANGES, O_RDONLY}}},
};

enum { LISTS = sizeof lists / sizeof lists[0], NARROWS = sizeof narrows / sizeof narrows[0] };

static enum status status_of(int error)
{
    switch (-error) {
    case 0:
        return STATUS_OK;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case EACCES:
    case EPERM:
        return STATUS_DENIED;
    default:
        return STATUS_IO;
    }
}

/* --- the filter --- */

/* Names that the library or the architecture does not know are refused like all others. */
static bool find(const char *name, int *number)
{
    *number = seccomp_syscall_resolve_name(name);
    return *number != __NR_SCMP_ERROR;
}

static int allow(scmp_filter_ctx filter, const char *name)
{
    int number;
    return find(name, &number) ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) : 0;
}

static int allow_narrow(scmp_filter_ctx filter, const struct narrow *narrow)
{
    int number;
    struct scmp_arg_cmp when[CONDITIONS_MAX];
    for (unsigned i = 0; i < narrow->count; i++)
        when[i] = SCMP_CMP(narrow->when[i].arg, SCMP_CMP_MASKED_EQ, narrow->when[i].mask,
                           narrow->when[i].value);
    if (!find(narrow->name, &number))
        return 0;
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, narrow->count, when);
}

static int allow_all(scmp_filter_ctx filter, unsigned role)
{
    const struct narrow itself = {"tgkill", BOTH, 1, {{0, ALL, (uint32_t)getpid()}}};
    int error = allow_narrow(filter, &itself);
    for (size_t i = 0; i < NARROWS && error == 0; i++) {
        if (narrows[i].roles & role)
            error = allow_narrow(filter, &narrows[i]);
    }
    for (size_t i = 0; i < LISTS && error == 0; i++) {
        for (size_t k = 0; lists[i].names[k] && (lists[i].roles & role) && error == 0; k++)
            error = allow(filter, lists[i].names[k]);
    }
    return error;
}

static bool is_allowed(const char *name, unsigned role)
{
    for (size_t i = 0; i < LISTS; i++) {
        for (size_t k = 0; lists[i].names[k] && (lists[i].roles & role); k++) {
            if (strcmp(lists[i].names[k], name) == 0)
                return true;
        }
    }
    return false;
}

static int forbid_all(scmp_filter_ctx filter, unsigned role)
{
    int error = 0;
    int number;
    for (size_t i = 0; hostile[i] && error == 0; i++) {
        if (!is_allowed(hostile[i], role) && find(hostile[i], &number))
            error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0);
    }
    return error;
}

static int set_attributes(scmp_filter_ctx filter)
{
    const struct {
        enum scmp_filter_attr attr;
        uint32_t value;
    } rows[] = {
        {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
        {SCMP_FLTATR_CTL_NNP, 1},
        {SCMP_FLTATR_CTL_TSYNC, 1},
        {SCMP_FLTATR_CTL_OPTIMIZE, 2}, /* a binary tree: every packet goes through it */
    };
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof rows / sizeof rows[0]; i++)
        error = seccomp_attr_set(filter, rows[i].attr, rows[i].value);
    return error;
}

enum status sandbox_seal(enum child_role role)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return STATUS_NO_MEMORY;
    int error = set_attributes(filter);
    if (error == 0)
        error = allow_all(filter, 1U << role);
    if (error == 0)
        error = forbid_all(filter, 1U << role);
    if (error == 0)
        error = seccomp_load(filter);
    seccomp_release(filter);
    if (error != 0)
        log_error("system calls can't be filtered: %s", strerror(-error));
    return status_of(error);
}

/* --- files and limits --- */

static enum status set_limits(void)
{
    const struct rlimit no_core = {.rlim_cur = 0, .rlim_max = 0};
    struct rlimit files;
    if (setrlimit(RLIMIT_CORE, &no_core) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0)
        return STATUS_DENIED;
    files.rlim_max = files.rlim_cur;
    return setrlimit(RLIMIT_NOFILE, &files) == 0 ? STATUS_OK : STATUS_DENIED;
}

enum status sandbox_enter(enum child_role role, const struct paths *paths)
{
    const struct sandbox_path ledgers[] = {{paths->state, true}, {paths->view, true}};
    const struct sandbox_path resolvers[] = {{paths->view, false}};
    enum status status = set_limits();
    if (status == STATUS_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        status = STATUS_DENIED;
    if (status != STATUS_OK || HEARTH_INSTRUMENTED) /* checkers read /proc, libraries and sources */
        return status;
    if (role == CHILD_LEDGER)
        status = sandbox_files_keep(ledgers, sizeof ledgers / sizeof ledgers[0]);
    else
        status = sandbox_files_keep(resolvers, sizeof resolvers / sizeof resolvers[0]);
    if (status == STATUS_NOT_FOUND) {
        log_info("this kernel has no Landlock: the file system stays as open as permissions say");
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        log_error("the file system can't be left: %s", strerror(errno));
    return status;
}
