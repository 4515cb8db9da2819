/* Master files, hosts files and CSV. The first octet picks the format. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "resolver/import_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import import = {.count = 0};
    struct import_household household;
    if (size == 0 || name_parse(&household.petname, "maple.home.arpa") != STATUS_OK ||
        name_parse(&household.id, "") != STATUS_OK)
        return 0;
    enum import_format format = (enum import_format)(IMPORT_ZONE + data[0] % 3);
    enum status status = import_read(&import, format, (const char *)data + 1, size - 1, &household);
    assert(status == STATUS_OK || import.error[0] != '\0');
    for (size_t i = 0; status == STATUS_OK && i < import.count; i++)
        assert(import.rrs[i].len <= 1024 && import.rrs[i].owner->len <= NAME_WIRE_MAX);
    import_free(&import);
    return 0;
}
