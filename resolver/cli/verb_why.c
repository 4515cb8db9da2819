/* verb_why.c: `why NAME[:PORT]`: how this node comes to its answer, from the signed entry to each
 * door.
 *
 * For each record: the entry that won, who signed it, by which grant, what lost against it; the
 * view that carries it; and what each door says when it is asked now. Anything that does not fit
 * together is a problem, named at the top of the JSON and at the end of the text, and ends with 1.
 * Works without hearthd as far as the view goes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/published.h"
#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "resolver/cli/dns_ask.h"
#include "resolver/cli/house.h"
#include "resolver/cli/labels.h"
#include "resolver/cli/next_name.h"
#include "resolver/cli/output.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"
#include "resolver/service_name.h"

enum { DNS_MS = 2000, TEXTS_SIZE = 8 * RECORD_TEXT_SIZE };

struct why {
    struct cli *cli;
    struct house house;
    struct session session;
    bool daemon; /* hearthd answers */
    struct name_argument name;
    uint16_t port;
    json_t *labels, *doors; /* of hearthd */
    json_t *records;        /* for JSON */
    json_t *problems;       /* texts */
    bool found, has_address;
};

/* One record set under question. */
struct question {
    struct name relative, full;
    uint16_t type;
    char full_text[NAME_TEXT_SIZE], type_text[RECORD_TYPE_SIZE];
    json_t *in_view; /* sorted hex of its RRs */
    bool is_signed;  /* somebody published it; else it is the household's own, like its SOA */
    json_t *object;
};

__attribute__((format(printf, 2, 3))) static void add_problem(struct why *why, const char *format,
                                                              ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(why->problems, output_string(text, strlen(text)));
}

/* --- sets of RRs, compared as sorted arrays of hex --- */

static void insert_hex(json_t *list, json_t *hex)
{
    size_t at = 0;
    while (at < json_array_size(list) &&
           strcmp(json_string_value(json_array_get(list, at)), json_string_value(hex)) < 0)
        at++;
    json_array_insert_new(list, at, hex);
}

static void take_view_rr(void *context, const uint8_t *rdata, size_t len)
{
    insert_hex(context, output_hex(rdata, len));
}

/* "fd00::1, fd00::2" */
static void join_texts(uint16_t type, const json_t *rrs, char text[static TEXTS_SIZE])
{
    size_t i, used = 0;
    json_t *rr;
    char one[RECORD_TEXT_SIZE];
    text[0] = '\0';
    json_array_foreach(rrs, i, rr) {
        if (records_rr_text(type, rr, one) != STATUS_OK || used + strlen(one) + 3 > TEXTS_SIZE)
            continue;
        used += (size_t)snprintf(text + used, TEXTS_SIZE - used, "%s%s", i == 0 ? "" : ", ", one);
    }
    if (used == 0)
        (void)snprintf(text, TEXTS_SIZE, "nothing");
}

/* --- the ledger --- */

static void say_set(const struct why *why, const json_t *set, bool winner)
{
    char author[LABELS_TEXT_SIZE], when[OUTPUT_TIME_SIZE], granted[OUTPUT_TIME_SIZE], by[128];
    const char *asked = session_text(set, "by");
    const json_t *grant = json_object_get(set, "grant");
    labels_text(why->labels, session_text(set, "author"), author);
    output_escape(asked, strlen(asked), by, sizeof by);
    output_time(session_number(set, "time"), when);
    output_time(session_number(grant, "granted"), granted);
    output_line(why->cli, "  %s  entry %.16s, signed by %s, %s%s%s", winner ? "ledger" : "lost  ",
                session_text(set, "id"), author, when, *by ? ", asked by " : "", by);
    if (!winner)
        output_line(why->cli, "          because of the rule %s", session_text(set, "rule"));
    else if (grant)
        output_line(why->cli, "  grant   %.16s, role %s, %s, since %s",
                    session_text(grant, "grant_id"),
                    *session_text(grant, "role") ? session_text(grant, "role") : "unknown",
                    session_text(grant, "state"), granted);
}

static void ask_ledger(struct why *why, struct question *question)
{
    char relative[NAME_TEXT_SIZE];
    json_t *answer = NULL, *set;
    size_t i;
    if (!why->daemon)
        return;
    own_names_relative_text(&question->relative, relative);
    json_t *request =
        json_pack("{s:s, s:s, s:i}", "op", "why", "name", relative, "type", (int)question->type);
    if (session_try(&why->session, request, SESSION_READ_MS, &answer) != STATUS_OK) {
        add_problem(why, "hearthd did not say what the ledger has for %s %s", question->full_text,
                    question->type_text);
        return;
    }
    json_t *live = json_object_get(answer, "live"), *sorted = json_array(), *hex;
    json_array_foreach(live, i, set)
        say_set(why, set, i == 0);
    json_array_foreach(json_object_get(json_array_get(live, 0), "rrs"), i, hex)
        insert_hex(sorted, json_incref(hex));
    if (!json_equal(sorted, question->in_view))
        add_problem(why, "%s %s: the view does not have what the ledger decides",
                    question->full_text, question->type_text);
    if (json_array_size(live) > 1)
        add_problem(why, "%s %s is in conflict: set it again to settle it", question->full_text,
                    question->type_text);
    json_object_set(question->object, "live", live);
    json_decref(sorted);
    json_decref(answer);
}

/* --- the doors --- */

static bool same_answer(const struct dns_answer *answer, const json_t *in_view)
{
    json_t *sorted = json_array();
    for (uint16_t i = 0; i < answer->count; i++)
        insert_hex(sorted, output_hex(answer->rrs[i].data, answer->rrs[i].len));
    bool same = json_equal(sorted, in_view);
    json_decref(sorted);
    return same;
}

static void note_door(struct why *why, struct question *question, const char *door,
                      const char *says, bool agrees)
{
    json_array_append_new(
        json_object_get(question->object, "doors"),
        json_pack("{s:s, s:s, s:b}", "door", door, "says", says, "agrees", agrees));
    output_line(why->cli, "  door    %s: %s", door, says);
    if (!agrees)
        add_problem(why, "%s says about %s %s: %s", door, question->full_text, question->type_text,
                    says);
}

/* "127.0.0.1@5300" */
static bool parse_door(const char *text, struct address *address, uint16_t *port)
{
    char copy[ADDRESS_TEXT_SIZE + 8];
    (void)snprintf(copy, sizeof copy, "%s", text);
    char *at = strchr(copy, '@');
    if (!at)
        return address_parse_endpoint(text, address, port) == STATUS_OK;
    *at = '\0';
    *port = (uint16_t)strtoul(at + 1, NULL, 10);
    return *port != 0 && address_parse(address, copy) == STATUS_OK;
}

static void ask_dns(struct why *why, struct question *question, const json_t *door)
{
    struct dns_answer *answer = calloc(1, sizeof *answer);
    struct address address;
    uint16_t port = 53;
    char name[96];
    const char *text = session_text(door, "address");
    (void)snprintf(name, sizeof name, "DNS %.80s", text);
    if (!answer || !parse_door(text, &address, &port)) {
        free(answer);
        return;
    }
    enum status status = dns_ask(answer, &address, port, &question->full, question->type, DNS_MS);
    bool agrees = status == STATUS_OK && same_answer(answer, question->in_view);
    const char *says = status != STATUS_OK ? status_text(status)
                       : agrees            ? "the same"
                                           : dns_answer_text(answer);
    note_door(why, question, name, says, agrees);
    free(answer);
}

static void ask_doors(struct why *why, struct question *question)
{
    size_t i;
    json_t *door;
    char nss[PATHS_SIZE + 64] = "the same";
    if (!why->cli->paths.system)
        (void)snprintf(nss, sizeof nss, "the same, in programs that have HEARTH_VIEW=%s",
                       why->cli->paths.view_file);
    if (question->type == RRTYPE_A || question->type == RRTYPE_AAAA)
        note_door(why, question, "NSS", nss, true); /* it reads this very view */
    if (question->type == RRTYPE_TLSA)
        note_door(why, question, "verify", "expects what stands in this record", true);
    json_array_foreach(why->doors, i, door)
        if (json_is_true(json_object_get(door, "bound")) &&
            strcmp(session_text(door, "door"), "dns") == 0)
            ask_dns(why, question, door);
}

/* --- one record set --- */

/* What the view has; NOT_FOUND when it has nothing and never removed anything. */
static enum status read_view(struct why *why, struct question *question)
{
    struct view *view = why->house.view;
    struct view_name name;
    struct view_rrset rrset;
    struct view_record record;
    char author[HOUSE_LABEL_SIZE], when[OUTPUT_TIME_SIZE];
    enum status status = view_find(view, question->full.wire, question->full.len, &name);
    if (status == STATUS_OK)
        status = view_rrset(view, &name, question->type, &rrset);
    if (status != STATUS_OK)
        return status;
    if (!house_each_rr(rrset.data, rrset.data_len, rrset.count, take_view_rr, question->in_view))
        return STATUS_CORRUPT;
    char *text = malloc(TEXTS_SIZE);
    if (!text)
        return STATUS_NO_MEMORY;
    join_texts(question->type, question->in_view, text);
    output_line(why->cli, "%s  %s  %s", question->full_text, question->type_text, text);
    free(text);
    if (rrset.removed_count > 0)
        output_line(why->cli, "  denied  %u withdrawn key%s taken out of it", rrset.removed_count,
                    rrset.removed_count == 1 ? " was" : "s were");
    question->is_signed = rrset.record > 0;
    if (rrset.record > 0 && view_record_at(view, rrset.record - 1, &record) == STATUS_OK) {
        house_author(view, record.author, author);
        output_time(clock_stamp_ms(record.time), when);
        json_object_set_new(question->object, "id", output_hex(record.entry_id, 32));
        json_object_set_new(question->object, "time",
                            json_integer((json_int_t)clock_stamp_ms(record.time)));
        char hex[17];
        hex_encode(record.entry_id, 8, hex);
        output_line(why->cli, "  view    entry %s by %s, %s", hex, author, when);
    }
    return STATUS_OK;
}

/* The view has nothing: has the ledger? */
static void check_missing(struct why *why, const struct question *question)
{
    char relative[NAME_TEXT_SIZE];
    json_t *answer = NULL;
    if (!why->daemon)
        return;
    own_names_relative_text(&question->relative, relative);
    json_t *request =
        json_pack("{s:s, s:s, s:i}", "op", "why", "name", relative, "type", (int)question->type);
    if (session_try(&why->session, request, SESSION_READ_MS, &answer) == STATUS_OK) {
        json_t *winner = json_array_get(json_object_get(answer, "live"), 0);
        if (json_array_size(json_object_get(winner, "rrs")) > 0)
            add_problem(why, "%s %s: the ledger has it, the view does not", question->full_text,
                        question->type_text);
    }
    json_decref(answer);
}

static int explain(struct why *why, const struct name *relative, const struct name *full,
                   uint16_t type)
{
    struct question question = {.relative = *relative, .full = *full, .type = type};
    name_text(full->wire, full->len, question.full_text);
    record_type_text(type, question.type_text);
    question.in_view = json_array();
    question.object = json_pack("{s:s, s:s, s:[]}", "name", question.full_text, "type",
                                question.type_text, "doors");
    enum status status = read_view(why, &question);
    if (status == STATUS_OK) {
        why->found = true;
        why->has_address =
            why->has_address || type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_TLSA;
        json_object_set_new(question.object, "data", records_texts(type, question.in_view));
        if (why->name.own && question.is_signed)
            ask_ledger(why, &question);
        ask_doors(why, &question);
        json_array_append(why->records, question.object);
    } else if (status == STATUS_NOT_FOUND && why->name.own) {
        check_missing(why, &question);
    }
    json_decref(question.in_view);
    json_decref(question.object);
    return status == STATUS_OK || status == STATUS_NOT_FOUND ? EXIT_YES
                                                             : house_error(why->cli, status);
}

/* --- the household and the view --- */

static const char *const zone_states[] = {
    [VIEW_ZONE_FRESH] = "fresh",
    [VIEW_ZONE_SOFT] = "past its soft limit: answers are marked stale",
    [VIEW_ZONE_HARD] = "past its hard limit: keys are refused",
    [VIEW_ZONE_FROZEN] = "frozen: the owner signed two ways",
};

static json_t *say_view(struct why *why)
{
    struct view *view = why->house.view;
    struct view_zone zone;
    char published[OUTPUT_TIME_SIZE];
    enum status status = view_find_zone(view, why->name.full.wire, why->name.full.len, &zone);
    bool known = status == STATUS_OK && zone.state <= VIEW_ZONE_FROZEN;
    const char *state = known ? zone_states[zone.state] : "not a household of this node";
    output_time(view->published_ms, published);
    output_line(why->cli, "\nview        generation %016llx, published %s",
                (unsigned long long)view->generation, published);
    output_line(why->cli, "            %s", why->cli->paths.view_file);
    output_line(why->cli, "freshness   %s", state);
    if (!known)
        add_problem(why, "the name is in no household that this node knows");
    else if (zone.state != VIEW_ZONE_FRESH)
        add_problem(why, "the household is %s", state);
    char generation[17];
    (void)snprintf(generation, sizeof generation, "%016llx", (unsigned long long)view->generation);
    return json_pack("{s:s, s:I, s:s, s:s}", "generation", generation, "published",
                     (json_int_t)view->published_ms, "file", why->cli->paths.view_file, "freshness",
                     state);
}

static void say_next(const struct why *why, bool good)
{
    const struct cli *cli = why->cli;
    struct next_name next;
    next_name(&next, &why->name, why->port);
    if (!why->name.own)
        output_next(cli, "%s status", cli->command);
    else if (!why->found && next.is_service)
        output_next(cli, "%s set %s TYPE RDATA", cli->command, next.name);
    else if (!why->found)
        output_next(cli, "%s adopt %s %s", cli->command, next.name, next.address);
    else if (!good)
        output_next(cli, "%s log %s", cli->command, next.name);
    else if (why->has_address)
        output_next(cli, "%s verify %s, to ask the device itself", cli->command, next.device);
    else
        output_next(cli, "%s show %s", cli->command, next.name);
}

static int finish(struct why *why)
{
    struct cli *cli = why->cli;
    char full[NAME_TEXT_SIZE];
    size_t i;
    json_t *problem;
    name_text(why->name.full.wire, why->name.full.len, full);
    if (!why->found)
        output_line(cli, "%s: nothing is published, so every door says that there is none", full);
    json_t *view = say_view(why);
    json_array_foreach(why->problems, i, problem)
        output_line(cli, "%s!%s %s", output_colour(cli, OUTPUT_BAD),
                    output_colour(cli, OUTPUT_PLAIN), json_string_value(problem));
    bool good = why->found && json_array_size(why->problems) == 0;
    say_next(why, good);
    return output_object(cli,
                         json_pack("{s:s, s:i, s:O, s:O, s:o}", "name", full, "port",
                                   (int)why->port, "problems", why->problems, "records",
                                   why->records, "view", view),
                         good ? EXIT_YES : EXIT_NO);
}

/* What the view has at the name itself. NOT_FOUND: nothing. */
static enum status explain_published(struct why *why, int *code)
{
    struct view *view = why->house.view;
    struct view_name name;
    struct view_rrset rrset;
    enum status status = view_find(view, why->name.full.wire, why->name.full.len, &name);
    for (uint32_t i = 0; status == STATUS_OK && *code == EXIT_YES && i < name.rrset_count; i++) {
        status = view_rrset_at(view, name.first_rrset + i, &rrset);
        if (status == STATUS_OK && !(rrset.flags & VIEW_RRSET_INTERNAL))
            *code = explain(why, &why->name.relative, &why->name.full, rrset.type);
    }
    return status;
}

static bool is_published(struct why *why, uint16_t type)
{
    struct view_name name;
    struct view_rrset rrset;
    return view_find(why->house.view, why->name.full.wire, why->name.full.len, &name) ==
               STATUS_OK &&
           view_rrset(why->house.view, &name, type, &rrset) == STATUS_OK;
}

/* And what it should have, if the ledger does. */
static int explain_name(struct why *why)
{
    static const uint16_t types[] = {RRTYPE_A,    RRTYPE_AAAA,  RRTYPE_TXT,
                                     RRTYPE_SRV,  RRTYPE_SSHFP, RRTYPE_TLSA,
                                     RRTYPE_SVCB, RRTYPE_HTTPS, RRTYPE_CAA};
    int code = EXIT_YES;
    enum status status = explain_published(why, &code);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return house_error(why->cli, status);
    for (size_t i = 0; code == EXIT_YES && i < sizeof types / sizeof types[0]; i++)
        if (!is_published(why, types[i]))
            code = explain(why, &why->name.relative, &why->name.full, types[i]);
    return code;
}

static int explain_all(struct why *why)
{
    struct name service_relative, service_full;
    why->port = why->name.port;
    if (why->port == 0 &&
        published_only_port(why->house.view, &why->name.full, &why->port) != STATUS_OK)
        why->port = SERVICE_PORT;
    int code = explain_name(why);
    if (code == EXIT_YES &&
        service_name_make(&why->name.relative, why->port, &service_relative) == STATUS_OK &&
        service_name_make(&why->name.full, why->port, &service_full) == STATUS_OK)
        code = explain(why, &service_relative, &service_full, RRTYPE_TLSA);
    return code == EXIT_YES ? finish(why) : code;
}

/* What only hearthd knows; without it the view still explains itself. */
static void open_daemon(struct why *why)
{
    json_t *answer = NULL;
    why->session = (struct session){.cli = why->cli, .client = {.fd = -1, .received_fd = -1}};
    if (control_client_connect(&why->session.client, why->cli->paths.control, SESSION_CONNECT_MS) !=
        STATUS_OK) {
        add_problem(why, "hearthd does not answer: the ledger was not asked");
        return;
    }
    why->daemon = why->session.open = true;
    why->labels = labels_ask(&why->session);
    if (session_try(&why->session, json_pack("{s:s}", "op", "status"), SESSION_READ_MS, &answer) ==
        STATUS_OK)
        why->doors = json_incref(json_object_get(answer, "doors"));
    json_decref(answer);
}

static void close_all(struct why *why)
{
    session_close(&why->session);
    house_close(&why->house);
    json_decref(why->labels);
    json_decref(why->doors);
    json_decref(why->records);
    json_decref(why->problems);
    free(why);
}

int verb_why(struct cli *cli)
{
    struct why *why = calloc(1, sizeof *why);
    char hint[NAME_HINT_SIZE];
    if (!why)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    why->cli = cli;
    why->records = json_array();
    why->problems = json_array();
    int code = EXIT_YES;
    enum status status = house_open(&why->house, cli->paths.view_file);
    if (status != STATUS_OK)
        code = house_error(cli, status);
    if (code == EXIT_YES) {
        status = name_argument_parse(&why->name, cli->argv[0], &why->house.own, true, hint);
        if (status != STATUS_OK)
            code = name_argument_error(cli, status, cli->argv[0], hint);
    }
    if (code == EXIT_YES) {
        open_daemon(why);
        code = explain_all(why);
    }
    close_all(why);
    return code;
}
