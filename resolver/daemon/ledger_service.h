/* ledger_service.h: everything that the ledger process has open; one, passed to all that it does.
 */
#ifndef HEARTH_RESOLVER_DAEMON_LEDGER_SERVICE_H
#define HEARTH_RESOLVER_DAEMON_LEDGER_SERVICE_H

#include "ledger/ledger.h"
#include "ledger/node_key.h"
#include "resolver/daemon/child.h"
#include "resolver/daemon/control_server.h"
#include "resolver/daemon/publication.h"

struct ledger_service {
    const struct child_context *context;
    struct event_base *base;
    struct node_keys keys;
    bool keys_open;
    struct ledger *ledger;
    struct publication publication;
    struct control_server *server;
    struct control_policy policy;
    char host_label[64]; /* the host name's first label */
};

/* What this node calls itself. Borrowed until it is changed. */
const char *ledger_service_label(const struct ledger_service *service);

#endif
