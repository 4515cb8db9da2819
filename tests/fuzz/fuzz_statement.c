/* Head statements. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "ledger/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct statement statement;
    if (statement_decode(&statement, data, size) != STATUS_OK)
        return 0;
    assert(statement.address_count <= LIMIT_STATEMENT_ADDRS && statement.label_len < 64);
    (void)statement_verify(&statement, data, size);
    return 0;
}
