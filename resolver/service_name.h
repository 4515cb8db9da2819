/* service_name.h: `_port._tcp.device`, where the keys of a device's ports are published (RFC 6698,
 * section 3).
 */
#ifndef HEARTH_RESOLVER_SERVICE_NAME_H
#define HEARTH_RESOLVER_SERVICE_NAME_H

#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum { SERVICE_PORT = 443 /* when no port is given */ };

/* Puts `_port._tcp.` before a name. NAME_TOO_LONG. */
enum status service_name_make(const struct name *device, uint16_t port, struct name *service);

/* Takes it off again: NOT_FOUND when the name is no `_port._tcp.` one. */
enum status service_name_read(const struct name *service, struct name *device, uint16_t *port);

#endif
