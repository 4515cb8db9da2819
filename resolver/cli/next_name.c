/* next_name.c: see next_name.h. */
#include "resolver/cli/next_name.h"
#include "resolver/service_name.h"

#include <stdio.h>
#include <string.h>

static bool has_underscore(const struct name *name)
{
    for (size_t at = 0; at < name->len && name->wire[at] != 0; at += 1U + name->wire[at])
        if (name->wire[at + 1] == '_')
            return true;
    return false;
}

void next_name(struct next_name *next, const struct name_argument *argument, uint16_t port)
{
    const struct name *name = argument->own ? &argument->relative : &argument->full;
    struct name device = *name;
    char text[NAME_TEXT_SIZE];
    next->is_service = has_underscore(name);
    if (service_name_read(name, &device, &port) != STATUS_OK)
        device = *name;
    own_names_relative_text(name, next->name);
    own_names_relative_text(&device, text);
    bool said = port != 0 && port != SERVICE_PORT;
    (void)snprintf(next->device, sizeof next->device, said ? "%s:%u" : "%s", text, port);
    (void)snprintf(next->address, sizeof next->address, said ? "ADDR:%u" : "ADDR", port);
}
