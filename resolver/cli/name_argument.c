/* name_argument.c: see name_argument.h. */
#include "resolver/cli/name_argument.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/text.h"
#include "resolver/cli/idn.h"
#include "resolver/cli/output.h"

static const struct name home_arpa = {.len = 11, .wire = "\4home\4arpa"};

enum status own_names_init(struct own_names *own, const char *petname,
                           const uint8_t namespace_id[static 32])
{
    char id[BASE32_ID_LEN + 1];
    base32_encode_id(namespace_id, id);
    own->petname = (struct name){.len = 1};
    own->id = home_arpa;
    enum status status = name_prepend(&own->id, id, BASE32_ID_LEN);
    if (status != STATUS_OK || !petname || *petname == '\0')
        return status;
    own->petname = home_arpa;
    return name_prepend(&own->petname, petname, strlen(petname));
}

const struct name *own_names_apex(const struct own_names *own)
{
    return own->petname.len > 1 ? &own->petname : &own->id;
}

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
    if (!name_is_within(name->wire, name->len, home_arpa.wire, home_arpa.len)) {
        *relative = *name;
        return true;
    }
    if (own->petname.len > 1 && name_relative(relative, name, &own->petname) == STATUS_OK)
        return true;
    return own->id.len > 1 && name_relative(relative, name, &own->id) == STATUS_OK;
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
        return output_error(cli, EXIT_USAGE, NULL, status_name(status), NULL,
                            "%s: a port is a number from 1 to 65535", shown);
    return output_error(cli, EXIT_REFUSED, NULL, status_name(status), hint, "%s: %s", shown,
                        status_text(status));
}

void name_relative_text(const struct name *relative, char text[static NAME_TEXT_SIZE])
{
    if (relative->len <= 1)
        memcpy(text, "@", 2);
    else
        name_text(relative->wire, relative->len, text);
}

void name_full_text(const struct own_names *own, const struct name *relative,
                    char text[static NAME_TEXT_SIZE])
{
    struct name full;
    if (name_join(&full, relative, own_names_apex(own)) != STATUS_OK)
        full = *relative;
    name_text(full.wire, full.len, text);
}

enum status name_service(const struct name *device, uint16_t port, struct name *service)
{
    char label[8];
    int len = snprintf(label, sizeof label, "_%u", port);
    *service = *device;
    enum status status = name_prepend(service, "_tcp", 4);
    return status == STATUS_OK ? name_prepend(service, label, (size_t)len) : status;
}

enum status name_of_service(const struct name *service, struct name *device, uint16_t *port)
{
    const uint8_t *wire = service->wire;
    size_t first = wire[0];
    if (first < 2 || first > 6 || service->len < first + 1 + 5 + 1 || wire[1] != '_')
        return STATUS_NOT_FOUND;
    if (memcmp(wire + 1 + first, "\4_tcp", 5) != 0)
        return STATUS_NOT_FOUND;
    unsigned long value = 0;
    for (size_t i = 2; i <= first; i++) {
        if (wire[i] < '0' || wire[i] > '9')
            return STATUS_NOT_FOUND;
        value = value * 10 + (unsigned long)(wire[i] - '0');
    }
    if (value == 0 || value > 65535)
        return STATUS_NOT_FOUND;
    device->len = (uint8_t)(service->len - (1 + first + 5));
    memcpy(device->wire, wire + 1 + first + 5, device->len);
    *port = (uint16_t)value;
    return STATUS_OK;
}
