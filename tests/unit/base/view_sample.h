/* view_sample.h: a small view, encoded by hand from docs/view-format.md.
 *
 * Two zones, maple.home.arpa and its twin oak.home.arpa (which plays the id form), each with the
 * apex (NS, SOA), camera (A twice, AAAA), _443._tcp.camera (TLSA, one of two withdrawn), the empty
 * non-terminal _tcp.camera, and door (an internal NOTE).
 */
#ifndef HEARTH_TESTS_UNIT_BASE_VIEW_SAMPLE_H
#define HEARTH_TESTS_UNIT_BASE_VIEW_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

enum { VIEW_SAMPLE_MAX = 8192, VIEW_SAMPLE_NAMES = 10, VIEW_SAMPLE_ZONE_NAMES = 5 };

/* Returns its length. */
size_t view_sample_make(uint8_t bytes[static VIEW_SAMPLE_MAX], uint64_t generation);

/* Makes the header's checksum right again after a test has changed something. */
void view_sample_seal_header(uint8_t *bytes);
/* The blocks' too. */
void view_sample_seal(uint8_t *bytes);

/* Where a table's offset and count stand. */
uint32_t view_sample_offset(const uint8_t *bytes, unsigned table);
uint32_t view_sample_count(const uint8_t *bytes, unsigned table);

/* The names in canonical order, as text. */
extern const char *const view_sample_names[VIEW_SAMPLE_NAMES];

#endif
