/* verify_public.c: `verify --public HOST:PORT`: DANE of a name of the world (RFC 7671).
 *
 * The happy path: the addresses; the TLSA records of `_port._tcp.HOST`, which DNSSEC must prove from
 * the root's built-in anchors; a handshake; the verdict by the rules for public names, where a CA
 * record also demands dates and name. Where HOST is an alias that is itself proved, the name at its
 * end is asked first, then HOST (RFC 7671, section 7).
 *
 * Unsigned records count for nothing: no-record. Forged ones (bogus), or none because the DNS did
 * not answer, leave the question open: unreachable, and nothing is connected to. hearthd is not
 * needed; [resolver] forward of hearth.conf is honoured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "resolver/cli/output.h"
#include "resolver/cli/verify.h"
#include "resolver/daemon/config.h"
#include "resolver/service_name.h"
#include "resolver/upstream_unbound.h"

/* What the DNS says of the TLSA records. */
enum proof { PROOF_SECURE, PROOF_INSECURE, PROOF_BOGUS, PROOF_NONE, PROOF_COUNT };
static const char *const proof_texts[PROOF_COUNT] = {"secure", "insecure", "bogus", "none"};

/* One look at one public name; large: on the heap. */
struct public_look {
    struct cli *cli;
    struct upstream_look *upstream;
    uint64_t deadline_ms;
    unsigned timeout_ms;
    struct name host; /* as asked for */
    struct name base; /* the TLSA base domain (RFC 7671): `host`, or what it is an alias of */
    struct address addresses[PROBE_ADDRESSES_MAX];
    size_t count;
    enum proof proof;
    struct upstream_found found; /* the TLSA records, which device.published borrows */
    struct upstream_found other; /* addresses */
    struct device device;
    char reason[2 * UPSTREAM_WHY_SIZE + 128];
};

/* --- arguments --- */

static int usage_error(struct cli *cli, enum status status, const char *shown)
{
    return output_error(cli, EXIT_USAGE, NULL, status_name(status),
                        "hearth verify --public www.example.com:443",
                        "%s: a public name and perhaps a port is wanted", shown);
}

static int parse_host(struct public_look *look)
{
    struct cli *cli = look->cli;
    struct own_names none = {.petname = {.len = 1}, .id = {.len = 1}};
    struct name_argument argument;
    struct address address;
    char shown[256], hint[NAME_HINT_SIZE];
    uint16_t port = 0;
    const char *text = cli->argv[0];
    output_escape(text, strlen(text), shown, sizeof shown);
    if (address_parse_endpoint(text, &address, &port) == STATUS_OK)
        return usage_error(cli, STATUS_NAME_CHARACTER, shown);
    enum status status = name_argument_parse(&argument, text, &none, true, hint);
    if (status != STATUS_OK && status != STATUS_NAME_TOO_LONG)
        return name_argument_error(cli, status, text, hint);
    if (status != STATUS_OK || argument.full.len <= 1)
        return usage_error(cli, STATUS_NAME_TOO_LONG, shown);
    look->host = argument.full;
    look->device.port = argument.port ? argument.port : SERVICE_PORT;
    if (!name_is_within(look->host.wire, look->host.len, name_home_arpa.wire, name_home_arpa.len))
        return EXIT_YES;
    char next[CLI_HINT_SIZE];
    (void)snprintf(next, sizeof next, "%s verify %s", cli->command, text);
    return output_error(cli, EXIT_USAGE, NULL, status_name(STATUS_RESERVED), next,
                        "%s is a household's name, and no public one", shown);
}

/* --- DNS --- */

static int open_upstream(struct public_look *look)
{
    struct cli *cli = look->cli;
    struct upstream_endpoint forward[CONFIG_FORWARD_MAX];
    struct upstream_settings settings = {.forward = forward};
    char error[CONFIG_ERROR_SIZE];
    const char *what = "";
    struct config *config = malloc(sizeof *config);
    if (!config)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    enum status status = config_read(config, cli->paths.config, cli->paths.system, error);
    for (size_t i = 0; status == STATUS_OK && i < config->resolver.forward_count; i++) {
        forward[settings.forward_count].address = config->resolver.forward[i].address;
        forward[settings.forward_count++].port = config->resolver.forward[i].port;
    }
    free(config);
    if (status != STATUS_OK)
        return output_error(cli, EXIT_USAGE, NULL, status_name(status), "hearthd -n", "%s", error);
    status = upstream_look_open(&look->upstream, &settings, &what);
    return status == STATUS_OK ? EXIT_YES : output_status(cli, status, NULL, what);
}

/* Adds the addresses of one family; an alias that is proved is followed. */
static void ask_addresses(struct public_look *look, uint16_t type)
{
    struct upstream_found *found = &look->other;
    enum status status =
        upstream_look_ask(look->upstream, &look->host, type, look->deadline_ms, found);
    if (status != STATUS_OK || found->security == UPSTREAM_BOGUS)
        return;
    for (size_t i = 0; i < found->count && look->count < PROBE_ADDRESSES_MAX; i++) {
        if (found->rrs[i].len == 4)
            look->addresses[look->count++] = address_from_ipv4(found->rrs[i].data);
        else if (found->rrs[i].len == 16)
            memcpy(look->addresses[look->count++].octets, found->rrs[i].data, 16);
    }
    if (found->security == UPSTREAM_SECURE && found->count > 0)
        look->base = found->canonical;
}

static enum proof proof_of(enum status status, const struct upstream_found *found)
{
    if (status != STATUS_OK)
        return PROOF_NONE;
    if (found->security == UPSTREAM_BOGUS)
        return PROOF_BOGUS;
    if (found->rcode != RCODE_NOERROR && !found->no_name)
        return PROOF_NONE;
    return found->security == UPSTREAM_SECURE ? PROOF_SECURE : PROOF_INSECURE;
}

/* The TLSA records of one base domain, as far as they are proved, into the device's `published`. */
static void ask_keys(struct public_look *look, const struct name *base)
{
    struct published *published = &look->device.published;
    struct upstream_found *found = &look->found;
    struct name service;
    memset(published, 0, sizeof *published);
    look->device.name = *base;
    look->proof = PROOF_SECURE;
    if (service_name_make(base, look->device.port, &service) != STATUS_OK)
        return; /* too long to exist */
    enum status status =
        upstream_look_ask(look->upstream, &service, RRTYPE_TLSA, look->deadline_ms, found);
    look->proof = proof_of(status, found);
    if (look->proof != PROOF_SECURE)
        return;
    published->found = found->count > 0;
    for (size_t i = 0; i < found->count && published->count < TLSA_RRS_MAX; i++)
        if (tlsa_decode(&published->records[published->count], found->rrs[i].data,
                        found->rrs[i].len) == STATUS_OK)
            published->count++;
}

static void ask_all(struct public_look *look)
{
    look->base = look->host;
    ask_addresses(look, RRTYPE_AAAA);
    ask_addresses(look, RRTYPE_A);
    ask_keys(look, &look->base);
    bool nothing = !look->device.published.found &&
                   (look->proof == PROOF_SECURE || look->proof == PROOF_INSECURE);
    if (nothing && !name_equal(&look->base, &look->host))
        ask_keys(look, &look->host);
}

/* --- the look --- */

static bool is_open(const struct public_look *look)
{
    return look->proof == PROOF_SECURE || look->proof == PROOF_INSECURE;
}

/* Does a CA's record stand there, and what came is past its dates or for another name? */
static bool breaks_anchor_rule(const struct public_look *look)
{
    const uint32_t demanded = UINT32_C(1) << FORGIVEN_BIT_EXPIRED |
                              UINT32_C(1) << FORGIVEN_BIT_NOT_YET_VALID |
                              UINT32_C(1) << FORGIVEN_BIT_NAME;
    bool anchor = false;
    for (size_t i = 0; i < look->device.published.count; i++)
        anchor = anchor || look->device.published.records[i].usage == TLSA_DANE_TA;
    return anchor && look->device.verdict.kind == VERDICT_MISMATCH &&
           (look->device.verdict.wrong & demanded) != 0;
}

/* Why there is no better verdict than this; "" when the verdict says it all. */
static void explain(struct public_look *look)
{
    char why[2 * UPSTREAM_WHY_SIZE], service[NAME_TEXT_SIZE];
    struct name name = look->device.name;
    const struct verdict *verdict = &look->device.verdict;
    (void)service_name_make(&look->device.name, look->device.port, &name);
    name_text(name.wire, name.len, service);
    output_escape(look->found.why, strlen(look->found.why), why, sizeof why);
    if (look->proof == PROOF_BOGUS)
        (void)snprintf(look->reason, sizeof look->reason,
                       "the DNS answer is forged or its signatures are broken: %.400s", why);
    else if (look->proof == PROOF_NONE)
        (void)snprintf(look->reason, sizeof look->reason, "the DNS does not answer for %.400s",
                       service);
    else if (verdict->kind == VERDICT_NO_RECORD && look->other.no_name)
        (void)snprintf(look->reason, sizeof look->reason, "there is no such name");
    else if (verdict->kind == VERDICT_NO_RECORD && look->proof == PROOF_INSECURE)
        (void)snprintf(look->reason, sizeof look->reason,
                       "the zone is not signed, so nothing in it proves a key");
    else if (verdict->kind == VERDICT_NO_RECORD)
        (void)snprintf(look->reason, sizeof look->reason, "there is no %sTLSA record at %.400s",
                       look->device.published.found ? "usable " : "", service);
    else if (look->count == 0)
        (void)snprintf(look->reason, sizeof look->reason, "it has no address");
    else if (breaks_anchor_rule(look))
        (void)snprintf(look->reason, sizeof look->reason,
                       "where a CA's key is published, dates and name must be right too");
    else if (look->device.reached != STATUS_OK)
        output_escape(look->device.probe.reason, strlen(look->device.probe.reason), look->reason,
                      sizeof look->reason);
}

static void look_at(struct public_look *look)
{
    struct device *device = &look->device;
    char sni[NAME_TEXT_SIZE];
    device->reached = STATUS_UNREACHABLE;
    device->now_ms = clock_read().wall_ms;
    if (is_open(look)) {
        name_text(device->name.wire, device->name.len, sni); /* the base domain: RFC 7671, 7 */
        device->reached = probe_device(&device->probe, look->addresses, look->count, device->port,
                                       sni, look->timeout_ms);
    }
    bool came = device->reached == STATUS_OK;
    verdict_judge(&device->verdict, NULL, &device->published, &device->name,
                  came ? &device->probe.presented : NULL, device->now_ms);
    device->has_facts =
        came && device->probe.presented.chain_len > 0 &&
        certificate_facts(&device->facts, device->probe.presented.chain[0]) == STATUS_OK;
    if (!came && is_open(look) && device->verdict.expected_count == 0)
        device->verdict.kind = VERDICT_NO_RECORD;
}

static int report(struct public_look *look)
{
    struct cli *cli = look->cli;
    struct device *device = &look->device;
    bool matched = device->verdict.kind == VERDICT_MATCHED;
    char host[NAME_TEXT_SIZE], base[NAME_TEXT_SIZE];
    name_text(look->host.wire, look->host.len, host);
    name_text(device->name.wire, device->name.len, base);
    explain(look);
    device->name = look->host;
    (void)snprintf(device->probe.reason, sizeof device->probe.reason, "%.255s", look->reason);
    verify_say(cli, NULL, device);
    if (device->reached == STATUS_OK && *look->reason)
        output_line(cli, "  reason       %s", look->reason);
    if (strcmp(host, base) != 0)
        output_line(cli, "  alias        of %s, whose keys count", base);
    json_t *object = verify_object(NULL, device);
    json_object_set_new(object, "dnssec", json_string(proof_texts[look->proof]));
    json_object_set_new(object, "base", json_string(base));
    if (*look->reason)
        json_object_set_new(object, "reason", json_string(look->reason));
    return output_object(cli, object, matched ? EXIT_YES : EXIT_NO);
}

int verify_public(struct cli *cli, unsigned timeout_ms)
{
    struct public_look *look = calloc(1, sizeof *look);
    if (!look)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    look->cli = cli;
    look->timeout_ms = timeout_ms;
    look->deadline_ms = clock_monotonic_ms() + timeout_ms;
    int code = parse_host(look);
    if (code == EXIT_YES)
        code = open_upstream(look);
    if (code == EXIT_YES) {
        ask_all(look);
        look_at(look);
        code = report(look);
    }
    upstream_look_close(look->upstream);
    free(look);
    return code;
}
