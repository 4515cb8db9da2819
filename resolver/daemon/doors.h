/* doors.h: all listeners of a configuration, opened together or not at all. */
#ifndef HEARTH_RESOLVER_DAEMON_DOORS_H
#define HEARTH_RESOLVER_DAEMON_DOORS_H

#include "ledger/base/status.h"
#include "resolver/daemon/listener.h"

enum { DOORS_ERROR_SIZE = CONFIG_ERROR_SIZE };

struct doors {
    uint32_t count;
    struct listener listeners[CONFIG_LISTEN_MAX];
};

/* Binds what the configuration names. A default address that is taken is a warning (logged; its
 * listener is not bound), one that this machine does not have is left out. A configured one that
 * this machine does not have yet is opened for when it does; one that can't be bound is an error:
 * `error`, for people, says where it stands in `path`. `old` (or NULL): the doors open now;
 * addresses in both stay open without a gap. On an error nothing has changed.
 */
enum status doors_open(struct doors *doors, const struct config *config, const char *path,
                       const struct doors *old, char error[static DOORS_ERROR_SIZE]);

void doors_close(struct doors *doors);

/* Is an address that was taken when the doors were opened free now? */
bool doors_can_open_more(const struct doors *doors);

/* How many are bound. */
unsigned doors_bound(const struct doors *doors);

#endif
