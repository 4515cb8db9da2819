/* sandbox_files.h: which part of the file system a child keeps (Landlock, landlock(7)). */
#ifndef HEARTH_RESOLVER_DAEMON_SANDBOX_FILES_H
#define HEARTH_RESOLVER_DAEMON_SANDBOX_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/status.h"

struct sandbox_path {
    const char *path; /* a folder with all in it, or a file; one that is not there is left out */
    bool write;       /* folders only: make, replace and remove files and folders in it */
};

/* For this thread and those that it starts later, nothing else can be opened, made or removed any
 * more; descriptors stay what they are. NOT_FOUND: this kernel has no Landlock. Needs no new
 * privileges (PR_SET_NO_NEW_PRIVS) to be set. */
enum status sandbox_files_keep(const struct sandbox_path *paths, size_t count);

#endif
