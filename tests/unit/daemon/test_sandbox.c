/* What a child can't do any more once it is sealed, each tried for real in a process of its own; and
 * what it must still be able to do. */
#include "resolver/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>

enum { KILLED = -1, ON_LEDGER = 1 << CHILD_LEDGER, ON_RESOLVER = 1 << CHILD_RESOLVER };
enum { ON_BOTH = ON_LEDGER | ON_RESOLVER, PATH_SIZE = PATHS_SIZE + 32 };

static struct paths paths;
static char root[] = "/tmp/hearth-sandbox-XXXXXX";
static char outside[PATHS_SIZE + 16]; /* a file beside the folders */

static const char *in(const char *folder, const char *name)
{
    static char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* An errno, 0, or KILLED: how the attempt went in a sandboxed process of that role. */
static int attempt(enum child_role role, int (*act)(void))
{
    int how = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (sandbox_enter(role, &paths) != STATUS_OK || sandbox_seal(role) != STATUS_OK)
            _exit(255);
        errno = 0;
        _exit(act() == 0 ? 0 : errno);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFSIGNALED(how)) {
        assert_int_equal(WTERMSIG(how), SIGSYS);
        return KILLED;
    }
    assert_int_not_equal(WEXITSTATUS(how), 255);
    return WEXITSTATUS(how);
}

/* --- what is hostile: the process ends --- */

/* Arguments that would do no harm if a call got through. */
static const struct {
    const char *name;
    long number;
    long args[5];
} hostile[] = {
    {"execve", SYS_execve, {0}},
    {"execveat", SYS_execveat, {-1}},
#ifdef SYS_fork
    {"fork", SYS_fork, {0}},
    {"vfork", SYS_vfork, {0}},
#endif
    {"ptrace", SYS_ptrace, {-1}},
    {"process_vm_readv", SYS_process_vm_readv, {1}},
    {"process_vm_writev", SYS_process_vm_writev, {1}},
    {"kcmp", SYS_kcmp, {1, 1, -1}},
    {"pidfd_open", SYS_pidfd_open, {-1}},
    {"pidfd_send_signal", SYS_pidfd_send_signal, {-1}},
    {"pidfd_getfd", SYS_pidfd_getfd, {-1}},
    {"setuid", SYS_setuid, {-1}},
    {"setgid", SYS_setgid, {-1}},
    {"setresuid", SYS_setresuid, {-1, -1, -1}},
    {"setresgid", SYS_setresgid, {-1, -1, -1}},
    {"setfsuid", SYS_setfsuid, {-1}},
    {"setgroups", SYS_setgroups, {-1}},
    {"capset", SYS_capset, {0}},
    {"chroot", SYS_chroot, {0}},
    {"pivot_root", SYS_pivot_root, {0}},
    {"mount", SYS_mount, {0}},
    {"umount2", SYS_umount2, {0}},
    {"fsopen", SYS_fsopen, {0}},
    {"open_tree", SYS_open_tree, {-1}},
    {"move_mount", SYS_move_mount, {-1}},
    {"setns", SYS_setns, {-1}},
    {"unshare", SYS_unshare, {0}},
    {"open_by_handle_at", SYS_open_by_handle_at, {-1}},
    {"mknodat", SYS_mknodat, {-1}},
    {"bpf", SYS_bpf, {-1}},
    {"perf_event_open", SYS_perf_event_open, {0}},
    {"userfaultfd", SYS_userfaultfd, {-1}},
    {"io_uring_setup", SYS_io_uring_setup, {0}},
    {"io_uring_enter", SYS_io_uring_enter, {-1}},
    {"init_module", SYS_init_module, {0}},
    {"finit_module", SYS_finit_module, {-1}},
    {"delete_module", SYS_delete_module, {0}},
    {"kexec_load", SYS_kexec_load, {0, 0, 0, -1}},
    {"reboot", SYS_reboot, {0}},
    {"swapon", SYS_swapon, {0}},
    {"acct", SYS_acct, {-1}},
    {"personality", SYS_personality, {0xffffffff}},
    {"keyctl", SYS_keyctl, {-1}},
    {"add_key", SYS_add_key, {0}},
    {"fanotify_init", SYS_fanotify_init, {-1}},
    {"settimeofday", SYS_settimeofday, {0}},
    {"clock_settime", SYS_clock_settime, {-1}},
    {"sethostname", SYS_sethostname, {0, -1}},
    {"syslog", SYS_syslog, {-1}},
};

static size_t tried;

static int act_hostile(void)
{
    const long *args = hostile[tried].args;
    return (int)syscall(hostile[tried].number, args[0], args[1], args[2], args[3], args[4]);
}

static void test_hostile_calls_end_the_process(void **state)
{
    (void)state;
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        for (tried = 0; tried < sizeof hostile / sizeof hostile[0]; tried++) {
            int how = attempt((enum child_role)role, act_hostile);
            if (how != KILLED)
                fail_msg("%s, role %u: %s", hostile[tried].name, role, strerror(how));
        }
    }
}

/* --- what is refused --- */

static int made(int fd)
{
    return fd < 0 ? -1 : 0;
}

static int child_of(unsigned long flags)
{
    long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : 0;
}

static int act_clone(void)
{
    return child_of(SIGCHLD);
}

static void *be_thread(void *context)
{
    return context;
}

static int act_thread(void)
{
    pthread_t thread;
    errno = pthread_create(&thread, NULL, be_thread, NULL);
    return errno == 0 ? 0 : -1;
}

static int act_unix_socket(void)
{
    return made(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int act_netlink(void)
{
    return made(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int act_packet(void)
{
    return made(socket(AF_PACKET, SOCK_RAW, 0));
}

static int act_raw(void)
{
    return made(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int act_vsock(void)
{
    return made(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int act_udp(void)
{
    return made(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int act_tcp6(void)
{
    return made(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

static int act_socketpair(void)
{
    int ends[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static int act_connect(void)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    return connect(-1, (const struct sockaddr *)&to, sizeof to);
}

static int act_listen(void)
{
    return listen(-1, 1);
}

static int act_attach_bpf(void)
{
    return setsockopt(-1, SOL_PACKET, 1, NULL, 0);
}

static int act_kill_parent(void)
{
    return kill(getppid(), 0);
}

static int act_tgkill_parent(void)
{
    return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int act_sigqueue(void)
{
    return sigqueue(getppid(), 0, (union sigval){.sival_int = 0});
}

static int act_map_code(void)
{
    void *map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return map == MAP_FAILED ? -1 : 0;
}

static int act_protect_code(void)
{
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return map == MAP_FAILED ? 0 : mprotect(map, 4096, PROT_READ | PROT_EXEC);
}

static int act_memfd(void)
{
    return made(memfd_create("x", 0));
}

static int act_prctl(void)
{
    return prctl_dumpable();
}

static int act_limits(void)
{
    const struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    return setrlimit(RLIMIT_CORE, &limit);
}

static int act_terminal(void)
{
    char c = 0;
    return (int)syscall(SYS_ioctl, STDIN_FILENO, 0x5412 /* TIOCSTI */, &c);
}

static int act_read_outside(void)
{
    return made(open(outside, O_RDONLY));
}

static int act_read_passwd(void)
{
    return made(open("/etc/passwd", O_RDONLY));
}

static int act_write_outside(void)
{
    return made(open(outside, O_WRONLY));
}

static int act_create_outside(void)
{
    return made(open(in(root, "new"), O_WRONLY | O_CREAT, 0600));
}

static int act_temporary_outside(void)
{
    return made(open(root, O_TMPFILE | O_RDWR, 0600));
}

static int act_remove_outside(void)
{
    return unlink(outside);
}

static int act_rename_outside(void)
{
    char from[PATH_SIZE];
    (void)snprintf(from, sizeof from, "%s", in(paths.view, "there"));
    return rename(from, in(root, "taken"));
}

static int act_read_state(void)
{
    return made(open(in(paths.state, "there"), O_RDONLY));
}

static int act_write_view(void)
{
    return made(open(in(paths.view, "there"), O_WRONLY));
}

static int act_truncate_view(void)
{
    return made(open(in(paths.view, "there"), O_RDONLY | O_TRUNC));
}

static int act_create_view(void)
{
    return made(open(in(paths.view, "new"), O_RDONLY | O_CREAT, 0600));
}

static int act_append_view(void)
{
    return made(open(in(paths.view, "there"), O_RDONLY | O_APPEND));
}

static int act_temporary_view(void)
{
    return made(open(paths.view, O_TMPFILE | O_RDWR, 0600));
}

static int act_remove_view(void)
{
    return unlink(in(paths.view, "there"));
}

static int act_rename_view(void)
{
    char from[PATH_SIZE];
    (void)snprintf(from, sizeof from, "%s", in(paths.view, "there"));
    return rename(from, in(paths.view, "away"));
}

static int act_make_folder(void)
{
    return mkdir(in(paths.view, "folder"), 0700);
}

static int act_chmod(void)
{
    return chmod(in(paths.view, "there"), 0777);
}

static int act_chown(void)
{
    return chown(in(paths.view, "there"), (uid_t)-1, (gid_t)-1);
}

static int act_symlink(void)
{
    return symlink("/", in(paths.view, "link"));
}

static int act_hard_link(void)
{
    return link(outside, in(paths.view, "link"));
}

static int act_fifo(void)
{
    return mkfifo(in(paths.view, "fifo"), 0600);
}
