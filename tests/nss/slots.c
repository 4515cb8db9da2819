/* The states of the shared mapping that threads pass only for an instant, held still: what a call
 * finds in a child of fork, or while another thread is in the middle. Includes the source to reach
 * them.
 */
#include "nss-module/shared_view.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/publish.h"
#include "tests/support/view_text.h"

static uint64_t now_ms = 5000;

/* In the place of clock.c's. */
uint64_t clock_coarse_ms(void)
{
    return now_ms;
}

static char dir[64];
static char view_dir[96];
static struct publisher publisher;

static void publish(void)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    assert_int_equal(
        view_from_text("household maple own\n", publisher_next(&publisher), &bytes, &len),
        STATUS_OK);
    assert_int_equal(publisher_put(&publisher, bytes, len), STATUS_OK);
    free(bytes);
}

static int set_up(void **state)
{
    (void)state;
    char path[128];
    strcpy(dir, "/tmp/hearth-test-slots-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(view_dir, sizeof view_dir, "%s/view", dir);
    snprintf(path, sizeof path, "%s/names.view", view_dir);
    setenv("HEARTH_VIEW", path, 1);
    if (publisher_open(&publisher, view_dir) != STATUS_OK)
        return -1;
    publish();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    for (unsigned i = 0; i < SLOTS; i++) {
        if (atomic_load(&slots[i].state) & (SLOT_LIVE | SLOT_RETIRED))
            view_mapping_close(&slots[i].mapping);
        atomic_store(&slots[i].state, SLOT_FREE);
    }
    atomic_store(&current, NULL);
    atomic_store(&claim, 0);
    publisher_close(&publisher);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* Borrows, tells the generation, returns. */
static uint64_t look(void)
{
    struct shared_view *shared;
    assert_int_equal(shared_view_borrow(&shared), STATUS_OK);
    uint64_t generation = shared_view_of(shared)->generation;
    assert_int_equal(view_check(shared_view_of(shared)), STATUS_OK);
    shared_view_return(shared);
    return generation;
}

static void only_a_live_slot_is_held(void **state)
{
    (void)state;
    static const uint32_t states[] = {SLOT_FREE, SLOT_BUSY, SLOT_RETIRED, SLOT_RETIRED + 3};
    for (size_t i = 0; i < 4; i++) {
        atomic_store(&slots[0].state, states[i]);
        assert_false(hold(&slots[0]));
        assert_int_equal(atomic_load(&slots[0].state), states[i]);
    }
    atomic_store(&slots[0].state, SLOT_LIVE + 2);
    assert_true(hold(&slots[0]));
    assert_int_equal(atomic_load(&slots[0].state), SLOT_LIVE + 3);
    atomic_store(&slots[0].state, SLOT_FREE);
}

/* `current` names a slot that another thread is just unmapping, or that it never came to unmap. */
static void a_dead_current_is_passed_by(void **state)
{
    (void)state;
    atomic_store(&slots[0].state, SLOT_BUSY);
    atomic_store(&current, &slots[0]);
    assert_int_equal(look(), publisher.generation);
    assert_ptr_equal(atomic_load(&current), &slots[1]);
    atomic_store(&slots[0].state, SLOT_FREE);
}

static void an_old_view_outlives_its_last_user(void **state)
{
    (void)state;
    struct shared_view *old;
    assert_int_equal(shared_view_borrow(&old), STATUS_OK);
    uint64_t before = shared_view_of(old)->generation;
    publish();
    assert_int_equal(look(), before + 1);
    assert_int_equal(atomic_load(&old->state), SLOT_RETIRED + 1);
    assert_int_equal(shared_view_of(old)->generation, before);
    assert_int_equal(view_check(shared_view_of(old)), STATUS_OK); /* still mapped */
    shared_view_return(old);
    assert_int_equal(atomic_load(&old->state), SLOT_FREE);
    assert_null(old->mapping.bytes);
}

/* While one thread maps, others go on with what they have; if it never ends, another one does it.
 */
static void a_claim_is_left_to_its_holder_for_a_second(void **state)
{
    (void)state;
    uint64_t before = look();
    publish();
    assert_true(take_claim(now_ms)); /* somebody else's, who is gone */
    assert_false(take_claim(now_ms));
    now_ms += CLAIM_MS - 1;
    assert_int_equal(look(), before);
    now_ms += 1;
    assert_int_equal(look(), before + 1);
    assert_int_equal(atomic_load(&claim), 0);
}

/* The first call of all, and somebody else is mapping already. */
static void with_nothing_to_go_on_with_a_call_maps_for_itself(void **state)
{
    (void)state;
    struct shared_view *shared;
    assert_true(take_claim(now_ms));
    assert_int_equal(shared_view_borrow(&shared), STATUS_OK);
    assert_true(shared->is_private);
    shared_view_return(shared); /* frees: the sanitizer would see a leak */
    assert_null(atomic_load(&current));
}

/* Children of children may inherit every slot in use. */
static void without_a_free_slot_a_call_maps_for_itself(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SLOTS; i++)
        atomic_store(&slots[i].state, SLOT_BUSY);
    for (unsigned i = 0; i < 3; i++) {
        publish();
        assert_int_equal(look(), publisher.generation);
        assert_null(atomic_load(&current));
    }
    atomic_store(&slots[3].state, SLOT_FREE);
    assert_int_equal(look(), publisher.generation);
    assert_ptr_equal(atomic_load(&current), &slots[3]);
}

static void a_view_that_is_gone_is_given_up(void **state)
{
    (void)state;
    struct shared_view *shared;
    (void)look();
    unlink(getenv("HEARTH_VIEW"));
    now_ms += VIEW_RECHECK_MS;
    assert_int_equal(shared_view_borrow(&shared), STATUS_NOT_FOUND);
    assert_null(atomic_load(&current));
    for (unsigned i = 0; i < SLOTS; i++)
        assert_int_equal(atomic_load(&slots[i].state), SLOT_FREE);
    publish();
    assert_int_equal(look(), publisher.generation);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_a_live_slot_is_held),
        TEST(a_dead_current_is_passed_by),
        TEST(an_old_view_outlives_its_last_user),
        TEST(a_claim_is_left_to_its_holder_for_a_second),
        TEST(with_nothing_to_go_on_with_a_call_maps_for_itself),
        TEST(without_a_free_slot_a_call_maps_for_itself),
        TEST(a_view_that_is_gone_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
