/* sandbox.h: what a child gives up for good once it is set up (docs/sandbox.md): the file system
 * but its own folders, then all system calls but those that its duty needs.
 */
#ifndef HEARTH_RESOLVER_DAEMON_SANDBOX_H
#define HEARTH_RESOLVER_DAEMON_SANDBOX_H

#include "ledger/base/status.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/paths.h"

/* Leaves the calling thread, and those that it starts later, its role's folders: the ledger reads
 * and writes state and view, the resolver reads the view. Also no core dump and no more
 * descriptors than now. OK without the first where the kernel has no Landlock, which is said. */
enum status sandbox_enter(enum child_role role, const struct paths *paths);

/* Leaves the whole process its role's system calls: no child from here on, and in the resolver no
 * new thread. */
enum status sandbox_seal(enum child_role role);

#endif
