/* verify_ahead.c: see verify_ahead.h.
 *
 * Whoever has nothing to do takes the next item that nobody has taken, helpers and the waiting
 * caller alike, so that results come about in the order in which they are asked for. A result is
 * written once, by whoever took the item, and read after it was seen to be there.
 */
#include "ledger/verify_ahead.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "ledger/entry.h"

enum {
    HELPERS_MAX = 15,
    ITEMS_A_HELPER = 64, /* fewer are not worth a thread */
};

struct verify_ahead {
    const struct verify_item *items; /* borrowed */
    size_t count;
    _Atomic size_t next; /* the first item that nobody has taken */
    unsigned helper_count;
    pthread_t helpers[HELPERS_MAX];
    _Atomic uint16_t results[]; /* 0: not there yet; else 1 + the status */
};

/* False when there is none left to take. */
static bool verify_next(struct verify_ahead *ahead)
{
    struct entry entry;
    size_t index = atomic_fetch_add_explicit(&ahead->next, 1, memory_order_relaxed);
    if (index >= ahead->count)
        return false;
    const struct verify_item *item = &ahead->items[index];
    enum status status = entry_decode(&entry, item->bytes, item->len);
    if (status == STATUS_OK)
        status = entry_verify(&entry);
    atomic_store_explicit(&ahead->results[index], (uint16_t)(1 + status), memory_order_release);
    return true;
}

static void *help(void *context)
{
    while (verify_next(context))
        ;
    return NULL;
}

/* One for each processor but the caller's own. Signals stay the caller's. */
static void start_helpers(struct verify_ahead *ahead)
{
    sigset_t all, before;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t useful = ahead->count / ITEMS_A_HELPER;
    size_t wanted = processors > 1 ? (size_t)processors - 1 : 0;
    wanted = wanted < useful ? wanted : useful;
    wanted = wanted < HELPERS_MAX ? wanted : HELPERS_MAX;
    if (wanted == 0 || sigfillset(&all) != 0 || pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return;
    while (ahead->helper_count < wanted &&
           pthread_create(&ahead->helpers[ahead->helper_count], NULL, help, ahead) == 0)
        ahead->helper_count++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* a mask that was in force before */
}

struct verify_ahead *verify_ahead_start(const struct verify_item *items, size_t count)
{
    struct verify_ahead *ahead = NULL;
    if (count > (SIZE_MAX - sizeof *ahead) / sizeof ahead->results[0])
        return NULL;
    ahead = calloc(1, sizeof *ahead + count * sizeof ahead->results[0]);
    if (!ahead)
        return NULL;
    ahead->items = items;
    ahead->count = count;
    start_helpers(ahead);
    return ahead;
}

enum status verify_ahead_wait(struct verify_ahead *ahead, size_t index)
{
    for (;;) {
        uint16_t result = atomic_load_explicit(&ahead->results[index], memory_order_acquire);
        if (result != 0)
            return (enum status)(result - 1);
        /* All taken: a helper is at work on it, for the time of one signature. */
        if (!verify_next(ahead))
            (void)sched_yield(); /* never fails here */
    }
}

void verify_ahead_end(struct verify_ahead *ahead)
{
    if (!ahead)
        return;
    atomic_store_explicit(&ahead->next, ahead->count, memory_order_relaxed);
    for (unsigned i = 0; i < ahead->helper_count; i++)
        (void)pthread_join(ahead->helpers[i], NULL); /* ours, and joined once */
    free(ahead);
}
