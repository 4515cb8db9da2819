/* fuzz.h: one fuzz target is one file with this function: any octets in, no fault out. A target
 * also checks what must hold of whatever was accepted (it encodes to the same octets, it stays in
 * its bounds) with assert. */
#ifndef HEARTH_TESTS_FUZZ_FUZZ_H
#define HEARTH_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
