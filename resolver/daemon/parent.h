/* parent.h: hearthd's first process: it binds, forks, watches, reloads and ends; it reads nothing
 * hostile and holds no key.
 */
#ifndef HEARTH_RESOLVER_DAEMON_PARENT_H
#define HEARTH_RESOLVER_DAEMON_PARENT_H

#include <stdbool.h>

#include "resolver/daemon/config.h"
#include "resolver/daemon/paths.h"

enum { EXIT_USAGE = 2 /* usage and configuration */ };

/* Runs until SIGTERM or SIGINT. Returns the exit status of hearthd; what went wrong has been
 * logged. */
int parent_run(const struct paths *paths, const struct config *config, bool verbose);

#endif
