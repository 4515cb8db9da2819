/* rescue.h: opens the ledger, whatever became of its database (docs/state.md, "Damage").
 *
 * A damaged database is never used and never thrown away: a new one is made of what is still
 * readable in it and in the copy of the ledger (state/backup.bundle), and takes its place; the old
 * one is moved aside. So it is where there is a copy but no database, and where the database is
 * older than what this node once wrote. In all three cases the node goes on in new streams.
 */
#ifndef HEARTH_LEDGER_RESCUE_H
#define HEARTH_LEDGER_RESCUE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"

#define RESCUE_COPY   "backup.bundle" /* in the state folder */
#define RESCUE_REPORT "rescued"

enum rescue_kind {
    RESCUE_NONE,
    RESCUE_DAMAGED, /* the database was damaged */
    RESCUE_MISSING, /* there was none (any more), but a copy */
    RESCUE_OLDER,   /* it lacked what this node had committed */
};

enum { RESCUE_KEPT_SIZE = 32, RESCUE_KEPT_MAX = 4 };

struct rescue {
    enum rescue_kind kind;
    uint64_t time_ms;
    uint64_t entries; /* that could be read again */
    bool household;   /* was there one among them (or before) */
    char
        kept[RESCUE_KEPT_SIZE]; /* the damaged database's folder, in the state folder; "" if none */
};

/* ledger_open, after a rescue if one is needed. What DAMAGED and MISSING found stays written in
 * STATE_DIR/rescued and is told again at every start, until somebody removes that file. `say` (may
 * be NULL) hears that it begins, which may take a while. The statuses of ledger_open but CORRUPT;
 * FULL when there is no room for the new database: the old one is still in its place then. */
enum status rescue_open(struct ledger **ledger, const char *state_dir, const struct node_keys *keys,
                        struct rescue *rescue, void (*say)(const char *text));

#endif
