/* idn.h: names with letters beyond ASCII: what their A-labels are (RFC 5890). libidn2's only home.
 *
 * Hearth publishes A-labels alone; this makes the hint that goes with the refusal of a U-label.
 */
#ifndef HEARTH_RESOLVER_CLI_IDN_H
#define HEARTH_RESOLVER_CLI_IDN_H

#include <stddef.h>

#include "ledger/base/status.h"

/* The name with each U-label as its A-label (IDNA2008, UTS #46 mapping). The text is UTF-8.
 * MALFORMED, NO_SPACE. */
enum status idn_to_ascii(const char *text, char *ascii, size_t size);

#endif
