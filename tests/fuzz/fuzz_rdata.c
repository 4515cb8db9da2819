/* RR data: the ledger's rules, and ldns's presentation form of what they took. The first two octets
 * are the type. */
#include "tests/fuzz/fuzz.h"

#include "ledger/rdata.h"
#include "resolver/record_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[RECORD_TEXT_SIZE];
    if (size < 2 || size > RECORD_RDATA_MAX)
        return 0;
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    (void)rdata_check(type, data + 2, size - 2);
    (void)record_text_write(type, data + 2, size - 2, text, sizeof text);
    return 0;
}
