/* verb_log.c: `log [NAME]`: what was signed, newest first; what has no effect says which rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/cli/history.h"
#include "resolver/cli/labels.h"
#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"

enum { DEFAULT_LIMIT = 100, LIMIT_MAX = 999999999 };

int verb_log(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    char under[NAME_TEXT_SIZE];
    struct history history = {.session = &session, .entries = json_array()};
    uint64_t limit = cli->json ? 0 : DEFAULT_LIMIT;
    int code = cli_option_number(cli, "--limit", 0, LIMIT_MAX, DEFAULT_LIMIT, &limit);
    history.limit = (size_t)limit;
    if (code == EXIT_YES)
        code = session_open_household(&session, cli);
    else
        session = (struct session){.cli = cli};
    if (code == EXIT_YES && cli->argc > 0)
        code = session_name(&session, cli->argv[0], false, &name);
    if (code == EXIT_YES && cli->argc > 0)
        own_names_relative_text(&name.relative, under);
    if (code == EXIT_YES) {
        history.labels = labels_ask(&session);
        code = history_read(&history, cli->argc > 0 ? under : NULL);
    }
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s log", cli->command);
    if (code == EXIT_YES && history.count == 0 && cli->argc > 0)
        code = output_error(cli, EXIT_NO, NULL, status_name(STATUS_NOT_FOUND), hint,
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
