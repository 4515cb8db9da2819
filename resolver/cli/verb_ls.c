/* verb_ls.c: `ls [NAME]`: every published record, one a row, in canonical order. */
#include <stdio.h>
#include <string.h>

#include "resolver/cli/output.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"

struct ls {
    struct session *session;
    bool all;
    json_t *names;
    struct output_table table;
    size_t conflicts, withdrawn;
};

static void add_row(struct ls *ls, const json_t *item, const char *full, uint16_t type,
                    const json_t *rr)
{
    char data[RECORD_TEXT_SIZE], type_text[RECORD_TYPE_SIZE];
    if (records_rr_text(type, rr, data) != STATUS_OK)
        return;
    record_type_text(type, type_text);
    output_table_row(&ls->table, (const char *[]){full, type_text, data});
    if (!ls->session->cli->json)
        return;
    json_array_append_new(
        ls->names,
        json_pack("{s:s, s:s, s:o, s:O?, s:O?, s:O?, s:O?}", "name", full, "type", type_text,
                  "data", output_string(data, strlen(data)), "author",
                  json_object_get(item, "author"), "time", json_object_get(item, "time"), "ttl",
                  json_object_get(item, "ttl"), "id", json_object_get(item, "id")));
}

static int take_record(void *context, json_t *item)
{
    struct ls *ls = context;
    struct name name;
    char full[NAME_TEXT_SIZE];
    if (control_fields_name(item, "name", &name) != STATUS_OK ||
        (json_is_true(json_object_get(item, "internal")) && !ls->all))
        return EXIT_YES;
    own_names_full_text(&ls->session->own, &name, full);
    ls->conflicts += session_number(item, "conflicts") > 0;
    ls->withdrawn += json_array_size(json_object_get(item, "removed")) > 0;
    size_t i;
    json_t *rr;
    json_array_foreach(json_object_get(item, "rrs"), i, rr)
        add_row(ls, item, full, records_type(item), rr);
    return EXIT_YES;
}

static void say_problems(const struct ls *ls)
{
    struct cli *cli = ls->session->cli;
    if (ls->conflicts > 0)
        output_warning(cli, "%zu record set%s in conflict: `%s show NAME` has both sides",
                       ls->conflicts, ls->conflicts == 1 ? " is" : "s are", cli->command);
    if (ls->withdrawn > 0)
        output_warning(cli, "%zu record set%s lost withdrawn keys: `%s show NAME`", ls->withdrawn,
                       ls->withdrawn == 1 ? " has" : "s have", cli->command);
}

static int list(struct ls *ls, const char *under)
{
    struct cli *cli = ls->session->cli;
    json_t *request = json_pack("{s:s, s:i}", "op", "list", "limit", SESSION_PAGE);
    if (under)
        json_object_set_new(request, "under", json_string(under));
    output_table_start(&ls->table, 3);
    int code = session_each(ls->session, request, "records", take_record, ls);
    size_t rows = ls->table.count;
    if (code == EXIT_YES)
        say_problems(ls);
    output_table_end(cli, &ls->table);
    if (code != EXIT_YES)
        return code;
    if (rows == 0 && under) {
        char hint[CLI_HINT_SIZE];
        (void)snprintf(hint, sizeof hint, "%s ls", cli->command);
        return output_error(cli, EXIT_NO, NULL, status_name(STATUS_NOT_FOUND), hint,
                            "nothing is published at or below %s", under);
    }
    if (rows == 0) {
        output_line(cli, "Nothing is published yet.");
        output_next(cli, "%s adopt camera ADDR", cli->command);
    } else {
        output_next(cli, "%s show NAME, or verify NAME", cli->command);
    }
    return output_object(cli, json_pack("{s:O}", "names", ls->names), EXIT_YES);
}

int verb_ls(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    char under[NAME_TEXT_SIZE];
    struct ls ls = {.session = &session, .all = cli_option(cli, "--all"), .names = json_array()};
    int code = session_open_household(&session, cli);
    if (code == EXIT_YES && cli->argc > 0)
        code = session_name(&session, cli->argv[0], false, &name);
    if (code == EXIT_YES && cli->argc > 0)
        own_names_relative_text(&name.relative, under);
    if (code == EXIT_YES)
        code = list(&ls, cli->argc > 0 ? under : NULL);
    session_close(&session);
    json_decref(ls.names);
    return code;
}
