/* checksum.h: CRC-32C against torn and rotten bytes, SipHash against chosen collisions.
 *
 * Neither is a signature: who may write a file decides who is believed. CRC-32C is RFC 3720's
 * (appendix B.4); SipHash-1-3 is Aumasson's and Bernstein's with one and three rounds.
 */
#ifndef HEARTH_LEDGER_BASE_CHECKSUM_H
#define HEARTH_LEDGER_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C of the bytes; a long run in pieces: pass the last result as `crc`, 0 at first. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* The same, in plain C on any machine: what crc32c is where there is no instruction for it. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t len);

uint64_t siphash13(const uint8_t key[static 16], const void *bytes, size_t len);

#endif
