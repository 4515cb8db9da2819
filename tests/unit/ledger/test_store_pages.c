/* test_store_pages.c: sound files of many shapes, and one fault at a time in what LMDB keeps for
 * itself. tests/fault/flip.c flips every bit. */
#include "ledger/store_pages.h"

#include "tests/unit/ledger/ledger_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/crypt.h"
#include "ledger/store.h"

enum { PAGE = 4096, WORD = sizeof(size_t), HEAD = WORD + 8, TREE = 8 + 5 * WORD, MANY = 400 };
/* Within a meta page. */
enum {
    FREE_TREE = HEAD + 8 + 2 * WORD,
    MAIN_TREE = FREE_TREE + TREE,
    LAST = MAIN_TREE + TREE,
    TXN = LAST + WORD,
    ROOT = 8 + 4 * WORD,
    ITEMS = 8 + 3 * WORD
};

static struct {
    char path[HELP_PATH_SIZE];
    uint8_t *bytes;   /* malloc'd */
    size_t len, meta; /* where the meta page is that holds */
} file;

static size_t word(size_t at)
{
    size_t value;
    assert_true(at + sizeof value <= file.len);
    memcpy(&value, file.bytes + at, sizeof value);
    return value;
}

static void put_word(size_t at, size_t value)
{
    memcpy(file.bytes + at, &value, sizeof value);
}

static void expect(enum status expected)
{
    help_file_write(file.path, file.bytes, file.len);
    assert_status(expected, store_pages_check(file.path));
}

/* The word there changed: CORRUPT. As it was: OK. */
static void expect_noticed(size_t at, size_t value)
{
    size_t before = word(at);
    put_word(at, value);
    expect(STATUS_CORRUPT);
    put_word(at, before);
}

static void write_many(struct place *place)
{
    char name[32];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "device%u", i % 150);
        set(place->ledger, name, (uint8_t)(i % 250 + 1));
        if (i % 50 == 0)
            assert_ok(store_pages_check(place->data));
    }
}

static int set_up(void **state)
{
    assert_int_equal(set_up_admin(state), 0);
    struct place *place = *state;
    write_many(place);
    ledger_close(place->ledger);
    place->ledger = NULL;
    file.bytes = help_file_read(place->data, &file.len);
    help_join(file.path, place->dir, "copy");
    file.meta = word(TXN) > word(PAGE + TXN) ? 0 : PAGE;
    return 0;
}

static int end(void **state)
{
    free(file.bytes);
    return tear_down(state);
}

static uint16_t half_word(size_t at)
{
    uint16_t value;
    memcpy(&value, file.bytes + at, sizeof value);
    return value;
}

/* Where a leaf page of the tree at `tree` is, the leftmost. */
static size_t leaf_of(size_t tree)
{
    size_t at = word(tree + ROOT) * PAGE;
    while (half_word(at + WORD + 2) == 0x01) {
        uint32_t child;
        memcpy(&child, file.bytes + at + half_word(at + HEAD), sizeof child);
        at = (size_t)child * PAGE;
    }
    return at;
}

static void sound_files_pass(void **state)
{
    (void)state;
    expect(STATUS_OK);
    assert_status(STATUS_IO, store_pages_check("/nowhere"));
}

static void short_files_do_not(void **state)
{
    (void)state;
    size_t len = file.len;
    for (file.len = 0; file.len <= 2 * PAGE; file.len += PAGE / 4)
        expect(STATUS_CORRUPT);
    file.len = len;
}

static void meta_pages_are_consecutive(void **state)
{
    (void)state;
    size_t other = file.meta == 0 ? PAGE : 0, txn = word(file.meta + TXN);
    expect_noticed(file.meta + TXN, txn + 2);
    expect_noticed(file.meta + TXN, txn + 1024);
    expect_noticed(other + TXN, txn + 7);
    expect_noticed(other + TXN, txn);
    expect_noticed(file.meta + HEAD, 0); /* magic */
    expect_noticed(other + HEAD, 0);
    expect_noticed(file.meta + LAST, word(file.meta + LAST) + 3);
    expect_noticed(file.meta + LAST, 2);
    expect_noticed(file.meta + LAST, SIZE_MAX);
    expect(STATUS_OK);
}

static void trees_are_as_they_say(void **state)
{
    (void)state;
    const size_t trees[] = {file.meta + FREE_TREE, file.meta + MAIN_TREE};
    for (size_t i = 0; i < 2; i++) {
        expect_noticed(trees[i] + ROOT, 0);
        expect_noticed(trees[i] + ROOT, word(trees[i] + ROOT) + 1);
        expect_noticed(trees[i] + ROOT, file.len / PAGE);
        expect_noticed(trees[i] + ROOT, SIZE_MAX);
        expect_noticed(trees[i] + ITEMS, word(trees[i] + ITEMS) + 1);
        size_t leaf = leaf_of(trees[i]);
        expect_noticed(leaf, leaf / PAGE + 1); /* its number */
        for (size_t at = leaf + WORD + 2; at < leaf + HEAD; at += 2) {
            file.bytes[at] ^= 4; /* flags, ends */
            expect(STATUS_CORRUPT);
            file.bytes[at] ^= 4;
        }
    }
    expect(STATUS_OK);
}

/* The worst fault: nothing is wrong yet, and the next write would go over what is in use. */
static void a_page_in_use_is_not_free(void **state)
{
    (void)state;
    size_t leaf = leaf_of(file.meta + FREE_TREE);
    size_t node = leaf + half_word(leaf + HEAD);
    size_t list = node + 8 + half_word(node + 6), count = word(list);
    assert_true(count > 0);
    size_t last = list + count * WORD;
    expect_noticed(last, word(file.meta + MAIN_TREE + ROOT));
    expect_noticed(last, leaf / PAGE);
    expect_noticed(last, 1);
    expect_noticed(last, word(file.meta + LAST) + 1);
    expect_noticed(list, count + 1000);
    if (count > 1)
        expect_noticed(last, word(last - WORD)); /* twice */
    expect(STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound_files_pass, set_up, end),
        cmocka_unit_test_setup_teardown(short_files_do_not, set_up, end),
        cmocka_unit_test_setup_teardown(meta_pages_are_consecutive, set_up, end),
        cmocka_unit_test_setup_teardown(trees_are_as_they_say, set_up, end),
        cmocka_unit_test_setup_teardown(a_page_in_use_is_not_free, set_up, end),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
