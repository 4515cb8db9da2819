/* Views: a hostile file of any content, walked by every index and asked for every kind of thing.
 * As it is, and with its CRCs made right, since a hostile writer would make them right too. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/view.h"

enum { WALK_MAX = 64 };

static uint32_t read32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write32(uint8_t *at, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

static void mend_checksums(uint8_t *bytes, size_t size)
{
    write32(bytes + VIEW_HEADER_CRC_AT, crc32c(0, bytes, VIEW_HEADER_CRC_AT));
    size_t blocks = read32(bytes + VIEW_TABLES_AT + VIEW_BLOCKS * 16 + 4);
    for (size_t i = 0; blocks <= size && i * VIEW_BLOCK_SIZE < blocks; i++) {
        size_t at = i * VIEW_BLOCK_SIZE;
        size_t len = blocks - at < VIEW_BLOCK_SIZE ? blocks - at : VIEW_BLOCK_SIZE;
        if (size - blocks >= 4 * (i + 1))
            write32(bytes + blocks + 4 * i, crc32c(0, bytes + at, len));
    }
}

static volatile uint8_t sink;

static void use(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum ^= bytes[i];
    sink = sum;
}

/* What is found is what was asked for. */
static void ask_name(struct view *view, const uint8_t *wire, size_t len)
{
    struct view_name name, before;
    struct view_zone zone;
    struct view_withdrawn withdrawn;
    enum status status = view_find(view, wire, len, &name);
    assert(status != STATUS_OK || (name.wire_len == len && memcmp(name.wire, wire, len) == 0));
    uint64_t hash = view_hash(view, wire, len);
    view_fetch(view, hash);
    assert(view_find_hashed(view, hash, wire, len, &name) == status);
    if (view_find_before(view, wire, len, &before) == STATUS_OK)
        use(before.wire, before.wire_len);
    if (view_find_zone(view, wire, len, &zone) != STATUS_OK)
        return;
    if (view_find_withdrawn(view, &zone, zone.namespace_id, &withdrawn) == STATUS_OK)
        assert(memcmp(withdrawn.hash, zone.namespace_id, sizeof withdrawn.hash) == 0);
}

static void ask_rrsets(struct view *view, const struct view_name *name)
{
    static const uint16_t types[] = {RRTYPE_A, RRTYPE_AAAA, RRTYPE_TLSA, RRTYPE_SOA, RRTYPE_PEER};
    struct view_rrset rrset;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (view_rrset(view, name, types[i], &rrset) != STATUS_OK)
            continue;
        assert(rrset.type == types[i]);
        use(rrset.data, rrset.data_len);
        use(rrset.removed, rrset.removed_len);
        use(rrset.sigs, rrset.sigs_len);
    }
}

static void walk(struct view *view)
{
    for (uint32_t i = 0; i < WALK_MAX; i++) {
        struct view_name name;
        struct view_zone zone;
        struct view_record record;
        struct view_author author;
        struct view_withdrawn withdrawn;
        if (view_name_at(view, i, &name) == STATUS_OK) {
            use(name.wire, name.wire_len);
            ask_name(view, name.wire, name.wire_len);
            ask_rrsets(view, &name);
        }
        (void)view_zone_at(view, i, &zone);
        if (view_record_at(view, i, &record) == STATUS_OK)
            use(record.by, record.by_len);
        if (view_author_at(view, i, &author) == STATUS_OK)
            use(author.label, author.label_len);
        (void)view_withdrawn_at(view, i, &withdrawn);
    }
}

static void ask_all(const uint8_t *bytes, size_t size)
{
    static struct view view;
    struct address address = address_from_ipv6((const uint8_t[16]){0xfd, 0x68, [15] = 0x20});
    struct view_name name;
    if (view_open(&view, bytes, size) != STATUS_OK)
        return;
    enum status sound = view_check(&view);
    assert(sound == STATUS_OK || sound == STATUS_CORRUPT);
    ask_name(&view, (const uint8_t *)"\6camera\5maple\4home\4arpa", 24);
    if (view_find_address(&view, &address, 0, &name) == STATUS_OK)
        use(name.wire, name.wire_len);
    walk(&view);
}

/* As it is, and with its checksums made right. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ask_all(data, size);
    if (size < VIEW_HEADER_SIZE)
        return 0;
    uint8_t *bytes = malloc(size);
    assert(bytes);
    memcpy(bytes, data, size);
    mend_checksums(bytes, size);
    if (memcmp(bytes, data, size) != 0)
        ask_all(bytes, size);
    free(bytes);
    return 0;
}
