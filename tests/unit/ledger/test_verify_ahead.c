/* Many signatures checked by many threads: each result is that of its own entry, whoever made it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/verify_ahead.h"
#include "tests/unit/ledger/node_help.h"

enum { MANY = 1000, FEW = 10 };

static struct owner_entry made[MANY];
static struct verify_item items[MANY];

/* Every seventh has another bit in its signature, every eleventh lacks its last octet. */
static enum status expected(size_t i)
{
    return i % 11 == 3 ? STATUS_TRUNCATED : i % 7 == 2 ? STATUS_SIGNATURE : STATUS_OK;
}

static int make_items(void **state)
{
    (void)state;
    struct help_house house;
    struct entry entry, before;
    uint8_t address[16] = {0xfd, [15] = 1};
    struct body open = {.type = ENTRY_OPEN, .open = {.kind = KIND_PRIVATE}};
    struct body set = {.type = ENTRY_SET, .set = {.type = RRTYPE_AAAA, .ttl = 300, .rr_count = 1}};
    set.set.name = help_name("camera");
    set.set.rrs[0] = (struct body_rr){.data = address, .len = sizeof address};
    help_house_make(&house, 1, ROLE_ADMIN);
    for (size_t i = 0; i < MANY; i++) {
        help_feed_entry(&entry, &made[i], &house, &house.keys.signing, 9, i == 0 ? NULL : &before,
                        i == 0 ? &open : &set);
        before = entry;
        items[i] = (struct verify_item){.bytes = made[i].bytes, .len = made[i].len};
        if (expected(i) == STATUS_SIGNATURE)
            made[i].bytes[made[i].len - 1] ^= 1;
        if (expected(i) == STATUS_TRUNCATED)
            items[i].len--;
    }
    help_house_close(&house);
    return 0;
}

static void expect_results(size_t count)
{
    struct verify_ahead *ahead = verify_ahead_start(items, count);
    assert_non_null(ahead);
    for (size_t i = 0; i < count; i++)
        assert_status(expected(i), verify_ahead_wait(ahead, i));
    for (size_t i = count; i-- > 0;) /* they stay */
        assert_status(expected(i), verify_ahead_wait(ahead, i));
    verify_ahead_end(ahead);
}

static void each_item_has_its_own_result(void **state)
{
    (void)state;
    expect_results(MANY);
}

static void few_items_need_no_helper(void **state)
{
    (void)state;
    expect_results(FEW);
    expect_results(1);
    expect_results(0);
}

static void a_result_may_be_asked_for_out_of_order(void **state)
{
    (void)state;
    struct verify_ahead *ahead = verify_ahead_start(items, MANY);
    assert_non_null(ahead);
    assert_status(expected(MANY - 1), verify_ahead_wait(ahead, MANY - 1));
    assert_status(expected(0), verify_ahead_wait(ahead, 0));
    verify_ahead_end(ahead);
}

static void it_may_end_before_it_is_done(void **state)
{
    (void)state;
    verify_ahead_end(verify_ahead_start(items, MANY));
    struct verify_ahead *ahead = verify_ahead_start(items, MANY);
    assert_non_null(ahead);
    assert_status(expected(4), verify_ahead_wait(ahead, 4));
    verify_ahead_end(ahead);
    verify_ahead_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_has_its_own_result),
        cmocka_unit_test(few_items_need_no_helper),
        cmocka_unit_test(a_result_may_be_asked_for_out_of_order),
        cmocka_unit_test(it_may_end_before_it_is_done),
    };
    return cmocka_run_group_tests(tests, make_items, NULL);
}
