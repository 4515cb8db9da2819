/* test_bundle.c: a bundle gives back what was written; damage is named, and costs no other
 * household. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/bundle.h"
#include "ledger/crypt.h"
#include "ledger/entry.h"
#include "tests/unit/ledger/codec_help.h"
#include "tests/unit/ledger/vectors.h"

enum { HEAD = 8, SECTION_HEAD = 40, HASH = 32 };

/* --- reading what the vectors hold --- */

struct walk {
    const uint8_t *start; /* of the file */
    unsigned items[3];
    unsigned stop_after; /* 0: never */
    unsigned calls;
};

static enum status each(void *context, enum bundle_part part, const uint8_t *bytes, size_t len,
                        uint64_t offset)
{
    struct walk *walk = context;
    assert_ptr_equal(walk->start + offset, bytes);
    walk->items[part]++;
    if (part == BUNDLE_STATEMENT) {
        assert_memory_equal(bytes, "HLS1", 4);
    } else {
        struct entry entry;
        assert_int_equal(entry_decode(&entry, bytes, len), STATUS_OK);
        assert_int_equal(entry.stream == 0, part == BUNDLE_AUTHORITY);
    }
    return ++walk->calls == walk->stop_after ? STATUS_FULL : STATUS_OK;
}

static void items_come_back_in_order(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("bundle");
    struct bundle bundle;
    struct entry genesis;
    struct walk walk = {.start = vector->bytes};
    const struct vector *first = vectors_find("genesis");
    assert_int_equal(entry_decode(&genesis, first->bytes, first->len), STATUS_OK);
    assert_int_equal(bundle_open(&bundle, vector->bytes, vector->len), STATUS_OK);
    assert_int_equal(bundle.status, STATUS_OK);
    assert_int_equal(bundle.count, 2);
    assert_memory_equal(bundle.sections[0].namespace_id, genesis.id, 32);
    assert_int_equal(bundle.sections[0].offset, HEAD);
    assert_int_equal(bundle.sections[1].offset,
                     HEAD + SECTION_HEAD + bundle.sections[0].parts_len + HASH);
    assert_int_equal(bundle_each(&bundle.sections[0], each, &walk), STATUS_OK);
    assert_int_equal(walk.items[BUNDLE_AUTHORITY], 8);
    assert_int_equal(walk.items[BUNDLE_STATEMENT], 1);
    assert_int_equal(walk.items[BUNDLE_FEED], 8);
    assert_int_equal(bundle_each(&bundle.sections[1], each, &walk), STATUS_OK);
    assert_int_equal(walk.items[BUNDLE_AUTHORITY], 9);
    bundle_close(&bundle);
}

static void the_first_refusal_stops_the_walk(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("bundle");
    struct bundle bundle;
    struct walk walk = {.start = vector->bytes, .stop_after = 9};
    assert_int_equal(bundle_open(&bundle, vector->bytes, vector->len), STATUS_OK);
    assert_int_equal(bundle_each(&bundle.sections[0], each, &walk), STATUS_FULL);
    assert_int_equal(walk.calls, 9);
    bundle_close(&bundle);
}

/* --- damage --- */

static enum status refuse_all(void *context, enum bundle_part part, const uint8_t *bytes,
                              size_t len, uint64_t offset)
{
    (void)context, (void)part, (void)bytes, (void)len, (void)offset;
    fail_msg("an item of a damaged section was given out");
    return STATUS_OK;
}

/* One octet wrong anywhere in a household's section: it is named, and the other one is whole. */
static void a_damaged_section_costs_no_other(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("bundle");
    struct bundle good;
    assert_int_equal(bundle_open(&good, vector->bytes, vector->len), STATUS_OK);
    size_t second = good.sections[1].offset;
    bundle_close(&good);
    for (size_t i = HEAD; i < vector->len; i++) {
        bool in_length = i - HEAD - 32 < 8 || i - second - 32 < 8;
        if (in_length)
            continue; /* then the end of the section is lost too: below */
        uint8_t *bytes = help_copy(vector->bytes, vector->len);
        struct bundle bundle;
        struct walk walk = {.start = bytes};
        bytes[i] ^= 1;
        assert_int_equal(bundle_open(&bundle, bytes, vector->len), STATUS_OK);
        assert_int_equal(bundle.status, STATUS_CORRUPT);
        assert_int_equal(bundle.count, 2);
        bool in_hash = i >= vector->len - HASH; /* the trailing hash: no section's */
        unsigned bad = i < second ? 0 : 1;
        if (!in_hash) {
            assert_int_equal(bundle.sections[bad].status, STATUS_CORRUPT);
            assert_int_equal(bundle_each(&bundle.sections[bad], refuse_all, NULL), STATUS_CORRUPT);
        }
        assert_int_equal(bundle_each(&bundle.sections[!bad], each, &walk), STATUS_OK);
        bundle_close(&bundle);
        free(bytes);
    }
}

static void a_damaged_length_gives_nothing_false(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("bundle");
    for (size_t i = 0; i < 8; i++) {
        uint8_t *bytes = help_copy(vector->bytes, vector->len);
        struct bundle bundle;
        bytes[HEAD + 32 + i] ^= 0x81;
        assert_int_equal(bundle_open(&bundle, bytes, vector->len), STATUS_OK);
        assert_int_not_equal(bundle.status, STATUS_OK);
        for (uint32_t s = 0; s < bundle.count; s++)
            assert_int_not_equal(bundle_each(&bundle.sections[s], refuse_all, NULL), STATUS_OK);
        bundle_close(&bundle);
        free(bytes);
    }
}

/* Cut anywhere: what is whole is given, what is cut is said to be. */
static void a_cut_bundle_gives_its_whole_sections(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("bundle");
    struct bundle good;
    assert_int_equal(bundle_open(&good, vector->bytes, vector->len), STATUS_OK);
    size_t second = good.sections[1].offset;
    bundle_close(&good);
    for (size_t n = 0; n < vector->len; n++) {
        uint8_t *bytes = help_copy(vector->bytes, n);
        struct bundle bundle;
        enum status status = bundle_open(&bundle, bytes, n);
        help_expect(status, n < HEAD ? STATUS_TRUNCATED : STATUS_OK, "length", n);
        assert_int_equal(bundle.status, STATUS_TRUNCATED);
        for (uint32_t s = 0; s < bundle.count; s++) {
            bool whole = n >= (s == 0 ? second : vector->len - HASH);
            help_expect(bundle.sections[s].status, whole ? STATUS_OK : STATUS_TRUNCATED, "length",
                        n);
        }
        bundle_close(&bundle);
        free(bytes);
    }
}

static void more_than_the_bundle_is_refused(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("bundle");
    struct bundle bundle;
    uint8_t *bytes = malloc(vector->len + 1);
    assert_non_null(bytes);
    memcpy(bytes, vector->bytes, vector->len);
    bytes[vector->len] = 0;
    assert_int_equal(bundle_open(&bundle, bytes, vector->len + 1), STATUS_OK);
    assert_int_equal(bundle.status, STATUS_TRAILING);
    assert_int_equal(bundle.sections[0].status, STATUS_OK);
    bundle_close(&bundle);
    free(bytes);
}

static void promises_are_not_believed(void **state)
{
    (void)state;
    const struct vector *vector = vectors_find("bundle");
    struct bundle bundle;
    uint8_t *bytes = help_copy(vector->bytes, vector->len);
    memset(bytes + 4, 0xff, 4); /* four billion households */
    assert_int_equal(bundle_open(&bundle, bytes, vector->len), STATUS_OK);
    assert_int_not_equal(bundle.status, STATUS_OK);
    assert_int_equal(bundle.sections[1].status, STATUS_OK);
    bundle_close(&bundle);
    memset(bytes + 4, 0, 4); /* none */
    assert_int_equal(bundle_open(&bundle, bytes, vector->len), STATUS_OK);
    assert_int_equal(bundle.status, STATUS_TRAILING);
    assert_int_equal(bundle.count, 0);
    bundle_close(&bundle);
    bytes[7] = 1; /* one of the two */
    assert_int_equal(bundle_open(&bundle, bytes, vector->len), STATUS_OK);
    assert_int_equal(bundle.status, STATUS_TRAILING);
    assert_int_equal(bundle.count, 1);
    bundle_close(&bundle);
    free(bytes);
}

static void what_is_no_bundle_is_said_to_be_none(void **state)
{
    (void)state;
    struct bundle bundle;
    assert_int_equal(bundle_open(&bundle, (const uint8_t *)"HLB2\0\0\0\0", 8), STATUS_UPGRADE);
    bundle_close(&bundle);
    assert_int_equal(bundle_open(&bundle, (const uint8_t *)"HLE1\0\0\0\0", 8), STATUS_MALFORMED);
    bundle_close(&bundle);
    assert_int_equal(bundle_open(&bundle, (const uint8_t *)"PK\3\4\0\0\0\0", 8), STATUS_MALFORMED);
    bundle_close(&bundle);
}

/* --- lists that do not fill their section; the hashes are right --- */

static void bad_lists_give_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *parts;
        enum status status;
    } rows[] = {
        {"00000000 00000000 00000000", STATUS_OK},
        {"", STATUS_MALFORMED},
        {"00000000 00000000 000000", STATUS_MALFORMED},
        {"00000000 00000000 00000000 00", STATUS_MALFORMED},
        {"00000001 0001 aa 00000000 00000001", STATUS_MALFORMED},
        {"00000001 0001 aa 00000000 00000001 0002 bb", STATUS_MALFORMED},
        {"00000001 0001 aa 00000000 ffffffff 0001 bb", STATUS_MALFORMED},
        {"00000000 00000000 00000000 00000000", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t parts[64];
        size_t len = help_hex(rows[i].parts, parts, sizeof parts);
        struct bundle_section section = {.parts = parts, .parts_len = len};
        help_expect(bundle_each(&section, refuse_all, NULL), rows[i].status, "row", i);
    }
}

/* --- writing --- */

struct written {
    struct bundle_writer *writer;
    int fd;
};

static struct written start(uint32_t sections)
{
    struct written written = {.fd = memfd_create("bundle", MFD_CLOEXEC)};
    assert_true(written.fd >= 0);
    assert_int_equal(bundle_writer_create(&written.writer, written.fd, sections), STATUS_OK);
    return written;
}

static const uint8_t id[32] = "a household's id, 32 octets long";

/* Opens a section of one list with one item, of `item_len` octets as announced. */
static enum status begin(struct written *written, size_t item_len)
{
    static const uint32_t counts[3] = {1, 0, 0};
    return bundle_writer_section(written->writer, id,
                                 BUNDLE_PARTS_EMPTY + BUNDLE_ITEM_EXTRA + item_len, counts);
}

static void expect_end(struct written *written, enum status wanted)
{
    assert_int_equal(bundle_writer_finish(written->writer), wanted);
    close(written->fd);
}

static void large_items_pass_the_buffer(void **state)
{
    (void)state;
    static uint8_t item[65535];
    struct written written = start(1);
    uint32_t counts[3] = {0, 0, 5};
    memset(item, 'x', sizeof item);
    assert_int_equal(bundle_writer_section(written.writer, id,
                                           BUNDLE_PARTS_EMPTY + 5 * (2 + sizeof item), counts),
                     STATUS_OK);
    for (unsigned part = 0; part < 3; part++)
        assert_int_equal(bundle_writer_list(written.writer, (enum bundle_part)part), STATUS_OK);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(bundle_writer_item(written.writer, item, sizeof item), STATUS_OK);
    assert_int_equal(bundle_writer_finish(written.writer), STATUS_OK);
    size_t len = (size_t)lseek(written.fd, 0, SEEK_END);
    uint8_t *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, written.fd, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    struct bundle bundle;
    assert_int_equal(bundle_open(&bundle, bytes, len), STATUS_OK);
    assert_int_equal(bundle.status, STATUS_OK);
    assert_int_equal(bundle.sections[0].status, STATUS_OK);
    bundle_close(&bundle);
    munmap(bytes, len);
    close(written.fd);
}

static void an_empty_bundle_is_one(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct bundle bundle;
    struct written written = start(0);
    assert_int_equal(bundle_writer_finish(written.writer), STATUS_OK);
    assert_int_equal(pread(written.fd, bytes, sizeof bytes, 0), HEAD + HASH);
    assert_int_equal(bundle_open(&bundle, bytes, HEAD + HASH), STATUS_OK);
    assert_int_equal(bundle.status, STATUS_OK);
    assert_int_equal(bundle.count, 0);
    bundle_close(&bundle);
    close(written.fd);
    assert_int_equal(bundle_writer_finish(NULL), STATUS_OK);
}

static void a_broken_promise_is_no_bundle(void **state)
{
    (void)state;
    static const uint8_t item[65536];
    struct written written = start(1); /* no section */
    expect_end(&written, STATUS_RANGE);

    written = start(0); /* one too many */
    assert_int_equal(begin(&written, 1), STATUS_RANGE);
    expect_end(&written, STATUS_RANGE);

    written = start(1); /* no lists */
    assert_int_equal(begin(&written, 1), STATUS_OK);
    expect_end(&written, STATUS_RANGE);

    written = start(1); /* lists out of order */
    assert_int_equal(begin(&written, 1), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_FEED), STATUS_RANGE);
    expect_end(&written, STATUS_RANGE);

    written = start(1); /* an item before any list */
    assert_int_equal(begin(&written, 1), STATUS_OK);
    assert_int_equal(bundle_writer_item(written.writer, item, 1), STATUS_RANGE);
    expect_end(&written, STATUS_RANGE);

    written = start(1); /* a list without its item */
    assert_int_equal(begin(&written, 1), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_AUTHORITY), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_STATEMENT), STATUS_RANGE);
    expect_end(&written, STATUS_RANGE);

    written = start(1); /* a longer item than the parts were said to hold */
    assert_int_equal(begin(&written, 1), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_AUTHORITY), STATUS_OK);
    assert_int_equal(bundle_writer_item(written.writer, item, 20), STATUS_RANGE);
    expect_end(&written, STATUS_RANGE);

    written = start(1); /* longer than any item */
    assert_int_equal(begin(&written, sizeof item), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_AUTHORITY), STATUS_OK);
    assert_int_equal(bundle_writer_item(written.writer, item, sizeof item), STATUS_TOO_LONG);
    expect_end(&written, STATUS_TOO_LONG);

    written = start(1); /* parts that are not filled */
    assert_int_equal(begin(&written, 9), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_AUTHORITY), STATUS_OK);
    assert_int_equal(bundle_writer_item(written.writer, item, 1), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_STATEMENT), STATUS_OK);
    assert_int_equal(bundle_writer_list(written.writer, BUNDLE_FEED), STATUS_OK);
    expect_end(&written, STATUS_RANGE);
}

static void a_full_disk_is_said(void **state)
{
    (void)state;
    struct bundle_writer *writer = NULL;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(bundle_writer_create(&writer, fd, 0), STATUS_OK);
    assert_int_equal(bundle_writer_finish(writer), STATUS_FULL);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_back_in_order),
        cmocka_unit_test(the_first_refusal_stops_the_walk),
        cmocka_unit_test(a_damaged_section_costs_no_other),
        cmocka_unit_test(a_damaged_length_gives_nothing_false),
        cmocka_unit_test(a_cut_bundle_gives_its_whole_sections),
        cmocka_unit_test(more_than_the_bundle_is_refused),
        cmocka_unit_test(promises_are_not_believed),
        cmocka_unit_test(what_is_no_bundle_is_said_to_be_none),
        cmocka_unit_test(bad_lists_give_nothing),
        cmocka_unit_test(large_items_pass_the_buffer),
        cmocka_unit_test(an_empty_bundle_is_one),
        cmocka_unit_test(a_broken_promise_is_no_bundle),
        cmocka_unit_test(a_full_disk_is_said),
    };
    return crypt_init() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
