/* The reader and the writer: every field at every length, and the stickiness of the first error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/base/reader.h"
#include "ledger/base/writer.h"

static const uint8_t octets[15] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* u8, u16, u32, u64: fifteen octets in all. */
static enum status read_all(size_t len)
{
    struct reader r = reader_over(octets, len);
    uint8_t a = reader_u8(&r);
    uint16_t b = reader_u16(&r);
    uint32_t c = reader_u32(&r);
    uint64_t d = reader_u64(&r);
    enum status status = reader_finish(&r);
    if (status == STATUS_OK) {
        assert_int_equal(a, 0x01);
        assert_int_equal(b, 0x0203);
        assert_int_equal(c, 0x04050607);
        assert_true(d == UINT64_C(0x08090a0b0c0d0e0f));
    }
    return status;
}

static void every_length_but_the_right_one_fails(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof octets; len++)
        assert_int_equal(read_all(len), STATUS_TRUNCATED);
    assert_int_equal(read_all(sizeof octets), STATUS_OK);
}

static void what_is_left_over_is_an_error(void **state)
{
    (void)state;
    struct reader r = reader_over(octets, 3);
    assert_int_equal(reader_u16(&r), 0x0102);
    assert_int_equal(reader_finish(&r), STATUS_TRAILING);
}

static void the_first_error_stays(void **state)
{
    (void)state;
    struct reader r = reader_over(octets, 2);
    assert_int_equal(reader_u32(&r), 0);
    assert_int_equal(reader_u8(&r), 0); /* two octets were there, but the reader has failed */
    assert_null(reader_bytes(&r, 0));
    reader_fail(&r, STATUS_RANGE);
    assert_int_equal(reader_finish(&r), STATUS_TRUNCATED);
}

static void a_huge_count_does_not_wrap(void **state)
{
    (void)state;
    struct reader r = reader_over(octets, sizeof octets);
    assert_null(reader_bytes(&r, SIZE_MAX));
    assert_int_equal(reader_finish(&r), STATUS_TRUNCATED);
}

static void a_copy_from_a_failed_reader_is_zero(void **state)
{
    (void)state;
    uint8_t out[4] = {9, 9, 9, 9};
    struct reader r = reader_over(octets, 3);
    reader_copy(&r, out, sizeof out);
    assert_memory_equal(out, "\0\0\0\0", 4);
}

static void a_sub_reader_ends_with_its_part(void **state)
{
    (void)state;
    struct reader r = reader_over(octets, 5);
    struct reader sub = reader_sub(&r, 2);
    assert_int_equal(reader_u16(&sub), 0x0102);
    assert_int_equal(reader_u8(&sub), 0);
    assert_int_equal(reader_finish(&sub), STATUS_TRUNCATED);
    assert_int_equal(reader_u8(&r), 3);
    sub = reader_sub(&r, 3);
    assert_int_equal(reader_finish(&sub), STATUS_TRUNCATED);
}

static void the_writer_mirrors_the_reader(void **state)
{
    (void)state;
    uint8_t out[sizeof octets];
    struct writer w = writer_over(out, sizeof out);
    writer_u8(&w, 0x01);
    writer_u16(&w, 0x0203);
    writer_u32(&w, 0x04050607);
    writer_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
    assert_int_equal(w.error, STATUS_OK);
    assert_int_equal(w.used, sizeof octets);
    assert_memory_equal(out, octets, sizeof octets);
}

static void the_writer_never_passes_its_end(void **state)
{
    (void)state;
    uint8_t out[4] = {0, 0, 0, 0x77};
    struct writer w = writer_over(out, 3);
    writer_u16(&w, 0x0102);
    writer_u16(&w, 0x0304);
    assert_int_equal(w.error, STATUS_NO_SPACE);
    writer_u8(&w, 5); /* would fit, but the writer has failed */
    assert_int_equal(w.error, STATUS_NO_SPACE);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], 0x77);
    w = writer_over(out, 3);
    assert_null(writer_room(&w, SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_but_the_right_one_fails),
        cmocka_unit_test(what_is_left_over_is_an_error),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(a_huge_count_does_not_wrap),
        cmocka_unit_test(a_copy_from_a_failed_reader_is_zero),
        cmocka_unit_test(a_sub_reader_ends_with_its_part),
        cmocka_unit_test(the_writer_mirrors_the_reader),
        cmocka_unit_test(the_writer_never_passes_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
