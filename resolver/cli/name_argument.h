/* name_argument.h: NAME and NAME:PORT on the command line.
 *
 * Without `home.arpa` at its end a name is relative to one's own household, however many labels it
 * has; with it, it is absolute. Upper case is folded and a final dot is allowed.
 */
#ifndef HEARTH_RESOLVER_CLI_NAME_ARGUMENT_H
#define HEARTH_RESOLVER_CLI_NAME_ARGUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "resolver/cli/cli.h"

enum { NAME_HINT_SIZE = 512, NAME_RELATIVE_TEXT = NAME_TEXT_SIZE };

/* What one's own household is called. A form that there is not is the root. */
struct own_names {
    struct name petname, id;
};

/* maple.home.arpa from "maple"; <id>.home.arpa. */
enum status own_names_init(struct own_names *own, const char *petname,
                           const uint8_t namespace_id[static 32]);
/* The form that is shown: the petname's, else the id's. */
const struct name *own_names_apex(const struct own_names *own);

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

/* A relative name as the control socket and people write it ("@" is the household itself). */
void name_relative_text(const struct name *relative, char text[static NAME_TEXT_SIZE]);
/* Its full name in the form that is shown. */
void name_full_text(const struct own_names *own, const struct name *relative,
                    char text[static NAME_TEXT_SIZE]);
/* `_port._tcp.` before a name. */
enum status name_service(const struct name *device, uint16_t port, struct name *service);
/* Takes it off again: NOT_FOUND when the name is no `_port._tcp.` one. */
enum status name_of_service(const struct name *service, struct name *device, uint16_t *port);

#endif
