/* sample.h: the household that the resolver's tests ask about: `maple`, one's own, and `birch`,
 * followed.
 */
#ifndef HEARTH_TESTS_SAMPLE_H
#define HEARTH_TESTS_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "tests/unit/resolver/sketch.h"

#define SAMPLE_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* The caller frees the octets. `zone` is maple's. */
uint8_t *sample_view(struct sketch_zone zone, uint64_t generation, size_t *len);

#endif
