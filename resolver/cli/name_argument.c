/* name_argument.c: see name_argument.h. */
#include "resolver/cli/name_argument.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/cli/idn.h"
#include "resolver/cli/output.h"

/* Cuts `:PORT` off; RANGE. */
static enum status take_port(char *text, uint16_t *port)
{
    char *colon = strrchr(text, ':');
    *port = 0;
    if (!colon)
        return STATUS_OK;
    size_t len = strlen(colon + 1);
    unsigned long value = strtoul(colon + 1, NULL, 10);
    if (len == 0 || len > 5 || strspn(colon + 1, "0123456789") != len || value == 0 ||
        value > 65535)
        return STATUS_RANGE;
    *colon = '\0';
    *port = (uint16_t)value;
    return STATUS_OK;
}

/* Takes the household's own name off; false when the name is another's. */
static bool make_relative(struct name *relative, const struct name *name,
                          const struct own_names *own)
{
    if (name_is_within(name->wire, name->len, name_home_arpa.wire, name_home_arpa.len))
        return own_names_relative(own, name, relative) == STATUS_OK;
    *relative = *name;
    return true;
}

static enum status resolve(struct name_argument *argument, const struct name *name,
                           const struct own_names *own)
{
    argument->full = *name;
    argument->own = make_relative(&argument->relative, name, own);
    if (!argument->own)
        return STATUS_OK;
    if (argument->relative.len > NAME_RELATIVE_MAX)
        return STATUS_NAME_TOO_LONG;
    return name_join(&argument->full, &argument->relative, own_names_apex(own));
}

enum status name_argument_parse(struct name_argument *argument, const char *text,
                                const struct own_names *own, bool with_port,
                                char hint[static NAME_HINT_SIZE])
{
    char copy[NAME_TEXT_SIZE];
    hint[0] = '\0';
    *argument = (struct name_argument){0};
    size_t len = strlen(text);
    if (len >= sizeof copy)
        return STATUS_NAME_TOO_LONG;
    if (len == 0)
        return STATUS_LABEL_EMPTY; /* the household itself is "@" */
    memcpy(copy, text, len + 1);
    enum status status = with_port ? take_port(copy, &argument->port) : STATUS_OK;
    struct name name;
    if (status == STATUS_OK)
        status = name_parse(&name, copy);
    if (status == STATUS_NAME_U_LABEL && idn_to_ascii(copy, hint, NAME_HINT_SIZE) != STATUS_OK)
        hint[0] = '\0';
    return status == STATUS_OK ? resolve(argument, &name, own) : status;
}

int name_argument_error(struct cli *cli, enum status status, const char *text, const char *hint)
{
    char shown[256];
    output_escape(text, strlen(text), shown, sizeof shown);
    if (status == STATUS_NAME_TOO_LONG)
        return output_error(
            cli, EXIT_REFUSED, NULL, status_name(status), hint,
            "the name is too long: a name may have %d octets in its household, %d in all",
            NAME_RELATIVE_MAX, NAME_WIRE_MAX);
    if (status == STATUS_RANGE)
        return output_error(cli, EXIT_USAGE, NULL, status_name(status), "NAME:8443",
                            "%s: a port is a number from 1 to 65535", shown);
    return output_error(cli, EXIT_REFUSED, NULL, status_name(status), hint, "%s: %s", shown,
                        status_text(status));
}
