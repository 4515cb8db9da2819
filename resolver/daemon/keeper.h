/* keeper.h: keeps a copy of the ledger beside it, STATE/backup.bundle, of which the ledger can be
 * made again when its database is damaged (ledger/rescue.h).
 *
 * The copy is a bundle like any other. It is made in small steps between the answers, some seconds
 * after a change (later, the bigger it is) and at the end of the process.
 */
#ifndef HEARTH_RESOLVER_DAEMON_KEEPER_H
#define HEARTH_RESOLVER_DAEMON_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/backup.h"

enum {
    KEEPER_STEP = 256, /* entries between two looks at the sockets */
    KEEPER_PAUSE_MIN_MS = 2000,
    KEEPER_PAUSE_MAX_MS = 3600000,
    KEEPER_PAUSE_MIB_MS =
        30000,            /* for each MiB of the copy: what the disk has to bear is bounded */
    KEEPER_STOP_MS = 250, /* for the last copy; without it the one before stays */
};

struct ledger_service;
struct event;

struct keeper {
    struct ledger_service *service;
    struct event *due;
    struct backup_job *job;
    int fd;
    uint64_t copying, copied; /* entries in the one under way, and in the one that is there */
    uint64_t bytes, last_ms;  /* of the last one; when it was done (monotonic) */
    bool scheduled;
    enum status failed; /* of the last attempt */
};

/* NO_MEMORY. That a copy can't be made is no failure: it is said and tried again. */
enum status keeper_open(struct keeper *keeper, struct ledger_service *service);
/* Makes a last copy if there is time. A zeroed one is fine. */
void keeper_close(struct keeper *keeper);

/* The ledger has changed. */
void keeper_request(struct keeper *keeper);

#endif
