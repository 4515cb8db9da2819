/* own_names.c: see own_names.h. */
#include "resolver/own_names.h"

#include <string.h>

#include "ledger/base/text.h"

enum status own_names_init(struct own_names *own, const char *petname,
                           const uint8_t namespace_id[static 32])
{
    char id[BASE32_ID_LEN + 1];
    base32_encode_id(namespace_id, id);
    own->petname = (struct name){.len = 1};
    own->id = name_home_arpa;
    enum status status = name_prepend(&own->id, id, BASE32_ID_LEN);
    if (status != STATUS_OK || !petname || *petname == '\0')
        return status;
    own->petname = name_home_arpa;
    return name_prepend(&own->petname, petname, strlen(petname));
}

const struct name *own_names_apex(const struct own_names *own)
{
    return own->petname.len > 1 ? &own->petname : &own->id;
}

enum status own_names_relative(const struct own_names *own, const struct name *full,
                               struct name *relative)
{
    if (own->petname.len > 1 && name_relative(relative, full, &own->petname) == STATUS_OK)
        return STATUS_OK;
    if (own->id.len > 1 && name_relative(relative, full, &own->id) == STATUS_OK)
        return STATUS_OK;
    return STATUS_FOREIGN;
}

void own_names_relative_text(const struct name *relative, char text[static NAME_TEXT_SIZE])
{
    if (relative->len <= 1)
        memcpy(text, "@", 2);
    else
        name_text(relative->wire, relative->len, text);
}

void own_names_full_text(const struct own_names *own, const struct name *relative,
                         char text[static NAME_TEXT_SIZE])
{
    struct name full;
    if (name_join(&full, relative, own_names_apex(own)) != STATUS_OK)
        full = *relative;
    name_text(full.wire, full.len, text);
}
