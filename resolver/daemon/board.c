/* board.c: see board.h. */
#include "resolver/daemon/board.h"

#include <stddef.h>
#include <sys/mman.h>

struct board *board_create(void)
{
    void *memory =
        mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void board_set_config(struct board *board, const struct board_config *config)
{
    uint32_t next = atomic_load(&board->config_generation) + 1;
    board->configs[next & 1] = *config;
    atomic_store(&board->config_generation, next);
}

void board_get_config(struct board *board, struct board_config *config)
{
    /* The slot that is read is written again only by the change after the next: a third look is
     * never needed unless somebody reloads thousands of times a second. */
    uint32_t generation = 0;
    do {
        generation = atomic_load(&board->config_generation);
        *config = board->configs[generation & 1];
    } while (atomic_load(&board->config_generation) != generation);
}

const char *board_role_text(enum child_role role)
{
    static const char *const texts[CHILD_ROLES] = {"ledger", "resolver"};
    return (unsigned)role < CHILD_ROLES ? texts[role] : "unknown";
}

const char *board_state_text(enum child_state state)
{
    static const char *const texts[] = {"down", "starting", "ready", "failed", "off"};
    return (unsigned)state < sizeof texts / sizeof texts[0] ? texts[state] : "unknown";
}

const char *board_counter_text(unsigned counter)
{
    static const char *const texts[] = {"queries",   "household", "upstream",   "refused",
                                        "malformed", "servfail",  "tcp_clients"};
    return counter < sizeof texts / sizeof texts[0] ? texts[counter] : NULL;
}
