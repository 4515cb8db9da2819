/* test_owner.c: what the owner signs is what the household takes, and what would be in vain is not
 * signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/crypt.h"
#include "ledger/household.h"
#include "tests/unit/ledger/node_help.h"

struct scene {
    struct help_house house;
    struct household *household;
};

static void take(struct scene *scene, const struct owner_entry *out)
{
    struct entry entry;
    enum rule rule;
    assert_ok(entry_decode(&entry, out->bytes, out->len));
    assert_memory_equal(entry.id, out->id, 32);
    assert_ok(household_admit(scene->household, &entry));
    assert_ok(entry_verify(&entry));
    assert_ok(household_add(scene->household, &entry));
    assert_ok(household_effect(scene->household, entry.id, &rule));
    assert_string_equal(rule_name(RULE_NONE), rule_name(rule));
}

static int set_up(void **state)
{
    static struct scene scene;
    help_house_make(&scene.house, 30, ROLE_NODE);
    scene.household = household_create(scene.house.genesis.id, (const uint8_t[16]){0});
    assert_non_null(scene.household);
    take(&scene, &scene.house.genesis);
    take(&scene, &scene.house.grant);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    household_destroy(scene->household);
    help_house_close(&scene->house);
    return 0;
}

static struct body_scope scope_of(const struct node_keys *keys)
{
    struct body_scope scope = {.signing.algorithm = KEY_ED25519, .zone.algorithm = KEY_ED25519};
    memcpy(scope.signing.key, keys->signing.public_key, 32);
    memcpy(scope.zone.key, keys->zone.public_key, 32);
    memcpy(scope.spki_sha256, keys->spki_sha256, 32);
    return scope;
}

static struct household_authority authority_of(struct scene *scene)
{
    struct household_authority authority;
    assert_ok(household_authority(scene->household, &authority));
    return authority;
}

static void every_type_is_taken_in_its_turn(void **state)
{
    struct scene *scene = *state;
    struct help_house *house = &scene->house;
    const struct key_pair *owner = &house->owner;
    struct owner_entry out;
    struct household_grant grant;
    struct body_scope scope = scope_of(&house->keys);
    scope.flags = GRANT_WITNESS;
    assert_ok(owner_scope(owner, &house->head, HELP_NOW_MS, &scope, &out));
    take(scene, &out);
    assert_ok(household_find_grant(scene->household, scope.signing.key, &grant));
    assert_int_equal(grant.flags, GRANT_WITNESS);
    struct body_policy policy = {.soft_hours = 5, .hard_hours = 50, .min_version = 1};
    assert_ok(owner_policy(owner, &house->head, HELP_NOW_MS, &policy, &out));
    take(scene, &out);
    assert_int_equal(authority_of(scene).hard_hours, 50);
    assert_ok(owner_lift(owner, &house->head, HELP_NOW_MS, out.id, &out));
    take(scene, &out);
    struct body_revoke revoke = {.signing = scope.signing, .reason = REASON_RETIRED};
    assert_ok(owner_revoke(owner, &house->head, HELP_NOW_MS, &revoke, &out));
    take(scene, &out);
    assert_ok(household_find_grant(scene->household, scope.signing.key, &grant));
    assert_int_equal(grant.state, GRANT_REVOKED);
    assert_memory_equal(authority_of(scene).head, house->head.id, 32);
    assert_int_equal(authority_of(scene).head_seq, house->head.seq);
}

static void a_merge_ends_a_freeze(void **state)
{
    struct scene *scene = *state;
    struct owner_head other = scene->house.head;
    struct owner_entry out;
    struct body_policy policy = {.soft_hours = 5, .hard_hours = 50, .min_version = 1};
    assert_ok(owner_policy(&scene->house.owner, &other, HELP_NOW_MS, &policy, &out));
    take(scene, &out);
    policy.soft_hours++;
    struct owner_head *head = &scene->house.head;
    assert_ok(owner_policy(&scene->house.owner, head, HELP_NOW_MS, &policy, &out));
    struct entry entry;
    assert_ok(entry_decode(&entry, out.bytes, out.len));
    assert_ok(household_add(scene->household, &entry));
    assert_true(authority_of(scene).frozen);
    assert_status(STATUS_NO_EFFECT,
                  owner_merge(&scene->house.owner, head, HELP_NOW_MS, head->id, &out));
    assert_ok(owner_merge(&scene->house.owner, head, HELP_NOW_MS, other.id, &out));
    take(scene, &out);
    assert_false(authority_of(scene).frozen);
    assert_int_equal(authority_of(scene).soft_hours, 6);
}

static void the_recovery_key_makes_a_new_owner(void **state)
{
    struct scene *scene = *state;
    struct help_house *house = &scene->house;
    struct key_pair new_owner = help_pair(80), new_recovery = help_pair(81);
    struct household_authority before = authority_of(scene);
    struct owner_entry out;
    struct owner_head head = house->head;
    assert_true(owner_recovery_fits(house->recovery.public_key, before.recovery_commitment));
    assert_false(owner_recovery_fits(house->owner.public_key, before.recovery_commitment));
    assert_status(STATUS_SIGNATURE,
                  owner_recover(&house->owner, before.recovery_commitment, &head, HELP_NOW_MS,
                                new_owner.public_key, new_recovery.public_key, &out));
    assert_memory_equal(head.id, house->head.id, 32); /* a refusal moves nothing */
    assert_ok(owner_recover(&house->recovery, before.recovery_commitment, &head, HELP_NOW_MS,
                            new_owner.public_key, new_recovery.public_key, &out));
    take(scene, &out);
    struct household_authority after = authority_of(scene);
    assert_memory_equal(after.owner, new_owner.public_key, 32);
    assert_true(owner_recovery_fits(new_recovery.public_key, after.recovery_commitment));
    struct body_policy policy = {.soft_hours = 5, .hard_hours = 50, .min_version = 1};
    assert_ok(owner_policy(&new_owner, &head, HELP_NOW_MS, &policy, &out));
    take(scene, &out);
    key_pair_close(&new_owner);
    key_pair_close(&new_recovery);
}

static void what_would_be_in_vain_is_not_signed(void **state)
{
    struct scene *scene = *state;
    struct help_house *house = &scene->house;
    struct owner_head before = house->head;
    struct owner_entry out;
    struct body_grant grant = {.role = ROLE_NODE};
    assert_ok(node_keys_possess(&house->keys, house->head.namespace_id, &grant));
    static const struct {
        uint8_t role, flags, scope;
    } vain[] = {{0, 0, 0}, {3, 0, 0}, {ROLE_ADMIN, 4, 0}, {ROLE_NODE, GRANT_SHARE, 1}};
    for (size_t i = 0; i < sizeof vain / sizeof *vain; i++) {
        struct body_grant bad = grant;
        bad.role = vain[i].role;
        bad.flags = vain[i].flags;
        bad.scope_commitment[0] = vain[i].scope;
        assert_status(STATUS_NO_EFFECT,
                      owner_grant(&house->owner, &house->head, HELP_NOW_MS, &bad, &out));
        if (vain[i].role != ROLE_ADMIN && vain[i].role != ROLE_NODE)
            continue;
        struct body_scope scope = scope_of(&house->keys);
        scope.flags = bad.flags;
        scope.scope_commitment[0] = vain[i].scope;
        assert_status(STATUS_NO_EFFECT,
                      owner_scope(&house->owner, &house->head, HELP_NOW_MS, &scope, &out));
    }
    struct body_grant bad = grant;
    memset(bad.zone.key, 0, sizeof bad.zone.key);
    assert_status(STATUS_NO_EFFECT,
                  owner_grant(&house->owner, &house->head, HELP_NOW_MS, &bad, &out));
    bad = grant;
    bad.possession[9] ^= 1;
    assert_status(STATUS_SIGNATURE,
                  owner_grant(&house->owner, &house->head, HELP_NOW_MS, &bad, &out));
    static const uint16_t hours[][2] = {{0, 0}, {0, 9}, {10, 9}};
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        struct body_policy policy = {.soft_hours = hours[i][0], .hard_hours = hours[i][1]};
        assert_status(STATUS_RANGE,
                      owner_policy(&house->owner, &house->head, HELP_NOW_MS, &policy, &out));
    }
    uint8_t no_key[32] = {0};
    assert_status(STATUS_CRYPTO,
                  owner_genesis(&house->owner, no_key, HELP_NOW_MS, &house->head, &out));
    assert_memory_equal(&before, &house->head, sizeof before);
}

static void two_households_of_one_owner_are_two(void **state)
{
    struct scene *scene = *state;
    struct owner_entry out;
    struct owner_head head;
    assert_ok(owner_genesis(&scene->house.owner, scene->house.recovery.public_key, HELP_NOW_MS,
                            &head, &out));
    assert_memory_not_equal(out.id, scene->house.genesis.id, 32);
    assert_memory_equal(head.namespace_id, out.id, 32);
}

static void the_owners_key_has_a_file_of_its_own(void **state)
{
    (void)state;
    char dir[HELP_PATH_SIZE], owner_dir[HELP_PATH_SIZE];
    struct key_pair made, read;
    help_dir_make(dir);
    help_join(owner_dir, dir, "owner");
    assert_status(STATUS_NOT_FOUND, owner_key_read(&read, owner_dir));
    assert_ok(owner_key_create(&made, owner_dir));
    assert_status(STATUS_EXISTS, owner_key_create(&read, owner_dir));
    assert_ok(owner_key_read(&read, owner_dir));
    assert_memory_equal(made.secret, read.secret, 64);
    key_pair_close(&made);
    key_pair_close(&read);
    help_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_is_taken_in_its_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_merge_ends_a_freeze, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_recovery_key_makes_a_new_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_would_be_in_vain_is_not_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_households_of_one_owner_are_two, set_up, tear_down),
        cmocka_unit_test(the_owners_key_has_a_file_of_its_own),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
