/* paths.h: where everything lies (the interface contract): in one directory, or system-wide. */
#ifndef HEARTH_RESOLVER_DAEMON_PATHS_H
#define HEARTH_RESOLVER_DAEMON_PATHS_H

#include <stdbool.h>

#include "ledger/base/status.h"

enum { PATHS_SIZE = 1024 };

struct paths {
    bool system; /* no -d and no HEARTH_DIR */
    char config[PATHS_SIZE];
    char state[PATHS_SIZE];
    char owner[PATHS_SIZE];
    char view[PATHS_SIZE];      /* the folder */
    char view_file[PATHS_SIZE]; /* names.view in it */
    char run[PATHS_SIZE];
    char control[PATHS_SIZE]; /* control.sock in it */
    char proxy[PATHS_SIZE];
};

/* From -d DIR (or NULL), then HEARTH_DIR, then the system's. DIR is made absolute, so that a later
 * chdir changes nothing. TOO_LONG: the control socket's path must fit 107 octets (unix(7)). */
enum status paths_init(struct paths *paths, const char *dir);

/* `proxy` becomes that of the system's own instance, which serves every user; with a directory it
 * stays there. */
void paths_use_system_proxy(struct paths *paths);

#endif
