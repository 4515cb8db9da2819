/* ledger_service.h: everything that the ledger process has open; one, passed to all that it does.
 */
#ifndef HEARTH_RESOLVER_DAEMON_LEDGER_SERVICE_H
#define HEARTH_RESOLVER_DAEMON_LEDGER_SERVICE_H

#include "ledger/ledger.h"
#include "ledger/node_keys.h"
#include "ledger/rescue.h"
#include "resolver/daemon/child.h"
#include "resolver/daemon/control_server.h"
#include "resolver/daemon/keeper.h"
#include "resolver/daemon/publication.h"

struct ledger_service {
    const struct child_context *context;
    struct event_base *base;
    struct node_keys keys;
    bool keys_open;
    struct ledger *ledger;
    struct rescue rescue; /* what its database went through */
    struct keeper keeper;
    struct publication publication;
    struct control_server *server;
    struct control_policy policy;
    char host_label[LIMIT_LABEL + 1]; /* the host name's first label */
    bool ending;                      /* the database is damaged: the next process will mend it */
};

/* Ends this process soon, since the database was found damaged; answers under way still go out. */
void ledger_service_fail(struct ledger_service *service);

/* What this node calls itself. Borrowed until it is changed. */
const char *ledger_service_label(const struct ledger_service *service);

#endif
