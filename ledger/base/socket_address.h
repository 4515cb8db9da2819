/* socket_address.h: addresses with ports as the system's sockets take and give them. */
#ifndef HEARTH_LEDGER_BASE_SOCKET_ADDRESS_H
#define HEARTH_LEDGER_BASE_SOCKET_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "ledger/base/address.h"

/* AF_INET for an IPv4 address, else AF_INET6. Returns the length of what *out holds. */
socklen_t socket_address_make(const struct address *address, uint16_t port,
                              struct sockaddr_storage *out);

/* The address in one of these two families; IPv4 as its mapped form. */
struct address socket_address_read(const struct sockaddr *from);
uint16_t socket_address_port(const struct sockaddr *from);

#endif
