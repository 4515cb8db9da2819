/* parent.c: see parent.h.
 *
 * There is no event loop: the parent waits for a signal or for the next thing that is due. Its
 * children are children.h's. At SIGHUP the new configuration is read and its listeners are bound
 * before anything of the old one is given up; what is wrong with it is said, and the old one stays.
 * A default address that was taken is tried again, at growing intervals.
 */
#include "resolver/daemon/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/children.h"
#include "resolver/daemon/doors.h"
#include "resolver/daemon/instance.h"
#include "resolver/daemon/log.h"
#include "resolver/daemon/notify.h"
#include "resolver/daemon/process.h"
#include "resolver/daemon/resolver_tcp.h"

enum {
    STARTING_POLL_MS = 10, /* how often the board is looked at while a child starts */
    IDLE_MS = 60000,
    RETRY_MIN_MS = 2000,  /* before a taken address is tried again: this, doubled each time, */
    RETRY_MAX_MS = 30000, /* up to this */
    FILES_UPSTREAM = 4096,
};

struct parent {
    const struct paths *paths;
    struct config config;
    struct process_user user;
    struct instance instance;
    struct board *board;
    struct doors doors;
    uint64_t retry_due_ms; /* 0: no address is waited for */
    unsigned retry_ms;
    struct children children;
    int life[2]; /* a pipe nobody writes to: its end of file says that the parent is gone */
    sigset_t signals;
    bool verbose, announced;
};

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
    parent->children.context.listener_count = parent->doors.count;
    children_want(&parent->children, CHILD_RESOLVER, doors_bound(&parent->doors) > 0);
}

/* When to see whether a taken address has become free. */
static void plan_retry(struct parent *parent, unsigned ms)
{
    bool waiting = doors_bound(&parent->doors) < parent->doors.count;
    parent->retry_ms = ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
    parent->retry_due_ms = waiting ? clock_monotonic_ms() + parent->retry_ms : 0;
}

/* Puts a checked configuration with its open doors in force. */
static void apply(struct parent *parent, const struct config *config, const struct doors *doors)
{
    children_stop_resolver(&parent->children);
    atomic_store(&parent->board->children[CHILD_RESOLVER].state, CHILD_STARTING);
    doors_close(&parent->doors);
    parent->doors = *doors;
    parent->config = *config;
    show_on_board(parent);
    want_resolver(parent);
    plan_retry(parent, RETRY_MIN_MS);
    children_notify_ledger(&parent->children);
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

/* An address that another program had may be free now. */
static void retry_doors(struct parent *parent)
{
    static struct config config;
    static struct doors doors;
    char error[DOORS_ERROR_SIZE];
    if (parent->retry_due_ms == 0 || clock_monotonic_ms() < parent->retry_due_ms)
        return;
    plan_retry(parent, 2 * parent->retry_ms);
    config = parent->config;
    if (!doors_can_open_more(&parent->doors) ||
        doors_open(&doors, &config, parent->paths->config, &parent->doors, error) != STATUS_OK)
        return;
    parent->announced = false;
    apply(parent, &config, &doors);
    log_info("an address that was taken is free: DNS is answered there now");
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

/* Enough for all doors, all clients and all questions to the upstream; what the children get of it,
 * they can't raise. */
static void raise_file_limit(void)
{
    struct rlimit files;
    const rlim_t needed = CHILDREN_KEEP_MAX + TCP_CLIENTS_MAX + FILES_UPSTREAM;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= needed)
        return;
    files.rlim_cur = files.rlim_max < needed ? files.rlim_max : needed;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        log_warning("the limit of open files can't be raised: %s", strerror(errno));
}

static int prepare(struct parent *parent)
{
    umask(022);
    int result = open_instance(parent);
    if (result != EXIT_SUCCESS)
        return result;
    if (parent->paths->system && process_become_user(&parent->user) != STATUS_OK) {
        log_error("hearthd can't become user hearth: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    /* The kernel lets sockets of one user alone share an address (SO_REUSEPORT): those of now, and
     * those of a later reload. */
    raise_file_limit();
    result = open_doors(parent);
    if (result != EXIT_SUCCESS)
        return result;
    parent->board = board_create();
    if (!parent->board || pipe2(parent->life, O_CLOEXEC) != 0 ||
        process_block_signals(&parent->signals) != STATUS_OK) {
        log_error("hearthd can't start: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    show_on_board(parent);
    parent->children.context = (struct child_context){
        .config = &parent->config,
        .paths = parent->paths,
        .board = parent->board,
        .parent_fd = parent->life[0],
        .control_fd = parent->instance.control_fd,
        .verbose = parent->verbose,
        .listeners = parent->doors.listeners,
    };
    children_want(&parent->children, CHILD_LEDGER, true);
    want_resolver(parent);
    plan_retry(parent, RETRY_MIN_MS);
    return EXIT_SUCCESS;
}

/* --- watching --- */

/* Tells the service manager once that all children serve, and again after each change. */
static void announce(struct parent *parent)
{
    if (parent->announced || !children_are_ready(&parent->children))
        return;
    parent->announced = true;
    log_info("ready");
    notify_send("READY=1\nSTATUS=serving");
}

static unsigned wait_ms(const struct parent *parent)
{
    unsigned wait = parent->announced ? IDLE_MS : STARTING_POLL_MS;
    if (parent->retry_due_ms > 0) {
        uint64_t now_ms = clock_monotonic_ms();
        uint64_t left = parent->retry_due_ms > now_ms ? parent->retry_due_ms - now_ms : 0;
        wait = left < wait ? (unsigned)left : wait;
    }
    return children_wait_ms(&parent->children, wait);
}

/* The signal that came within that time; 0 when none did. */
static int next_signal(const struct parent *parent, unsigned ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    int signal_number = sigtimedwait(&parent->signals, NULL, &wait);
    return signal_number > 0 ? signal_number : 0;
}

static void watch(struct parent *parent)
{
    for (;;) {
        retry_doors(parent);
        children_start_due(&parent->children);
        announce(parent);
        switch (next_signal(parent, wait_ms(parent))) {
        case SIGCHLD:
            if (children_reap(&parent->children))
                parent->announced = false;
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
        children_stop(&parent.children);
        log_info("ended");
    }
    doors_close(&parent.doors);
    instance_close(&parent.instance, paths);
    board_destroy(parent.board);
    return result;
}
