/* verb_set.c: `set`, `unset` and `forget`: records of one name, written by hand.
 *
 * Everything is checked here first, so that a refusal names the argument; the ledger checks it
 * again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/limits.h"
#include "resolver/cli/next_name.h"
#include "resolver/cli/output.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"

static int parse_type(struct cli *cli, const char *text, uint16_t *type)
{
    *type = record_type_parse(text);
    char shown[64];
    output_escape(text, strlen(text), shown, sizeof shown);
    if (*type == 0)
        return output_error(cli, EXIT_REFUSED, NULL, status_name(STATUS_TYPE_UNSUPPORTED),
                            "A, AAAA, TLSA, SRV, TXT, SSHFP, SVCB, HTTPS, CAA or ORIGINS",
                            "%s is no record type", shown);
    if (*type == RRTYPE_PEER)
        return output_error(cli, EXIT_REFUSED, NULL, status_name(STATUS_RESERVED),
                            "hearth help init",
                            "PEER records are made by `init` and `follow` alone");
    return EXIT_YES;
}

static bool is_one_an_argument(uint16_t type)
{
    return type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_TXT || type == RRTYPE_ORIGINS;
}

/* The records in the arguments after TYPE (the contract's rule), each as one text. The caller frees
 * *joined. */
static size_t split_arguments(uint16_t type, int argc, const char **argv, const char **texts,
                              char **joined)
{
    bool blank = false;
    size_t size = 1;
    *joined = NULL;
    for (int i = 0; i < argc; i++) {
        blank = blank || strpbrk(argv[i], " \t") != NULL;
        size += strlen(argv[i]) + 1;
    }
    bool each = blank || is_one_an_argument(type) || argc == 1;
    if (!each)
        *joined = calloc(1, size);
    for (int i = 0; each && i < argc; i++)
        texts[i] = argv[i];
    if (each || !*joined)
        return each ? (size_t)argc : 0;
    size_t used = 0;
    for (int i = 0; i < argc; i++)
        used += (size_t)snprintf(*joined + used, size - used, "%s%s", i > 0 ? " " : "", argv[i]);
    texts[0] = *joined;
    return 1;
}

static int add_records(struct session *session, json_t *record, const struct name *owner,
                       uint16_t type)
{
    const struct cli *cli = session->cli;
    int argc = cli->argc - 2, code = EXIT_YES;
    char *joined = NULL;
    const char **texts = calloc((size_t)argc, sizeof *texts);
    struct record_data *data = malloc(sizeof *data);
    size_t count = texts && data ? split_arguments(type, argc, cli->argv + 2, texts, &joined) : 0;
    if (count == 0)
        code = output_status(session->cli, STATUS_NO_MEMORY, NULL, "");
    else if (count > LIMIT_RRS)
        code = output_error(session->cli, EXIT_REFUSED, NULL, status_name(STATUS_FULL),
                            "fewer records", "at most %d records of one name and type", LIMIT_RRS);
    for (size_t i = 0; code == EXIT_YES && i < count; i++) {
        code = records_argument(session, type, owner, texts[i], data);
        if (code == EXIT_YES)
            records_add(record, data->octets, data->len);
    }
    free(data);
    free(texts);
    free(joined);
    return code;
}

static void say_set(struct session *session, const struct name_argument *name, uint16_t type,
                    const json_t *record)
{
    const struct cli *cli = session->cli;
    char full[NAME_TEXT_SIZE], text[RECORD_TYPE_SIZE], data[RECORD_TEXT_SIZE];
    own_names_full_text(&session->own, &name->relative, full);
    record_type_text(type, text);
    size_t i;
    json_t *rr;
    json_array_foreach(json_object_get(record, "rrs"), i, rr)
        if (records_rr_text(type, rr, data) == STATUS_OK)
            output_line(cli, "%s  %s  %s", full, text, data);
    if (type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_TLSA) {
        struct next_name next;
        next_name(&next, name, 0);
        output_next(cli, "%s verify %s", cli->command, next.device);
    } else if (type == RRTYPE_ORIGINS) {
        char relative[NAME_TEXT_SIZE];
        own_names_relative_text(&name->relative, relative);
        output_line(
            cli, "\nPages from there may now use it through hearth-proxy, with whatever it keeps "
                 "in the browser. No other site may.");
        output_next(cli, "to take that back: %s unset %s ORIGINS", cli->command, relative);
    } else {
        char relative[NAME_TEXT_SIZE];
        own_names_relative_text(&name->relative, relative);
        output_next(cli, "%s show %s", cli->command, relative);
    }
}

/* What `set` and `unset` have in their JSON. */
static json_t *written_object(struct session *session, const struct name *owner, json_t *answer)
{
    char full[NAME_TEXT_SIZE];
    own_names_full_text(&session->own, owner, full);
    return json_pack("{s:s, s:O?, s:O?}", "name", full, "ids", json_object_get(answer, "ids"),
                     "generation", json_object_get(answer, "generation"));
}

int verb_set(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    uint16_t type = 0;
    uint64_t ttl = RECORD_TTL;
    json_t *record = NULL, *answer = NULL;
    int code = cli_option_number(cli, "--ttl", 0, INT32_MAX, RECORD_TTL, &ttl); /* RFC 2181, 8 */
    if (code == EXIT_YES)
        code = parse_type(cli, cli->argv[1], &type);
    if (code != EXIT_YES)
        return code;
    code = session_open_household(&session, cli);
    if (code == EXIT_YES)
        code = session_name(&session, cli->argv[0], false, &name);
    if (code == EXIT_YES) {
        record = records_new(&name.relative, type, (uint32_t)ttl);
        code = add_records(&session, record, &name.relative, type);
    }
    if (code == EXIT_YES)
        code = records_publish(&session, json_pack("[O]", record), "cli", &answer);
    if (code == EXIT_YES) {
        say_set(&session, &name, type, record);
        code = output_object(cli, written_object(&session, &name.relative, answer), EXIT_YES);
    }
    json_decref(record);
    json_decref(answer);
    session_close(&session);
    return code;
}

/* --- unset --- */

struct unset {
    const struct name *owner;
    uint16_t type;   /* 0: all */
    json_t *records; /* what to send: RRsets without RRs */
};

static int take_existing(void *context, json_t *item)
{
    struct unset *unset = context;
    struct name name;
    uint16_t type = records_type(item);
    if (control_fields_name(item, "name", &name) != STATUS_OK || !name_equal(&name, unset->owner) ||
        type == RRTYPE_PEER)
        return EXIT_YES;
    if (unset->type != 0 && unset->type != type)
        return EXIT_YES;
    if (json_array_size(json_object_get(item, "rrs")) == 0 &&
        json_array_size(json_object_get(item, "removed")) == 0)
        return EXIT_YES;
    json_array_append_new(unset->records, records_new(&name, type, 0));
    return EXIT_YES;
}

static int report_missing(struct session *session, const char *name)
{
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s ls", session->cli->command);
    return output_error(session->cli, EXIT_NO, NULL, status_name(STATUS_NOT_FOUND), hint,
                        "%s has no such record", name);
}

static int unset_all(struct session *session, const struct name *owner, uint16_t type,
                     json_t **answer)
{
    char name[NAME_TEXT_SIZE];
    own_names_relative_text(owner, name);
    struct unset unset = {.owner = owner, .type = type, .records = json_array()};
    json_t *request =
        json_pack("{s:s, s:s, s:i}", "op", "list", "under", name, "limit", SESSION_PAGE);
    int code = session_each(session, request, "records", take_existing, &unset);
    size_t count = json_array_size(unset.records);
    if (code == EXIT_YES && count == 0) {
        code = report_missing(session, name);
    } else if (code == EXIT_YES) {
        code = records_publish(session, json_incref(unset.records), "cli", answer);
        if (code == EXIT_YES)
            output_line(session->cli, "%s: %zu record set%s taken away", name, count,
                        count == 1 ? "" : "s");
    }
    json_decref(unset.records);
    return code;
}

int verb_unset(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    uint16_t type = 0;
    json_t *answer = NULL;
    int code = cli->argc > 1 ? parse_type(cli, cli->argv[1], &type) : EXIT_YES;
    if (code != EXIT_YES)
        return code;
    code = session_open_household(&session, cli);
    if (code == EXIT_YES)
        code = session_name(&session, cli->argv[0], false, &name);
    if (code == EXIT_YES)
        code = unset_all(&session, &name.relative, type, &answer);
    if (code == EXIT_YES) {
        output_next(cli, "%s ls", cli->command);
        code = output_object(cli, written_object(&session, &name.relative, answer), EXIT_YES);
    }
    json_decref(answer);
    session_close(&session);
    return code;
}

/* --- forget --- */

/* The types in `removed` as text: [{name, type}] with full names. */
static json_t *removed_object(struct session *session, const json_t *answer)
{
    json_t *removed = json_array(), *item;
    size_t i;
    json_array_foreach(json_object_get(answer, "removed"), i, item) {
        struct name name;
        char full[NAME_TEXT_SIZE], type[RECORD_TYPE_SIZE];
        if (control_fields_name(item, "name", &name) != STATUS_OK)
            continue;
        own_names_full_text(&session->own, &name, full);
        record_type_text(records_type(item), type);
        output_line(session->cli, "%s  %s  taken away", full, type);
        json_array_append_new(removed, json_pack("{s:s, s:s}", "name", full, "type", type));
    }
    return removed;
}

static int forget(struct session *session, const struct name *device)
{
    char name[NAME_TEXT_SIZE];
    own_names_relative_text(device, name);
    json_t *answer = NULL;
    int code = session_write(
        session, json_pack("{s:s, s:s, s:s}", "op", "forget", "name", name, "by", "cli"), &answer);
    if (code != EXIT_YES)
        return code;
    if (json_array_size(json_object_get(answer, "removed")) == 0) {
        code = report_missing(session, name);
    } else {
        json_t *object = written_object(session, device, answer);
        json_object_set_new(object, "removed", removed_object(session, answer));
        output_line(session->cli,
                    "\nIts key may still be trusted if it is published again. If it was lost or "
                    "stolen, revoke it before forgetting it.");
        output_next(session->cli, "%s ls", session->cli->command);
        code = output_object(session->cli, object, EXIT_YES);
    }
    json_decref(answer);
    return code;
}

int verb_forget(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    int code = session_open_household(&session, cli);
    if (code == EXIT_YES)
        code = session_name(&session, cli->argv[0], false, &name);
    if (code == EXIT_YES)
        code = forget(&session, &name.relative);
    session_close(&session);
    return code;
}
