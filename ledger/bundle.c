/* bundle.c: reads a bundle from memory (bundle.h).
 *
 * bundle_open walks the sections once, checking lengths and hashes; a section that is damaged says
 * so and the walk goes on behind it. bundle_each walks a section's lists twice: once to see that
 * they fill it exactly, so that a malformed section gives nothing to anybody, then for its caller.
 */
#include "ledger/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/crypt.h"

enum {
    MAGIC_SIZE = 4,
    HASH_SIZE = 32,
    SECTION_HEADER_SIZE = 32 + 8,
    SECTION_MIN = SECTION_HEADER_SIZE + HASH_SIZE,
};

/* Does the hash that stands at `hash` fit the octets from `start` up to it? */
static bool is_hash_right(const uint8_t *start, const uint8_t *hash)
{
    uint8_t right[HASH_SIZE];
    crypt_hash("hearth1.bundle.1", start, (size_t)(hash - start), right);
    return memcmp(hash, right, HASH_SIZE) == 0;
}

static void read_section(struct reader *r, struct bundle_section *section)
{
    const uint8_t *start = r->at;
    reader_copy(r, section->namespace_id, sizeof section->namespace_id);
    section->parts_len = reader_u64(r);
    if (section->parts_len > r->left)
        reader_fail(r, STATUS_TRUNCATED);
    section->parts = reader_bytes(r, (size_t)section->parts_len);
    const uint8_t *hash = reader_bytes(r, HASH_SIZE);
    if (!hash) {
        section->status = STATUS_TRUNCATED;
        section->parts = NULL;
        section->parts_len = 0;
    } else if (!is_hash_right(start, hash)) {
        section->status = STATUS_CORRUPT;
    }
}

static void read_sections(struct reader *r, struct bundle *bundle, uint32_t promised)
{
    for (uint32_t i = 0; i < promised && r->error == STATUS_OK && r->left > 0; i++) {
        struct bundle_section *section = &bundle->sections[bundle->count++];
        section->offset = (uint64_t)(r->at - bundle->bytes);
        read_section(r, section);
    }
    if (bundle->count < promised)
        reader_fail(r, STATUS_TRUNCATED);
}

/* The trailing hash and the end: the status of the whole. */
static enum status read_end(struct reader *r, const struct bundle *bundle)
{
    const uint8_t *hash = reader_bytes(r, HASH_SIZE);
    enum status status = reader_finish(r);
    if (status != STATUS_OK)
        return status;
    return is_hash_right(bundle->bytes, hash) ? STATUS_OK : STATUS_CORRUPT;
}

enum status bundle_open(struct bundle *bundle, const uint8_t *bytes, size_t len)
{
    *bundle = (struct bundle){.bytes = bytes, .len = len};
    struct reader r = reader_over(bytes, len);
    reader_magic(&r, "HLB1");
    uint32_t promised = reader_u32(&r);
    bundle->status = r.error;
    if (r.error != STATUS_OK)
        return r.error;
    /* Room for no more than can be there, whatever is promised; one of them may be cut short. */
    size_t room = r.left / SECTION_MIN + 1;
    room = promised < room ? promised : room;
    if (room > 0) {
        bundle->sections = calloc(room, sizeof *bundle->sections);
        if (!bundle->sections)
            return STATUS_NO_MEMORY;
    }
    read_sections(&r, bundle, promised);
    bundle->status = read_end(&r, bundle);
    return STATUS_OK;
}

void bundle_close(struct bundle *bundle)
{
    free(bundle->sections);
    bundle->sections = NULL;
    bundle->count = 0;
}

typedef enum status bundle_call(void *context, enum bundle_part part, const uint8_t *bytes,
                                size_t len, uint64_t offset);

/* One list; `each` may be NULL. */
static enum status walk_list(struct reader *r, const struct bundle_section *section,
                             enum bundle_part part, bundle_call *each, void *context)
{
    uint32_t count = reader_u32(r);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && r->error == STATUS_OK && status == STATUS_OK; i++) {
        uint16_t len = reader_u16(r);
        const uint8_t *bytes = reader_bytes(r, len);
        if (!bytes || !each)
            continue;
        uint64_t parts_at = section->offset + SECTION_HEADER_SIZE;
        status = each(context, part, bytes, len, parts_at + (uint64_t)(bytes - section->parts));
    }
    return status;
}

static enum status walk(const struct bundle_section *section, bundle_call *each, void *context)
{
    struct reader r = reader_over(section->parts, (size_t)section->parts_len);
    for (enum bundle_part part = BUNDLE_AUTHORITY; part <= BUNDLE_FEED; part++) {
        enum status status = walk_list(&r, section, part, each, context);
        if (status != STATUS_OK)
            return status;
    }
    return reader_finish(&r) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

enum status bundle_each(const struct bundle_section *section,
                        enum status (*each)(void *context, enum bundle_part part,
                                            const uint8_t *bytes, size_t len, uint64_t offset),
                        void *context)
{
    if (section->status != STATUS_OK)
        return section->status;
    enum status status = walk(section, NULL, NULL);
    return status == STATUS_OK ? walk(section, each, context) : status;
}
