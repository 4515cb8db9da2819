/* dial.h: a TCP connection and its octets under one deadline, for blocking callers. */
#ifndef HEARTH_DANE_DIAL_H
#define HEARTH_DANE_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/status.h"

/* Connects; `fd` is non-blocking and the caller's to close. `deadline_ms` is of clock_monotonic_ms.
 * TIMEOUT; UNREACHABLE (errno says why: ECONNREFUSED, EHOSTUNREACH …); IO. */
enum status dial_connect(const struct address *address, uint16_t port, uint64_t deadline_ms,
                         int *fd);

/* Sends all of it. TIMEOUT, CLOSED, IO. Never raises SIGPIPE. */
enum status dial_send(int fd, const uint8_t *bytes, size_t len, uint64_t deadline_ms);

/* Waits for at least one octet. TIMEOUT, CLOSED, IO. */
enum status dial_receive(int fd, uint8_t *bytes, size_t size, size_t *len, uint64_t deadline_ms);

#endif
