/* verb_trust.c: `trust install|status|uninstall [--user]`: the browsers of this user, and for root those of
 * the whole machine. What is done is in dane/proxy/trust.h; this says it.
 *
 * Without -d, root's is the CA of the system's hearth-proxy, and everybody else has one of his own; with
 * it, the CA is that directory's. Works without hearthd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dane/proxy/trust.h"
#include "ledger/base/clock.h"
#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"
#include "resolver/daemon/config.h"

enum { LISTEN_SIZE = ADDRESS_TEXT_SIZE + 8 };

/* Where the PAC leads when the proxy has not left its port: the configuration's listener, or the default.
 * An address that means every one is reached at loopback. */
static int read_listen(struct cli *cli, bool system, char listen[static LISTEN_SIZE])
{
    static const uint8_t any4[4], any6[16], loopback4[4] = {127, 0, 0, 1},
                                            loopback6[16] = {[15] = 1};
    char error[CONFIG_ERROR_SIZE], text[ADDRESS_TEXT_SIZE];
    struct config *config = malloc(sizeof *config);
    (void)snprintf(listen, LISTEN_SIZE, "127.0.0.1:%d", CONFIG_PROXY_PORT);
    if (!config)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    if (config_read(config, cli->paths.config, system, error) != STATUS_OK) {
        free(config);
        return output_error(cli, EXIT_USAGE, NULL, NULL, "hearthd -n", "%s", error);
    }
    if (config->proxy.listen.count > 0 && !config->proxy.listen.none) {
        struct address address = config->proxy.listen.endpoints[0].address;
        const struct address every4 = address_from_ipv4(any4), every6 = address_from_ipv6(any6);
        if (memcmp(&address, &every4, sizeof address) == 0)
            address = address_from_ipv4(loopback4);
        else if (memcmp(&address, &every6, sizeof address) == 0)
            address = address_from_ipv6(loopback6);
        address_text(&address, text);
        (void)snprintf(listen, LISTEN_SIZE, address_is_ipv4(&address) ? "%s:%u" : "[%s]:%u", text,
                       config->proxy.listen.endpoints[0].port);
    }
    free(config);
    return EXIT_YES;
}

/* --- saying it --- */

static json_t *leaf_json(enum trust_answer answer)
{
    return answer == TRUST_UNKNOWN ? json_null()
                                   : json_string(answer == TRUST_YES ? "accepted" : "refused");
}

static json_t *row_json(const struct trust_row *row)
{
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "store",
        output_string(row->store, strlen(row->store)), "path",
        row->path[0] != '\0' ? output_string(row->path, strlen(row->path)) : json_null(), "state",
        trust_state_text(row->state), "text", output_string(row->text, strlen(row->text)), "inside",
        leaf_json(row->inside), "outside", leaf_json(row->outside), "proxy",
        row->proxy == TRUST_UNKNOWN ? json_null() : json_boolean(row->proxy == TRUST_YES));
}

static json_t *report_json(const struct cli *cli, const struct trust_report *report)
{
    json_t *stores = json_array();
    for (size_t i = 0; i < report->count; i++)
        json_array_append_new(stores, row_json(&report->rows[i]));
    return json_pack("{s:o, s:o, s:s}", "stores", stores, "ca",
                     output_string(cli->paths.proxy, strlen(cli->paths.proxy)), "pac", report->pac);
}

static void print_row(const struct cli *cli, const struct trust_row *row)
{
    char store[2 * TRUST_STORE_SIZE], text[2 * TRUST_TEXT_SIZE];
    enum output_colour colour = OUTPUT_PLAIN;
    if (row->state == TRUST_BAD || row->state == TRUST_FAILED || row->state == TRUST_REFUSED)
        colour = OUTPUT_BAD;
    else if (row->state == TRUST_GOOD)
        colour = OUTPUT_GOOD;
    output_escape(row->store, strlen(row->store), store, sizeof store);
    output_escape(row->text, strlen(row->text), text, sizeof text);
    const char *begin = output_colour(cli, colour),
               *end = colour == OUTPUT_PLAIN ? "" : output_colour(cli, OUTPUT_PLAIN);
    output_line(cli, "%s: %s%s%s", store, begin, text, end);
}

static size_t count_of(const struct trust_report *report, enum trust_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++)
        count += report->rows[i].state == state;
    return count;
}

static int conclude_status(struct cli *cli, const struct trust_report *report)
{
    bool good = count_of(report, TRUST_BAD) + count_of(report, TRUST_FAILED) == 0;
    if (!good)
        output_next(cli, "%s trust install", cli->command);
    return output_object(cli, report_json(cli, report), good ? EXIT_YES : EXIT_NO);
}

static int conclude_change(struct cli *cli, const struct trust_report *report, const char *verb)
{
    size_t failed = count_of(report, TRUST_FAILED), refused = count_of(report, TRUST_REFUSED);
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "do what the lines above say, then %s trust %s", cli->command,
                   verb);
    if (cli->json)
        (void)snprintf(hint, sizeof hint, "do what the stores' texts say, then %s trust %s",
                       cli->command, verb);
    if (failed > 0)
        return output_error(cli, EXIT_BROKEN, report_json(cli, report), status_name(STATUS_IO),
                            hint, "%zu of the stores could not be changed", failed);
    if (refused > 0)
        return output_error(
            cli, EXIT_REFUSED, report_json(cli, report), status_name(STATUS_EXISTS), hint,
            "%zu of the stores could not be changed as a whole, because of what is there", refused);
    if (count_of(report, TRUST_INSTALLED) + count_of(report, TRUST_REMOVED) > 0)
        output_next(cli,
                    strcmp(verb, "install") == 0 ? "restart the browser, then %s trust status"
                                                 : "restart the browser",
                    cli->command);
    return output_object(cli, report_json(cli, report), EXIT_YES);
}

/* --- doing it --- */

static int refuse(struct cli *cli, enum status status, const char *error)
{
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s trust install", cli->command);
    if (status == STATUS_NOT_FOUND)
        return output_error(cli, EXIT_NO, NULL, status_name(status), hint, "there is no CA yet: %s",
                            error);
    return output_error(cli, output_exit_code(status), NULL, status_name(status),
                        "look at what is there; nothing was changed", "%s",
                        error[0] != '\0' ? error : status_text(status));
}

static int run(struct cli *cli, struct trust_request *request, const char *verb)
{
    char error[CA_ERROR_SIZE] = "";
    struct trust_places *places = malloc(sizeof *places);
    struct trust_report report = {.rows = NULL};
    enum status status = places ? trust_places_init(places) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = trust_run(request, places, &report, error);
    free(places);
    for (size_t i = 0; i < report.count; i++)
        print_row(cli, &report.rows[i]);
    int code = status != STATUS_OK             ? refuse(cli, status, error)
               : request->verb == TRUST_STATUS ? conclude_status(cli, &report)
                                               : conclude_change(cli, &report, verb);
    trust_report_deinit(&report);
    return code;
}

int verb_trust(struct cli *cli)
{
    static const char *const verbs_of[] = {"install", "status",
                                           "uninstall"}; /* as enum trust_verb */
    char listen[LISTEN_SIZE];
    size_t verb = 0;
    while (verb < 3 && strcmp(cli->argv[0], verbs_of[verb]) != 0)
        verb++;
    if (verb == 3)
        return output_error(
            cli, EXIT_USAGE, NULL, status_name(STATUS_MALFORMED), "hearth help trust",
            "hearth trust takes install, status or uninstall, not `%.64s`", cli->argv[0]);
    bool machine = geteuid() == 0 && !cli_option(cli, "--user");
    bool system_ca = machine && cli->paths.system;
    if (system_ca)
        paths_use_system_proxy(&cli->paths);
    int code = read_listen(cli, cli->paths.system, listen);
    struct trust_request request = {.verb = (enum trust_verb)verb,
                                    .machine = machine,
                                    .system_ca = system_ca,
                                    .ca_dir = cli->paths.proxy,
                                    .listen = listen,
                                    .now_ms = clock_read().wall_ms};
    return code == EXIT_YES ? run(cli, &request, verbs_of[verb]) : code;
}
