/* board.c: see board.h.
 *
 * Two pieces of memory. What the processes say of themselves is writable by all of them. What the
 * parent says, the settings, is a file in memory that is sealed once the parent has its writable
 * mapping, which children do not inherit: theirs is for reading, and the kernel makes it no other,
 * whoever asks. So a resolver that was taken over reaches nobody else through them.
 */
#include "resolver/daemon/board.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { READS_MAX = 16 };

static void *map(size_t size, int protection, int fd)
{
    void *memory = mmap(NULL, size, protection, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static bool open_settings(struct board *board)
{
    const size_t size = sizeof *board->own;
    int fd = memfd_create("hearth-settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return false;
    if (ftruncate(fd, (off_t)size) == 0)
        board->own = map(size, PROT_READ | PROT_WRITE, fd);
    if (board->own && madvise(board->own, size, MADV_DONTFORK) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
            0)
        board->settings = map(size, PROT_READ, fd);
    close(fd);
    return board->settings != NULL;
}

struct board *board_create(void)
{
    struct board *board = calloc(1, sizeof *board);
    if (!board)
        return NULL;
    board->children = map(CHILD_ROLES * sizeof *board->children, PROT_READ | PROT_WRITE, -1);
    if (board->children && open_settings(board))
        return board;
    board_destroy(board);
    return NULL;
}

void board_destroy(struct board *board)
{
    if (!board)
        return;
    if (board->children)
        (void)munmap(board->children, CHILD_ROLES * sizeof *board->children);
    if (board->own)
        (void)munmap(board->own, sizeof *board->own);
    void *settings; /* without its const, which only says that nobody writes there */
    memcpy(&settings, &board->settings, sizeof settings);
    if (settings)
        (void)munmap(settings, sizeof *board->settings);
    free(board);
}

void board_set_config(struct board *board, const struct board_config *config)
{
    uint32_t next = atomic_load(&board->own->generation) + 1;
    board->own->configs[next & 1] = *config;
    atomic_store(&board->own->generation, next);
}

void board_get_config(const struct board *board, struct board_config *config)
{
    const struct board_settings *settings = board->settings;
    /* The slot that is read is written again only by the change after the next: a third look is
     * never needed unless somebody reloads thousands of times a second. */
    for (unsigned i = 0; i < READS_MAX; i++) {
        uint32_t generation = atomic_load(&settings->generation);
        *config = settings->configs[generation & 1];
        if (atomic_load(&settings->generation) == generation)
            break;
    }
    if (config->listener_count > CONFIG_LISTEN_MAX)
        config->listener_count = CONFIG_LISTEN_MAX;
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
