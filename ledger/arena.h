/* arena.h: memory that is given back all at once: what a household keeps of its entries. */
#ifndef HEARTH_LEDGER_ARENA_H
#define HEARTH_LEDGER_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *chunks; /* newest first */
};

/* Zeroed memory for any struct; NULL when there is none. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of octets, not aligned; NULL when there is no memory. */
void *arena_copy(struct arena *arena, const void *bytes, size_t len);
/* Frees everything; all zero is an empty arena. */
void arena_deinit(struct arena *arena);

#endif
