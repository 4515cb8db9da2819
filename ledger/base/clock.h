/* clock.h: the one judgement of what time it is (docs/ledger-rules.md, "Household time").
 *
 * Household machines boot in 1970 and come back from repair in 2040. A wall clock is believed only
 * when the kernel says that it is synchronised; otherwise the newest time that the household's own
 * signed statements prove to have passed (the floor) is used if it is later. Time is passed in:
 * this is a pure rule, `clock_read` is its only door to the machine.
 */
#ifndef HEARTH_LEDGER_BASE_CLOCK_H
#define HEARTH_LEDGER_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* 2026-01-01T00:00:00Z: no honest clock is before the day Hearth was written. */
#define CLOCK_EARLIEST_MS UINT64_C(1767225600000)
#define CLOCK_DAY_MS      UINT64_C(86400000)

struct clock_reading {
    uint64_t wall_ms;  /* since 1970, UTC */
    bool synchronised; /* the kernel says that NTP or the like disciplines it */
};

/* Reads CLOCK_REALTIME and adjtimex(2)'s state. */
struct clock_reading clock_read(void);

/* Household time: the wall clock when synchronised, else the later of wall clock and floor. The
 * wall clock is never believed more than a day beyond the floor unless synchronised (floor 0: none
 * known, the wall clock is all there is). */
uint64_t clock_household_ms(struct clock_reading reading, uint64_t floor_ms);

/* Is this reading too early to be true? */
bool clock_is_implausible(struct clock_reading reading);

/* A monotonic clock for timers, in milliseconds; CLOCK_MONOTONIC_COARSE for the second form. */
uint64_t clock_monotonic_ms(void);
uint64_t clock_coarse_ms(void);

/* Entries' time: 48 bits of milliseconds, 16 bits of counter. */
static inline uint64_t clock_stamp(uint64_t ms, uint16_t counter)
{
    return (ms > UINT64_C(0xffffffffffff) ? UINT64_C(0xffffffffffff) : ms) << 16 | counter;
}
static inline uint64_t clock_stamp_ms(uint64_t stamp)
{
    return stamp >> 16;
}

#endif
