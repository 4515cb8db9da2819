/* process.h: what a process of hearthd makes of itself before it does its duty: its user, its
 * signals, its descriptors, its end with the parent's.
 */
#ifndef HEARTH_RESOLVER_DAEMON_PROCESS_H
#define HEARTH_RESOLVER_DAEMON_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ledger/base/status.h"

/* The user that the children run as. */
struct process_user {
    bool change; /* false: stay who we are */
    uid_t uid;
    gid_t gid;
};

/* In system mode as root: user `hearth`. NOT_FOUND when there is none. */
enum status process_user_find(struct process_user *user, bool system);

/* Blocks the signals that the parent waits for, and fills the set with them. */
enum status process_block_signals(sigset_t *set);

/* In a child right after fork: default signals (SIGHUP and SIGINT ignored), SIGKILL at the parent's
 * end (`parent` is its pid; CLOSED when it is gone already), the user, no new privileges, no
 * capabilities when `bare`, standard input from nowhere, and no descriptors but 1, 2 and `keep`
 * (sorted here). */
enum status process_become_child(pid_t parent, const struct process_user *user, bool bare,
                                 int *keep, size_t keep_count);

#endif
