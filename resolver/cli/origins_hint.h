/* origins_hint.h: what is wrong with a web origin that was refused, and how it is spelled right
 * (docs/ledger-format.md, ORIGINS). */
#ifndef HEARTH_RESOLVER_CLI_ORIGINS_HINT_H
#define HEARTH_RESOLVER_CLI_ORIGINS_HINT_H

#include "resolver/record_text.h"

enum { ORIGINS_HINT_SIZE = 512 };

/* `text` is what rdata_check refuses as an ORIGINS record. `error` becomes the rule that it breaks
 * first; `hint` the origin that was perhaps meant, or what one looks like. */
void origins_hint(const char *text, char error[static RECORD_ERROR_SIZE],
                  char hint[static ORIGINS_HINT_SIZE]);

#endif
