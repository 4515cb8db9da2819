/* household_index.h: finding and adding what a household knows: ids, keys, streams, scope lists,
 * names.
 *
 * INDEX_NONE says that it is not known. */
#ifndef HEARTH_LEDGER_HOUSEHOLD_INDEX_H
#define HEARTH_LEDGER_HOUSEHOLD_INDEX_H

#include "ledger/household_impl.h"

uint32_t index_id(const struct household *h, const uint8_t id[static 32]);
uint32_t index_author(const struct household *h, const uint8_t key[static 32]);
uint32_t index_slot(const struct household *h, const struct name *name, uint16_t type);
/* Found or added; room was reserved. */
uint32_t index_add_id(struct household *h, const uint8_t id[static 32]);
uint32_t index_add_author(struct household *h, const uint8_t key[static 32]);
uint32_t index_add_stream(struct household *h, uint32_t author, uint64_t number);
/* Files the last slot. */
void index_add_slot(struct household *h, uint32_t slot);
/* Found or made, room reserved; NULL when memory is out. */
struct scope_list *index_add_list(struct household *h, const uint8_t commitment[static 32]);
/* Room for what one entry may add: so many ids, a key, a stream, a scope list. NO_MEMORY (nothing is
 * changed then). */
enum status index_reserve(struct household *h, size_t ids);

#endif
