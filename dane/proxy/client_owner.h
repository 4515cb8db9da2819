/* client_owner.h: whose program is at the other end of this loopback connection? Asked of the kernel
 * by the exact pair of sockets (NETLINK_SOCK_DIAG, sock_diag(7)).
 */
#ifndef HEARTH_DANE_PROXY_CLIENT_OWNER_H
#define HEARTH_DANE_PROXY_CLIENT_OWNER_H

#include <sys/types.h>

#include "ledger/base/status.h"

/* `fd` is an accepted connection. NOT_FOUND (the other socket is gone, or is on another machine),
 * DENIED, IO: unknown, which is to be refused. */
enum status client_owner_uid(int fd, uid_t *uid);

#endif
