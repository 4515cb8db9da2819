/* main.c: `hearth`: reads the command line, runs the verb, and makes sure that what it said was
 * written.
 *
 * Exit codes are the contract's (cli.h). Standard output that can't be written ends with 5, unless
 * its reader simply went away.
 */
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/cli/options.h"
#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"

static void look_around(struct cli *cli)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    cli->terminal = isatty(STDOUT_FILENO);
    cli->ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && !cli->json;
    cli->colour = cli->terminal && !cli->json && (!no_colour || *no_colour == '\0') && term &&
                  *term != '\0' && strcmp(term, "dumb") != 0;
    char dir[SHELL_WORD_SIZE(PATHS_SIZE)] = "";
    if (cli->dir)
        shell_word(cli->dir, dir, sizeof dir);
    (void)snprintf(cli->command, sizeof cli->command, *dir ? "hearth -d %s" : "hearth%s", dir);
}

static int say_version(struct cli *cli)
{
    output_line(cli, "hearth %s", HEARTH_VERSION);
    return output_object(cli, json_pack("{s:s}", "release", HEARTH_VERSION), EXIT_YES);
}

static int run(struct cli *cli)
{
    if (cli->release)
        return say_version(cli);
    if (cli->help)
        return verb_help(cli);
    if (!cli->verb->run)
        return output_error(cli, EXIT_USAGE, NULL, NULL, "hearth help",
                            "hearth %s is not in this version yet", cli->verb->name);
    enum status status = paths_init(&cli->paths, cli->dir);
    if (status != STATUS_OK)
        return output_error(cli, EXIT_USAGE, NULL, status_name(status),
                            "-d DIR, a folder with a shorter path",
                            "the directory can't be used: %s", status_text(status));
    return cli->verb->run(cli);
}

/* A reader that went away (`hearth ls | head`) is no failure; a full disk is. */
static int finish_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR))
        return code;
    (void)fprintf(stderr, "hearth: standard output can't be written\n");
    return EXIT_BROKEN;
}

int main(int argc, char *argv[])
{
    struct cli cli = {0};
    char error[OPTIONS_ERROR_SIZE], hint[OPTIONS_ERROR_SIZE];
    (void)setlocale(LC_CTYPE, ""); /* libidn2 reads the terminal's characters */
    (void)signal(SIGPIPE, SIG_IGN);
    const char **positional = calloc((size_t)argc + 1, sizeof *positional);
    if (!positional)
        return EXIT_BROKEN;
    enum status status = options_parse(&cli, argc, argv, positional, error, hint);
    look_around(&cli);
    int code = status == STATUS_OK ? run(&cli)
                                   : output_error(&cli, EXIT_USAGE, NULL, NULL, hint, "%s", error);
    json_decref(cli.warnings);
    free(positional);
    return finish_output(code);
}
