/* stream.h: for targets whose input is a stream of frames (a length, then so many octets): where
 * the stream is cut into pieces, and a mutator that keeps most frames whole.
 *
 * A stream's input is `STREAM_HEAD` octets, then the stream: the first octet holds the target's own
 * choices, the second says how the stream is cut.
 */
#ifndef HEARTH_TESTS_FUZZ_STREAM_H
#define HEARTH_TESTS_FUZZ_STREAM_H

#include <assert.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { STREAM_HEAD = 2, STREAM_PAYLOAD_MAX = 4096, STREAM_FRAMES_MAX = 64, STREAM_PIECES_MAX = 16 };

static inline uint32_t stream_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* How a stream is cut: into pieces of all sizes, at most STREAM_PIECES_MAX and the rest. */
struct stream_cut {
    bool whole;
    uint32_t state;
    unsigned pieces;
};

static inline struct stream_cut stream_cut(uint8_t seed)
{
    return (struct stream_cut){.whole = seed == 0, .state = seed * 2654435761U + 1};
}

/* The length of the next piece, of `left` octets. */
static inline size_t stream_piece(struct stream_cut *cut, size_t left)
{
    uint32_t random = stream_random(&cut->state);
    size_t len = 1 + (random >> 8) % (1U << (random % 11));
    if (cut->whole || ++cut->pieces > STREAM_PIECES_MAX)
        return left;
    return len < left ? len : left;
}

/* A loop over poll(2): with two descriptors for a few turns, epoll costs more than it spares. */
static inline struct event_base *stream_loop(void)
{
    struct event_config *config = event_config_new();
    assert(config);
    int avoided = event_config_avoid_method(config, "epoll");
    struct event_base *base = event_base_new_with_config(config);
    assert(avoided == 0 && base);
    event_config_free(config);
    return base;
}

static inline size_t stream_length(const uint8_t *header, size_t header_size)
{
    size_t len = 0;
    for (size_t i = 0; i < header_size; i++)
        len = len << 8 | header[i];
    return len;
}

/* The offsets of the frames that are whole; returns their number. */
static inline size_t stream_frames(const uint8_t *data, size_t size, size_t header_size,
                                   size_t at[static STREAM_FRAMES_MAX])
{
    size_t count = 0;
    for (size_t next = STREAM_HEAD; count < STREAM_FRAMES_MAX && next + header_size <= size;) {
        size_t len = stream_length(data + next, header_size);
        if (len > size - next - header_size)
            break;
        at[count++] = next;
        next += header_size + len;
    }
    return count;
}

/* Puts `payload` in the place of the payload of the frame at `at`. Returns the stream's new size,
 * or the old one when there is no room. */
static inline size_t stream_replace(uint8_t *data, size_t size, size_t max_size, size_t header_size,
                                    size_t at, const uint8_t *payload, size_t len)
{
    size_t old = stream_length(data + at, header_size);
    uint8_t *start = data + at + header_size;
    if (len > old && len - old > max_size - size)
        return size;
    memmove(start + len, start + old, size - at - header_size - old);
    memcpy(start, payload, len);
    for (size_t i = header_size, rest = len; i-- > 0; rest >>= 8)
        data[at + i] = (uint8_t)rest;
    return size - old + len;
}

/* Puts a copy of the frame at `from` before the one at `to`. */
static inline size_t stream_repeat(uint8_t *data, size_t size, size_t max_size, size_t header_size,
                                   size_t from, size_t to)
{
    uint8_t copy[STREAM_PAYLOAD_MAX];
    size_t len = header_size + stream_length(data + from, header_size);
    if (len > sizeof copy || len > max_size - size)
        return size;
    memcpy(copy, data + from, len);
    memmove(data + to + len, data + to, size - to);
    memcpy(data + to, copy, len);
    return size + len;
}

/* One in four changes anything at all; the others change one frame's payload, repeat a frame, or
 * cut the stream in other places. */
static inline size_t stream_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed,
                                   size_t header_size)
{
    size_t at[STREAM_FRAMES_MAX];
    uint32_t state = seed * 2654435761U + 1;
    uint32_t what = stream_random(&state) % 8;
    size_t count = size > STREAM_HEAD ? stream_frames(data, size, header_size, at) : 0;
    if (what < 2 || count == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    size_t chosen = at[stream_random(&state) % count];
    if (what == 2) {
        data[stream_random(&state) % STREAM_HEAD] = (uint8_t)stream_random(&state);
        return size;
    }
    if (what == 3)
        return stream_repeat(data, size, max_size, header_size, chosen,
                             at[stream_random(&state) % count]);
    uint8_t payload[STREAM_PAYLOAD_MAX];
    size_t len = stream_length(data + chosen, header_size);
    if (len > sizeof payload)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(payload, data + chosen + header_size, len);
    len = LLVMFuzzerMutate(payload, len, sizeof payload);
    return stream_replace(data, size, max_size, header_size, chosen, payload, len);
}

#endif
