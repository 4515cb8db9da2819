/* verb_status.c: `status [--wait S]`: one screen: problems first, then nodes, doors, figures.
 *
 * --wait asks again until hearthd answers and its doors are settled: every child serves, and each
 * default listener is bound or known to be taken.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/clock.h"
#include "resolver/cli/output.h"
#include "resolver/cli/session.h"
#include "resolver/cli/verbs.h"

enum { POLL_MS = 50, LEAST_MS = 1000, WAIT_MAX_S = 86400 };

/* One question; NULL when hearthd can't be asked (*status says why). */
static json_t *ask_once(const struct cli *cli, unsigned timeout_ms, enum status *status)
{
    struct session session = {.client = {.fd = -1, .received_fd = -1}};
    json_t *answer = NULL;
    *status = control_client_connect(&session.client, cli->paths.control, timeout_ms);
    if (*status != STATUS_OK)
        return NULL;
    session.open = true;
    *status = session_try(&session, json_pack("{s:s}", "op", "status"), timeout_ms, &answer);
    session_close(&session);
    return answer;
}

/* Every child serves (or is switched off), and DNS is answered somewhere unless no listener is
 * configured. */
static bool doors_are_open(const json_t *answer)
{
    size_t i, dns = 0, bound = 0;
    json_t *item;
    json_array_foreach(json_object_get(answer, "children"), i, item) {
        const char *state = session_text(item, "state");
        if (strcmp(state, "ready") != 0 && strcmp(state, "off") != 0)
            return false;
    }
    json_array_foreach(json_object_get(answer, "doors"), i, item) {
        bool is_dns = strcmp(session_text(item, "door"), "dns") == 0;
        dns += is_dns;
        bound += is_dns && json_is_true(json_object_get(item, "bound"));
    }
    return json_is_true(json_object_get(answer, "ok")) && (dns == 0 || bound > 0);
}

/* How long one question of a `--wait` may take: an answer within a moment is waited for even when
 * no time is left, so that `--wait 0` asks too. */
static unsigned question_ms(uint64_t deadline)
{
    uint64_t now = clock_monotonic_ms();
    uint64_t left = now < deadline ? deadline - now : 0;
    return left < LEAST_MS ? LEAST_MS : left > SESSION_READ_MS ? SESSION_READ_MS : (unsigned)left;
}

static json_t *ask_until(const struct cli *cli, uint64_t wait_ms, enum status *status, bool *open)
{
    uint64_t deadline = clock_monotonic_ms() + wait_ms;
    for (;;) {
        json_t *answer = ask_once(cli, question_ms(deadline), status);
        *open = answer && doors_are_open(answer);
        if (*open || clock_monotonic_ms() >= deadline)
            return answer;
        json_decref(answer);
        (void)poll(NULL, 0, POLL_MS);
    }
}

/* --- for people --- */

static void say_problems(const struct cli *cli, const json_t *answer)
{
    size_t i;
    json_t *problem;
    char text[1024], hint[512];
    json_array_foreach(json_object_get(answer, "problems"), i, problem) {
        output_escape(session_text(problem, "text"), strlen(session_text(problem, "text")), text,
                      sizeof text);
        output_escape(session_text(problem, "hint"), strlen(session_text(problem, "hint")), hint,
                      sizeof hint);
        output_line(cli, "%s!%s %s%s%s%s", output_colour(cli, OUTPUT_BAD),
                    output_colour(cli, OUTPUT_PLAIN), text, *hint ? " (" : "", hint,
                    *hint ? ")" : "");
    }
    if (i > 0)
        output_line(cli, "%s", "");
}

static void say_nodes(const struct cli *cli, const json_t *answer)
{
    struct output_table table;
    size_t i;
    json_t *node;
    output_table_start(&table, 5);
    output_table_row(&table, (const char *[]){"NODE", "ROLE", "STATE", "SEEN", "ID"});
    json_array_foreach(json_object_get(answer, "nodes"), i, node) {
        char seen[OUTPUT_TIME_SIZE], id[17], label[128];
        bool self = json_is_true(json_object_get(node, "self"));
        output_time(session_number(node, "seen"), seen);
        (void)snprintf(id, sizeof id, "%.16s", session_text(node, "id"));
        (void)snprintf(label, sizeof label, "%.100s%s", session_text(node, "label"),
                       self ? " (this one)" : "");
        output_table_row(&table,
                         (const char *[]){label, session_text(node, "role"),
                                          session_text(node, "state"), self ? "now" : seen, id});
    }
    output_table_end(cli, &table);
}

static const char *door_state(const json_t *door, bool household)
{
    if (json_is_true(json_object_get(door, "bound")))
        return "open";
    if (strcmp(session_text(door, "door"), "dns") == 0)
        return "taken by another program";
    return household ? "nothing published yet" : "no household yet";
}

static void say_doors(const struct cli *cli, const json_t *answer, bool household)
{
    struct output_table table;
    size_t i;
    json_t *door;
    output_table_start(&table, 3);
    output_table_row(&table, (const char *[]){"DOOR", "ADDRESS", "STATE"});
    json_array_foreach(json_object_get(answer, "doors"), i, door) {
        const char *address = session_text(door, "address");
        output_table_row(&table, (const char *[]){session_text(door, "door"), address,
                                                  door_state(door, household)});
    }
    output_line(cli, "%s", "");
    output_table_end(cli, &table);
}

static void say_figures(const struct cli *cli, const json_t *answer)
{
    char when[OUTPUT_TIME_SIZE];
    output_time(session_number(answer, "published"), when);
    output_line(cli, "\n%llu names, %llu entries, %llu KiB, published %s",
                (unsigned long long)session_number(answer, "names"),
                (unsigned long long)session_number(answer, "entries"),
                (unsigned long long)session_number(answer, "bytes") / 1024, when);
}

static void say_status(const struct cli *cli, const json_t *answer, bool healthy)
{
    const char *petname = session_text(answer, "petname");
    bool household = !json_is_null(json_object_get(answer, "household")) &&
                     *session_text(answer, "household") != '\0';
    say_problems(cli, answer);
    output_line(cli, "%s%s%s  %s%s", output_colour(cli, healthy ? OUTPUT_GOOD : OUTPUT_BAD),
                healthy ? "healthy" : "not healthy", output_colour(cli, OUTPUT_PLAIN),
                household ? (*petname ? petname : session_text(answer, "household"))
                          : "no household on this node yet",
                household && *petname ? ".home.arpa" : "");
    if (household) {
        output_line(cli, "%s", "");
        say_nodes(cli, answer);
    }
    say_doors(cli, answer, household);
    if (household)
        say_figures(cli, answer);
    if (!household)
        output_next(cli, "%s init LABEL", cli->command);
    else if (session_number(answer, "names") == 0)
        output_next(cli, "%s adopt camera ADDR", cli->command);
    else
        output_next(cli, "%s ls", cli->command);
}

int verb_status(struct cli *cli)
{
    bool wait = cli_option(cli, "--wait") != NULL, open = false;
    uint64_t wait_s = 0;
    enum status status = STATUS_OK;
    int code = cli_option_number(cli, "--wait", 0, WAIT_MAX_S, 10, &wait_s);
    if (code != EXIT_YES)
        return code;
    json_t *answer = wait ? ask_until(cli, wait_s * 1000, &status, &open)
                          : ask_once(cli, SESSION_READ_MS, &status);
    if (!answer)
        return session_lost(cli, status, NULL);
    if (!json_is_true(json_object_get(answer, "ok"))) {
        code = session_report(cli, answer, NULL);
        json_decref(answer);
        return code;
    }
    bool healthy = json_is_true(json_object_get(answer, "healthy"));
    bool good = wait ? open : healthy;
    say_status(cli, answer, healthy);
    json_object_del(answer, "ok");
    return output_object(cli, answer, good ? EXIT_YES : EXIT_NO);
}
