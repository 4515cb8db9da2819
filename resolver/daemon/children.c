/* children.c: see children.h. */
#include "resolver/daemon/children.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "resolver/daemon/log.h"
#include "resolver/daemon/process.h"

enum {
    STOP_MS = 700, /* for children to end after SIGTERM; then one that takes longer is said */
    STOP_LEDGER_MS = 10000, /* for the ledger's: 100,000 names in one write take seconds */
    STOP_ONE_MS = 500,      /* for the resolver's, at a reload */
};

void children_want(struct children *children, enum child_role role, bool wanted)
{
    struct child *child = &children->each[role];
    child->wanted = wanted;
    child->due_ms = 0;
    child->backoff = (struct backoff){0};
    if (!wanted)
        atomic_store(&children->context.board->children[role].state, CHILD_OFF);
}

/* --- starting --- */

/* The descriptors that this child keeps; all others are closed in it. */
static size_t collect_fds(const struct child_context *context, int *keep)
{
    size_t count = 0;
    keep[count++] = context->parent_fd;
    if (context->control_fd >= 0)
        keep[count++] = context->control_fd;
    for (uint32_t i = 0; i < context->listener_count; i++) {
        const struct listener *listener = &context->listeners[i];
        if (!listener->bound)
            continue;
        keep[count++] = listener->tcp_fd;
        for (unsigned k = 0; k < context->config->resolver.threads; k++)
            keep[count++] = listener->udp_fds[k];
    }
    return count;
}

/* With -d by root, the folder may be somebody else's: what root's children need to use it. All else
 * that root may do is given up; in system mode, everything. */
static uint64_t rights_of(const struct paths *paths, enum child_role role)
{
    if (paths->system)
        return 0;
    if (role == CHILD_RESOLVER)
        return PROCESS_RIGHT(CAP_DAC_READ_SEARCH);
    return PROCESS_RIGHT(CAP_DAC_OVERRIDE) | PROCESS_RIGHT(CAP_FOWNER);
}

/* In the child: never returns. */
[[gnu::noreturn]] static void run_child(const struct children *children, enum child_role role,
                                        pid_t parent_pid)
{
    static int keep[CHILDREN_KEEP_MAX];
    static const char *const names[CHILD_ROLES] = {"hearthd ledger", "hearthd resolver"};
    struct child_context context = children->context;
    if (role != CHILD_LEDGER)
        context.control_fd = -1;
    if (role != CHILD_RESOLVER)
        context.listener_count = 0;
    log_init(names[role], context.verbose);
    size_t count = collect_fds(&context, keep);
    enum status status =
        process_become_child(parent_pid, rights_of(context.paths, role), keep, count);
    if (status != STATUS_OK) {
        if (status != STATUS_CLOSED)
            log_error("this process can't be confined: %s", strerror(errno));
        exit(EXIT_FAILURE);
    }
    exit(role == CHILD_LEDGER ? ledger_child_run(&context) : resolver_child_run(&context));
}

static void start_child(struct children *children, enum child_role role)
{
    struct child *child = &children->each[role];
    struct board_child *on_board = &children->context.board->children[role];
    uint64_t now_ms = clock_monotonic_ms();
    pid_t self = getpid();
    atomic_store(&on_board->state, CHILD_STARTING);
    pid_t pid = fork();
    if (pid == 0)
        run_child(children, role, self);
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

void children_start_due(struct children *children)
{
    uint64_t now_ms = clock_monotonic_ms();
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        struct child *child = &children->each[role];
        if (child->wanted && child->pid == 0 && now_ms >= child->due_ms)
            start_child(children, (enum child_role)role);
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
static void note_end(struct children *children, enum child_role role, int wait_status)
{
    char how[64];
    struct child *child = &children->each[role];
    struct board_child *on_board = &children->context.board->children[role];
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
}

bool children_reap(struct children *children)
{
    int wait_status = 0;
    bool ended = false;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        for (unsigned role = 0; role < CHILD_ROLES; role++) {
            if (children->each[role].pid == pid)
                note_end(children, (enum child_role)role, wait_status);
        }
        ended = true;
    }
    return ended;
}

bool children_are_ready(const struct children *children)
{
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        if (children->each[role].wanted &&
            atomic_load(&children->context.board->children[role].state) != CHILD_READY)
            return false;
    }
    return true;
}

unsigned children_wait_ms(const struct children *children, unsigned most)
{
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t wait = most;
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        const struct child *child = &children->each[role];
        if (!child->wanted || child->pid != 0)
            continue;
        uint64_t left = child->due_ms > now_ms ? child->due_ms - now_ms : 0;
        wait = left < wait ? left : wait;
    }
    return (unsigned)wait;
}

/* --- stopping --- */

static bool any_running(const struct children *children)
{
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        if (children->each[role].pid != 0)
            return true;
    }
    return false;
}

/* Waits for one child or for all (role = CHILD_ROLES) until the time is up. */
static void collect(struct children *children, unsigned role, uint64_t until_ms)
{
    for (;;) {
        for (unsigned i = 0; i < CHILD_ROLES; i++) {
            struct child *child = &children->each[i];
            bool asked = role == CHILD_ROLES || role == i;
            if (asked && child->pid != 0 && waitpid(child->pid, NULL, WNOHANG) != 0) {
                child->pid = 0;
                atomic_store(&children->context.board->children[i].pid, 0);
            }
        }
        bool running = role == CHILD_ROLES ? any_running(children) : children->each[role].pid != 0;
        if (!running || clock_monotonic_ms() >= until_ms)
            return;
        struct timespec pause = {.tv_nsec = 5000000};
        (void)nanosleep(&pause, NULL);
    }
}

static void ask_to_end(const struct children *children, enum child_role role)
{
    if (children->each[role].pid != 0)
        (void)kill(children->each[role].pid, SIGTERM);
}

/* For one that did not end in `ms`. */
static void kill_child(struct children *children, enum child_role role, unsigned ms)
{
    struct child *child = &children->each[role];
    if (child->pid == 0)
        return;
    log_warning("%s did not end in %u ms and was killed", board_role_text(role), ms);
    (void)kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
    child->pid = 0;
}

void children_stop_resolver(struct children *children)
{
    ask_to_end(children, CHILD_RESOLVER);
    collect(children, CHILD_RESOLVER, clock_monotonic_ms() + STOP_ONE_MS);
    kill_child(children, CHILD_RESOLVER, STOP_ONE_MS);
}

void children_stop(struct children *children)
{
    uint64_t now_ms = clock_monotonic_ms();
    ask_to_end(children, CHILD_RESOLVER);
    ask_to_end(children, CHILD_LEDGER);
    collect(children, CHILD_ROLES, now_ms + STOP_MS);
    kill_child(children, CHILD_RESOLVER, STOP_MS);
    if (children->each[CHILD_LEDGER].pid == 0)
        return;
    log_info(
        "ledger is ending a write: it gets up to %u s, so that the write is whole and answered",
        STOP_LEDGER_MS / 1000U);
    collect(children, CHILD_LEDGER, now_ms + STOP_LEDGER_MS);
    kill_child(children, CHILD_LEDGER, STOP_LEDGER_MS);
}

void children_notify_ledger(const struct children *children)
{
    if (children->each[CHILD_LEDGER].pid != 0)
        (void)kill(children->each[CHILD_LEDGER].pid, SIGHUP);
}
