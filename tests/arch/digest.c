/* digest.c: what this machine makes of fixed households, as hashes: tests/arch/arch.sh compares the
 * output of several architectures, which must be one.
 *
 * The households are the vectors and random histories of fixed seeds and keys. For each: the state
 * root and both frontiers (docs/ledger-format.md), its bundle, and the view of it beside the one
 * before, with a fixed generation, time and hash key (docs/view-format.md). HEARTH_HISTORIES says
 * how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/text.h"
#include "ledger/crypt.h"
#include "ledger/view_build.h"
#include "tests/unit/ledger/history.h"
#include "tests/unit/ledger/vectors.h"

enum { HISTORIES = 40 };

static void say(const char *what, const char *of, const uint8_t hash[static 32])
{
    char hex[65];
    hex_encode(hash, 32, hex);
    printf("%-16s %-22s %s\n", of, what, hex);
}

static void say_octets(const char *what, const char *of, const uint8_t *bytes, size_t len)
{
    uint8_t hash[32];
    crypt_sha256(bytes, len, hash);
    say(what, of, hash);
}

static void say_vectors(void)
{
    size_t count;
    const struct vector *vectors = vectors_all(&count);
    for (size_t i = 0; i < count; i++)
        say_octets(vectors[i].name, "vector", vectors[i].bytes, vectors[i].len);
}

static struct view_build_household zone(struct story *s, const char *petname, bool own)
{
    struct view_build_household household = {
        .household = s->house, .own = own, .soft_ms = UINT64_C(4102444800000), .hard_ms = 0};
    memcpy(household.namespace_id, story_id(s, 0), 32);
    (void)snprintf(household.petname, sizeof household.petname, "%s", petname);
    return household;
}

static void say_view(const char *of, struct story *own, struct story *other)
{
    const struct view_build_household households[] = {zone(own, "maple", true),
                                                      zone(other, "birch", false)};
    struct view_build input = {.generation = UINT64_C(0x0123456789abcdef),
                               .published_ms = UINT64_C(1790000000000),
                               .serial = 0x01020304,
                               .households = households,
                               .household_count = 2};
    uint8_t *bytes;
    size_t len;
    for (uint8_t i = 0; i < sizeof input.hash_key; i++)
        input.hash_key[i] = i;
    assert_int_equal(view_build(&input, &bytes, &len), STATUS_OK);
    say_octets("view", of, bytes, len);
    free(bytes);
}

static void say_history(uint64_t seed)
{
    struct story own, other;
    uint8_t hash[32];
    char of[32];
    size_t len;
    history_make(&own, seed, 20 + (int)(seed % 61));
    history_make(&other, seed + 1000, 12);
    (void)snprintf(of, sizeof of, "history %llu", (unsigned long long)seed);
    household_state_root(own.house, hash);
    say("state root", of, hash);
    household_frontier(own.house, false, hash);
    say("frontier", of, hash);
    household_frontier(own.house, true, hash);
    say("shared frontier", of, hash);
    uint8_t *bundle = history_bundle(&own, &len);
    say_octets("bundle", of, bundle, len);
    free(bundle);
    say_view(of, &own, &other);
    story_free(&own);
    story_free(&other);
}

static void digests(void **state)
{
    (void)state;
    const char *text = getenv("HEARTH_HISTORIES");
    unsigned long count = text ? strtoul(text, NULL, 10) : HISTORIES;
    say_vectors();
    for (uint64_t seed = 1; seed <= count; seed++)
        say_history(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(digests)};
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
