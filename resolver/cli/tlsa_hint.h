/* tlsa_hint.h: what to type instead of a TLSA record that a household refuses. */
#ifndef HEARTH_RESOLVER_CLI_TLSA_HINT_H
#define HEARTH_RESOLVER_CLI_TLSA_HINT_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum { TLSA_HINT_SIZE = 256 };

/* For a matching type 0 with a readable certificate or key: its `3 1 1` in full. "" when nothing
 * helps. */
void tlsa_hint(enum status status, const uint8_t *rdata, size_t len,
               char hint[static TLSA_HINT_SIZE]);

#endif
