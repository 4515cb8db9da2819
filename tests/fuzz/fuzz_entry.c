/* Entries and their bodies: what is decoded is the one encoding of what it says. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "ledger/body.h"
#include "ledger/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entry entry;
    if (entry_decode(&entry, data, size) != STATUS_OK)
        return 0;
    assert(entry.len == size && entry.body_len <= LIMIT_BODY);
    (void)entry_verify(&entry); /* the signature is seldom right; that it is asked must be safe */
    struct body body;
    if (entry.upgrade || body_decode(&body, entry.type, entry.body, entry.body_len) != STATUS_OK)
        return 0;
    uint8_t again[LIMIT_BODY];
    struct writer w = writer_over(again, sizeof again);
    enum status status = body_encode(&body, &w);
    /* Tags that this version does not know are not encoded again: the body is then shorter. */
    assert(status == STATUS_OK);
    assert(w.used <= entry.body_len && memcmp(again, entry.body, w.used) == 0);
    return 0;
}
