/* Sets of entries that product and oracle once judged differently (tests/oracle/cases/, written by
 * tests/oracle/compare.py --keep): the root agreed on, in orders as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "ledger/base/reader.h"
#include "ledger/bundle.h"
#include "ledger/crypt.h"
#include "ledger/household.h"
#include "tests/unit/ledger/node_help.h"

static enum status add(void *context, enum bundle_part part, const uint8_t *bytes, size_t len,
                       uint64_t offset)
{
    struct household *h = context;
    struct entry entry;
    (void)part;
    (void)offset;
    assert_ok(entry_decode(&entry, bytes, len));
    (void)household_add(h, &entry); /* some wait, and come with the next round */
    return STATUS_OK;
}

static void check_case(const uint8_t *bytes, size_t len)
{
    struct reader r = reader_over(bytes, len);
    struct bundle bundle;
    uint8_t root[32];
    size_t bundle_len = reader_u32(&r);
    const uint8_t *octets = reader_bytes(&r, bundle_len);
    const uint8_t *trusted = reader_bytes(&r, 32);
    const uint8_t *expected = reader_bytes(&r, 32);
    assert_non_null(expected);
    assert_ok(bundle_open(&bundle, octets, bundle_len));
    assert_int_equal(bundle.count, 1);
    struct household *h = household_create(bundle.sections[0].namespace_id, (const uint8_t[16]){0});
    assert_non_null(h);
    for (size_t before = 0, held = 1; held > before; held = household_entries(h)) {
        before = household_entries(h);
        assert_ok(bundle_each(&bundle.sections[0], add, h));
    }
    household_trust_branch(h, trusted);
    household_state_root(h, root);
    assert_memory_equal(root, expected, 32);
    household_destroy(h);
    bundle_close(&bundle);
}

static void kept_cases_keep_their_roots(void **state)
{
    (void)state;
    const char *source = getenv("HEARTH_SOURCE");
    char folder[HELP_PATH_SIZE];
    struct dirent *found;
    size_t cases = 0;
    if (!source)
        skip();
    help_join(folder, source, "tests/oracle/cases");
    DIR *dir = opendir(folder);
    if (!dir)
        skip(); /* on a machine that has only the program */
    while ((found = readdir(dir))) {
        char path[HELP_PATH_SIZE];
        size_t len;
        if (found->d_name[0] == '.')
            continue;
        help_join(path, folder, found->d_name);
        uint8_t *bytes = help_file_read(path, &len);
        print_message("%s\n", found->d_name);
        check_case(bytes, len);
        free(bytes);
        cases++;
    }
    (void)closedir(dir);
    assert_true(cases > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_cases_keep_their_roots),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
