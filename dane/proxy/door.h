/* door.h: the proxy's listening sockets, and the port that its user's browsers were told.
 *
 * 4680 may be another user's. Then the next free port is taken, and kept in DIR/port, since the
 * browsers' configuration names it (pac.h).
 */
#ifndef HEARTH_DANE_PROXY_DOOR_H
#define HEARTH_DANE_PROXY_DOOR_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "resolver/daemon/config.h"

enum { DOOR_PORTS_TRIED = 64, DOOR_ERROR_SIZE = 512 };

/* The kept port; CONFIG_PROXY_PORT when none is kept (or what is kept is none). */
uint16_t door_kept_port(const char *dir);

/* "127.0.0.1:4680": what a PAC says (pac.h) for this configuration: the first listener of the
 * configuration, else the kept port. `listen none` is RANGE. */
enum { DOOR_TEXT_SIZE = ADDRESS_TEXT_SIZE + 9 };
enum status door_text(const char *dir, const struct config_listen *listen,
                      char text[static DOOR_TEXT_SIZE]);

/* Binds all: fds[] of `count` listening sockets, non-blocking and close-on-exec. Without a
 * configured address: the kept port, or the next free one, which is then kept. BUSY, UNREACHABLE,
 * DENIED, IO; `error` is then a sentence for people. */
enum status door_open(const char *dir, const struct config_listen *listen,
                      int fds[static CONFIG_LISTEN_MAX], size_t *count,
                      char error[static DOOR_ERROR_SIZE]);

#endif
