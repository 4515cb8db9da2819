/* Master files, hosts files and CSV. The first octet picks the format, or has it guessed. What is
 * accepted is in order, within the limits, publishable, and comes out the same when it is written
 * as a master file and read again. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/limits.h"
#include "ledger/rdata.h"
#include "resolver/import_text.h"
#include "resolver/record_text.h"

static struct own_names household;

static void make_household(void)
{
    if (household.petname.len > 0)
        return;
    enum status status = name_parse(&household.petname, "maple.home.arpa");
    assert(status == STATUS_OK);
    status = name_parse(&household.id, "");
    assert(status == STATUS_OK);
}

static void check_rr(const struct import_rr *rr)
{
    assert(rr->len <= RECORD_RDATA_MAX && rr->owner->len <= NAME_RELATIVE_MAX && rr->line > 0);
    assert(name_check_household(rr->owner) == STATUS_OK);
    assert(rdata_check(rr->type, rr->data, rr->len) == STATUS_OK);
    assert(rdata_check_owner(rr->type, rr->owner) == STATUS_OK);
    assert(rr->ttl <= INT32_MAX);
}

/* One line of a master file. The owner is written whole, as `hearth export zone` does: a relative name that ends in
 * home.arpa would be read as one already. */
static size_t put_rr(char *out, size_t size, const struct import_rr *rr)
{
    char owner[NAME_TEXT_SIZE], type[RECORD_TYPE_SIZE], data[RECORD_TEXT_SIZE];
    name_text(rr->owner->wire, rr->owner->len, owner);
    record_type_text(rr->type, type);
    enum status status = record_text_write(rr->type, rr->data, rr->len, data, sizeof data);
    assert(status == STATUS_OK);
    const char *dot = rr->owner->len == 1 ? "" : ".";
    int len = snprintf(out, size, "%s%smaple.home.arpa. %u IN %s %s\n", *dot ? owner : "", dot,
                       (unsigned)rr->ttl, type, data);
    assert(len > 0 && (size_t)len < size);
    return (size_t)len;
}

static void check_same(const struct import *import, const struct import *again)
{
    assert(import->count == again->count);
    for (size_t i = 0; i < import->count; i++) {
        const struct import_rr *a = &import->rrs[i], *b = &again->rrs[i];
        assert(a->type == b->type && a->ttl == b->ttl && name_equal(a->owner, b->owner));
        assert(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
    }
}

static void check_again(const struct import *import)
{
    struct import again = {.count = 0};
    size_t size = import->count * (RECORD_TEXT_SIZE + 2 * NAME_TEXT_SIZE) + 1, len = 0;
    char *text = malloc(size);
    assert(text);
    for (size_t i = 0; i < import->count; i++)
        len += put_rr(text + len, size - len, &import->rrs[i]);
    enum status status = import_read(&again, IMPORT_ZONE, text, len, &household);
    assert(status == STATUS_OK);
    check_same(import, &again);
    import_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import import = {.count = 0};
    if (size == 0)
        return 0;
    make_household();
    const char *text = (const char *)data + 1;
    enum import_format format = (enum import_format)(IMPORT_ZONE + data[0] % 3);
    if (data[0] & 0x40)
        format = import_format_guess("file", text, size - 1);
    assert(format != IMPORT_UNKNOWN);
    enum status status = import_read(&import, format, text, size - 1, &household);
    assert(status == STATUS_OK || (import.error[0] != '\0' && import.count == 0));
    for (size_t i = 0; i < import.count; i++)
        check_rr(&import.rrs[i]);
    for (size_t i = 0; i < import.count; i = import_rrset_end(&import, i))
        assert(import_rrset_end(&import, i) - i <= LIMIT_RRS);
    if (import.count > 0)
        check_again(&import);
    import_free(&import);
    return 0;
}
