/* Names: as text, as wire, compressed in a message; and their order. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "ledger/base/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[NAME_TEXT_SIZE];
    struct name name;
    struct name again;
    size_t offset = size > 2 ? data[0] % size : 0;
    if (name_unpack(data, size, &offset, &name) == STATUS_OK) {
        assert(offset <= size);
        name_text(name.wire, name.len, text);
        struct reader r = reader_over(name.wire, name.len);
        assert(name_read(&r, &again) == STATUS_OK && name_equal(&name, &again));
        assert(name_compare(name.wire, name.len, again.wire, again.len) == 0);
        name_fold(&name);
    }
    if (size < sizeof text) {
        memcpy(text, data, size);
        text[size] = '\0';
        if (name_parse(&name, text) == STATUS_OK)
            assert(name_check_household(&name) == STATUS_OK);
    }
    return 0;
}
