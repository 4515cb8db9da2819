/* view_build.h: writes a view's octets from households (docs/view-format.md).
 *
 * Pure: households, their names and times in, octets out. The same input gives the same octets on
 * every machine.
 */
#ifndef HEARTH_LEDGER_VIEW_BUILD_H
#define HEARTH_LEDGER_VIEW_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/base/view_format.h"
#include "ledger/household.h"

struct view_build_household {
    struct household *household;
    uint8_t namespace_id[32];
    bool own;
    char petname[64]; /* "": id form alone */
    enum view_zone_state state;
    uint64_t soft_ms, hard_ms; /* 0 = never */
    /* What a key is called (a node's own label), or NULL: borrowed for the call. May be NULL
     * itself. */
    const char *(*label)(void *context, const uint8_t key[static 32]);
    void *label_context;
};

struct view_build {
    uint64_t generation, published_ms;
    uint32_t flags, serial;
    uint8_t hash_key[16];
    const struct view_build_household *households; /* own first, then in the order of following */
    size_t household_count;
};

/* *bytes is malloc'd, the caller frees it. NO_MEMORY, FULL (more than 4 GiB). */
enum status view_build(const struct view_build *input, uint8_t **bytes, size_t *len);

#endif
