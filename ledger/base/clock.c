/* clock.c: see clock.h. */
#include "ledger/base/clock.h"

#include <sys/timex.h>
#include <time.h>

static uint64_t read_ms(clockid_t id)
{
    struct timespec now = {0};
    if (clock_gettime(id, &now) != 0 || now.tv_sec < 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct clock_reading clock_read(void)
{
    struct timex query = {.modes = 0};
    int state = adjtimex(&query);
    return (struct clock_reading){
        .wall_ms = read_ms(CLOCK_REALTIME),
        .synchronised = state >= 0 && state != TIME_ERROR && !(query.status & STA_UNSYNC),
    };
}

uint64_t clock_household_ms(struct clock_reading reading, uint64_t floor_ms)
{
    if (reading.synchronised || floor_ms == 0)
        return reading.wall_ms;
    if (reading.wall_ms < floor_ms)
        return floor_ms;
    uint64_t ceiling_ms = floor_ms + CLOCK_DAY_MS;
    return reading.wall_ms > ceiling_ms ? ceiling_ms : reading.wall_ms;
}

bool clock_is_implausible(struct clock_reading reading)
{
    return reading.wall_ms < CLOCK_EARLIEST_MS;
}

uint64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

uint64_t clock_coarse_ms(void)
{
    return read_ms(CLOCK_MONOTONIC_COARSE);
}
