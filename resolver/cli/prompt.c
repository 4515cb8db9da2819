/* prompt.c: see prompt.h. */
#include "resolver/cli/prompt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "resolver/cli/output.h"

enum prompt_answer prompt_ask(const struct cli *cli, const char *question)
{
    if (cli->yes)
        return PROMPT_YES;
    if (!cli->ask)
        return PROMPT_NOBODY;
    char line[64];
    (void)fflush(stdout);
    (void)fprintf(stderr, "\n%s [y/N] ", question);
    if (!fgets(line, sizeof line, stdin))
        return PROMPT_NO;
    line[strcspn(line, "\r\n")] = '\0';
    bool yes = strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
    return yes ? PROMPT_YES : PROMPT_NO;
}

int prompt_refused(struct cli *cli, enum prompt_answer answer, const char *without)
{
    if (answer == PROMPT_NO)
        return output_error(cli, EXIT_NO, NULL, NULL, NULL, "nothing was changed");
    return output_error(cli, EXIT_USAGE, NULL, NULL, without,
                        "nobody is at a terminal to answer: nothing was changed");
}
