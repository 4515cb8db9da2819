/* test_ledger_kill.c: kill -9 at any moment: nothing that was acknowledged is lost, and no two
 * entries are signed for one place of a stream. */
#include "tests/unit/ledger/ledger_help.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/crypt.h"

enum { KILLS = 100, ACKS_MAX = 60000 };

struct ack {
    uint8_t id[32];
};

/* Writes until it is killed, and says each id only after its commit. */
static void child_write(const struct place *place, int fd, unsigned round)
{
    struct ledger *ledger;
    if (ledger_open(&ledger, place->dir, &place->house.keys) != STATUS_OK)
        _exit(1);
    for (unsigned i = 0;; i++) {
        char name[32];
        enum rule rule;
        struct ack acks[4];
        unsigned count = 1 + i % 4;
        if (ledger_begin(ledger) != STATUS_OK)
            _exit(2);
        for (unsigned k = 0; k < count; k++) {
            snprintf(name, sizeof name, "d%u-%u", round % 7, (i + k) % 50);
            struct ledger_write write = aaaa(name, (uint8_t)(i * 31 + k + round));
            if (ledger_append_set(ledger, &write, help_now, acks[k].id, &rule) != STATUS_OK)
                _exit(3);
        }
        if (ledger_commit(ledger) != STATUS_OK)
            _exit(4);
        if (write(fd, acks, count * sizeof *acks) != (ssize_t)(count * sizeof *acks))
            _exit(5);
    }
}

/* One entry for each place of a stream, and none missing. */
struct places {
    const uint8_t *author;
    struct {
        uint64_t stream, next;
    } streams[LIMIT_STREAMS];
    unsigned count;
};

static enum status check_place(void *context, uint64_t number, const struct entry *entry)
{
    struct places *places = context;
    (void)number;
    if (memcmp(entry->author, places->author, 32) != 0)
        return STATUS_OK;
    unsigned i = 0;
    while (i < places->count && places->streams[i].stream != entry->stream)
        i++;
    if (i == places->count) {
        assert_true(places->count < LIMIT_STREAMS);
        places->streams[places->count].stream = entry->stream;
        places->streams[places->count++].next = 0;
    }
    assert_int_equal(entry->seq, places->streams[i].next);
    places->streams[i].next++;
    return STATUS_OK;
}

static unsigned run_and_kill(const struct place *place, unsigned round, struct ack *acks)
{
    int ends[2];
    unsigned count = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        child_write(place, ends[1], round);
    close(ends[1]);
    /* Every third one dies while it opens; the others after some commits. */
    if (round % 3 != 0)
        count += read(ends[0], acks, sizeof *acks) == sizeof *acks;
    usleep((useconds_t)(rand() % 12000));
    kill(child, SIGKILL);
    for (ssize_t got; (got = read(ends[0], acks + count, sizeof *acks)) > 0; count++)
        assert_int_equal(got, sizeof *acks);
    close(ends[0]);
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
    return count;
}

static void a_killed_process_loses_nothing(void **state)
{
    struct place *place = *state;
    struct ack *acks = malloc(ACKS_MAX * sizeof *acks);
    assert_non_null(acks);
    unsigned count = 0;
    bool restored;
    srand(1);
    ledger_close(place->ledger);
    place->ledger = NULL;
    for (unsigned round = 0; round < KILLS; round++) {
        assert_true(count < ACKS_MAX - 20000);
        count += run_and_kill(place, round, acks + count);
    }
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
    (void)ledger_incarnation(place->ledger, &restored);
    assert_false(restored);
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[LIMIT_ENTRY];
        size_t len;
        assert_ok(ledger_get(place->ledger, acks[i].id, bytes, &len));
        assert_true(household_holds(ledger_own(place->ledger), acks[i].id));
    }
    struct places places = {.author = place->house.keys.signing.public_key};
    assert_ok(ledger_each_from(place->ledger, 0, check_place, &places));
    assert_int_equal(places.count, 1);
    assert_true(count > KILLS);
    print_message("%u acknowledged entries, %u kills\n", count, (unsigned)KILLS);
    free(acks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_killed_process_loses_nothing, set_up_admin),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
