/* cli.h: one call of `hearth`: what was asked, and what every verb needs to know.
 *
 * main.c fills it from the command line (options.h) and runs the verb's function, whose result is
 * the exit code. Each verb is a row in verbs.c and a file of its own.
 */
#ifndef HEARTH_RESOLVER_CLI_CLI_H
#define HEARTH_RESOLVER_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/cli/shell_word.h"
#include "resolver/daemon/control_client.h"
#include "resolver/daemon/paths.h"

/* The contract's exit codes. */
enum exit_code {
    EXIT_YES = 0,
    EXIT_NO = 1,          /* every verdict but matched, not found, unhealthy */
    EXIT_USAGE = 2,       /* the command line */
    EXIT_UNREACHABLE = 3, /* hearthd */
    EXIT_REFUSED = 4,     /* by a rule */
    EXIT_BROKEN = 5,      /* I/O or corruption */
};

enum {
    CLI_OPTIONS_MAX = 4,
    CLI_COMMAND_SIZE = SHELL_WORD_SIZE(PATHS_SIZE) + 32,
    CLI_HINT_SIZE = CLI_COMMAND_SIZE + 1536, /* a command with a name and an address in it */
};

struct cli;

struct verb_option {
    const char *name;  /* "--ttl" */
    const char *value; /* what follows it, for `help`; NULL: nothing does */
    const char *about;
};

struct verb {
    const char *name;
    const char *arguments;                       /* "NAME TYPE RDATA…" */
    const char *about;                           /* one line */
    int least, most;                             /* positional arguments; most -1: any number */
    struct verb_option options[CLI_OPTIONS_MAX]; /* ended by a NULL name */
    int (*run)(struct cli *cli);                 /* NULL: not in this version yet */
};

struct cli {
    const struct verb *verb;
    const char *dir; /* of -d, or NULL */
    struct paths paths;
    bool json, yes, help;
    bool release; /* --version */
    bool ask;     /* somebody sits at a terminal and can answer */
    bool colour;  /* standard output is a terminal that wants it */
    bool terminal;
    int argc; /* positional arguments after the verb */
    const char **argv;
    const char *options[CLI_OPTIONS_MAX]; /* the verb's, in its order: NULL, or the value ("" if it
                                             has none) */
    char command[CLI_COMMAND_SIZE];       /* "hearth" or "hearth -d DIR": how to call it again */
    json_t *warnings;                     /* array of strings, or NULL */
};

/* The value of one of the verb's own options, NULL when it was not given. */
const char *cli_option(const struct cli *cli, const char *name);
/* The same as a number: *value is left alone when it was not given. Reports what is no number within
 * least … most, with `example` as the hint; returns the exit code. */
int cli_option_number(struct cli *cli, const char *name, uint64_t least, uint64_t most,
                      unsigned example, uint64_t *value);

#endif
