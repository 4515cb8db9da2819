/* qr.h: a text as a QR code on the terminal. libqrencode's only home. */
#ifndef HEARTH_RESOLVER_CLI_QR_H
#define HEARTH_RESOLVER_CLI_QR_H

#include <stdio.h>

#include "ledger/base/status.h"

/* Draws it with half blocks, two modules a character, dark on light whatever the terminal's colours
 * are when `colour` is set. TOO_LONG. */
enum status qr_print(FILE *out, const char *text, int colour);

#endif
