/* scope.h: scope lists: the names that a granted key may write, hidden from followers behind a
 * commitment until one of the node's own private streams opens it (docs/ledger-format.md).
 */
#ifndef HEARTH_LEDGER_SCOPE_H
#define HEARTH_LEDGER_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"

/* A scope list: its opening (what OPEN reveals) and commitment. `names` are sorted by the call;
 * duplicates are written once. NO_SPACE, RANGE (more than 255 names), NAME_…. */
enum { SCOPE_NAMES_MAX = 255, SCOPE_OPENING_MAX = 1600 };
enum status scope_encode(struct name *names, size_t count, const uint8_t salt[static 16],
                         uint8_t opening[static SCOPE_OPENING_MAX], size_t *opening_len,
                         uint8_t commitment[static 32]);
/* Checks the form of an opening. TRUNCATED, TRAILING, TOO_LONG, NOT_CANONICAL, NAME_…. */
enum status scope_check(const uint8_t *opening, size_t len);
/* Is the relative name in the list (itself or below one of its names)? The opening was checked. */
bool scope_has(const uint8_t *opening, size_t len, const struct name *name);
/* H("hearth1.scopelst", opening). */
void scope_commitment(const uint8_t *opening, size_t len, uint8_t commitment[static 32]);

#endif
