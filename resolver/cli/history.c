/* history.c: see history.h. */
#include "resolver/cli/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/entry.h"
#include "resolver/cli/labels.h"
#include "resolver/cli/output.h"

enum { STOP = -1, WHAT_SIZE = 6000, TLSA_SHA256_RDATA = 35 };

bool history_is_of(const struct name *name, const struct name *device)
{
    size_t at = 0;
    while (at < name->len && name->len - at > device->len && name->wire[at] > 0 &&
           name->wire[at + 1] == '_')
        at += 1U + name->wire[at];
    return name->len - at == device->len && memcmp(name->wire + at, device->wire, device->len) == 0;
}

/* `set camera AAAA fd00::1`: what an entry does, in one line. */
static void describe_set(const json_t *entry, char *text, size_t size)
{
    uint16_t type = (uint16_t)session_number(entry, "rrtype");
    char type_text[RECORD_TYPE_SIZE], data[RECORD_TEXT_SIZE];
    record_type_text(type, type_text);
    json_t *rrs = json_object_get(entry, "rrs"), *rr;
    bool deletes = json_array_size(rrs) == 0;
    int used = snprintf(text, size, "%s %s %s", deletes ? "delete" : "set",
                        session_text(entry, "name"), type_text);
    size_t i;
    json_array_foreach(rrs, i, rr) {
        if (used < 0 || (size_t)used >= size || records_rr_text(type, rr, data) != STATUS_OK)
            return;
        used += snprintf(text + used, size - (size_t)used, "%s%s", i == 0 ? "  " : ", ", data);
    }
}

static void describe(const json_t *entry, char *text, size_t size)
{
    const char *kind = session_text(entry, "kind"), *hash = session_text(entry, "hash");
    const char *key = session_text(entry, "key");
    if (*session_text(entry, "name") != '\0')
        describe_set(entry, text, size);
    else if (*hash != '\0')
        (void)snprintf(text, size, "%s %s  %s", kind, hash,
                       labels_reason(session_number(entry, "reason")));
    else if (*key != '\0')
        (void)snprintf(text, size, "%s key %s", kind, key);
    else
        (void)snprintf(text, size, "%s", kind);
}

static void print_entry(struct history *history, const json_t *entry)
{
    const struct cli *cli = history->session->cli;
    char when[OUTPUT_TIME_SIZE], author[LABELS_TEXT_SIZE], shown[2 * WHAT_SIZE], by[128];
    char *what = malloc(WHAT_SIZE);
    if (!what)
        return;
    output_time(session_number(entry, "time"), when);
    labels_text(history->labels, session_text(entry, "author"), author);
    describe(entry, what, WHAT_SIZE);
    output_escape(what, strlen(what), shown, sizeof shown);
    output_escape(session_text(entry, "by"), strlen(session_text(entry, "by")), by, sizeof by);
    const char *rule = session_text(entry, "rule");
    bool counts = *rule == '\0' || strcmp(rule, "in-effect") == 0;
    output_line(cli, "%s  %.8s  %s%s%s  %s%s%s%s%s", when, session_text(entry, "id"), author,
                *by ? " by " : "", by, shown, counts ? "" : output_colour(cli, OUTPUT_BAD),
                counts ? "" : "  [no effect: ", counts ? "" : rule, counts ? "" : "]");
    if (!counts && cli->colour)
        (void)fputs(output_colour(cli, OUTPUT_PLAIN), stdout);
    free(what);
}

/* The entry as hearthd gave it, with the text of its records beside their hex. */
static json_t *entry_object(json_t *entry)
{
    json_t *object = json_copy(entry);
    const json_t *rrs = json_object_get(entry, "rrs");
    char type[RECORD_TYPE_SIZE];
    uint16_t rrtype = (uint16_t)session_number(entry, "rrtype");
    if (object && rrs) {
        record_type_text(rrtype, type);
        json_object_set_new(object, "record_type", json_string(type));
        json_object_set_new(object, "data", records_texts(rrtype, rrs));
    }
    return object;
}

/* Prints or keeps one entry; STOP when the limit is reached. */
static int give_entry(void *context, json_t *entry)
{
    struct history *history = context;
    if (history->limit > 0 && history->count == history->limit) {
        history->more = true;
        return STOP;
    }
    history->count++;
    if (history->session->cli->json)
        json_array_append_new(history->entries, entry_object(entry));
    else
        print_entry(history, entry);
    return EXIT_YES;
}

/* --- of one name: the withdrawals of its keys belong to it, though no name is in them --- */

struct of_name {
    const struct history *history;
    json_t *entries; /* newest first */
    json_t *hashes;  /* that a TLSA record of it ever published: hex → true */
};

static void note_hashes(struct of_name *of, const json_t *entry)
{
    size_t i;
    json_t *rr;
    if (session_number(entry, "rrtype") != RRTYPE_TLSA)
        return;
    json_array_foreach(json_object_get(entry, "rrs"), i, rr) {
        const char *hex = json_string_value(rr);
        if (hex && strlen(hex) == 2 * TLSA_SHA256_RDATA && strncmp(hex + 4, "01", 2) == 0)
            json_object_set_new(of->hashes, hex + 6, json_true());
    }
}

static int take_of_name(void *context, json_t *entry)
{
    struct of_name *of = context;
    struct name name;
    if (of->history->only && (control_fields_name(entry, "name", &name) != STATUS_OK ||
                              !history_is_of(&name, of->history->only)))
        return EXIT_YES;
    note_hashes(of, entry);
    json_array_append(of->entries, entry);
    return EXIT_YES;
}

/* An element of `withdrawn`, in the form of a log entry and at its place. */
static int take_withdrawal(void *context, json_t *item)
{
    struct of_name *of = context;
    if (!json_object_get(of->hashes, session_text(item, "hash")))
        return EXIT_YES;
    json_t *entry = json_copy(item);
    json_object_set_new(entry, "kind", json_string("withdraw"));
    json_object_set_new(entry, "type", json_integer(ENTRY_WITHDRAW));
    size_t at = 0;
    while (at < json_array_size(of->entries) &&
           session_number(json_array_get(of->entries, at), "time") > session_number(item, "time"))
        at++;
    json_array_insert_new(of->entries, at, entry);
    return EXIT_YES;
}

static int read_of_name(struct history *history, const char *under)
{
    struct of_name of = {.history = history, .entries = json_array(), .hashes = json_object()};
    json_t *request =
        json_pack("{s:s, s:s, s:i}", "op", "log", "name", under, "limit", SESSION_PAGE);
    int code = session_each(history->session, request, "entries", take_of_name, &of);
    if (code == EXIT_YES && json_object_size(of.hashes) > 0)
        code = session_each(history->session,
                            json_pack("{s:s, s:i}", "op", "withdrawn", "limit", SESSION_PAGE),
                            "withdrawn", take_withdrawal, &of);
    for (size_t i = 0; code == EXIT_YES && i < json_array_size(of.entries); i++)
        code = give_entry(history, json_array_get(of.entries, i));
    json_decref(of.entries);
    json_decref(of.hashes);
    return code;
}

int history_read(struct history *history, const char *under)
{
    size_t page =
        history->limit > 0 && history->limit < SESSION_PAGE ? history->limit + 1 : SESSION_PAGE;
    int code = under ? read_of_name(history, under)
                     : session_each(history->session,
                                    json_pack("{s:s, s:I}", "op", "log", "limit", (json_int_t)page),
                                    "entries", give_entry, history);
    return code == STOP ? EXIT_YES : code;
}
