/* test_node_keys.c: a node makes its keys once, keeps them, and proves that it holds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/crypt.h"
#include "ledger/node_keys.h"
#include "tests/unit/ledger/node_help.h"

struct place {
    char dir[HELP_PATH_SIZE];
    char path[HELP_PATH_SIZE]; /* of a key in it */
};

static int set_up(void **state)
{
    static struct place place;
    help_dir_make(place.dir);
    help_join(place.path, place.dir, "some.key");
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    help_dir_remove(place->dir);
    return 0;
}

static void a_node_makes_its_keys_and_keeps_them(void **state)
{
    struct place *place = *state;
    struct node_keys first, second;
    char dir[HELP_PATH_SIZE], spki[HELP_PATH_SIZE];
    static const uint8_t none[32];
    help_join(dir, place->dir, "state");
    help_join(spki, dir, "tls.spki");
    assert_ok(node_keys_open(&first, dir));
    assert_int_equal(help_mode_of(dir), 0700);
    assert_memory_not_equal(first.signing.public_key, first.zone.public_key, 32);
    assert_memory_equal(first.spki_sha256, none, 32);
    help_file_write(spki, "0000000000000000000000000000000000000000000000000000000000000001\n", 65);
    assert_ok(node_keys_open(&second, dir));
    assert_memory_equal(first.signing.secret, second.signing.secret, 64);
    assert_memory_equal(first.zone.secret, second.zone.secret, 64);
    assert_int_equal(second.spki_sha256[31], 1);
    node_keys_close(&first);
    node_keys_close(&second);
    help_file_write(spki, "1\n", 2);
    assert_status(STATUS_CORRUPT, node_keys_open(&second, dir));
    assert_null(second.signing.secret);
}

static void a_damaged_node_key_stops_the_node(void **state)
{
    struct place *place = *state;
    struct node_keys keys;
    char zone[HELP_PATH_SIZE];
    help_join(zone, place->dir, "zone.key");
    help_file_write(zone, "", 0);
    assert_status(STATUS_CORRUPT, node_keys_open(&keys, place->dir));
    assert_null(keys.signing.secret);
    assert_null(keys.zone.secret);
}

/* Of several processes that start at once, all have the same key. */
static void keys_made_at_once_are_one(void **state)
{
    struct place *place = *state;
    enum { STARTS = 8 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (unsigned i = 0; i < STARTS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct node_keys keys;
            bool ok = node_keys_open(&keys, place->dir) == STATUS_OK &&
                      write(ends[1], keys.signing.public_key, 32) == 32;
            _exit(ok ? 0 : 1);
        }
    }
    uint8_t first[32], other[32];
    for (unsigned i = 0; i < STARTS; i++) {
        int result;
        assert_true(wait(&result) > 0);
        assert_int_equal(result, 0);
        assert_int_equal(read(ends[0], i == 0 ? first : other, 32), 32);
        if (i > 0)
            assert_memory_equal(first, other, 32);
    }
    assert_int_equal(help_files_in(place->dir), 2);
    close(ends[0]);
    close(ends[1]);
}

static void possession_is_by_the_granted_key(void **state)
{
    (void)state;
    struct help_house house;
    help_house_make(&house, 10, ROLE_ADMIN);
    struct body_grant grant = {.role = ROLE_NODE};
    struct owner_entry out;
    assert_ok(node_keys_possess(&house.keys, house.head.namespace_id, &grant));
    assert_ok(owner_grant(&house.owner, &house.head, HELP_NOW_MS, &grant, &out));
    grant.role = ROLE_ADMIN; /* not what the key signed */
    assert_status(STATUS_SIGNATURE,
                  owner_grant(&house.owner, &house.head, HELP_NOW_MS, &grant, &out));
    help_house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_node_makes_its_keys_and_keeps_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_node_key_stops_the_node, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_made_at_once_are_one, set_up, tear_down),
        cmocka_unit_test(possession_is_by_the_granted_key),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
