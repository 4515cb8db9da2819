/* made_view.h: writes a small view by docs/view-format.md, independently of the publisher: one
 * household, "maple", with its petname form and its id form. */
#ifndef HEARTH_TESTS_UNIT_DANE_MADE_VIEW_H
#define HEARTH_TESTS_UNIT_DANE_MADE_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/view_format.h"

enum { MADE_RRS = 8, MADE_RECORDS = 8, MADE_WITHDRAWN = 4 };

struct made_rr {
    uint8_t bytes[1024];
    size_t len;
};

struct made_record {
    const char *name; /* relative: "_443._tcp.camera" */
    uint16_t type;
    struct made_rr rrs[MADE_RRS], removed[MADE_RRS];
    size_t count, removed_count;
};

struct made_household {
    struct made_record records[MADE_RECORDS];
    size_t record_count;
    uint8_t withdrawn[MADE_WITHDRAWN][32]; /* rising; by "attic", at 1 700 000 000 000 ms */
    size_t withdrawn_count;
    const char *author; /* NULL: "attic" */
    enum view_zone_state state;
    uint64_t soft_ms, hard_ms;
};

#define MADE_WITHDRAWN_MS UINT64_C(1700000000000)
#define MADE_ID_ZONE      "ceirceirceirceirceirceirceirceirceirceirceirceirceiq.home.arpa"
#define MADE_CAMERA_BY_ID ("camera." MADE_ID_ZONE)

/* malloc'd; the caller frees. */
uint8_t *made_view(const struct made_household *household, size_t *len);

#endif
