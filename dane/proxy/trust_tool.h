/* trust_tool.h: runs the system's own programs (certutil, gsettings …) for `hearth trust`: fixed
 * arguments, no shell, an environment of a few names, and no question that could be asked.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_TOOL_H
#define HEARTH_DANE_PROXY_TRUST_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/status.h"

enum { TRUST_TOOL_PATH_SIZE = 64, TRUST_TOOL_SECONDS = 60 };

/* Where the program is, of the system's folders only. */
bool trust_tool_find(const char *name, char path[static TRUST_TOOL_PATH_SIZE]);

/* What it said, both streams, with a NUL; heap, freed by trust_tool_free. `exit_code` is -1 when it
 * was killed by a signal. */
struct trust_said {
    int exit_code;
    char *text;
    size_t len;
};

/* Runs `argv` (ended by NULL; argv[0] is the bare name) with HOME `home`. NOT_FOUND: there is no such
 * program; NO_MEMORY, IO. What the program says is bounded, the rest is left out. */
enum status trust_tool_run(const char *home, const char *const argv[], struct trust_said *said);
void trust_tool_free(struct trust_said *said);

/* The same where only success counts. */
bool trust_tool_succeeds(const char *home, const char *const argv[]);

#endif
