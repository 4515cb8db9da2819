/* The reader against a view that was encoded by hand, and against everything that can be wrong with
 * one. */
#include "ledger/base/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "view_sample.h"

struct sample {
    uint8_t bytes[VIEW_SAMPLE_MAX];
    size_t len;
    struct view view;
};

static int set_up(void **state)
{
    struct sample *s = malloc(sizeof *s);
    if (!s)
        return -1;
    s->len = view_sample_make(s->bytes, 7);
    *state = s;
    return view_open(&s->view, s->bytes, s->len) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct name parse(const char *text)
{
    struct name name;
    assert_int_equal(name_parse(&name, text), STATUS_OK);
    return name;
}

static enum status find(struct view *view, const char *text, struct view_name *name)
{
    struct name wire = parse(text);
    return view_find(view, wire.wire, wire.len, name);
}

static void the_header_is_read(void **state)
{
    struct sample *s = *state;
    assert_int_equal(s->view.generation, 7);
    assert_int_equal(s->view.published_ms, 1790000000000);
    assert_int_equal(s->view.flags, 0);
    assert_int_equal(view_check(&s->view), STATUS_OK);
}

static void names_are_found(void **state)
{
    struct sample *s = *state;
    struct view_name name;
    for (uint32_t i = 0; i < VIEW_SAMPLE_NAMES; i++) {
        assert_int_equal(find(&s->view, view_sample_names[i], &name), STATUS_OK);
        assert_int_equal(name.index, i);
        assert_int_equal(name.twin, (i + VIEW_SAMPLE_ZONE_NAMES) % VIEW_SAMPLE_NAMES);
        assert_int_equal(name.zone, i / VIEW_SAMPLE_ZONE_NAMES);
        assert_int_equal(name.flags, i % VIEW_SAMPLE_ZONE_NAMES == 2);
    }
    static const char *const missing[] = {"home.arpa",     "@",    "x.maple.home.arpa",
                                          "camera",        "arpa", "xcamera.maple.home.arpa",
                                          "pine.home.arpa"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        assert_int_equal(find(&s->view, missing[i], &name), STATUS_NOT_FOUND);
}

static void zones_are_found(void **state)
{
    struct sample *s = *state;
    struct view_zone zone;
    struct name name = parse("no.such.name.oak.home.arpa");
    assert_int_equal(view_find_zone(&s->view, name.wire, name.len, &zone), STATUS_OK);
    assert_int_equal(zone.index, 1);
    assert_int_equal(zone.apex, 5);
    assert_int_equal(zone.twin, 0);
    assert_int_equal(zone.flags, VIEW_ZONE_OWN | VIEW_ZONE_ID_FORM);
    assert_int_equal(zone.state, VIEW_ZONE_SOFT);
    assert_int_equal(zone.soft_ms, 1000);
    assert_int_equal(zone.hard_ms, 2000);
    assert_int_equal(zone.serial, 42);
    assert_memory_equal(zone.namespace_id, "0123456789abcdef0123456789abcdef", 32);
    static const char *const missing[] = {"home.arpa", "@", "maple.home.arpa.x", "pine.home.arpa",
                                          "camera.maple"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        name = parse(missing[i]);
        assert_int_equal(view_find_zone(&s->view, name.wire, name.len, &zone), STATUS_NOT_FOUND);
    }
}

static void rrsets_are_found(void **state)
{
    struct sample *s = *state;
    struct view_name name;
    struct view_rrset rrset;
    assert_int_equal(find(&s->view, "camera.maple.home.arpa", &name), STATUS_OK);
    assert_int_equal(view_rrset(&s->view, &name, RRTYPE_A, &rrset), STATUS_OK);
    assert_int_equal(rrset.count, 2);
    assert_int_equal(rrset.ttl, 302);
    assert_int_equal(rrset.flags, VIEW_RRSET_CONFLICT);
    assert_int_equal(rrset.data_len, 12);
    assert_memory_equal(rrset.data, "\0\4\xc0\xa8\1\5\0\4\xc0\xa8\1\6", 12);
    assert_null(rrset.sigs);
    assert_int_equal(view_rrset(&s->view, &name, RRTYPE_TXT, &rrset), STATUS_NOT_FOUND);
    assert_int_equal(view_rrset(&s->view, &name, RRTYPE_NOTE, &rrset), STATUS_NOT_FOUND);
    assert_int_equal(find(&s->view, "_443._tcp.camera.maple.home.arpa", &name), STATUS_OK);
    assert_int_equal(view_rrset(&s->view, &name, RRTYPE_TLSA, &rrset), STATUS_OK);
    assert_int_equal(rrset.removed_count, 1);
    assert_memory_equal(rrset.removed, "\0\3old", 5);
    assert_int_equal(find(&s->view, "maple.home.arpa", &name), STATUS_OK);
    assert_int_equal(view_rrset(&s->view, &name, RRTYPE_SOA, &rrset), STATUS_OK);
    assert_int_equal(rrset.sig_count, 1);
    assert_memory_equal(rrset.sigs, "\0\3sig", 5);
}

static void entries_are_read(void **state)
{
    struct sample *s = *state;
    struct view_record record;
    struct view_author author;
    assert_int_equal(view_record_at(&s->view, 0, &record), STATUS_OK);
    assert_int_equal(record.time, 77);
    assert_int_equal(record.conflicts, 2);
    assert_int_equal(record.by_len, 3);
    assert_memory_equal(record.by, "cli", 3);
    assert_int_equal(view_author_at(&s->view, 0, &author), STATUS_OK);
    assert_int_equal(author.key[31], 'k');
    assert_int_equal(author.label_len, 7);
    assert_memory_equal(author.label, "kitchen", 7);
    assert_int_equal(author.role, 1);
    assert_int_equal(author.flags, VIEW_AUTHOR_OVERRUN);
}

static void beyond_the_end_is_not_found(void **state)
{
    struct sample *s = *state;
    struct view_zone zone;
    struct view_name name;
    struct view_rrset rrset;
    struct view_record record;
    struct view_author author;
    struct view_withdrawn withdrawn;
    static const uint32_t far[] = {10, 100, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(view_zone_at(&s->view, far[i], &zone), STATUS_NOT_FOUND);
        assert_int_equal(view_name_at(&s->view, far[i], &name), STATUS_NOT_FOUND);
        assert_int_equal(view_rrset_at(&s->view, far[i], &rrset), STATUS_NOT_FOUND);
        assert_int_equal(view_record_at(&s->view, far[i], &record), STATUS_NOT_FOUND);
        assert_int_equal(view_author_at(&s->view, far[i], &author), STATUS_NOT_FOUND);
        assert_int_equal(view_withdrawn_at(&s->view, far[i], &withdrawn), STATUS_NOT_FOUND);
    }
}

static void the_name_before(void **state)
{
    struct sample *s = *state;
    struct view_name name;
    static const struct {
        const char *asked;
        int index; /* -1: none */
    } cases[] = {
        {"maple.home.arpa", 0},
        {"a.maple.home.arpa", 0},
        {"camera.maple.home.arpa", 1},
        {"cellar.maple.home.arpa", 3},
        {"zz.home.arpa", 9},
        {"home.arpa", -1},
        {"@", -1},
        {"nut.home.arpa", 4},
        {"_443._tcp.camera.oak.home.arpa", 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct name wire = parse(cases[i].asked);
        enum status status = view_find_before(&s->view, wire.wire, wire.len, &name);
        assert_int_equal(status, cases[i].index < 0 ? STATUS_NOT_FOUND : STATUS_OK);
        if (cases[i].index >= 0)
            assert_int_equal(name.index, cases[i].index);
    }
}

static void withdrawn_keys(void **state)
{
    struct sample *s = *state;
    struct view_zone zone;
    struct view_withdrawn w;
    uint8_t hash[32];
    assert_int_equal(view_zone_at(&s->view, 0, &zone), STATUS_OK);
    for (uint8_t c = '1'; c <= '5'; c++) {
        memset(hash, c, sizeof hash);
        enum status status = view_find_withdrawn(&s->view, &zone, hash, &w);
        assert_int_equal(status, c == '2' || c == '4' ? STATUS_OK : STATUS_NOT_FOUND);
        if (status == STATUS_OK)
            assert_int_equal(w.time, c == '2' ? 88 : 89);
    }
    zone.withdrawn_count = 1; /* the run ends before the second */
    memset(hash, '4', sizeof hash);
    assert_int_equal(view_find_withdrawn(&s->view, &zone, hash, &w), STATUS_NOT_FOUND);
}

static void addresses(void **state)
{
    struct sample *s = *state;
    struct view_name name;
    struct address five;
    struct address six;
    assert_int_equal(address_parse(&five, "192.168.1.5"), STATUS_OK);
    assert_int_equal(address_parse(&six, "192.168.1.6"), STATUS_OK);
    assert_int_equal(view_find_address(&s->view, &five, 0, &name), STATUS_OK);
    assert_int_equal(name.index, 1);
    assert_int_equal(view_find_address(&s->view, &five, 1, &name), STATUS_OK);
    assert_int_equal(name.index, 6);
    assert_int_equal(view_find_address(&s->view, &five, 2, &name), STATUS_NOT_FOUND);
    assert_int_equal(view_find_address(&s->view, &six, 0, &name), STATUS_OK);
    assert_int_equal(view_find_address(&s->view, &six, 1, &name), STATUS_NOT_FOUND);
    assert_int_equal(view_find_address(&s->view, &six, 0xffffffff, &name), STATUS_NOT_FOUND);
    assert_int_equal(address_parse(&six, "fd00::1"), STATUS_OK);
    assert_int_equal(view_find_address(&s->view, &six, 0, &name), STATUS_NOT_FOUND);
}

static void bad_headers_are_refused(void **state)
{
    struct sample *s = *state;
    enum { COUNT_AT = 8, SIZE_AT = 12, OFFSET_AT = 4 };
    static const struct {
        unsigned at;
        uint8_t value;
        enum status status;
    } cases[] = {
        {0, 'X', STATUS_MALFORMED},
        {3, '2', STATUS_UPGRADE},
        {7, 1, STATUS_MALFORMED},                              /* header length */
        {20, 1, STATUS_TRUNCATED},                             /* file length */
        {23, 0, STATUS_TRAILING},                              /* file length */
        {39, 1, STATUS_MALFORMED},                             /* the zero field */
        {VIEW_TABLES_AT, 1, STATUS_MALFORMED},                 /* offset, upper half */
        {VIEW_TABLES_AT + OFFSET_AT + 3, 1, STATUS_MALFORMED}, /* offset */
        {VIEW_TABLES_AT + COUNT_AT, 0xff, STATUS_TRUNCATED},   /* zones beyond the end */
        {VIEW_TABLES_AT + COUNT_AT + 3, 1, STATUS_MALFORMED},  /* a gap behind the zones */
        {VIEW_TABLES_AT + SIZE_AT + 3, 95, STATUS_MALFORMED},  /* zone entry size */
        {VIEW_TABLES_AT + 16 * VIEW_BLOCKS + COUNT_AT + 3, 0, STATUS_TRAILING},
        {VIEW_TABLES_AT + 16 * VIEW_BLOCKS + COUNT_AT + 3, 2, STATUS_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s->len = view_sample_make(s->bytes, 7);
        s->bytes[cases[i].at] = cases[i].value;
        view_sample_seal_header(s->bytes);
        assert_int_equal(view_open(&s->view, s->bytes, s->len), cases[i].status);
    }
    s->len = view_sample_make(s->bytes, 7);
    s->bytes[8] ^= 1; /* not sealed */
    assert_int_equal(view_open(&s->view, s->bytes, s->len), STATUS_CORRUPT);
}

/* The count of hash slots: a power of two, and at least twice the names. */
static void bad_hash_tables_are_refused(void **state)
{
    struct sample *s = *state;
    uint32_t names = VIEW_SAMPLE_NAMES;
    static const uint32_t slots[] = {31, 33, 16, 0};
    for (size_t i = 0; i < 4; i++) {
        s->len = view_sample_make(s->bytes, 7);
        uint8_t *count = s->bytes + VIEW_TABLES_AT + 16 * VIEW_HASH + 8;
        int32_t moved = ((int32_t)slots[i] - 32) * VIEW_HASH_SIZE;
        count[3] = (uint8_t)slots[i];
        for (unsigned j = VIEW_RRSETS; j < VIEW_TABLES; j++) { /* no gap: only the count is wrong */
            uint32_t at = (uint32_t)((int32_t)view_sample_offset(s->bytes, j) + moved);
            s->bytes[VIEW_TABLES_AT + 16 * j + 6] = (uint8_t)(at >> 8);
            s->bytes[VIEW_TABLES_AT + 16 * j + 7] = (uint8_t)at;
        }
        size_t len = (size_t)((int64_t)s->len + moved);
        s->bytes[22] = (uint8_t)(len >> 8);
        s->bytes[23] = (uint8_t)len;
        view_sample_seal_header(s->bytes);
        assert_int_equal(view_open(&s->view, s->bytes, len), STATUS_MALFORMED);
    }
    assert_true(names * 2 <= 32);
}

/* --- damage --- */

/* Everything that a reader can say about the sample, as one text: statuses and what came with them.
 */
struct story {
    char text[16384];
    size_t len;
    bool corrupt;
};

static void tell(struct story *story, enum status status, const void *what, size_t len)
{
    if (status == STATUS_CORRUPT) {
        story->corrupt = true;
        return;
    }
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    assert_true(story->len + len + 1 <= sizeof story->text);
    story->text[story->len++] = (char)status;
    if (status == STATUS_OK && len > 0)
        memcpy(story->text + story->len, what, len);
    story->len += status == STATUS_OK ? len : 0;
}

static void tell_rrset(struct story *story, struct view *view, uint32_t index)
{
    struct view_rrset rrset;
    enum status status = view_rrset_at(view, index, &rrset);
    tell(story, status, &rrset.ttl, sizeof rrset.ttl);
    if (status != STATUS_OK)
        return;
    tell(story, status, rrset.data, rrset.data_len);
    tell(story, status, rrset.sigs, rrset.sigs_len);
    tell(story, status, rrset.removed, rrset.removed_len);
}

static void tell_tables(struct story *story, struct view *view)
{
    struct view_zone zone;
    struct view_record record;
    struct view_author author;
    struct view_withdrawn withdrawn;
    enum status status;
    uint8_t hash[32];
    for (uint32_t i = 0; i < 3; i++) {
        status = view_zone_at(view, i, &zone);
        tell(story, status, zone.namespace_id, sizeof zone.namespace_id);
        memset(hash, i == 0 ? '2' : '3', sizeof hash);
        if (status == STATUS_OK)
            tell(story, view_find_withdrawn(view, &zone, hash, &withdrawn), &withdrawn.time, 8);
        status = view_record_at(view, i, &record);
        tell(story, status, record.by, status == STATUS_OK ? record.by_len : 0);
        status = view_author_at(view, i, &author);
        tell(story, status, author.label, status == STATUS_OK ? author.label_len : 0);
        tell(story, view_withdrawn_at(view, i, &withdrawn), withdrawn.hash, 32);
    }
}

static void tell_all(struct story *story, struct view *view)
{
    struct view_name name;
    struct view_zone zone;
    struct view_rrset rrset;
    struct address address;
    story->len = 0;
    story->corrupt = false;
    for (unsigned i = 0; i < VIEW_SAMPLE_NAMES; i++) {
        struct name wire = parse(view_sample_names[i]);
        enum status status = view_find(view, wire.wire, wire.len, &name);
        tell(story, status, &name.index, sizeof name.index);
        uint64_t hash = view_hash(view, wire.wire, wire.len);
        view_fetch(view, hash); /* whatever is damaged, only a hint */
        assert_int_equal(view_find_hashed(view, hash, wire.wire, wire.len, &name), status);
        if (status == STATUS_OK) {
            status = view_rrset(view, &name, RRTYPE_A, &rrset);
            tell(story, status, rrset.data, status == STATUS_OK ? rrset.data_len : 0);
        }
        tell(story, view_find_zone(view, wire.wire, wire.len, &zone), &zone.index, 4);
        status = view_find_before(view, wire.wire, wire.len, &name);
        tell(story, status, name.wire, status == STATUS_OK ? name.wire_len : 0);
    }
    assert_int_equal(address_parse(&address, "192.168.1.5"), STATUS_OK);
    for (uint32_t i = 0; i < 3; i++)
        tell(story, view_find_address(view, &address, i, &name), &name.index, 4);
    for (uint32_t i = 0; i < 8; i++)
        tell_rrset(story, view, i);
    tell_tables(story, view);
}

/* One octet wrong, wherever: refused, or CORRUPT, or (where nobody looked) the same answer. */
static void any_damaged_octet_is_noticed(void **state)
{
    struct sample *s = *state;
    static struct story whole;
    static struct story damaged;
    tell_all(&whole, &s->view);
    assert_false(whole.corrupt);
    uint8_t *copy = malloc(s->len); /* exactly as long, so that a read beyond it is seen */
    assert_non_null(copy);
    for (size_t i = 0; i < s->len; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            memcpy(copy, s->bytes, s->len);
            copy[i] ^= (uint8_t)(1U << bit);
            if (view_open(&s->view, copy, s->len) != STATUS_OK)
                continue;
            tell_all(&damaged, &s->view);
            assert_true(damaged.corrupt); /* the sample is one block */
            assert_int_equal(view_check(&s->view), STATUS_CORRUPT);
        }
    }
    free(copy);
}

static void any_truncation_is_refused(void **state)
{
    struct sample *s = *state;
    for (size_t len = 0; len < s->len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, s->bytes, len);
        assert_int_equal(view_open(&s->view, copy, len), STATUS_TRUNCATED);
        free(copy);
    }
    assert_int_equal(view_open(&s->view, s->bytes, s->len + 1), STATUS_TRAILING);
}

/* Checksums keep out accidents, not intent: with them made right, no value of any octet may lead a
 * look-up out of the file (the sanitizer watches), or into a loop. */
static void any_sealed_octet_stays_in_bounds(void **state)
{
    struct sample *s = *state;
    static struct story story;
    static const uint8_t values[] = {0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xfe, 0xff};
    uint8_t *copy = malloc(s->len);
    assert_non_null(copy);
    for (size_t i = 0; i < s->len - 4; i++) {
        for (size_t j = 0; j < sizeof values; j++) {
            memcpy(copy, s->bytes, s->len);
            copy[i] = values[j];
            view_sample_seal(copy);
            if (view_open(&s->view, copy, s->len) == STATUS_OK)
                tell_all(&story, &s->view);
        }
    }
    free(copy);
}

/* What an entry refers to is checked when it is read. */
static void bad_references_are_corrupt(void **state)
{
    struct sample *s = *state;
    struct view *view = &s->view;
    static const struct {
        unsigned table, at;
        uint8_t value;
    } cases[] = {
        {VIEW_ZONES, 2, 1},    {VIEW_ZONES, 4, 1},      {VIEW_ZONES, 11, 11},
        {VIEW_ZONES, 15, 2},   {VIEW_ZONES, 23, 4},     {VIEW_ZONES, 79, 3},
        {VIEW_ZONES, 83, 3},   {VIEW_NAMES, 0, 1},      {VIEW_NAMES, 2, 0},
        {VIEW_NAMES, 4, 0},    {VIEW_NAMES, 4, 16},     {VIEW_NAMES, 4, 18},
        {VIEW_NAMES, 7, 7},    {VIEW_NAMES, 11, 5},     {VIEW_NAMES, 15, 2},
        {VIEW_NAMES, 19, 10},  {VIEW_RRSETS, 8, 1},     {VIEW_RRSETS, 15, 12},
        {VIEW_RRSETS, 15, 14}, {VIEW_RRSETS, 17, 2},    {VIEW_RRSETS, 19, 1},
        {VIEW_RRSETS, 31, 2},  {VIEW_RRSETS, 41, 1},    {VIEW_RECORDS, 43, 1},
        {VIEW_RECORDS, 48, 1}, {VIEW_RECORDS, 50, 0},   {VIEW_AUTHORS, 32, 1},
        {VIEW_AUTHORS, 43, 2}, {VIEW_WITHDRAWN, 75, 1}, {VIEW_WITHDRAWN, 79, 2},
    };
    struct view_zone zone;
    struct view_name name;
    struct view_rrset rrset;
    struct view_record record;
    struct view_author author;
    struct view_withdrawn withdrawn;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s->len = view_sample_make(s->bytes, 7);
        s->bytes[view_sample_offset(s->bytes, cases[i].table) + cases[i].at] = cases[i].value;
        view_sample_seal(s->bytes);
        assert_int_equal(view_open(view, s->bytes, s->len), STATUS_OK);
        enum status status = cases[i].table == VIEW_ZONES     ? view_zone_at(view, 0, &zone)
                             : cases[i].table == VIEW_NAMES   ? view_name_at(view, 0, &name)
                             : cases[i].table == VIEW_RRSETS  ? view_rrset_at(view, 0, &rrset)
                             : cases[i].table == VIEW_RECORDS ? view_record_at(view, 0, &record)
                             : cases[i].table == VIEW_AUTHORS
                                 ? view_author_at(view, 0, &author)
                                 : view_withdrawn_at(view, 0, &withdrawn);
        if (status != STATUS_CORRUPT)
            print_message("case %zu\n", i);
        assert_int_equal(status, STATUS_CORRUPT);
    }
}

/* A name in an apex's place that is not its zone's apex. */
static void a_false_apex_is_corrupt(void **state)
{
    struct sample *s = *state;
    struct view_zone zone;
    struct name name = parse("x.maple.home.arpa");
    s->bytes[view_sample_offset(s->bytes, VIEW_ZONES) + 3] = 1;
    view_sample_seal(s->bytes);
    assert_int_equal(view_open(&s->view, s->bytes, s->len), STATUS_OK);
    assert_int_equal(view_find_zone(&s->view, name.wire, name.len, &zone), STATUS_CORRUPT);
}

/* A hash table without a free slot ends the search all the same. */
static void a_full_hash_table_ends(void **state)
{
    struct sample *s = *state;
    uint32_t at = view_sample_offset(s->bytes, VIEW_HASH);
    for (uint32_t i = 0; i < view_sample_count(s->bytes, VIEW_HASH); i++)
        s->bytes[at + VIEW_HASH_SIZE * i + 7] = 1;
    view_sample_seal(s->bytes);
    struct view_name name;
    assert_int_equal(view_open(&s->view, s->bytes, s->len), STATUS_OK);
    assert_int_equal(find(&s->view, "no.maple.home.arpa", &name), STATUS_NOT_FOUND);
}

/* The slot's hints are never believed. */
static void wrong_hints_change_nothing(void **state)
{
    struct sample *s = *state;
    uint32_t at = view_sample_offset(s->bytes, VIEW_HASH);
    for (uint32_t i = 0; i < view_sample_count(s->bytes, VIEW_HASH); i++)
        memset(s->bytes + at + VIEW_HASH_SIZE * i + 8, i % 2 ? 0xff : 0, 8);
    view_sample_seal(s->bytes);
    assert_int_equal(view_open(&s->view, s->bytes, s->len), STATUS_OK);
    names_are_found(state);
    rrsets_are_found(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_header_is_read),
        TEST(names_are_found),
        TEST(zones_are_found),
        TEST(rrsets_are_found),
        TEST(entries_are_read),
        TEST(beyond_the_end_is_not_found),
        TEST(the_name_before),
        TEST(withdrawn_keys),
        TEST(addresses),
        TEST(bad_headers_are_refused),
        TEST(bad_hash_tables_are_refused),
        TEST(any_damaged_octet_is_noticed),
        TEST(any_truncation_is_refused),
        TEST(any_sealed_octet_stays_in_bounds),
        TEST(bad_references_are_corrupt),
        TEST(a_false_apex_is_corrupt),
        TEST(a_full_hash_table_ends),
        TEST(wrong_hints_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
