/* made_view DIR: reads households from standard input and publishes their view in DIR, by the
 * publisher's own writer. What they say needs no ledger to allow it: for tests of who reads a view.
 *
 *     household maple own ID           a line each; ID: 64 hex digits. The own one first, then
 *     household willow followed ID     the others in the order of following
 *     state fresh SOFT HARD            of that household (fresh, soft, hard, frozen); the times in
 *                                      milliseconds since 1970, 0 = never; no line: fresh 0 0
 *     camera AAAA fd00::20             names relative to it; lines of one name and type together
 *     _443._tcp.camera TLSA 3 1 1 HEX
 *     _443._tcp.camera REMOVED 3 1 1 HEX   a TLSA record that a withdrawal took out
 *     conflicts 1                      of the name above: live writes besides the one that counts
 *     withdrawn HEX                    a key's hash, as stolen
 *
 * Exit: 0 published; 1 could not be; 2 bad text, with its line on standard error. */
#include <stdio.h>
#include <stdlib.h>

#include "ledger/base/address.h"
#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "ledger/publish.h"
#include "ledger/view_build.h"
#include "tests/support/household_stub.h"

enum { HOUSEHOLDS_MAX = 8, WORDS_MAX = 6, LINE_SIZE = 1024, HASH_MAX = 64, BAD_TEXT = 2 };

struct made {
    struct view_build build;
    struct view_build_household households[HOUSEHOLDS_MAX];
};

static const char *label_of(void *context, const uint8_t key[static 32])
{
    (void)context, (void)key;
    return "made-node";
}

static struct view_build_household *last(struct made *made)
{
    size_t count = made->build.household_count;
    return count > 0 ? &made->households[count - 1] : NULL;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The octets' count; 0 for what is no hex, or too long. */
static size_t read_hex(uint8_t out[static HASH_MAX], const char *text)
{
    size_t len = strlen(text);
    if (len % 2 != 0 || len / 2 > HASH_MAX)
        return 0;
    for (size_t i = 0; i < len; i += 2) {
        int high = digit_of(text[i]), low = digit_of(text[i + 1]);
        if (high < 0 || low < 0)
            return 0;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return len / 2;
}

static bool add_household(struct made *made, char *const words[static WORDS_MAX], size_t count)
{
    uint8_t id[HASH_MAX];
    if (count != 4 || made->build.household_count == HOUSEHOLDS_MAX ||
        strlen(words[1]) >= sizeof made->households[0].petname || read_hex(id, words[3]) != 32)
        return false;
    struct view_build_household *household = &made->households[made->build.household_count++];
    household->household = stub_create();
    household->own = strcmp(words[2], "own") == 0;
    household->label = label_of;
    memcpy(household->namespace_id, id, sizeof household->namespace_id);
    strcpy(household->petname, words[1]);
    struct household_grant *grant = &household->household->grants[0];
    memset(grant->key, 0xa0, sizeof grant->key); /* the author of all that the stub adds */
    household->household->grant_count = 1;
    return household->own || strcmp(words[2], "followed") == 0;
}

static bool set_state(struct view_build_household *household, char *const words[static WORDS_MAX],
                      size_t count)
{
    static const char *const states[] = {[VIEW_ZONE_FRESH] = "fresh",
                                         [VIEW_ZONE_SOFT] = "soft",
                                         [VIEW_ZONE_HARD] = "hard",
                                         [VIEW_ZONE_FROZEN] = "frozen"};
    if (count != 4)
        return false;
    household->soft_ms = strtoull(words[2], NULL, 10);
    household->hard_ms = strtoull(words[3], NULL, 10);
    for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++) {
        household->state = (enum view_zone_state)i;
        if (strcmp(words[1], states[i]) == 0)
            return true;
    }
    return false;
}

static int compare_withdrawals(const void *a, const void *b)
{
    const struct household_withdrawal *left = a, *right = b;
    return memcmp(left->hash, right->hash, sizeof left->hash);
}

static bool add_withdrawal(struct household *household, char *const words[static WORDS_MAX],
                           size_t count)
{
    uint8_t hash[HASH_MAX];
    size_t room = sizeof household->withdrawn / sizeof household->withdrawn[0];
    if (count != 2 || read_hex(hash, words[1]) != 32 || household->withdrawn_count == room)
        return false;
    struct household_withdrawal *withdrawal = &household->withdrawn[household->withdrawn_count++];
    memcpy(withdrawal->hash, hash, sizeof withdrawal->hash);
    memset(withdrawal->id, 0xdd, sizeof withdrawal->id);
    memset(withdrawal->author, 0xa0, sizeof withdrawal->author);
    withdrawal->time = clock_stamp(clock_read().wall_ms, 0);
    withdrawal->reason = REASON_STOLEN;
    qsort(household->withdrawn, household->withdrawn_count, sizeof household->withdrawn[0],
          compare_withdrawals);
    return true;
}

/* The name's RRset: the one added last, or a new one. */
static struct household_set *set_of(struct household *household, const char *text, uint16_t type)
{
    struct name name;
    if (name_parse(&name, text) != STATUS_OK)
        return NULL;
    struct household_set *set =
        household->count > 0 ? &household->sets[household->count - 1] : NULL;
    if (set && set->type == type && name_equal(&set->name, &name))
        return set;
    set = stub_add(household, text, type);
    set->time = clock_stamp(clock_read().wall_ms, 0);
    return set;
}

static bool add_address(struct household *household, char *const words[static WORDS_MAX],
                        size_t count)
{
    struct address address;
    bool ipv4 = strcmp(words[1], "A") == 0;
    if (count != 3 || address_parse(&address, words[2]) != STATUS_OK)
        return false;
    struct household_set *set = set_of(household, words[0], ipv4 ? RRTYPE_A : RRTYPE_AAAA);
    if (set)
        stub_add_rr(set, address.octets + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
    return set != NULL;
}

static bool add_key(struct household *household, char *const words[static WORDS_MAX], size_t count)
{
    uint8_t rdata[3 + HASH_MAX];
    size_t len = count == 6 ? read_hex(rdata + 3, words[5]) : 0;
    struct household_set *set = len > 0 ? set_of(household, words[0], RRTYPE_TLSA) : NULL;
    if (!set)
        return false;
    for (size_t i = 0; i < 3; i++)
        rdata[i] = (uint8_t)strtoul(words[2 + i], NULL, 10);
    if (strcmp(words[1], "REMOVED") == 0)
        stub_add_removed(set, rdata, (uint16_t)(3 + len));
    else
        stub_add_rr(set, rdata, (uint16_t)(3 + len));
    return true;
}

static bool take_words(struct made *made, char *const words[static WORDS_MAX], size_t count)
{
    struct view_build_household *household = last(made);
    if (strcmp(words[0], "household") == 0)
        return add_household(made, words, count);
    if (!household || count < 2)
        return false;
    struct household *names = household->household;
    if (strcmp(words[0], "state") == 0)
        return set_state(household, words, count);
    if (strcmp(words[0], "withdrawn") == 0)
        return add_withdrawal(names, words, count);
    if (strcmp(words[0], "conflicts") == 0 && names->count > 0) {
        names->sets[names->count - 1].conflicts = (uint32_t)strtoul(words[1], NULL, 10);
        return true;
    }
    if (strcmp(words[1], "TLSA") == 0 || strcmp(words[1], "REMOVED") == 0)
        return add_key(names, words, count);
    return (strcmp(words[1], "A") == 0 || strcmp(words[1], "AAAA") == 0) &&
           add_address(names, words, count);
}

static bool take_line(struct made *made, char *line)
{
    char *words[WORDS_MAX] = {NULL}, *rest = NULL;
    size_t count = 0;
    for (char *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
        if (count == WORDS_MAX)
            return false;
        words[count++] = word;
    }
    return count == 0 || take_words(made, words, count);
}

static bool read_text(struct made *made)
{
    char line[LINE_SIZE], copy[LINE_SIZE];
    while (fgets(line, sizeof line, stdin)) {
        strcpy(copy, line);
        if (!take_line(made, line)) {
            (void)fprintf(stderr, "made_view: %s", copy);
            return false;
        }
    }
    return true;
}

static enum status publish(struct made *made, const char *dir)
{
    struct publisher publisher;
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum status status = publisher_open(&publisher, dir);
    if (status != STATUS_OK)
        return status;
    made->build.generation = publisher_next(&publisher);
    made->build.published_ms = clock_read().wall_ms;
    made->build.serial = 1;
    memcpy(made->build.hash_key, publisher.hash_key, sizeof made->build.hash_key);
    made->build.households = made->households;
    for (size_t i = 0; i < made->build.household_count; i++)
        stub_sort(made->households[i].household);
    status = view_build(&made->build, &bytes, &len);
    if (status == STATUS_OK)
        status = publisher_put(&publisher, bytes, len);
    free(bytes);
    publisher_close(&publisher);
    return status;
}

int main(int argc, char **argv)
{
    static struct made made;
    enum status status = STATUS_OK;
    if (argc != 2) {
        (void)fputs("usage: made_view DIR < TEXT\n", stderr);
        return BAD_TEXT;
    }
    bool is_read = read_text(&made);
    if (is_read)
        status = publish(&made, argv[1]);
    for (size_t i = 0; i < made.build.household_count; i++)
        stub_destroy(made.households[i].household);
    if (status != STATUS_OK)
        (void)fprintf(stderr, "made_view: %s\n", status_text(status));
    return !is_read ? BAD_TEXT : status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
