/* What a child can't do any more once it is sealed, each tried for real in a process of its own;
 * and what it must still be able to do. */
#include "resolver/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

enum { KILLED = -1, PATH_SIZE = PATHS_SIZE + 32 };

static struct paths paths;
static char root[] = "/tmp/hearth-sandbox-XXXXXX";
static char outside[PATHS_SIZE + 16]; /* a file beside the folders */

static const char *in(const char *folder, const char *name)
{
    static char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int put_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd < 0 || write(fd, "there", 5) != 5 || close(fd) != 0 ? -1 : 0;
}

/* An errno, 0, or KILLED: how the attempt went in a process of that role, sealed or only entered.
 */
static int attempt_at(enum child_role role, int (*act)(void), bool seal)
{
    int how = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (sandbox_enter(role, &paths) != STATUS_OK || (seal && sandbox_seal(role) != STATUS_OK))
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

static int attempt(enum child_role role, int (*act)(void))
{
    return attempt_at(role, act, true);
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

static int act_clone_sharing(void)
{
    return child_of(CLONE_VM | CLONE_VFORK | SIGCHLD);
}

static int act_clone_apart(void)
{
    return child_of(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWNET);
}

static void *be_thread(void *context)
{
    return context;
}

static int act_thread(void)
{
    pthread_t thread;
    errno = pthread_create(&thread, NULL, be_thread, NULL);
    if (errno == 0)
        errno = pthread_join(thread, NULL);
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

static int act_socket_option(void)
{
    return setsockopt(-1, SOL_PACKET, 1, NULL, 0);
}

static int act_socket_filter(void)
{
    return setsockopt(-1, SOL_SOCKET, SO_ATTACH_FILTER, NULL, 0);
}

static int act_share_filter(void)
{
    return setsockopt(-1, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, NULL, 0);
}

static int act_share_port(void)
{
    const int on = 1;
    return setsockopt(-1, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

static int act_lock_filter(void)
{
    const int on = 1;
    return setsockopt(-1, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
}

static int act_shrink_buffer(void)
{
    const int none = 0;
    return setsockopt(-1, SOL_SOCKET, SO_RCVBUF, &none, sizeof none);
}

static int act_multicast(void)
{
    return setsockopt(-1, IPPROTO_IP, IP_ADD_MEMBERSHIP, NULL, 0);
}

static int act_congestion(void)
{
    return setsockopt(-1, IPPROTO_TCP, TCP_CONGESTION, NULL, 0);
}

static int act_reuse_address(void)
{
    const int on = 1;
    return setsockopt(-1, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
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
    char again[64];
    int fd = memfd_create("x", 0);
    (void)snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
    return fd < 0 ? -1 : made(open(again, O_RDONLY));
}

static int act_become_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
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

static int act_execute(void)
{
    char *const none[] = {NULL};
    return execve("/bin/true", none, none);
}

/* What attempts may have left there. */
static void clean_view(void)
{
    static const char *const left[] = {"away", "new"};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        (void)unlink(in(paths.view, left[i]));
    (void)rmdir(in(paths.view, "folder"));
    assert_int_equal(put_file(in(paths.view, "there")), 0);
}

/* What each role is told; 0: it may. */
static const struct {
    const char *what;
    int (*act)(void);
    int ledger, resolver;
} refused[] = {
    {"a child process", act_clone, ENOSYS, ENOSYS},
    {"a child that shares memory", act_clone_sharing, ENOSYS, ENOSYS},
    {"a thread in another namespace", act_clone_apart, ENOSYS, ENOSYS},
    {"a thread", act_thread, 0, ENOSYS},
    {"socket AF_UNIX", act_unix_socket, ENOSYS, ENOSYS},
    {"socket AF_NETLINK", act_netlink, ENOSYS, ENOSYS},
    {"socket AF_PACKET", act_packet, ENOSYS, ENOSYS},
    {"socket SOCK_RAW", act_raw, ENOSYS, ENOSYS},
    {"socket AF_VSOCK", act_vsock, ENOSYS, ENOSYS},
    {"socketpair", act_socketpair, ENOSYS, ENOSYS},
    {"socket, UDP", act_udp, ENOSYS, 0},
    {"socket, TCP", act_tcp6, ENOSYS, 0},
    {"connect", act_connect, ENOSYS, EBADF},
    {"listen", act_listen, ENOSYS, ENOSYS},
    {"an option of another level", act_socket_option, ENOSYS, ENOSYS},
    {"a filter on a socket", act_socket_filter, ENOSYS, ENOSYS},
    {"a filter for who shares a port", act_share_filter, ENOSYS, ENOSYS},
    {"share a port", act_share_port, ENOSYS, ENOSYS},
    {"lock a filter", act_lock_filter, ENOSYS, ENOSYS},
    {"shrink a buffer", act_shrink_buffer, ENOSYS, ENOSYS},
    {"join a multicast group", act_multicast, ENOSYS, ENOSYS},
    {"choose TCP's congestion control", act_congestion, ENOSYS, ENOSYS},
    {"reuse an address", act_reuse_address, ENOSYS, EBADF},
    {"kill another", act_kill_parent, ENOSYS, ENOSYS},
    {"tgkill another", act_tgkill_parent, ENOSYS, ENOSYS},
    {"sigqueue another", act_sigqueue, ENOSYS, ENOSYS},
    {"map code", act_map_code, ENOSYS, ENOSYS},
    {"make memory code", act_protect_code, ENOSYS, ENOSYS},
    {"a file in memory, opened again", act_memfd, 0, ENOSYS},
    {"become dumpable", act_become_dumpable, ENOSYS, ENOSYS},
    {"raise a limit", act_limits, ENOSYS, ENOSYS},
    {"type on a terminal", act_terminal, ENOSYS, ENOSYS},
    {"write outside", act_write_outside, EACCES, ENOSYS},
    {"create outside", act_create_outside, EACCES, ENOSYS},
    {"a file without a name outside", act_temporary_outside, EACCES, ENOSYS},
    {"remove outside", act_remove_outside, EACCES, ENOSYS},
    {"rename to outside", act_rename_outside, EACCES, ENOSYS},
    {"read outside", act_read_outside, EACCES, EACCES},
    {"read /etc/passwd", act_read_passwd, EACCES, EACCES},
    {"read the state", act_read_state, 0, EACCES},
    {"create in the view", act_create_view, 0, ENOSYS},
    {"open for appending", act_append_view, 0, ENOSYS},
    {"open and truncate", act_truncate_view, 0, ENOSYS},
    {"write the view", act_write_view, 0, ENOSYS},
    {"a file without a name in the view", act_temporary_view, 0, ENOSYS},
    {"make a folder", act_make_folder, 0, ENOSYS},
    {"rename in the view", act_rename_view, 0, ENOSYS},
    {"remove from the view", act_remove_view, 0, ENOSYS},
    {"chmod by path", act_chmod, ENOSYS, ENOSYS},
    {"chown", act_chown, ENOSYS, ENOSYS},
    {"symlink", act_symlink, ENOSYS, ENOSYS},
    {"link", act_hard_link, ENOSYS, ENOSYS},
};

static void test_the_rest_is_refused(void **state)
{
    (void)state;
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
            int expected = role == CHILD_LEDGER ? refused[i].ledger : refused[i].resolver;
            clean_view();
            int how = attempt((enum child_role)role, refused[i].act);
            if (how != expected)
                fail_msg("%s, role %u: %d %s, not %s", refused[i].what, role, how, strerror(how),
                         strerror(expected));
        }
    }
}

/* The file system alone, before system calls are taken away: no list of calls stands in for it. */
static const struct {
    const char *what;
    int (*act)(void);
    int ledger, resolver;
} entered[] = {
    {"read outside", act_read_outside, EACCES, EACCES},
    {"write outside", act_write_outside, EACCES, EACCES},
    {"create outside", act_create_outside, EACCES, EACCES},
    {"remove outside", act_remove_outside, EACCES, EACCES},
    {"read the state", act_read_state, 0, EACCES},
    {"write the view", act_write_view, 0, EACCES},
    {"create in the view", act_create_view, 0, EACCES},
    {"make a folder", act_make_folder, 0, EACCES},
    {"rename in the view", act_rename_view, 0, EACCES},
    {"remove from the view", act_remove_view, 0, EACCES},
    {"symlink", act_symlink, EACCES, EACCES},
    {"a program", act_execute, EACCES, EACCES},
};

static void test_files_alone(void **state)
{
    (void)state;
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        for (size_t i = 0; i < sizeof entered / sizeof entered[0]; i++) {
            int expected = role == CHILD_LEDGER ? entered[i].ledger : entered[i].resolver;
            clean_view();
            int how = attempt_at((enum child_role)role, entered[i].act, false);
            if (how != expected)
                fail_msg("%s, role %u: %d %s, not %s", entered[i].what, role, how, strerror(how),
                         strerror(expected));
        }
    }
}

static int act_read_limits(void)
{
    struct rlimit core, files;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0)
        return -1;
    errno = ERANGE;
    return core.rlim_max == 0 && files.rlim_cur == files.rlim_max ? 0 : -1;
}

static void test_limits(void **state)
{
    (void)state;
    for (unsigned role = 0; role < CHILD_ROLES; role++)
        assert_int_equal(attempt_at((enum child_role)role, act_read_limits, false), 0);
}

/* --- what goes on --- */

static int act_store(void)
{
    char again[64];
    int fd = open(in(paths.state, "data"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0 || ftruncate(fd, 8192) != 0 ||
        pwrite(fd, "x", 1, 100) != 1 || fdatasync(fd) != 0 || fsync(fd) != 0)
        return -1;
    void *map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED || mlock(map, 4096) != 0 || munlock(map, 4096) != 0)
        return -1;
    int nameless = open(paths.state, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    (void)snprintf(again, sizeof again, "/proc/self/fd/%d", nameless);
    return nameless < 0 || open(again, O_RDONLY) < 0 || unlink(in(paths.state, "data")) != 0 ? -1
                                                                                             : 0;
}

static void on_signal(int number)
{
    (void)number;
}

static int act_read_view(void)
{
    char text[8];
    int fd = open(in(paths.view, "there"), O_RDONLY | O_CLOEXEC);
    return fd < 0 || read(fd, text, sizeof text) != 5 || close(fd) != 0 ? -1 : 0;
}

static int act_live(void)
{
    struct timespec now;
    char octets[16];
    const struct timespec pause = {.tv_nsec = 1000};
    void *memory = malloc((size_t)8 << 20);
    if (!memory || signal(SIGUSR2, on_signal) == SIG_ERR || raise(SIGUSR2) != 0)
        return -1;
    memset(memory, 1, (size_t)8 << 20);
    free(memory);
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || nanosleep(&pause, NULL) != 0 ||
        getentropy(octets, sizeof octets) != 0)
        return -1;
    return act_read_view();
}

static void test_duty_goes_on(void **state)
{
    (void)state;
    assert_int_equal(attempt(CHILD_LEDGER, act_live), 0);
    assert_int_equal(attempt(CHILD_LEDGER, act_store), 0);
    assert_int_equal(attempt(CHILD_RESOLVER, act_live), 0);
}

/* A failed assertion must still be one, not a forbidden call. */
static int act_abort(void)
{
    abort();
}

static void test_abort_is_abort(void **state)
{
    (void)state;
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        int how = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            if (sandbox_enter((enum child_role)role, &paths) != STATUS_OK ||
                sandbox_seal((enum child_role)role) != STATUS_OK)
                _exit(255);
            _exit(act_abort());
        }
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        assert_int_equal(WTERMSIG(how), SIGABRT);
        assert_false(WCOREDUMP(how));
    }
}

/* --- threads --- */

static int gate[2];

/* Waits to be let go, then tries. */
static void *try_later(void *context)
{
    char c;
    int *result = context;
    if (read(gate[0], &c, 1) != 1)
        return NULL;
    *result = made(socket(AF_UNIX, SOCK_STREAM, 0)) == 0 ? 0 : errno;
    return NULL;
}

static void test_threads_that_are_there_are_sealed(void **state)
{
    (void)state;
    int how = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pthread_t thread;
        int result = 0;
        if (pipe(gate) != 0 || sandbox_enter(CHILD_RESOLVER, &paths) != STATUS_OK ||
            pthread_create(&thread, NULL, try_later, &result) != 0 ||
            sandbox_seal(CHILD_RESOLVER) != STATUS_OK || write(gate[1], "x", 1) != 1 ||
            pthread_join(thread, NULL) != 0)
            _exit(255);
        _exit(result);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), ENOSYS);
}

/* --- the scene --- */

static int set_up(void **state)
{
    (void)state;
    struct rlimit files;
    if (!mkdtemp(root) || getrlimit(RLIMIT_NOFILE, &files) != 0)
        return -1;
    files.rlim_cur = files.rlim_max / 2; /* so that there is something to give up */
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        return -1;
    (void)snprintf(paths.state, sizeof paths.state, "%s/state", root);
    (void)snprintf(paths.view, sizeof paths.view, "%s/view", root);
    (void)snprintf(outside, sizeof outside, "%s/outside", root);
    if (mkdir(paths.state, 0700) != 0 || mkdir(paths.view, 0755) != 0)
        return -1;
    return put_file(outside) != 0 || put_file(in(paths.state, "there")) != 0 ||
                   put_file(in(paths.view, "there")) != 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    (void)state;
    clean_view();
    (void)unlink(in(paths.view, "there"));
    (void)unlink(in(paths.state, "there"));
    (void)unlink(outside);
    (void)rmdir(paths.view);
    (void)rmdir(paths.state);
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_calls_end_the_process),
        cmocka_unit_test(test_the_rest_is_refused),
        cmocka_unit_test(test_files_alone),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_duty_goes_on),
        cmocka_unit_test(test_abort_is_abort),
        cmocka_unit_test(test_threads_that_are_there_are_sealed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
