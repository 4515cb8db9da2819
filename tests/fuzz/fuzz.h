/* fuzz.h: one fuzz target is one file with LLVMFuzzerTestOneInput: any octets in, no fault out. A
 * target also checks what must hold of whatever was accepted (it encodes to the same octets, it
 * stays in its bounds) with assert.
 *
 * A format whose lengths, hashes or signatures would stop nearly every change at the door has a
 * LLVMFuzzerCustomMutator beside it, which changes octets at random and then makes most of those
 * right again, as a hostile writer would.
 */
#ifndef HEARTH_TESTS_FUZZ_FUZZ_H
#define HEARTH_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Optional. Changes data (size of max_size octets) and returns its new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* The fuzzer's own changes, for a custom mutator. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
