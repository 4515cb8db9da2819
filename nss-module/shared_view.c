/* shared_view.c: see shared_view.h.
 *
 * A few slots hold a mapping each; `current` names the one to use. A slot's state is one word: what
 * it is, and how many calls are using it. A call takes part only by a compare-and-swap that finds
 * the slot LIVE, so a mapping can't go away under it. When the view has changed, whoever wins the
 * claim maps it into a free slot, makes that the current one and retires the old, while the others
 * go on with the old; the last call to return a retired slot unmaps it.
 *
 *     free → BUSY (being mapped) → LIVE + users → RETIRED + users → BUSY (being unmapped) → free
 *
 * There is no lock: the claim only spares several threads the same work, and lapses by itself. A
 * call that finds neither a mapping to go on with nor a free slot maps the view for itself alone. A
 * child of fork inherits slots and users that no thread of its own will ever return: such a slot
 * stays as it is, with its mapping.
 */
#include "nss-module/shared_view.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "ledger/base/clock.h"
#include "ledger/base/view_file.h"

enum {
    SLOTS = 8,
    CLAIM_MS = 1000, /* after this long, a claim's holder is taken for gone */
    HOLD_TRIES = 8,
};

enum {
    SLOT_FREE = 0,
    SLOT_BUSY = 1 << 30,
    SLOT_LIVE = 1 << 29,
    SLOT_RETIRED = 1 << 28,
    SLOT_USERS = SLOT_RETIRED - 1,
};

struct shared_view {
    _Atomic uint32_t state;
    bool is_private; /* on the heap, of one call alone */
    _Atomic uint64_t checked_ms;
    struct view_mapping mapping;
};

static struct shared_view slots[SLOTS];
static _Atomic(struct shared_view *) current;
static _Atomic uint64_t claim; /* 0: nobody's; else 1 + when it was made */

static const char *view_path(void)
{
    const char *path = secure_getenv("HEARTH_VIEW");
    return path && *path != '\0' ? path : VIEW_SYSTEM_PATH;
}

/* --- users --- */

static void free_if_unused(struct shared_view *shared)
{
    uint32_t expected = SLOT_RETIRED;
    if (!atomic_compare_exchange_strong(&shared->state, &expected, SLOT_BUSY))
        return;
    view_mapping_close(&shared->mapping);
    if (shared->is_private)
        free(shared);
    else
        atomic_store(&shared->state, SLOT_FREE);
}

static void retire(struct shared_view *shared)
{
    uint32_t state = atomic_load(&shared->state);
    while (
        !atomic_compare_exchange_weak(&shared->state, &state, (state & SLOT_USERS) | SLOT_RETIRED))
        ;
    free_if_unused(shared);
}

void shared_view_return(struct shared_view *shared)
{
    if (atomic_fetch_sub(&shared->state, 1) == SLOT_RETIRED + 1)
        free_if_unused(shared);
}

static bool hold(struct shared_view *shared)
{
    uint32_t state = atomic_load(&shared->state);
    while (state & SLOT_LIVE) {
        if (atomic_compare_exchange_weak(&shared->state, &state, state + 1))
            return true;
    }
    return false;
}

/* NULL when there is none, or when it changed again and again while we looked. */
static struct shared_view *hold_current(void)
{
    for (unsigned i = 0; i < HOLD_TRIES; i++) {
        struct shared_view *shared = atomic_load(&current);
        if (!shared || hold(shared))
            return shared;
    }
    return NULL;
}

/* --- opening --- */

static bool take_claim(uint64_t now_ms)
{
    uint64_t held = atomic_load(&claim);
    if (held != 0 && (int64_t)(now_ms + 1 - held) < CLAIM_MS)
        return false;
    return atomic_compare_exchange_strong(&claim, &held, now_ms + 1);
}

static void drop_claim(uint64_t now_ms)
{
    uint64_t held = now_ms + 1;
    atomic_compare_exchange_strong(&claim, &held, 0);
}

static struct shared_view *take_slot(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        uint32_t expected = SLOT_FREE;
        if (atomic_compare_exchange_strong(&slots[i].state, &expected, SLOT_BUSY))
            return &slots[i];
    }
    return NULL;
}

/* Maps for this call alone. */
static enum status open_private(struct shared_view **out)
{
    struct shared_view *shared = malloc(sizeof *shared);
    if (!shared)
        return STATUS_NO_MEMORY;
    enum status status = view_mapping_open(&shared->mapping, view_path());
    if (status != STATUS_OK) {
        free(shared);
        return status;
    }
    shared->is_private = true;
    atomic_init(&shared->state, SLOT_RETIRED + 1);
    *out = shared;
    return STATUS_OK;
}

/* Maps for all, in the place of `old` (NULL: there was none). */
static enum status open_current(struct shared_view *old, uint64_t now_ms, struct shared_view **out)
{
    struct shared_view *slot = take_slot();
    if (!slot)
        return open_private(out);
    enum status status = view_mapping_open(&slot->mapping, view_path());
    if (status != STATUS_OK) {
        atomic_store(&slot->state, SLOT_FREE);
        if (old && atomic_compare_exchange_strong(&current, &old, NULL))
            retire(old);
        return status;
    }
    atomic_store(&slot->checked_ms, now_ms);
    atomic_store(&slot->state, SLOT_LIVE + 1);
    struct shared_view *replaced = atomic_exchange(&current, slot);
    if (replaced)
        retire(replaced);
    *out = slot;
    return STATUS_OK;
}

/* `old` is out of date, or NULL. On OK *out is held. */
static enum status open_again(struct shared_view *old, uint64_t now_ms, struct shared_view **out)
{
    bool claimed = take_claim(now_ms);
    if (!claimed && old) {
        *out = old;
        return STATUS_OK;
    }
    /* To be cancelled with the claim, a slot or a descriptor in hand would lose it. */
    int cancel_state;
    int saved_errno = errno;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    enum status status = claimed ? open_current(old, now_ms, out) : open_private(out);
    if (claimed)
        drop_claim(now_ms);
    if (old)
        shared_view_return(old);
    pthread_setcancelstate(cancel_state, NULL);
    errno = saved_errno;
    return status;
}

/* One call in a second looks at the files themselves. */
static bool is_up_to_date(struct shared_view *shared, uint64_t now_ms)
{
    if (!view_mapping_is_current(&shared->mapping))
        return false;
    uint64_t checked_ms = atomic_load_explicit(&shared->checked_ms, memory_order_relaxed);
    if ((int64_t)(now_ms - checked_ms) < VIEW_RECHECK_MS ||
        !atomic_compare_exchange_strong(&shared->checked_ms, &checked_ms, now_ms))
        return true;
    int saved_errno = errno;
    bool in_place = view_mapping_is_in_place(&shared->mapping, view_path());
    errno = saved_errno;
    return in_place;
}

enum status shared_view_borrow(struct shared_view **shared)
{
    uint64_t now_ms = clock_coarse_ms();
    *shared = hold_current();
    if (*shared && is_up_to_date(*shared, now_ms))
        return STATUS_OK;
    return open_again(*shared, now_ms, shared);
}

struct view *shared_view_of(struct shared_view *shared)
{
    return &shared->mapping.view;
}
