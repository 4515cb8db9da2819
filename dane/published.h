/* published.h: what the view says about the keys of one name and port: the TLSA RRset of
 * `_port._tcp.<name>`. */
#ifndef HEARTH_DANE_PUBLISHED_H
#define HEARTH_DANE_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/tlsa.h"
#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "ledger/base/view.h"

/* Borrows the view. For a public name (`verify --public`) a caller fills in `found`, `records` and
 * `count` itself and leaves household_name false. */
struct published {
    bool household_name;       /* the name lies in a household zone of the view: `zone` */
    bool found;                /* there is a TLSA RRset (perhaps emptied by a withdrawal) */
    struct view_zone zone;     /* of a household name */
    struct view_name name;     /* of `_port._tcp.name`, when found */
    struct view_rrset rrset;   /* when found */
    bool has_record;           /* `record` is there */
    struct view_record record; /* where the RRset comes from */
    size_t count;              /* records that stand, unusable ones included */
    struct tlsa records[TLSA_RRS_MAX];
    size_t removed_count; /* records that a WITHDRAW took out */
    struct tlsa removed[TLSA_RRS_MAX];
};

/* Looks up `_port._tcp.<name>`; the name is absolute, in either case. A record that tlsa_decode
 * refuses is left out, as RFC 6698 has it for what is not understood. CORRUPT (nothing may be
 * judged then); OK otherwise, also when nothing is published. */
enum status published_find(struct published *published, struct view *view, const struct name *name,
                           uint16_t port);

/* The only port that has a TLSA RRset (perhaps emptied by a withdrawal) below the name; NOT_FOUND
 * when there is none or more than one. CORRUPT. */
enum status published_only_port(struct view *view, const struct name *name, uint16_t *port);

#endif
