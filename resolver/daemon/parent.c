/* parent.c: see parent.h.
 *
 * There is no event loop: the parent waits for a signal or for the next thing that is due. A child
 * that ends is started again after a while (backoff.h). At SIGHUP the new configuration is read and
 * its listeners are bound before anything of the old one is given up; what is wrong with it is
 * said, and the old one stays. At SIGTERM the children get their time to end, then SIGKILL: the
 * ledger's store survives that at any moment.
 */
#include "resolver/daemon/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "resolver/daemon/backoff.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/doors.h"
#include "resolver/daemon/instance.h"
#include "resolver/daemon/log.h"
#include "resolver/daemon/notify.h"
#include "resolver/daemon/process.h"

enum {
    STARTING_POLL_MS = 10, /* how often the board is looked at while a child starts */
    IDLE_MS = 60000,
    STOP_MS = 700,     /* for all children to end after SIGTERM */
    STOP_ONE_MS = 500, /* for the resolver's, at a reload */
    KEEP_MAX = 2 + CONFIG_LISTEN_MAX * (1 + CONFIG_THREADS_MAX)
};

struct child {
    pid_t pid; /* 0: not running */
    bool wanted;
    uint64_t due_ms; /* when it is started, if it is not running */
    struct backoff backoff;
};

struct parent {
    const struct paths *paths;
    struct config config;
    struct process_user user;
    struct instance instance;
    struct board *board;
    struct doors doors;
    struct child children[CHILD_ROLES];
    int life[2]; /* a pipe nobody writes to: its end of file says that the parent is gone */
    sigset_t signals;
    bool verbose, announced;
};

/* --- starting --- */

static size_t collect_fds(const struct parent *parent, enum child_role role, int *keep)
{
    size_t count = 0;
    keep[count++] = parent->life[0];
    if (role == CHILD_LEDGER)
        keep[count++] = parent->instance.control_fd;
    for (uint32_t i = 0; role == CHILD_RESOLVER && i < parent->doors.count; i++) {
        const struct listener *listener = &parent->doors.listeners[i];
        if (!listener->bound)
            continue;
        keep[count++] = listener->tcp_fd;
        for (unsigned k = 0; k < parent->config.resolver.threads; k++)
            keep[count++] = listener->udp_fds[k];
    }
    return count;
}

/* With -d by root, the folder may be somebody else's: what root's children need to use it. All else
 * that root may do is given up; in system mode, everything. */
static uint64_t rights_of(const struct parent *parent, enum child_role role)
{
    if (parent->paths->system)
        return 0;
    if (role == CHILD_RESOLVER)
        return PROCESS_RIGHT(CAP_DAC_READ_SEARCH);
    return PROCESS_RIGHT(CAP_DAC_OVERRIDE) | PROCESS_RIGHT(CAP_FOWNER);
}

/* In the child: never returns. */
[[gnu::noreturn]] static void run_child(struct parent *parent, enum child_role role,
                                        pid_t parent_pid)
{
    static int keep[KEEP_MAX];
    static const char *const names[CHILD_ROLES] = {"hearthd ledger", "hearthd resolver"};
    log_init(names[role], parent->verbose);
    size_t count = collect_fds(parent, role, keep);
    enum status status = process_become_child(parent_pid, rights_of(parent, role), keep, count);
    if (status != STATUS_OK) {
        if (status != STATUS_CLOSED)
            log_error("this process can't be confined: %s", strerror(errno));
        exit(EXIT_FAILURE);
    }
    struct child_context context = {
        .config = &parent->config,
        .paths = parent->paths,
        .board = parent->board,
        .parent_fd = parent->life[0],
        .control_fd = role == CHILD_LEDGER ? parent->instance.control_fd : -1,
        .verbose = parent->verbose,
        .listener_count = role == CHILD_RESOLVER ? parent->doors.count : 0,
        .listeners = parent->doors.listeners,
    };
    exit(role == CHILD_LEDGER ? ledger_child_run(&context) : resolver_child_run(&context));
}

static void start_child(struct parent *parent, enum child_role role)
{
    struct child *child = &parent->children[role];
    struct board_child *on_board = &parent->board->children[role];
    uint64_t now_ms = clock_monotonic_ms();
    pid_t self = getpid();
    atomic_store(&on_board->state, CHILD_STARTING);
    pid_t pid = fork();
    if (pid == 0)
        run_child(parent, role, self);
    backoff_start(&child->backoff, now_ms);
    if (pid > 0) {
        child->pid = pid;
        atomic_store(&on_board->pid, pid);
        return;
    }
    atomic_store(&on_board->state, CHILD_FAILED);
    child->due_ms = now_ms + backoff_end(&child->backoff, now_ms);
    log_error("%s can't be started: %s", board_role_text(role), strerror(errno));
}

static void start_due(struct parent *parent)
{
    uint64_t now_ms = clock_monotonic_ms();
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        struct child *child = &parent->children[role];
        if (child->wanted && child->pid == 0 && now_ms >= child->due_ms)
            start_child(parent, (enum child_role)role);
    }
}

/* --- watching --- */

static void describe_end(int wait_status, char text[static 64])
{
    if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
        (void)snprintf(text, 64, "for a system call that it must never make");
    else if (WIFSIGNALED(wait_status))
        (void)snprintf(text, 64, "by signal %d", WTERMSIG(wait_status));
    else
        (void)snprintf(text, 64, "with status %d", WEXITSTATUS(wait_status));
}

/* A child has ended though nobody told it to. */
static void note_end(struct parent *parent, enum child_role role, int wait_status)
{
    char how[64];
    struct child *child = &parent->children[role];
    struct board_child *on_board = &parent->board->children[role];
    uint64_t now_ms = clock_monotonic_ms();
    unsigned delay_ms = backoff_end(&child->backoff, now_ms);
    child->pid = 0;
    child->due_ms = now_ms + delay_ms;
    atomic_store(&on_board->pid, 0);
    atomic_fetch_add(&on_board->restarts, 1);
    if (atomic_load(&on_board->state) != CHILD_FAILED)
        atomic_store(&on_board->state, CHILD_DOWN);
    describe_end(wait_status, how);
    log_warning("%s ended %s; it is started again in %u ms", board_role_text(role), how, delay_ms);
    parent->announced = false;
}

static void reap(struct parent *parent)
{
    int wait_status = 0;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        for (unsigned role = 0; role < CHILD_ROLES; role++) {
            if (parent->children[role].pid == pid)
                note_end(parent, (enum child_role)role, wait_status);
        }
    }
}

static bool all_ready(const struct parent *parent)
{
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        if (parent->children[role].wanted &&
            atomic_load(&parent->board->children[role].state) != CHILD_READY)
            return false;
    }
    return true;
}

/* Tells the service manager once that all children serve, and again after each change. */
static void announce(struct parent *parent)
{
    if (parent->announced || !all_ready(parent))
        return;
    parent->announced = true;
    log_info("ready");
    notify_send("READY=1\nSTATUS=serving");
}

static unsigned wait_ms(const struct parent *parent)
{
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t wait = IDLE_MS;
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        const struct child *child = &parent->children[role];
        uint64_t left = wait;
        if (child->wanted && child->pid == 0)
            left = child->due_ms > now_ms ? child->due_ms - now_ms : 0;
        else if (child->wanted && !parent->announced)
            left = STARTING_POLL_MS;
        wait = left < wait ? left : wait;
    }
    return (unsigned)wait;
}

/* The signal that came within that time; 0 when none did. */
static int next_signal(const struct parent *parent, unsigned ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    int signal_number = sigtimedwait(&parent->signals, NULL, &wait);
    return signal_number > 0 ? signal_number : 0;
}

/* --- stopping --- */

static bool any_running(const struct parent *parent)
{
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        if (parent->children[role].pid != 0)
            return true;
    }
    return false;
}

/* Waits for one child or for all (role = CHILD_ROLES) until the time is up. */
static void collect(struct parent *parent, unsigned role, uint64_t until_ms)
{
    for (;;) {
        for (unsigned i = 0; i < CHILD_ROLES; i++) {
            struct child *child = &parent->children[i];
            bool asked = role == CHILD_ROLES || role == i;
            if (asked && child->pid != 0 && waitpid(child->pid, NULL, WNOHANG) != 0) {
                child->pid = 0;
                atomic_store(&parent->board->children[i].pid, 0);
            }
        }
        bool running = role == CHILD_ROLES ? any_running(parent) : parent->children[role].pid != 0;
        if (!running || clock_monotonic_ms() >= until_ms)
            return;
        struct timespec pause = {.tv_nsec = 5000000};
        (void)nanosleep(&pause, NULL);
    }
}

/* SIGTERM, time, SIGKILL. */
static void stop_children(struct parent *parent, unsigned role, unsigned ms)
{
    for (unsigned i = 0; i < CHILD_ROLES; i++) {
        if ((role == CHILD_ROLES || role == i) && parent->children[i].pid != 0)
            (void)kill(parent->children[i].pid, SIGTERM);
    }
    collect(parent, role, clock_monotonic_ms() + ms);
    for (unsigned i = 0; i < CHILD_ROLES; i++) {
        struct child *child = &parent->children[i];
        if ((role != CHILD_ROLES && role != i) || child->pid == 0)
            continue;
        log_warning("%s did not end in time and was killed", board_role_text((enum child_role)i));
        (void)kill(child->pid, SIGKILL);
        (void)waitpid(child->pid, NULL, 0);
        child->pid = 0;
    }
}

/* --- configuration --- */

static void show_on_board(struct parent *parent)
{
    struct board_config config = {
        .local_upstream = parent->config.resolver.has_local_upstream,
        .listener_count = parent->doors.count,
    };
    for (uint32_t i = 0; i < parent->doors.count; i++) {
        config.listeners[i] = parent->doors.listeners[i].endpoint;
        config.listener_bound[i] = parent->doors.listeners[i].bound;
    }
    board_set_config(parent->board, &config);
}

/* The resolver is wanted when it has a door. */
static void want_resolver(struct parent *parent)
{
    struct child *resolver = &parent->children[CHILD_RESOLVER];
    resolver->wanted = doors_bound(&parent->doors) > 0;
    resolver->due_ms = 0;
    resolver->backoff = (struct backoff){0};
    if (!resolver->wanted)
        atomic_store(&parent->board->children[CHILD_RESOLVER].state, CHILD_OFF);
}

/* Puts a checked configuration with its open doors in force. */
static void apply(struct parent *parent, const struct config *config, const struct doors *doors)
{
    stop_children(parent, CHILD_RESOLVER, STOP_ONE_MS);
    atomic_store(&parent->board->children[CHILD_RESOLVER].state, CHILD_STARTING);
    doors_close(&parent->doors);
    parent->doors = *doors;
    parent->config = *config;
    show_on_board(parent);
    want_resolver(parent);
    if (parent->children[CHILD_LEDGER].pid != 0)
        (void)kill(parent->children[CHILD_LEDGER].pid, SIGHUP);
}

static void reload(struct parent *parent)
{
    static struct config config;
    static struct doors doors;
    char error[DOORS_ERROR_SIZE];
    notify_reloading();
    enum status status = config_read(&config, parent->paths->config, parent->paths->system, error);
    if (status == STATUS_OK)
        status = doors_open(&doors, &config, parent->paths->config, &parent->doors, error);
    parent->announced = false;
    if (status != STATUS_OK) {
        log_error("%s", error);
        log_error("the configuration before stays in force");
        return;
    }
    apply(parent, &config, &doors);
    log_info("configuration read again");
}

/* --- the whole --- */

static int open_instance(struct parent *parent)
{
    char error[INSTANCE_ERROR_SIZE] = "";
    if (process_user_find(&parent->user, parent->paths->system) != STATUS_OK) {
        log_error("there is no user hearth: run systemd-sysusers, or adduser --system --group "
                  "--no-create-home hearth; or start with -d DIR");
        return EXIT_FAILURE;
    }
    enum status status = instance_open(&parent->instance, parent->paths, &parent->user, error);
    if (status == STATUS_OK)
        return EXIT_SUCCESS;
    log_error("%s%s", error,
              status == STATUS_DENIED && parent->paths->system
                  ? " (start as root, or with -d DIR as yourself)"
                  : "");
    return EXIT_FAILURE;
}

static int open_doors(struct parent *parent)
{
    char error[DOORS_ERROR_SIZE] = "";
    enum status status =
        doors_open(&parent->doors, &parent->config, parent->paths->config, NULL, error);
    if (status == STATUS_OK)
        return EXIT_SUCCESS;
    log_error("%s", error);
    return parent->config.resolver.listen.given ? EXIT_USAGE : EXIT_FAILURE;
}

static int prepare(struct parent *parent)
{
    umask(022);
    int result = open_instance(parent);
    if (result == EXIT_SUCCESS)
        result = open_doors(parent);
    if (result != EXIT_SUCCESS)
        return result;
    if (parent->paths->system && process_become_user(&parent->user) != STATUS_OK) {
        log_error("hearthd can't become user hearth: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    parent->board = board_create();
    if (!parent->board || pipe2(parent->life, O_CLOEXEC) != 0 ||
        process_block_signals(&parent->signals) != STATUS_OK) {
        log_error("hearthd can't start: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    show_on_board(parent);
    parent->children[CHILD_LEDGER].wanted = true;
    want_resolver(parent);
    return EXIT_SUCCESS;
}

static void watch(struct parent *parent)
{
    for (;;) {
        start_due(parent);
        announce(parent);
        switch (next_signal(parent, wait_ms(parent))) {
        case SIGCHLD:
            reap(parent);
            break;
        case SIGHUP:
            reload(parent);
            break;
        case SIGTERM:
        case SIGINT:
            return;
        default:
            break;
        }
    }
}

int parent_run(const struct paths *paths, const struct config *config, bool verbose)
{
    static struct parent parent; /* too large for a stack; there is one */
    parent.paths = paths;
    parent.config = *config;
    parent.verbose = verbose;
    parent.instance = (struct instance){.lock_fd = -1, .control_fd = -1};
    int result = prepare(&parent);
    if (result == EXIT_SUCCESS) {
        watch(&parent);
        notify_send("STOPPING=1\nSTATUS=ending");
        stop_children(&parent, CHILD_ROLES, STOP_MS);
        log_info("ended");
    }
    doors_close(&parent.doors);
    instance_close(&parent.instance, paths);
    return result;
}
