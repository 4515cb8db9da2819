/* next_name.h: a NAME as the next command takes it: `adopt`, `set`, `show` and `log` take no port,
 * `adopt` has it behind the address.
 */
#ifndef HEARTH_RESOLVER_CLI_NEXT_NAME_H
#define HEARTH_RESOLVER_CLI_NEXT_NAME_H

#include "resolver/cli/name_argument.h"

struct next_name {
    bool is_service;                 /* `_x` is in it: nothing that can be adopted */
    char name[NAME_TEXT_SIZE];       /* relative; of another household whole */
    char device[NAME_TEXT_SIZE + 8]; /* NAME or NAME:PORT, for `verify` and `revoke` */
    char address[16];                /* "ADDR" or "ADDR:PORT": what is to be filled in */
};

/* Port 0 and 443 are not said. `_8443._tcp.camera` is camera:8443 to `verify`. */
void next_name(struct next_name *next, const struct name_argument *argument, uint16_t port);

#endif
