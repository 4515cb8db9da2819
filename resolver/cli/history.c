/* history.c: see history.h. */
#include "resolver/cli/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/cli/output.h"

enum { STOP = -1, WHAT_SIZE = 6000, PAGE_MAX = 1000 };

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
    uint16_t type = (uint16_t)field_number(entry, "rrtype");
    char type_text[RECORD_TYPE_SIZE], data[RECORD_TEXT_SIZE];
    record_type_text(type, type_text);
    json_t *rrs = json_object_get(entry, "rrs"), *rr;
    bool deletes = json_array_size(rrs) == 0;
    int used = snprintf(text, size, "%s %s %s", deletes ? "delete" : "set",
                        field_text(entry, "name"), type_text);
    size_t i;
    json_array_foreach(rrs, i, rr)
    {
        if (used < 0 || (size_t)used >= size || record_rr_text(type, rr, data) != STATUS_OK)
            return;
        used += snprintf(text + used, size - (size_t)used, "%s%s", i == 0 ? "  " : ", ", data);
    }
}

static void describe(const json_t *entry, char *text, size_t size)
{
    const char *kind = field_text(entry, "kind"), *hash = field_text(entry, "hash");
    const char *key = field_text(entry, "key");
    if (*field_text(entry, "name") != '\0')
        describe_set(entry, text, size);
    else if (*hash != '\0')
        snprintf(text, size, "%s %s", kind, hash);
    else if (*key != '\0')
        snprintf(text, size, "%s key %s", kind, key);
    else
        snprintf(text, size, "%s", kind);
}

static void print_entry(struct history *history, const json_t *entry)
{
    const struct cli *cli = history->session->cli;
    char when[OUTPUT_TIME_SIZE], author[80], shown[2 * WHAT_SIZE], by[128];
    char *what = malloc(WHAT_SIZE);
    if (!what)
        return;
    output_time(field_number(entry, "time"), when);
    record_label(history->labels, field_text(entry, "author"), author);
    describe(entry, what, WHAT_SIZE);
    output_escape(what, strlen(what), shown, sizeof shown);
    output_escape(field_text(entry, "by"), strlen(field_text(entry, "by")), by, sizeof by);
    const char *rule = field_text(entry, "rule");
    bool counts = *rule == '\0' || strcmp(rule, "in-effect") == 0;
    output_line(cli, "%s  %.8s  %s%s%s  %s%s%s%s%s", when, field_text(entry, "id"), author,
                *by ? " by " : "", by, shown, counts ? "" : output_colour(cli, OUTPUT_BAD),
                counts ? "" : "  [no effect: ", counts ? "" : rule, counts ? "" : "]");
    if (!counts && cli->colour)
        fputs(output_colour(cli, OUTPUT_PLAIN), stdout);
    free(what);
}

/* The entry as hearthd gave it, with the text of its records beside their hex. */
static json_t *entry_object(const json_t *entry)
{
    json_t *object = json_copy((json_t *)(uintptr_t)entry);
    const json_t *rrs = json_object_get(entry, "rrs");
    char type[RECORD_TYPE_SIZE];
    uint16_t rrtype = (uint16_t)field_number(entry, "rrtype");
    if (object && rrs) {
        record_type_text(rrtype, type);
        json_object_set_new(object, "record_type", json_string(type));
        json_object_set_new(object, "data", record_texts(rrtype, rrs));
    }
    return object;
}

static int take_entry(void *context, const json_t *entry)
{
    struct history *history = context;
    struct name name;
    if (history->only && (!field_name(entry, &name) || !history_is_of(&name, history->only)))
        return EXIT_YES;
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

int history_read(struct history *history, const char *under)
{
    size_t page = history->limit > 0 && history->limit < PAGE_MAX ? history->limit + 1 : PAGE_MAX;
    json_t *request = json_pack("{s:s, s:I}", "op", "log", "limit", (json_int_t)page);
    if (under)
        json_object_set_new(request, "name", json_string(under));
    int code = session_each(history->session, request, "entries", take_entry, history);
    return code == STOP ? EXIT_YES : code;
}
