/* history.h: entries of the ledger, for people and for JSON: of `log` and `show`. */
#ifndef HEARTH_RESOLVER_CLI_HISTORY_H
#define HEARTH_RESOLVER_CLI_HISTORY_H

#include "resolver/cli/records.h"

struct history {
    struct session *session;
    json_t *labels;          /* of authors; borrowed */
    json_t *entries;         /* for JSON: collected here when it is not NULL */
    const struct name *only; /* this name and its services alone; NULL: all */
    size_t limit;            /* 0: none */
    size_t count;
    bool more; /* there were more than the limit */
};

/* Reads the log, newest first, below `under` (relative text; NULL: everything), prints a line each
 * and collects them. */
int history_read(struct history *history, const char *under);

/* Is the entry's or record's name this one, or `_port._proto` of it? */
bool history_is_of(const struct name *name, const struct name *device);

#endif
