/* view.h: reads a view (docs/view-format.md), a file that another process wrote, from memory.
 *
 * Nothing here allocates, locks or calls the system: it is safe in any program's getaddrinfo and in
 * the resolver's hot path. view_open checks header and table bounds; each 64 KiB block is checked
 * against its CRC at the first access (`checked` remembers, safely from several threads). Every
 * look-up can end with CORRUPT, and then its outputs say nothing.
 *
 *     struct view view;
 *     if (view_open(&view, bytes, len) == STATUS_OK) {
 *         struct view_name name;
 *         struct view_rrset rrset;
 *         if (view_find(&view, wire, wire_len, &name) == STATUS_OK &&
 *             view_rrset(&view, &name, RRTYPE_AAAA, &rrset) == STATUS_OK) …
 *     }
 */
#ifndef HEARTH_LEDGER_BASE_VIEW_H
#define HEARTH_LEDGER_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "ledger/base/view_format.h"

struct view_table {
    uint32_t offset;
    uint32_t count;
};

struct view {
    const uint8_t *bytes; /* borrowed; must outlive the view */
    uint32_t len;
    uint64_t generation;
    uint64_t published_ms;
    uint32_t flags; /* VIEW_FLAG_… */
    uint8_t hash_key[16];
    struct view_table tables[VIEW_TABLES];
    uint8_t checked[VIEW_BLOCKS_MAX / 8]; /* bit set: that block's CRC was right */
};

struct view_zone {
    uint32_t index, apex, first_name, name_count, twin, flags, serial;
    uint32_t first_withdrawn, withdrawn_count;
    uint32_t order; /* of following: 1 = the first household; 0 = not said */
    enum view_zone_state state;
    uint8_t namespace_id[32];
    uint64_t soft_ms, hard_ms;
};

struct view_name {
    uint32_t index, zone, twin, first_rrset;
    const uint8_t *wire; /* borrowed from the view; lower case */
    uint8_t wire_len, flags;
    uint16_t rrset_count;
};

struct view_rrset {
    uint16_t type, flags, count, sig_count, removed_count;
    uint32_t ttl;
    const uint8_t *data; /* borrowed; per RR: length (2), rdata. NULL when data_len is 0 */
    uint32_t data_len;
    const uint8_t *sigs;
    uint32_t sigs_len;
    const uint8_t *removed;
    uint32_t removed_len;
    uint32_t record; /* index + 1, 0 = none */
};

struct view_record {
    uint8_t entry_id[32];
    uint64_t time; /* clock_stamp */
    uint32_t author;
    uint32_t conflicts; /* live entries besides the winner */
    const uint8_t *by;  /* text, not NUL-terminated */
    uint32_t by_len;
};

struct view_author {
    uint8_t key[32];
    const uint8_t *label; /* text, not NUL-terminated */
    uint32_t label_len;
    uint32_t zone;
    uint8_t role, flags;
};

struct view_withdrawn {
    uint8_t hash[32];
    uint8_t entry_id[32];
    uint64_t time;
    uint32_t author, zone;
    uint8_t reason;
};

/* Checks header and tables. `bytes` is len octets and stays the caller's. MALFORMED, UPGRADE
 * (another magic), TRUNCATED, TRAILING, TOO_LONG (4 GiB and more), CORRUPT. */
enum status view_open(struct view *view, const void *bytes, size_t len);

/* Checks every block's CRC. For tools and for the publisher's own self-check. */
enum status view_check(struct view *view);

/* By exact name in lower-case wire form. NOT_FOUND, CORRUPT. */
enum status view_find(struct view *view, const uint8_t *wire, size_t len, struct view_name *name);

/* The same in steps, for who has many names to find: each step for all of them before the next, so
 * that what the view keeps far apart is on its way from memory for all at once. The second step may
 * be left out. A hash holds for this view alone. */
uint64_t view_hash(const struct view *view, const uint8_t *wire, size_t len);
void view_fetch(const struct view *view, uint64_t hash);
enum status view_find_hashed(struct view *view, uint64_t hash, const uint8_t *wire, size_t len,
                             struct view_name *name);

/* The zone that the lower-case name lies in, be it there or not. NOT_FOUND, CORRUPT. */
enum status view_find_zone(struct view *view, const uint8_t *wire, size_t len,
                           struct view_zone *zone);

/* The RRset of a type. NOT_FOUND, CORRUPT. */
enum status view_rrset(struct view *view, const struct view_name *name, uint16_t type,
                       struct view_rrset *rrset);

/* The last name in canonical order that is not after `wire` (for NSEC and walks). */
enum status view_find_before(struct view *view, const uint8_t *wire, size_t len,
                             struct view_name *name);

/* By index: NOT_FOUND beyond the end. */
enum status view_zone_at(struct view *view, uint32_t index, struct view_zone *zone);
enum status view_name_at(struct view *view, uint32_t index, struct view_name *name);
enum status view_rrset_at(struct view *view, uint32_t index, struct view_rrset *rrset);
enum status view_record_at(struct view *view, uint32_t index, struct view_record *record);
enum status view_author_at(struct view *view, uint32_t index, struct view_author *author);
enum status view_withdrawn_at(struct view *view, uint32_t index, struct view_withdrawn *withdrawn);

/* Is this SHA-256 withdrawn in the zone's household? NOT_FOUND is "no". */
enum status view_find_withdrawn(struct view *view, const struct view_zone *zone,
                                const uint8_t hash[static 32], struct view_withdrawn *withdrawn);

/* The names that have the address, one's own household's first, each by its petname form: `nth` 0 is
 * the first. NOT_FOUND when there are no more; CORRUPT. */
enum status view_find_address(struct view *view, const struct address *address, uint32_t nth,
                              struct view_name *name);

#endif
