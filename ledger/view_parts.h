/* view_parts.h: what a view is made of, gathered from the households before anything has its place.
 *
 * A household's names are gathered once, relative, in canonical order and with their empty
 * non-terminals; view_build.c then writes them under each of its apexes. Offsets are those within
 * the pile named beside them; 0 length means none.
 */
#ifndef HEARTH_LEDGER_VIEW_PARTS_H
#define HEARTH_LEDGER_VIEW_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/view_build.h"
#include "ledger/view_forms.h"

/* A growing array of anything. Once something failed (NO_MEMORY; FULL: it would pass 4 GiB),
 * nothing more is added. */
struct pile {
    uint8_t *bytes; /* aligned as malloc aligns */
    size_t used, size;
    enum status error;
};

struct part_name {
    uint32_t wire; /* under the household's first apex */
    uint32_t first_rrset;
    uint16_t rrset_count;
    uint8_t wire_len;
};

struct part_rrset {
    uint32_t ttl;
    uint32_t data, data_len; /* per RR length (2), rdata */
    uint32_t removed, removed_len;
    uint32_t record; /* index + 1, 0 = none */
    uint16_t type, flags, count, removed_count;
};

struct part_record {
    uint8_t id[32];
    uint64_t time;
    uint32_t author, conflicts;
    uint32_t by, by_len;
};

struct part_author {
    uint8_t key[32];
    uint32_t household;
    uint32_t label, label_len;
    uint8_t role, flags;
};

struct part_withdrawn {
    uint8_t hash[32], id[32];
    uint64_t time;
    uint32_t author, household;
    uint8_t reason;
};

struct part_address {
    uint8_t address[16];
    uint32_t name, household;
};

/* Each household's part of a pile is one run. Indices count entries, not octets. */
struct part_household {
    uint32_t first_name, name_count;
    uint32_t wires_len; /* octets of its names together */
    uint32_t first_rrset, rrset_count;
    uint32_t first_withdrawn, withdrawn_count;
};

struct view_parts {
    struct pile households, names, rrsets, records, authors, withdrawn, addresses;
    struct pile heap;
};

/* Gathers the households of the forms, in their order. NO_MEMORY, FULL. The parts are the caller's,
 * to deinit in any case. */
enum status view_parts_gather(struct view_parts *parts, const struct view_forms *forms,
                              uint32_t serial);
void view_parts_deinit(struct view_parts *parts);

static inline uint32_t pile_count(const struct pile *pile, size_t entry_size)
{
    return (uint32_t)(pile->used / entry_size);
}
/* The pile as an array of entries. */
#define PILE_ENTRIES(pile, type) ((type *)(void *)(pile).bytes)
#define PILE_COUNT(pile, type)   pile_count(&(pile), sizeof(type))

#endif
