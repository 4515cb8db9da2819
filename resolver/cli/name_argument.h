/* name_argument.h: NAME and NAME:PORT on the command line.
 *
 * Without `home.arpa` at its end a name is relative to one's own household, however many labels it
 * has; with it, it is absolute. Upper case is folded and a final dot is allowed.
 */
#ifndef HEARTH_RESOLVER_CLI_NAME_ARGUMENT_H
#define HEARTH_RESOLVER_CLI_NAME_ARGUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/cli/cli.h"
#include "resolver/own_names.h"

enum { NAME_HINT_SIZE = 512 };

struct name_argument {
    struct name relative; /* of one's own household; not of others' */
    struct name full;     /* petname form when it is one's own and there is one */
    bool own;
    uint16_t port; /* 0: none given */
};

/* FOREIGN is no failure: own is false then. LABEL_EMPTY … NAME_U_LABEL; RANGE (port). `hint` is
 * what was perhaps meant, or "". */
enum status name_argument_parse(struct name_argument *argument, const char *text,
                                const struct own_names *own, bool with_port,
                                char hint[static NAME_HINT_SIZE]);

/* Reports what name_argument_parse said; returns the exit code. */
int name_argument_error(struct cli *cli, enum status status, const char *text, const char *hint);

#endif
