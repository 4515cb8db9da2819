/* Names: as text, as wire, compressed in a message; their order, and what is made of two. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "ledger/base/name.h"
#include "ledger/base/rrtype.h"
#include "ledger/rdata.h"

static void check_wire(const struct name *name)
{
    char text[NAME_TEXT_SIZE];
    struct name again;
    name_text(name->wire, name->len, text);
    assert(strnlen(text, sizeof text) < sizeof text);
    struct reader r = reader_over(name->wire, name->len);
    enum status status = name_read(&r, &again);
    assert(status == STATUS_OK && reader_finish(&r) == STATUS_OK && name_equal(name, &again));
    assert(name_labels(name->wire, name->len) < NAME_LABELS_MAX);
    name_fold(&again);
    struct name folded = again;
    name_fold(&again);
    assert(name_equal(&folded, &again));
    if (name_check_household(&folded) != STATUS_OK)
        return;
    name_text(folded.wire, folded.len, text);
    status = name_parse(&again, text[0] == '.' ? "@" : text);
    assert(status == STATUS_OK && name_equal(&folded, &again));
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void check_pair(const struct name *a, const struct name *b)
{
    struct name joined, cut;
    int order = sign(name_compare(a->wire, a->len, b->wire, b->len));
    assert(order == -sign(name_compare(b->wire, b->len, a->wire, a->len)));
    assert((order == 0) == name_equal(a, b));
    enum status status = name_join(&joined, a, b);
    assert((status == STATUS_OK) == (a->len + b->len - 1 <= NAME_WIRE_MAX));
    if (status == STATUS_OK) {
        assert(name_is_within(joined.wire, joined.len, b->wire, b->len));
        status = name_relative(&cut, &joined, b);
        assert(status == STATUS_OK && name_equal(&cut, a));
    }
    bool within = name_is_within(a->wire, a->len, b->wire, b->len);
    assert((name_relative(&cut, a, b) == STATUS_OK) == within);
    assert(!within || order >= 0);
}

static void try_wire(const uint8_t *data, size_t size)
{
    struct name first, second;
    size_t offset = data[0] % size;
    if (name_unpack(data, size, &offset, &first) != STATUS_OK)
        return;
    assert(offset <= size);
    check_wire(&first);
    if (name_unpack(data, size, &offset, &second) != STATUS_OK)
        return;
    name_fold(&first);
    name_fold(&second);
    check_pair(&first, &second);
}

static void try_text(const uint8_t *data, size_t size)
{
    char text[NAME_TEXT_SIZE];
    struct name name, longer;
    if (size >= sizeof text)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    if (name_parse(&name, text) != STATUS_OK)
        return;
    assert(name_check_household(&name) == STATUS_OK);
    assert(petname_check(text) != STATUS_OK || name_labels(name.wire, name.len) == 1);
    (void)rdata_check_owner(RRTYPE_PEER, &name);
    check_wire(&name);
    longer = name;
    if (name_prepend(&longer, "_tcp", 4) == STATUS_OK)
        check_pair(&longer, &name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2)
        try_wire(data, size);
    try_text(data, size);
    return 0;
}
