/* process.h: what a process of hearthd makes of itself before it does its duty: its user, its
 * signals, its descriptors, its end with the parent's.
 */
#ifndef HEARTH_RESOLVER_DAEMON_PROCESS_H
#define HEARTH_RESOLVER_DAEMON_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ledger/base/status.h"

/* The user that hearthd becomes. */
struct process_user {
    bool change; /* false: stay who we are */
    uid_t uid;
    gid_t gid;
};

/* In system mode as root: user `hearth`. NOT_FOUND when there is none. */
enum status process_user_find(struct process_user *user, bool system);

/* Blocks the signals that the parent waits for, and fills the set with them. */
enum status process_block_signals(sigset_t *set);

/* Becomes that user for good, in all processes from here on; of root's rights only the one to bind
 * ports below 1024 stays, for a configuration read later. */
enum status process_become_user(const struct process_user *user);

/* A set of capabilities (capabilities(7)). */
#define PROCESS_RIGHT(capability) (UINT64_C(1) << (capability))

/* In a child right after fork: default signals (SIGHUP and SIGINT ignored), SIGKILL at the parent's
 * end (`parent` is its pid; CLOSED when it is gone already), no new privileges, no capabilities but
 * those of `rights` that it has, standard input from nowhere, and no descriptors but 1, 2 and
 * `keep` (sorted here). */
enum status process_become_child(pid_t parent, uint64_t rights, int *keep, size_t keep_count);

#endif
