/* arena.c: see arena.h. Chunks of 64 KiB, bumped; what is larger gets a chunk of its own. */
#include "ledger/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CHUNK = 65536 - 64 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    alignas(max_align_t) uint8_t bytes[];
};

static struct arena_chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t room = size > ARENA_CHUNK ? size : ARENA_CHUNK;
    if (room > SIZE_MAX - sizeof(struct arena_chunk))
        return NULL;
    struct arena_chunk *chunk = malloc(sizeof *chunk + room);
    if (!chunk)
        return NULL;
    *chunk = (struct arena_chunk){.next = arena->chunks, .used = 0, .size = room};
    arena->chunks = chunk;
    return chunk;
}

static void *take(struct arena *arena, size_t size, size_t align)
{
    struct arena_chunk *chunk = arena->chunks;
    size_t start = chunk ? (chunk->used + align - 1) / align * align : 0;
    if (!chunk || start > chunk->size || size > chunk->size - start) {
        chunk = add_chunk(arena, size);
        start = 0;
    }
    if (!chunk)
        return NULL;
    chunk->used = start + size;
    return chunk->bytes + start;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *bytes = take(arena, size, alignof(max_align_t));
    return bytes ? memset(bytes, 0, size) : NULL;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t len)
{
    uint8_t *copy = take(arena, len, 1);
    if (copy && len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

void arena_deinit(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}
