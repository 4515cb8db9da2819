/* backoff.h: when a child that ended is started again. Pure: time is passed in. */
#ifndef HEARTH_RESOLVER_DAEMON_BACKOFF_H
#define HEARTH_RESOLVER_DAEMON_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 30000, BACKOFF_GOOD_MS = 60000 };

/* Zeroed at first. */
struct backoff {
    uint64_t started_ms;
    unsigned delay_ms; /* of the last wait; 0: none yet */
};

static inline void backoff_start(struct backoff *backoff, uint64_t now_ms)
{
    backoff->started_ms = now_ms;
}

/* The child has ended: how long to wait. Twice as long each time, up to the maximum; a good minute
 * starts it anew. */
static inline unsigned backoff_end(struct backoff *backoff, uint64_t now_ms)
{
    if (now_ms - backoff->started_ms >= BACKOFF_GOOD_MS || backoff->delay_ms == 0)
        backoff->delay_ms = BACKOFF_FIRST_MS;
    else if (backoff->delay_ms < BACKOFF_MAX_MS / 2)
        backoff->delay_ms *= 2;
    else
        backoff->delay_ms = BACKOFF_MAX_MS;
    return backoff->delay_ms;
}

#endif
