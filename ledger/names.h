/* names.h: slots, one for each name and type: what is dead, what lives, what wins. */
#ifndef HEARTH_LEDGER_NAMES_H
#define HEARTH_LEDGER_NAMES_H

#include "ledger/household_impl.h"

/* Room for one SET with so many `over`. NO_MEMORY (nothing is changed then). */
enum status names_reserve(struct household *h, size_t over);
/* Adds a SET that is known and linked; room was reserved. `order` is for a new slot. */
void names_add(struct household *h, uint32_t known, const struct body_set *set,
               const uint8_t *order);
/* The octets by which a slot is ordered: name->len - 1 of them. */
void names_order(const struct name *name, uint8_t order[static NAME_WIRE_MAX]);
/* After authors or denials changed: which SETs are valid, dead, live, in all slots. */
void names_judge_all(struct household *h);
/* Sorts the live lists that changed. */
void names_refresh(struct household *h);
/* Sorts the names. */
void names_settle_order(struct household *h);
/* Where in that order the first slot after this name and type is, found by halving. */
uint32_t names_first_after(const struct household *h, const struct name *name, uint16_t type);
/* Is there a counting WITHDRAW of this hash? */
bool names_is_withdrawn(const struct household *h, const uint8_t hash[static 32]);

#endif
