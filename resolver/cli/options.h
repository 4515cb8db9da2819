/* options.h: the command line: `hearth [-d DIR] [--json] [--yes] VERB ARGUMENT… [OPTION…]`. */
#ifndef HEARTH_RESOLVER_CLI_OPTIONS_H
#define HEARTH_RESOLVER_CLI_OPTIONS_H

#include "resolver/cli/cli.h"

enum { OPTIONS_ERROR_SIZE = 256 };

/* Fills in verb, dir, json, yes, help, release, argc, argv and options. `--` ends the options; --json and
 * --yes may stand on both sides of the verb. MALFORMED: `error` and `hint` say what and what was
 * perhaps meant ("" if nothing). json is right in any case. argv stays borrowed; the array of
 * positional arguments is the one given (room for all). */
enum status options_parse(struct cli *cli, int argc, char *const argv[], const char **positional,
                          char error[static OPTIONS_ERROR_SIZE],
                          char hint[static OPTIONS_ERROR_SIZE]);

/* How many letters must change to make one word of the other (Levenshtein); at most 64 letters are
 * looked at. */
unsigned options_distance(const char *a, const char *b);

#endif
