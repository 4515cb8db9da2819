/* Bundles: every section is walked, damaged or not; as it is, and once more with all hashes made
 * right, as a hostile writer would make them. A bundle in which all is right is written again, to
 * the same octets. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ledger/bundle.h"
#include "ledger/crypt.h"
#include "ledger/entry.h"
#include "ledger/statement.h"

enum { HASH_SIZE = 32, SECTION_HEADER_SIZE = 40, SECTIONS_AT = 8, WRITTEN_MAX = 1 << 16 };

/* --- reading --- */

struct walk {
    size_t size;
    uint32_t counts[3];
    struct bundle_writer *writer; /* NULL: only counted */
    enum bundle_part part;        /* being written */
};

static enum status visit(void *context, enum bundle_part part, const uint8_t *bytes, size_t len,
                         uint64_t offset)
{
    struct walk *walk = context;
    struct entry entry;
    struct statement statement;
    assert(offset <= walk->size && len <= walk->size - offset);
    walk->counts[part]++;
    if (walk->writer)
        return part == walk->part ? bundle_writer_item(walk->writer, bytes, len) : STATUS_OK;
    if (part == BUNDLE_STATEMENT)
        (void)statement_decode(&statement, bytes, len);
    else
        (void)entry_decode(&entry, bytes, len);
    return STATUS_OK;
}

/* --- writing the same again --- */

static void write_section(struct bundle_writer *writer, const struct bundle_section *section,
                          size_t size)
{
    struct walk walk = {.size = size};
    enum status status = bundle_each(section, visit, &walk);
    assert(status == STATUS_OK);
    status = bundle_writer_section(writer, section->namespace_id, section->parts_len, walk.counts);
    assert(status == STATUS_OK);
    walk.writer = writer;
    for (walk.part = BUNDLE_AUTHORITY; walk.part <= BUNDLE_FEED; walk.part++) {
        status = bundle_writer_list(writer, walk.part);
        assert(status == STATUS_OK);
        status = bundle_each(section, visit, &walk);
        assert(status == STATUS_OK);
    }
}

static void check_writing(const struct bundle *bundle)
{
    static uint8_t written[WRITTEN_MAX];
    static int fd = -1;
    struct bundle_writer *writer = NULL;
    if (fd < 0)
        fd = memfd_create("bundle", MFD_CLOEXEC);
    off_t start = lseek(fd, 0, SEEK_SET);
    enum status status = bundle_writer_create(&writer, fd, bundle->count);
    assert(start == 0 && status == STATUS_OK && bundle->len <= sizeof written);
    for (uint32_t i = 0; i < bundle->count; i++)
        write_section(writer, &bundle->sections[i], bundle->len);
    status = bundle_writer_finish(writer);
    assert(status == STATUS_OK && lseek(fd, 0, SEEK_CUR) == (off_t)bundle->len);
    ssize_t got = pread(fd, written, sizeof written, 0);
    assert(got >= (ssize_t)bundle->len && memcmp(written, bundle->bytes, bundle->len) == 0);
}

/* --- hashes --- */

static uint64_t read64(const uint8_t *at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

static void mend_hashes(uint8_t *bytes, size_t size)
{
    size_t at = SECTIONS_AT;
    while (at < size && size - at >= SECTION_HEADER_SIZE + HASH_SIZE) {
        uint64_t parts_len = read64(bytes + at + 32);
        if (parts_len > size - at - SECTION_HEADER_SIZE - HASH_SIZE)
            break;
        size_t hashed = SECTION_HEADER_SIZE + (size_t)parts_len;
        crypt_hash("hearth1.bundle.1", bytes + at, hashed, bytes + at + hashed);
        at += hashed + HASH_SIZE;
    }
    if (size >= SECTIONS_AT + HASH_SIZE)
        crypt_hash("hearth1.bundle.1", bytes, size - HASH_SIZE, bytes + size - HASH_SIZE);
}

static void walk_bundle(const uint8_t *data, size_t size)
{
    struct bundle bundle;
    if (bundle_open(&bundle, data, size) != STATUS_OK)
        return;
    bool sound = bundle.status == STATUS_OK;
    for (uint32_t i = 0; i < bundle.count; i++) {
        struct walk walk = {.size = size};
        enum status status = bundle_each(&bundle.sections[i], visit, &walk);
        assert(status == STATUS_OK || walk.counts[0] + walk.counts[1] + walk.counts[2] == 0);
        sound = sound && status == STATUS_OK;
    }
    if (sound)
        check_writing(&bundle);
    bundle_close(&bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > WRITTEN_MAX)
        return 0;
    walk_bundle(data, size);
    uint8_t *mended = malloc(size ? size : 1);
    assert(mended);
    memcpy(mended, data, size);
    mend_hashes(mended, size);
    if (memcmp(mended, data, size) != 0)
        walk_bundle(mended, size);
    free(mended);
    return 0;
}
