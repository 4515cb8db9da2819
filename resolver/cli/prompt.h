/* prompt.h: questions to the person at the terminal. */
#ifndef HEARTH_RESOLVER_CLI_PROMPT_H
#define HEARTH_RESOLVER_CLI_PROMPT_H

#include "resolver/cli/cli.h"

enum prompt_answer { PROMPT_YES, PROMPT_NO, PROMPT_NOBODY };

/* Yes with --yes; asks on standard error and reads standard input otherwise; NOBODY without a
 * terminal. Anything but y or yes is no. */
enum prompt_answer prompt_ask(const struct cli *cli, const char *question);

/* Reports an answer that is not yes; returns the exit code. `without` says what would answer it,
 * like "--yes". */
int prompt_refused(struct cli *cli, enum prompt_answer answer, const char *without);

#endif
