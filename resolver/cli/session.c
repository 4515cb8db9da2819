/* session.c: see session.h. */
#include "resolver/cli/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/text.h"
#include "resolver/cli/output.h"

const char *session_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

uint64_t session_number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value < 0 ? 0 : (uint64_t)value;
}

int session_exit_code(enum status status)
{
    switch (status) {
    case STATUS_DENIED: /* its socket may not be opened */
        return EXIT_UNREACHABLE;
    case STATUS_MALFORMED: /* it answered, but not as this version does */
    case STATUS_UPGRADE:
        return EXIT_BROKEN;
    default:
        return output_exit_code(status);
    }
}

/* hearthd may well be there: what failed is on this side, or in what it said. */
static int broken(struct cli *cli, enum status status, json_t *object)
{
    char hint[CLI_HINT_SIZE];
    bool differs = status == STATUS_UPGRADE || status == STATUS_MALFORMED;
    if (differs)
        (void)snprintf(hint, sizeof hint, "%s",
                       cli->paths.system ? "systemctl restart hearthd"
                                         : "end hearthd and start it again");
    else if (status == STATUS_NO_MEMORY)
        (void)snprintf(hint, sizeof hint, "the same again, with more memory free");
    else if (status == STATUS_TOO_LONG)
        (void)snprintf(hint, sizeof hint, "a shorter path, or less at once");
    else
        (void)snprintf(hint, sizeof hint, "%s status", cli->command);
    return output_error(cli, session_exit_code(status), object, status_name(status), hint,
                        differs ? "hearthd at %s does not speak as this version does: %s"
                                : "asking hearthd at %s failed: %s",
                        cli->paths.control, status_text(status));
}

int session_lost(struct cli *cli, enum status status, json_t *object)
{
    char hint[CLI_HINT_SIZE];
    bool denied = status == STATUS_DENIED;
    if (session_exit_code(status) != EXIT_UNREACHABLE)
        return broken(cli, status, object);
    if (denied)
        (void)snprintf(hint, sizeof hint, "run it as the user of hearthd%s",
                       cli->paths.system ? ", or join the group hearth" : "");
    else if (cli->paths.system)
        (void)snprintf(hint, sizeof hint, "systemctl start hearthd");
    else
        (void)snprintf(hint, sizeof hint, "hearthd%s", cli->command + strlen("hearth"));
    return output_error(cli, EXIT_UNREACHABLE, object, status_name(status), hint,
                        denied ? "hearthd's socket %s may not be opened: %s"
                               : "hearthd does not answer at %s: %s",
                        cli->paths.control, status_text(status));
}

enum status session_try(struct session *session, json_t *request, unsigned timeout_ms,
                        json_t **answer)
{
    *answer = NULL;
    if (!request)
        return STATUS_NO_MEMORY;
    json_object_set_new(request, "version", json_integer(CONTROL_VERSION));
    enum status status = control_client_ask(&session->client, request, answer, timeout_ms);
    json_decref(request);
    if (status == STATUS_OK && !*answer)
        status = STATUS_CLOSED;
    return status;
}

int session_report(struct cli *cli, const json_t *answer, json_t *object)
{
    enum status status = status_from_name(session_text(answer, "status"));
    const char *rule = session_text(answer, "rule");
    if (*rule == '\0')
        rule = session_text(answer, "status");
    int code =
        status == STATUS_COUNT || status == STATUS_OK ? EXIT_BROKEN : output_exit_code(status);
    char hint[CLI_HINT_SIZE] = "";
    if (status == STATUS_NO_HOUSEHOLD)
        (void)snprintf(hint, sizeof hint, "%s init LABEL", cli->command);
    const char *given = session_text(answer, "hint");
    return output_error(cli, code, object, *rule ? rule : NULL, *given ? given : hint, "%s",
                        session_text(answer, "error"));
}

static int ask_for(struct session *session, json_t *request, unsigned timeout_ms, json_t **answer)
{
    session->failed = session_try(session, request, timeout_ms, answer);
    if (session->failed != STATUS_OK)
        return session_lost(session->cli, session->failed, NULL);
    if (json_is_true(json_object_get(*answer, "ok")))
        return EXIT_YES;
    session->failed = status_from_name(session_text(*answer, "status"));
    int code = session_report(session->cli, *answer, NULL);
    json_decref(*answer);
    *answer = NULL;
    return code;
}

int session_ask(struct session *session, json_t *request, json_t **answer)
{
    return ask_for(session, request, SESSION_READ_MS, answer);
}

int session_write(struct session *session, json_t *request, json_t **answer)
{
    return ask_for(session, request, SESSION_WRITE_MS, answer);
}

int session_open(struct session *session, struct cli *cli)
{
    *session = (struct session){.cli = cli, .client = {.fd = -1, .received_fd = -1}};
    enum status status =
        control_client_connect(&session->client, cli->paths.control, SESSION_CONNECT_MS);
    if (status != STATUS_OK)
        return session_lost(cli, status, NULL);
    session->open = true;
    json_t *hello = NULL;
    int code = session_ask(session, json_pack("{s:s}", "op", "hello"), &hello);
    if (code != EXIT_YES)
        return code;
    const char *id = session_text(hello, "household");
    session->has_household = base32_decode_id(id, strlen(id), session->household) == STATUS_OK;
    (void)snprintf(session->petname, sizeof session->petname, "%.63s",
                   session_text(hello, "petname"));
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
        control_client_disconnect(&session->client);
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
