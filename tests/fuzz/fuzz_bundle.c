/* Bundles: every section is walked, damaged or not. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "ledger/bundle.h"
#include "ledger/entry.h"

struct walk {
    size_t size;
};

static enum status visit(void *context, enum bundle_part part, const uint8_t *bytes, size_t len,
                         uint64_t offset)
{
    struct walk *walk = context;
    struct entry entry;
    assert(offset <= walk->size && len <= walk->size - offset);
    if (part != BUNDLE_STATEMENT)
        (void)entry_decode(&entry, bytes, len);
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walk walk = {.size = size};
    struct bundle bundle;
    if (bundle_open(&bundle, data, size) != STATUS_OK)
        return 0;
    for (uint32_t i = 0; i < bundle.count; i++)
        (void)bundle_each(&bundle.sections[i], visit, &walk);
    bundle_close(&bundle);
    return 0;
}
