/* session.c: see session.h. */
#include "resolver/cli/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/text.h"
#include "resolver/cli/output.h"

const char *field_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

uint64_t field_number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value < 0 ? 0 : (uint64_t)value;
}

bool field_octets(const json_t *object, const char *key, uint8_t *octets, size_t len)
{
    return hex_decode(field_text(object, key), octets, len) == STATUS_OK;
}

bool field_name(const json_t *object, struct name *name)
{
    const char *text = json_string_value(json_object_get(object, "name"));
    if (!text)
        return false;
    return name_parse(name, strcmp(text, ".") == 0 ? "@" : text) == STATUS_OK;
}

int session_lost(struct cli *cli, enum status status)
{
    char hint[CLI_HINT_SIZE];
    if (cli->paths.system)
        (void)snprintf(hint, sizeof hint, "systemctl start hearthd");
    else if (cli->dir)
        (void)snprintf(hint, sizeof hint, "hearthd -d %.*s", PATHS_SIZE, cli->dir);
    else
        (void)snprintf(hint, sizeof hint, "hearthd");
    if (status == STATUS_DENIED)
        return output_error(cli, EXIT_UNREACHABLE, NULL, status_name(status),
                            "run it as the user of hearthd, or join the group hearth",
                            "%s may not be opened", cli->paths.control);
    return output_error(cli, EXIT_UNREACHABLE, NULL, status_name(status), hint,
                        "hearthd does not answer at %s: %s", cli->paths.control,
                        status_text(status));
}

enum status session_try(struct session *session, json_t *request, json_t **answer)
{
    *answer = NULL;
    if (!request)
        return STATUS_NO_MEMORY;
    json_object_set_new(request, "version", json_integer(CONTROL_VERSION));
    enum status status = control_ask(&session->client, request, answer, SESSION_WRITE_MS);
    json_decref(request);
    if (status == STATUS_OK && !*answer)
        status = STATUS_CLOSED;
    return status;
}

int session_report(struct cli *cli, const json_t *answer, json_t *object)
{
    enum status status = status_from_name(field_text(answer, "status"));
    const char *rule = field_text(answer, "rule");
    if (*rule == '\0')
        rule = field_text(answer, "status");
    int code =
        status == STATUS_COUNT || status == STATUS_OK ? EXIT_BROKEN : output_exit_code(status);
    char hint[CLI_HINT_SIZE] = "";
    if (status == STATUS_NO_HOUSEHOLD)
        (void)snprintf(hint, sizeof hint, "%s init LABEL", cli->command);
    const char *given = field_text(answer, "hint");
    return output_error(cli, code, object, *rule ? rule : NULL, *given ? given : hint, "%s",
                        field_text(answer, "error"));
}

int session_ask(struct session *session, json_t *request, json_t **answer)
{
    session->failed = session_try(session, request, answer);
    if (session->failed != STATUS_OK)
        return session_lost(session->cli, session->failed);
    if (json_is_true(json_object_get(*answer, "ok")))
        return EXIT_YES;
    session->failed = status_from_name(field_text(*answer, "status"));
    int code = session_report(session->cli, *answer, NULL);
    json_decref(*answer);
    *answer = NULL;
    return code;
}

int session_open(struct session *session, struct cli *cli)
{
    *session = (struct session){.cli = cli, .client = {.fd = -1, .received_fd = -1}};
    enum status status = control_connect(&session->client, cli->paths.control, SESSION_READ_MS);
    if (status != STATUS_OK)
        return session_lost(cli, status);
    session->open = true;
    json_t *hello = NULL;
    int code = session_ask(session, json_pack("{s:s}", "op", "hello"), &hello);
    if (code != EXIT_YES)
        return code;
    const char *id = field_text(hello, "household");
    bool hex = strlen(id) == 64 && hex_decode(id, session->household, 32) == STATUS_OK;
    session->has_household =
        hex || base32_decode_id(id, strlen(id), session->household) == STATUS_OK;
    (void)snprintf(session->petname, sizeof session->petname, "%.63s",
                   field_text(hello, "petname"));
    json_decref(hello);
    if (session->has_household &&
        own_names_init(&session->own, session->petname, session->household) != STATUS_OK)
        return output_status(cli, STATUS_MALFORMED, NULL, "hearthd's answer");
    return EXIT_YES;
}

int session_open_household(struct session *session, struct cli *cli)
{
    int code = session_open(session, cli);
    if (code != EXIT_YES || session->has_household)
        return code;
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s init LABEL", cli->command);
    return output_status(cli, STATUS_NO_HOUSEHOLD, hint, "");
}

void session_close(struct session *session)
{
    if (session->client.received_fd >= 0)
        close(session->client.received_fd);
    if (session->open)
        control_disconnect(&session->client);
    session->open = false;
}

int session_each(struct session *session, json_t *request, const char *list,
                 int (*each)(void *context, json_t *item), void *context)
{
    json_t *cursor = NULL;
    const char *cursor_key = strcmp(list, "entries") == 0 ? "before" : "after";
    int code = EXIT_YES;
    do {
        json_t *answer = NULL;
        json_t *page = json_copy(request);
        if (cursor)
            json_object_set(page, cursor_key, cursor);
        code = session_ask(session, page, &answer);
        json_decref(cursor);
        cursor = NULL;
        if (code != EXIT_YES)
            break;
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(answer, list), i, item)
            if ((code = each(context, item)) != EXIT_YES)
                break;
        json_t *next = json_object_get(answer, "next");
        if (code == EXIT_YES && next && !json_is_null(next))
            cursor = json_incref(next);
        json_decref(answer);
    } while (cursor);
    json_decref(request);
    return code;
}

int session_name(struct session *session, const char *text, bool with_port,
                 struct name_argument *argument)
{
    char hint[NAME_HINT_SIZE];
    enum status status = name_argument_parse(argument, text, &session->own, with_port, hint);
    if (status != STATUS_OK)
        return name_argument_error(session->cli, status, text, hint);
    if (argument->own)
        return EXIT_YES;
    char apex[NAME_TEXT_SIZE], full[NAME_TEXT_SIZE];
    const struct name *own = own_names_apex(&session->own);
    name_text(own->wire, own->len, apex);
    name_text(argument->full.wire, argument->full.len, full);
    (void)snprintf(hint, sizeof hint, "names of your household end in %.255s, or have no home.arpa",
                   apex);
    return output_error(session->cli, EXIT_REFUSED, NULL, status_name(STATUS_FOREIGN), hint,
                        "%s %s", full, status_text(STATUS_FOREIGN));
}
