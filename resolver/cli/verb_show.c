/* verb_show.c: `show NAME`: its records with who signed them and when, then its history. */
#include <stdio.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "resolver/cli/history.h"
#include "resolver/cli/labels.h"
#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"

struct show {
    struct session *session;
    const struct name *name;
    json_t *labels, *records;
};

static void print_record(struct show *show, const json_t *item, const json_t *object)
{
    const struct cli *cli = show->session->cli;
    char author[LABELS_TEXT_SIZE], when[OUTPUT_TIME_SIZE], shown[2 * RECORD_TEXT_SIZE];
    labels_text(show->labels, session_text(item, "author"), author);
    output_time(session_number(item, "time"), when);
    output_line(cli, "%s  %s", session_text(object, "name"), session_text(object, "type"));
    size_t i;
    json_t *text;
    json_array_foreach(json_object_get(object, "data"), i, text) {
        output_escape(json_string_value(text), json_string_length(text), shown, sizeof shown);
        output_line(cli, "  %s", shown);
    }
    json_array_foreach(json_object_get(object, "removed"), i, text)
        output_line(cli, "  %s%s%s  (withdrawn)", output_colour(cli, OUTPUT_BAD),
                    json_string_value(text), output_colour(cli, OUTPUT_PLAIN));
    const char *asked = session_text(item, "by");
    output_escape(asked, strlen(asked), shown, sizeof shown);
    output_line(cli, "  signed by %s, %s%s%s", author, when, *shown ? ", asked by " : "", shown);
    if (session_number(item, "conflicts") > 0)
        output_line(cli, "  in conflict with %d other writes: set it again to settle it",
                    (int)session_number(item, "conflicts"));
}

static int take_record(void *context, json_t *item)
{
    struct show *show = context;
    struct name name;
    char full[NAME_TEXT_SIZE], type_text[RECORD_TYPE_SIZE];
    uint16_t type = records_type(item);
    if (control_fields_name(item, "name", &name) != STATUS_OK || !history_is_of(&name, show->name))
        return EXIT_YES;
    json_t *data = records_texts(type, json_object_get(item, "rrs"));
    json_t *removed = records_texts(type, json_object_get(item, "removed"));
    if (json_array_size(data) + json_array_size(removed) == 0) {
        json_decref(data);
        json_decref(removed);
        return EXIT_YES; /* deleted: only history */
    }
    own_names_full_text(&show->session->own, &name, full);
    record_type_text(type, type_text);
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?}", "name", full, "type",
                  type_text, "data", data, "removed", removed, "ttl", json_object_get(item, "ttl"),
                  "author", json_object_get(item, "author"), "time", json_object_get(item, "time"),
                  "id", json_object_get(item, "id"), "by", json_object_get(item, "by"), "conflicts",
                  json_object_get(item, "conflicts"));
    print_record(show, item, object);
    json_array_append_new(show->records, object);
    return EXIT_YES;
}

static int report(struct show *show, struct history *history, const char *relative)
{
    struct cli *cli = show->session->cli;
    char full[NAME_TEXT_SIZE];
    own_names_full_text(&show->session->own, show->name, full);
    if (json_array_size(show->records) == 0 && history->count == 0) {
        char hint[CLI_HINT_SIZE];
        (void)snprintf(hint, sizeof hint, "%s ls", cli->command);
        return output_error(cli, EXIT_NO, NULL, status_name(STATUS_NOT_FOUND), hint,
                            "%s was never published", full);
    }
    bool gone = json_array_size(show->records) == 0;
    if (!gone)
        output_next(cli, "%s verify %s", cli->command, relative);
    else
        output_line(cli, "\nNothing is published at %s now.", full);
    return output_object(cli,
                         json_pack("{s:s, s:O, s:O}", "name", full, "records", show->records,
                                   "history", history->entries),
                         gone ? EXIT_NO : EXIT_YES);
}

static int show_name(struct show *show)
{
    char relative[NAME_TEXT_SIZE];
    own_names_relative_text(show->name, relative);
    show->labels = labels_ask(show->session);
    struct history history = {.session = show->session,
                              .labels = show->labels,
                              .entries = json_array(),
                              .only = show->name};
    int code = session_each(
        show->session,
        json_pack("{s:s, s:s, s:i}", "op", "list", "under", relative, "limit", SESSION_PAGE),
        "records", take_record, show);
    if (code == EXIT_YES) {
        output_line(show->session->cli, "\nHistory, newest first:");
        code = history_read(&history, relative);
    }
    if (code == EXIT_YES)
        code = report(show, &history, relative);
    json_decref(history.entries);
    return code;
}

int verb_show(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    struct show show = {.session = &session, .name = &name.relative, .records = json_array()};
    int code = session_open_household(&session, cli);
    if (code == EXIT_YES)
        code = session_name(&session, cli->argv[0], false, &name);
    if (code == EXIT_YES)
        code = show_name(&show);
    json_decref(show.labels);
    json_decref(show.records);
    session_close(&session);
    return code;
}
