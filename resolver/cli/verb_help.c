/* verb_help.c: `hearth help [VERB]`. */
#include <stdio.h>
#include <string.h>

#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"

static const char head[] =
    "hearth: names and certificates of a household, resolved and judged at home\n"
    "\n"
    "Usage: hearth [-d DIR] [--json] [--yes] VERB ARGUMENT...\n"
    "\n"
    "  -d DIR   everything lies in DIR (else HEARTH_DIR, else the system's folders)\n"
    "  --json   one JSON object on standard output, errors included\n"
    "  --yes    answer every question with yes; only rules refuse then\n"
    "  --version\n"
    "           which release this is\n"
    "\n"
    "NAME is relative to your household (camera), or ends in home.arpa.\n"
    "ADDR is ADDR, ADDR4:PORT, [ADDR6] or [ADDR6]:PORT.\n"
    "Exit codes: 0 yes, 1 no, 2 usage, 3 hearthd not reachable, 4 refused by a rule, 5 I/O.\n";

static void print_verb(const struct verb *verb)
{
    printf("hearth %s %s\n\n  %s\n", verb->name, verb->arguments, verb->about);
    for (int i = 0; i < CLI_OPTIONS_MAX && verb->options[i].name; i++) {
        const struct verb_option *option = &verb->options[i];
        printf("\n  %s%s%s\n      %s\n", option->name, option->value ? " " : "",
               option->value ? option->value : "", option->about);
    }
}

static json_t *verb_object(const struct verb *verb)
{
    return json_pack("{s:s, s:s, s:s}", "verb", verb->name, "arguments", verb->arguments, "about",
                     verb->about);
}

static void print_list(struct cli *cli)
{
    struct output_table table;
    output_table_start(&table, 2);
    for (const struct verb *verb = verbs; verb->name; verb++) {
        char usage[96];
        (void)snprintf(usage, sizeof usage, "  %s %s", verb->name, verb->arguments);
        if (verb->run)
            output_table_row(&table, (const char *[]){usage, verb->about});
    }
    output_line(cli, "%s", head);
    output_table_end(cli, &table);
    output_next(cli, "hearth help VERB");
}

int verb_help(struct cli *cli)
{
    const struct verb *verb = cli->help && cli->verb->run != verb_help ? cli->verb : NULL;
    if (!verb && cli->argc > 0)
        verb = verbs_find(cli->argv[0]);
    if (!verb && cli->argc > 0)
        return output_error(cli, EXIT_USAGE, NULL, NULL, "hearth help", "there is no verb `%.64s`",
                            cli->argv[0]);
    if (verb && !verb->run)
        return output_error(cli, EXIT_USAGE, NULL, NULL, "hearth help",
                            "hearth %s is not in this version yet", verb->name);
    json_t *list = json_array();
    for (const struct verb *row = verbs; row->name; row++)
        if (row->run && (!verb || verb == row))
            json_array_append_new(list, verb_object(row));
    if (verb && !cli->json)
        print_verb(verb);
    else if (!verb)
        print_list(cli);
    return output_object(cli, json_pack("{s:o}", "verbs", list), EXIT_YES);
}
