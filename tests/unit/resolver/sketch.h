/* sketch.h: makes a view by hand, straight from docs/view-format.md, for tests of those who read
 * one.
 *
 * It shares no line with the ledger's own writer, so that the two check each other's reading of the
 * page. Wrong use ends the test program.
 *
 *     struct sketch *s = sketch_create(1);
 *     sketch_zone(s, "maple.home.arpa", (struct sketch_zone){.flags = VIEW_ZONE_OWN});
 *     sketch_rr(s, "camera.maple.home.arpa", RRTYPE_AAAA, 300, octets, 16);
 *     uint8_t *bytes = sketch_finish(s, &len);      // frees s; the caller frees bytes
 */
#ifndef HEARTH_TESTS_SKETCH_H
#define HEARTH_TESTS_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/view_format.h"

struct sketch;

struct sketch_zone {
    uint32_t flags; /* VIEW_ZONE_… */
    enum view_zone_state state;
    uint64_t soft_ms, hard_ms;
};

enum { SKETCH_SOA_TTL = 900, SKETCH_SOA_MINIMUM = 120 };

struct sketch *sketch_create(uint64_t generation);

/* With SOA and NS at its apex. */
void sketch_zone(struct sketch *sketch, const char *apex, struct sketch_zone zone);

/* One RR; A and AAAA go into the address table too. Of RRs of one name and type the first one's TTL
 * counts. */
void sketch_rr(struct sketch *sketch, const char *name, uint16_t type, uint32_t ttl,
               const void *rdata, size_t len);

/* A signature of that RRset: any octets. */
void sketch_signature(struct sketch *sketch, const char *name, uint16_t type, const void *rdata,
                      size_t len);

/* Marks an RRset (VIEW_RRSET_…); makes an empty one when it has no RR. */
void sketch_mark(struct sketch *sketch, const char *name, uint16_t type, uint16_t flags);

uint8_t *sketch_finish(struct sketch *sketch, size_t *len);

#endif
