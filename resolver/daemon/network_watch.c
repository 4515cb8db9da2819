/* network_watch.c: see network_watch.h. */
#include "resolver/daemon/network_watch.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/socket_address.h"

enum { PORT_DNS = 53 };

static bool has_way(const struct network_look *look)
{
    static const struct address none;
    for (size_t i = 0; i < NETWORK_WATCH_MAX; i++) {
        if (memcmp(&look->from[i], &none, sizeof none) != 0)
            return true;
    }
    return false;
}

bool network_watch_step(struct network_watch *watch, const struct network_look *look)
{
    bool slept = look->slept_ms >= watch->last.slept_ms + NETWORK_SLEPT_MS;
    bool moved = memcmp(look->from, watch->last.from, sizeof look->from) != 0;
    if (watch->has_looked && (slept || moved))
        watch->is_due = true;
    watch->has_looked = true;
    watch->last = *look;
    if (!watch->is_due || !has_way(look))
        return false;
    watch->is_due = false;
    return true;
}

/* --- a look --- */

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now = {.tv_sec = 0};
    (void)clock_gettime(clock, &now); /* both clocks are there since Linux 2.6.39 */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* To connect a datagram socket chooses the way, and sends nothing. */
static void look_towards(const struct address *other, struct address *from)
{
    struct sockaddr_storage peer;
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t peer_len = socket_address_make(other, PORT_DNS, &peer);
    socklen_t own_len = sizeof own;
    int fd = socket(peer.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)&peer, peer_len) == 0 &&
        getsockname(fd, (struct sockaddr *)&own, &own_len) == 0)
        *from = socket_address_read((const struct sockaddr *)&own);
    close(fd);
}

void network_look_take(struct network_look *look, const struct address *others, size_t count)
{
    *look = (struct network_look){.slept_ms = clock_ms(CLOCK_BOOTTIME) - clock_ms(CLOCK_MONOTONIC)};
    for (size_t i = 0; i < count && i < NETWORK_WATCH_MAX; i++)
        look_towards(&others[i], &look->from[i]);
}
