/* checksum.c: see checksum.h.
 *
 * CRC-32C takes eight octets a step: through eight tables of 256 words (slicing by eight) in plain
 * C, the same on every architecture; or, where the processor has one, by an instruction for it.
 */
#include "ledger/base/checksum.h"

#include <string.h>

#include "ledger/base/crc32c_table.h"

static inline uint64_t load_le64(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

/* The rest of a run, shorter than a step. */
static uint32_t crc32c_tail(uint32_t crc, const uint8_t *at, size_t len)
{
    for (; len > 0; len--, at++)
        crc = crc >> 8 ^ crc32c_table[0][(crc ^ *at) & 0xff];
    return crc;
}

uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    crc = ~crc;
    for (; len >= 8; len -= 8, at += 8) {
        uint64_t word = load_le64(at) ^ crc;
        crc = 0;
        for (unsigned i = 0; i < 8; i++)
            crc ^= crc32c_table[7 - i][word >> (8 * i) & 0xff];
    }
    return ~crc32c_tail(crc, at, len);
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(uint32_t crc,
                                                                        const uint8_t *at,
                                                                        size_t len)
{
    uint64_t state = ~crc; /* the instruction keeps the upper half zero */
    for (; len >= 8; len -= 8, at += 8)
        state = __builtin_ia32_crc32di(state, load_le64(at));
    return ~crc32c_tail((uint32_t)state, at, len);
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_by_instruction(crc, bytes, len);
    return crc32c_by_table(crc, bytes, len);
}
#else
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    return crc32c_by_table(crc, bytes, len);
}
#endif

static inline uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static inline void sip_round(uint64_t v[static 4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

uint64_t siphash13(const uint8_t key[static 16], const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t k0 = load_le64(key);
    uint64_t k1 = load_le64(key + 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
                     k1 ^ 0x7465646279746573U};
    uint64_t last = (uint64_t)len << 56;
    for (; len >= 8; len -= 8, at += 8) {
        uint64_t word = load_le64(at);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = 0; i < len; i++)
        last |= (uint64_t)at[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
