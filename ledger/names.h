/* names.h: slots, one for each name and type: what is dead, what lives, what wins. */
#ifndef HEARTH_LEDGER_NAMES_H
#define HEARTH_LEDGER_NAMES_H

#include "ledger/household_impl.h"

enum status names_reserve(struct household *h, size_t over);
/* Adds a SET that is known and linked; room was reserved. `order` is for a new slot. */
void names_add(struct household *h, uint32_t known, const struct body_set *set,
               const uint8_t *order);
/* The octets by which a slot is ordered: name->len - 1 of them. */
void names_order(const struct name *name, uint8_t order[static NAME_WIRE_MAX]);
void names_judge_all(struct household *h);
/* Sorts the live lists that changed. */
void names_refresh(struct household *h);
/* Sorts the names. */
void names_settle_order(struct household *h);
/* Is there a counting WITHDRAW of this hash? */
bool names_is_withdrawn(const struct household *h, const uint8_t hash[static 32]);

#endif
