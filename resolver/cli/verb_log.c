/* verb_log.c: `log [NAME]`: what was signed, newest first; what has no effect says which rule. */
#include <stdlib.h>
#include <string.h>

#include "resolver/cli/history.h"
#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"

enum { DEFAULT_LIMIT = 100 };

static int parse_limit(struct cli *cli, size_t *limit)
{
    const char *text = cli_option(cli, "--limit");
    *limit = cli->json ? 0 : DEFAULT_LIMIT;
    if (!text)
        return EXIT_YES;
    size_t len = strlen(text);
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
        return output_error(cli, EXIT_USAGE, NULL, status_name(STATUS_RANGE), "--limit 100",
                            "--limit takes a number, 0 for all");
    *limit = strtoul(text, NULL, 10);
    return EXIT_YES;
}

int verb_log(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    char under[NAME_TEXT_SIZE];
    struct history history = {.session = &session, .entries = json_array()};
    int code = parse_limit(cli, &history.limit);
    if (code == EXIT_YES)
        code = session_open_household(&session, cli);
    else
        session = (struct session){.cli = cli};
    if (code == EXIT_YES && cli->argc > 0)
        code = session_name(&session, cli->argv[0], false, &name);
    if (code == EXIT_YES && cli->argc > 0)
        name_relative_text(&name.relative, under);
    if (code == EXIT_YES) {
        history.labels = record_labels(&session);
        code = history_read(&history, cli->argc > 0 ? under : NULL);
    }
    if (code == EXIT_YES && history.count == 0 && cli->argc > 0)
        code = output_error(cli, EXIT_NO, NULL, status_name(STATUS_NOT_FOUND), NULL,
                            "nothing was ever signed at or below %s", under);
    else if (code == EXIT_YES) {
        if (history.more)
            output_next(cli, "%s log --limit 0, for all that is older", cli->command);
        code = output_object(cli, json_pack("{s:O}", "entries", history.entries), EXIT_YES);
    }
    json_decref(history.labels);
    json_decref(history.entries);
    session_close(&session);
    return code;
}
