/* verb_adopt.c: `adopt NAME ADDR`: looks at a device, shows it, asks, and publishes its address and
 * key, or with --ca the key of a CA that it presents (adopt_ca.c).
 *
 * The household then trusts exactly the key that was seen: so everything that speaks against it is
 * shown before the question (what is wrong with the certificate, a key that is published already
 * and differs, the same key at another name), and a withdrawn key is refused. Addresses, key and a
 * note of how it was adopted are one batch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "resolver/cli/adopt.h"
#include "resolver/cli/output.h"
#include "resolver/cli/prompt.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"
#include "resolver/service_name.h"

enum { PROBE_MS = 10000, SAME_KEY_SHOWN = 8 };

/* --- arguments --- */

static int parse_arguments(struct adopt *adopt)
{
    struct cli *cli = adopt->cli;
    const char *text = cli->argv[1], *fingerprint = cli_option(cli, "--fingerprint");
    char shown[128];
    output_escape(text, strlen(text), shown, sizeof shown);
    adopt->port = SERVICE_PORT;
    enum status status = address_parse_endpoint(text, &adopt->address, &adopt->port);
    if (status != STATUS_OK)
        return output_error(cli, EXIT_USAGE, NULL, status_name(status),
                            "ADDR, ADDR4:PORT, [ADDR6] or [ADDR6]:PORT", "%s is no address", shown);
    status = address_check_publishable(&adopt->address);
    if (status != STATUS_OK)
        return output_error(cli, EXIT_REFUSED, NULL, status_name(status),
                            "give the address that others in the house reach it at", "%s: %s",
                            shown, status_text(status));
    adopt->has_fingerprint = fingerprint != NULL;
    adopt->ca = cli_option(cli, "--ca") != NULL;
    if (fingerprint && hex_decode(fingerprint, adopt->fingerprint, 32) != STATUS_OK)
        return output_error(cli, EXIT_USAGE, NULL, status_name(STATUS_MALFORMED),
                            "64 hex digits without separators",
                            "--fingerprint takes the SHA-256 of the public key (SPKI)");
    return EXIT_YES;
}

/* A device has a host name: labels with '_' are services of one. */
static int check_name(struct adopt *adopt)
{
    const struct name *name = &adopt->name.relative;
    bool service = name->len <= 1;
    for (size_t at = 0; at < name->len && name->wire[at] != 0; at += 1U + name->wire[at])
        for (size_t i = 1; i <= name->wire[at]; i++)
            service = service || name->wire[at + i] == '_';
    if (!service)
        return EXIT_YES;
    return output_error(adopt->cli, EXIT_REFUSED, NULL, status_name(STATUS_RESERVED),
                        "a name like camera",
                        "a device's name has no '_' and is not the household's own");
}

/* --- what is there already --- */

static int keep_record(void *context, json_t *item)
{
    struct adopt *adopt = context;
    json_array_append(adopt->existing, item);
    return EXIT_YES;
}

static int load_existing(struct adopt *adopt)
{
    return session_each(
        &adopt->session,
        json_pack("{s:s, s:s, s:i}", "op", "list", "under", adopt->relative, "limit", SESSION_PAGE),
        "records", keep_record, adopt);
}

/* --- the look --- */

static int report_unreachable(struct adopt *adopt)
{
    char hint[CLI_HINT_SIZE], reason[2 * PROBE_REASON_SIZE];
    char address[ADDRESS_TEXT_SIZE];
    const char *said = adopt->device.probe.reason;
    output_escape(said, strlen(said), reason, sizeof reason);
    address_text(&adopt->address, address);
    (void)snprintf(hint, sizeof hint, "to publish its address alone: %s set %.255s %s %s",
                   adopt->cli->command, adopt->relative,
                   address_is_ipv4(&adopt->address) ? "A" : "AAAA", address);
    return output_error(adopt->cli, EXIT_NO, NULL, status_name(adopt->device.reached), hint,
                        "%s port %u: %s", address, adopt->port,
                        *reason ? reason : status_text(adopt->device.reached));
}

static int look(struct adopt *adopt)
{
    struct device *device = &adopt->device;
    device->name = adopt->name.full;
    device->port = adopt->port;
    enum status status = device_look(device, adopt->house.view, &adopt->address, 1, PROBE_MS);
    if (status != STATUS_OK)
        return house_error(adopt->cli, status);
    adopt->tls = device->reached == STATUS_OK && device->has_facts;
    adopt->usage = TLSA_DANE_EE;
    memcpy(adopt->key, device->facts.spki_sha256, sizeof adopt->key);
    if (adopt->tls || device->reached == STATUS_MALFORMED || device->reached == STATUS_CLOSED)
        return EXIT_YES;
    return report_unreachable(adopt);
}

static int check_fingerprint(struct adopt *adopt)
{
    char expected[65], hint[CLI_COMMAND_SIZE + NAME_TEXT_SIZE];
    if (!adopt->has_fingerprint)
        return EXIT_YES;
    hex_encode(adopt->fingerprint, 32, expected);
    if (!adopt->tls) {
        char address[ADDRESS_TEXT_SIZE];
        bool ipv4 = address_is_ipv4(&adopt->address);
        address_text(&adopt->address, address);
        (void)snprintf(hint, sizeof hint,
                       ipv4 ? "%s adopt %.255s %s:PORT, with the port on which it speaks TLS"
                            : "%s adopt %.255s '[%s]:PORT', with the port on which it speaks TLS",
                       adopt->cli->command, adopt->relative, address);
        return output_error(
            adopt->cli, EXIT_REFUSED, json_pack("{s:s, s:n}", "expected", expected, "presented"),
            "fingerprint", hint, "the device shows no key on port %u, but %s was asked for",
            adopt->port, expected);
    }
    if (memcmp(adopt->fingerprint, adopt->device.facts.spki_sha256, 32) == 0)
        return EXIT_YES;
    char presented[65];
    hex_encode(adopt->device.facts.spki_sha256, 32, presented);
    (void)snprintf(hint, sizeof hint, "%s adopt %.255s %s, to look at what is there",
                   adopt->cli->command, adopt->relative, adopt->cli->argv[1]);
    return output_error(
        adopt->cli, EXIT_REFUSED,
        json_pack("{s:s, s:s}", "expected", expected, "presented", presented), "fingerprint", hint,
        "the device has another key\n  expected   %s\n  presented  %s", expected, presented);
}

/* --- what speaks against it --- */

static int check_withdrawn(struct adopt *adopt)
{
    struct view_withdrawn withdrawn;
    struct house *house = &adopt->house;
    char author[HOUSE_LABEL_SIZE], when[OUTPUT_TIME_SIZE], hex[65];
    if (!adopt->tls || !house->has_zone)
        return EXIT_YES;
    enum status status =
        view_find_withdrawn(house->view, &house->zone, adopt->device.facts.spki_sha256, &withdrawn);
    if (status == STATUS_NOT_FOUND)
        return EXIT_YES;
    if (status != STATUS_OK)
        return house_error(adopt->cli, status);
    house_author(house->view, withdrawn.author, author);
    output_time(clock_stamp_ms(withdrawn.time), when);
    hex_encode(adopt->device.facts.spki_sha256, 32, hex);
    return output_error(
        adopt->cli, EXIT_REFUSED, json_pack("{s:s}", "presented", hex), "withdrawn",
        "make the device generate a new key (usually: reset it), then adopt it again",
        "its key %s was withdrawn by %s, %s", hex, author, when);
}

/* Is the key in this TLSA RRset (as 3 1 1, or as 3 1 2 and whole certificates: by its hash alone)?
 */
struct same_key {
    const uint8_t *hash;
    bool found;
};

static void compare_key(void *context, const uint8_t *rdata, size_t len)
{
    struct same_key *same = context;
    if (len == 35 && rdata[1] == TLSA_SPKI && rdata[2] == TLSA_SHA256 &&
        memcmp(rdata + 3, same->hash, 32) == 0)
        same->found = true;
}

static bool publishes_key(struct view *view, const struct view_name *name, const uint8_t *hash)
{
    struct view_rrset rrset;
    struct same_key same = {.hash = hash};
    if (view_rrset(view, name, RRTYPE_TLSA, &rrset) != STATUS_OK)
        return false;
    return house_each_rr(rrset.data, rrset.data_len, rrset.count, compare_key, &same) && same.found;
}

static const char same_key_text[] =
    "%s publishes the same key. A key that several devices share (set in the factory, for a whole "
    "model) proves none of them.";
static const char same_ca_text[] =
    "%s trusts the same CA. Whatever has a certificate of it can pass as either.";

/* A key that two devices share proves neither: a factory key, or one device under two names. */
static void warn_same_key(struct adopt *adopt)
{
    struct view *view = adopt->house.view;
    struct view_name at;
    unsigned shown = 0;
    if (!adopt->tls)
        return;
    for (uint32_t i = 0; view_name_at(view, i, &at) == STATUS_OK && shown < SAME_KEY_SHOWN; i++) {
        char name[NAME_TEXT_SIZE];
        struct view_zone zone;
        if (!publishes_key(view, &at, adopt->key) ||
            view_zone_at(view, at.zone, &zone) != STATUS_OK ||
            ((zone.flags & VIEW_ZONE_ID_FORM) && zone.twin != zone.index))
            continue;
        if (name_is_within(at.wire, at.wire_len, adopt->name.full.wire, adopt->name.full.len))
            continue;
        name_text(at.wire, at.wire_len, name);
        if (adopt->ca)
            output_warning(adopt->cli, same_ca_text, name);
        else
            output_warning(adopt->cli, same_key_text, name);
        shown++;
    }
}

static void compare_published_key(struct adopt *adopt)
{
    struct name service;
    uint8_t rdata[35] = {adopt->usage, TLSA_SPKI, TLSA_SHA256};
    char hex[71];
    if (!adopt->tls || service_name_make(&adopt->name.relative, adopt->port, &service) != STATUS_OK)
        return;
    json_t *record = adopt_existing(adopt, &service, RRTYPE_TLSA);
    memcpy(rdata + 3, adopt->key, 32);
    hex_encode(rdata, sizeof rdata, hex);
    size_t i;
    json_t *rr;
    json_array_foreach(json_object_get(record, "rrs"), i, rr) {
        adopt->replaces_key = true;
        adopt->keeps_key = adopt->keeps_key || strcmp(hex, json_string_value(rr)) == 0;
    }
    if (adopt->keeps_key)
        adopt->replaces_key = json_array_size(json_object_get(record, "rrs")) > 1;
}

/* --- showing --- */

static void show_old_key(struct adopt *adopt)
{
    const struct verdict *verdict = &adopt->device.verdict;
    char hex[2 * TLSA_HASH_MAX + 1];
    output_line(adopt->cli, "\n%sThe published key is another one:%s",
                output_colour(adopt->cli, OUTPUT_BAD), output_colour(adopt->cli, OUTPUT_PLAIN));
    for (size_t i = 0; i < verdict->expected_count; i++) {
        hex_encode(verdict->expected[i], verdict->expected_len[i], hex);
        output_line(adopt->cli, "  published    %s", hex);
    }
    hex_encode(adopt->key, 32, hex);
    output_line(adopt->cli, "  %s    %s", adopt->ca ? "this CA's" : "presented", hex);
    output_line(adopt->cli,
                "Go on only if you know why: a reset, a new certificate, a new device.");
}

static void show(struct adopt *adopt)
{
    struct cli *cli = adopt->cli;
    char address[ADDRESS_TEXT_SIZE], reason[2 * PROBE_REASON_SIZE];
    address_text(&adopt->address, address);
    if (!adopt->tls) {
        const char *said = adopt->device.probe.reason;
        output_escape(said, strlen(said), reason, sizeof reason);
        output_line(cli, "%s port %u: no TLS there (%s)", address, adopt->port,
                    *reason ? reason : status_text(adopt->device.reached));
        output_line(cli, "Only its address can be published: nothing will prove that it is %s.",
                    adopt->full);
        return;
    }
    output_line(cli, "%s port %u presents:", address, adopt->port);
    device_say_facts(cli, &adopt->device);
    if (adopt->ca)
        adopt_ca_show(adopt);
    if (adopt->device.verdict.wrong) {
        output_line(cli, "\nWrong with it (and forgiven from now on, if you adopt this %s):",
                    adopt->ca ? "CA" : "key");
        device_say_wrong(cli, &adopt->device, adopt->device.verdict.wrong, "  - ");
    } else {
        output_line(cli, "\nNothing is wrong with it.");
    }
    if (adopt->replaces_key && !adopt->keeps_key)
        show_old_key(adopt);
    else if (adopt->keeps_key)
        output_line(cli, "\nThis %s is the published one already.", adopt->ca ? "CA" : "key");
}

static int confirm(struct adopt *adopt)
{
    if (adopt->has_fingerprint)
        return EXIT_YES; /* the fingerprint was compared: that is the answer */
    char question[NAME_TEXT_SIZE + 128];
    (void)snprintf(question, sizeof question, "%s%s as %s?",
                   !adopt->tls ? "Publish its address"
                   : adopt->replaces_key && !adopt->keeps_key
                       ? "REPLACE the published key and adopt this device"
                       : "Adopt this device",
                   adopt->ca ? " by its CA" : "", adopt->full);
    enum prompt_answer answer = prompt_ask(adopt->cli, question);
    if (answer == PROMPT_YES)
        return EXIT_YES;
    return prompt_refused(adopt->cli, answer, "--yes, or --fingerprint HEX");
}

/* --- */

static int open_all(struct adopt *adopt)
{
    struct cli *cli = adopt->cli;
    int code = session_open_household(&adopt->session, cli);
    if (code == EXIT_YES)
        code = session_name(&adopt->session, cli->argv[0], false, &adopt->name);
    if (code == EXIT_YES)
        code = check_name(adopt);
    if (code != EXIT_YES)
        return code;
    own_names_relative_text(&adopt->name.relative, adopt->relative);
    own_names_full_text(&adopt->session.own, &adopt->name.relative, adopt->full);
    enum status status = house_open(&adopt->house, cli->paths.view_file);
    return status == STATUS_OK ? EXIT_YES : house_error(cli, status);
}

static int look_and_ask(struct adopt *adopt)
{
    int code = load_existing(adopt);
    if (code == EXIT_YES)
        code = look(adopt);
    if (code == EXIT_YES && !adopt->ca)
        code = check_fingerprint(adopt);
    if (code == EXIT_YES)
        code = check_withdrawn(adopt);
    if (code == EXIT_YES && adopt->ca)
        code = adopt_ca_choose(adopt);
    if (code != EXIT_YES)
        return code;
    compare_published_key(adopt);
    show(adopt);
    if (adopt->ca)
        adopt_ca_warn(adopt);
    warn_same_key(adopt);
    return confirm(adopt);
}

int verb_adopt(struct cli *cli)
{
    struct adopt *adopt = calloc(1, sizeof *adopt);
    if (!adopt)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    adopt->cli = cli;
    adopt->existing = json_array();
    adopt->replaced = json_array();
    int code = parse_arguments(adopt);
    if (code == EXIT_YES)
        code = open_all(adopt);
    if (code == EXIT_YES)
        code = look_and_ask(adopt);
    if (code == EXIT_YES)
        code = adopt_publish(adopt);
    session_close(&adopt->session);
    house_close(&adopt->house);
    json_decref(adopt->existing);
    json_decref(adopt->replaced);
    free(adopt);
    return code;
}
