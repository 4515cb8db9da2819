/* Bodies without the header's walls around them: the first octet is the type. */
#include "tests/fuzz/fuzz.h"

#include "ledger/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct body body;
    if (size == 0)
        return 0;
    if (body_decode(&body, data[0], data + 1, size - 1) == STATUS_OK && body.type == ENTRY_OPEN &&
        body.open.opening) {
        struct name name;
        if (name_parse(&name, "cam1.garage") == STATUS_OK)
            (void)scope_has(body.open.opening, body.open.opening_len, &name);
    }
    return 0;
}
