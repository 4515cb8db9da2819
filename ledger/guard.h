/* guard.h: asks a child process first, where a damaged file could kill whoever reads it. */
#ifndef HEARTH_LEDGER_GUARD_H
#define HEARTH_LEDGER_GUARD_H

#include "ledger/base/status.h"

/* Runs `check` in a child process and returns what it returned; CORRUPT when it died of what it
 * read (SIGBUS of a truncated map, SIGSEGV of a wild page number, a failed assertion). IO when it
 * was killed from outside, or there can be no child. `check` never returns AGAIN. */
enum status guard_run(enum status (*check)(void *context), void *context);

#endif
