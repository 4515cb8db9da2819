/* history_facts.c: see history_facts.h. A fact is a word and its values, numbers in decimal, octets
 * in hex; the order of lines says nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/text.h"
#include "tests/unit/ledger/history_facts.h"

static void say(FILE *out, const uint8_t *bytes, size_t len)
{
    char hex[2 * 256 + 1];
    assert_true(len <= 256);
    hex_encode(bytes, len, hex);
    (void)fprintf(out, " %s", hex);
}

static void say_authority(FILE *out, struct household *h)
{
    struct household_authority a;
    assert_int_equal(household_authority(h, &a), STATUS_OK);
    (void)fputs("frozen", out);
    if (a.frozen)
        say(out, a.fork, 32);
    (void)fprintf(out, "%s\nnext", a.frozen ? "" : " no");
    say(out, a.head, 32);
    (void)fprintf(out, " %llu", (unsigned long long)a.head_seq);
    say(out, a.owner, 32);
    say(out, a.recovery_commitment, 32);
    (void)fprintf(out, "\npolicy %u %u %u\n", a.soft_hours, a.hard_hours, a.min_version);
}

static bool say_head(void *context, const uint8_t id[static 32])
{
    FILE *out = context;
    (void)fputs("head", out);
    say(out, id, 32);
    (void)fputs("\n", out);
    return true;
}

static bool say_grant(void *context, const struct household_grant *grant)
{
    static const char *const states[] = {[GRANT_LIVE] = "live",
                                         [GRANT_SUSPENDED] = "suspended",
                                         [GRANT_REVOKED] = "revoked",
                                         [GRANT_OVERRUN] = "overrun",
                                         [GRANT_CLEARED] = "cleared"};
    FILE *out = context;
    (void)fputs("grant", out);
    say(out, grant->key, 32);
    (void)fprintf(out, " %s %u %u", states[grant->state], grant->role, grant->flags);
    say(out, grant->spki_sha256, 32);
    say(out, grant->zone_key, 32);
    if (grant->scoped)
        say(out, grant->scope_commitment, 32);
    else
        (void)fputs(" any", out);
    say(out, grant->grant_id, 32);
    (void)fputs("\n", out);
    return true;
}

static bool say_set(void *context, const struct household_set *set)
{
    FILE *out = context;
    (void)fputs("set", out);
    say(out, set->name.wire, set->name.len);
    (void)fprintf(out, " %u", set->type);
    say(out, set->id, 32);
    (void)fprintf(out, " %u %u %u\n", set->conflicts, set->rr_count, set->removed_count);
    return true;
}

static bool say_withdrawal(void *context, const struct household_withdrawal *w)
{
    FILE *out = context;
    (void)fputs("withdrawal", out);
    say(out, w->hash, 32);
    say(out, w->id, 32);
    (void)fputs("\n", out);
    return true;
}

static void say_frontier(FILE *out, struct household *h)
{
    uint8_t hash[32];
    (void)fputs("frontier", out);
    for (int shared = 0; shared < 2; shared++) {
        household_frontier(h, shared == 1, hash);
        say(out, hash, 32);
    }
    (void)fputs("\n", out);
}

static void say_rights(FILE *out, struct household *h)
{
    static const char *const names[] = {"cam", "door", "cam.door", "x.cam"};
    for (const char *who = "abcde"; *who; who++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            struct name name;
            assert_int_equal(name_parse(&name, names[i]), STATUS_OK);
            enum rule rule = household_may_set(h, story_key(*who)->public_key, &name);
            (void)fputs("may", out);
            say(out, story_key(*who)->public_key, 32);
            say(out, name.wire, name.len);
            (void)fprintf(out, " %s\n", rule_name(rule));
        }
    }
}

void history_facts(FILE *out, struct household *h, const struct story *s)
{
    (void)fprintf(out, "held %zu\n", household_entries(h));
    say_authority(out, h);
    household_each_authority_head(h, say_head, out);
    household_each_grant(h, say_grant, out);
    household_each_winner(h, say_set, out);
    household_each_withdrawal(h, say_withdrawal, out);
    say_frontier(out, h);
    say_rights(out, h);
    for (int i = 0; i < s->count; i++) {
        enum rule rule;
        if (household_effect(h, story_id(s, i), &rule) != STATUS_OK)
            continue;
        (void)fputs("rule", out);
        say(out, story_id(s, i), 32);
        (void)fprintf(out, " %s\n", rule_name(rule));
    }
}
