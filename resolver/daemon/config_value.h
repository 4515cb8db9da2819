/* config_value.h: the values in hearth.conf: endpoints, prefixes, numbers, lists. Pure text work.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONFIG_VALUE_H
#define HEARTH_RESOLVER_DAEMON_CONFIG_VALUE_H

#include <stddef.h>

#include "ledger/base/status.h"
#include "resolver/daemon/config.h"

/* Copies the next item of a comma-separated list, without the blanks around it, and moves *list
 * behind it. NOT_FOUND at the end; MALFORMED for an empty item; TOO_LONG. */
enum { CONFIG_ITEM_SIZE = 128 };
enum status config_value_item(const char **list, char item[static CONFIG_ITEM_SIZE]);

/* `ADDR@PORT` or `ADDR`. MALFORMED; RANGE for a port that is none. */
enum status config_value_endpoint(const char *text, uint16_t default_port,
                                  struct config_endpoint *endpoint);

/* `ADDR/BITS` or `ADDR`. MALFORMED; RANGE for too many bits; NOT_CANONICAL when the address has
 * bits set beyond the prefix. */
enum status config_value_prefix(const char *text, struct config_prefix *prefix);

/* A decimal number within low … high. MALFORMED, RANGE. */
enum status config_value_number(const char *text, unsigned low, unsigned high, unsigned *number);

#endif
