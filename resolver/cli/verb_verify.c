/* verb_verify.c: `verify NAME[:PORT]`: connects now and judges.
 *
 * Reads the view alone, so that it works without hearthd. Only `matched` ends with 0. A public name
 * is for verify_public.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "resolver/cli/device.h"
#include "resolver/cli/labels.h"
#include "resolver/cli/next_name.h"
#include "resolver/cli/output.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"
#include "resolver/cli/verify.h"
#include "resolver/service_name.h"

enum { DEFAULT_TIMEOUT_S = 10, TIMEOUT_MAX_S = 300 };

/* One look at one device; large: on the heap. */
struct look {
    struct house house;
    struct name_argument name;
    struct address addresses[HOUSE_ADDRESSES_MAX];
    size_t count;
    struct device device;
};

static const char *const meanings[] = {
    [VERDICT_MATCHED] = "this is the device that was published",
    [VERDICT_MISMATCH] = "something with another key answers in its place",
    [VERDICT_NO_RECORD] = "no key is published for it, so nothing proves who answers",
    [VERDICT_WITHDRAWN] = "its key was withdrawn and counts no more",
    [VERDICT_STALE] = "what this node knows is too old to vouch for it",
    [VERDICT_UNREACHABLE] = "it could not be asked",
};

/* Was it a CA's key that matched, and not its own? */
static bool is_by_authority(const struct device *device)
{
    return device->verdict.kind == VERDICT_MATCHED &&
           device->published.records[device->verdict.matched].usage == TLSA_DANE_TA;
}

static json_t *expected_object(const struct verdict *verdict)
{
    json_t *list = json_array();
    for (size_t i = 0; i < verdict->expected_count; i++)
        json_array_append_new(list, output_hex(verdict->expected[i], verdict->expected_len[i]));
    return list;
}

static json_t *withdrawal_object(struct view *view, const struct verdict *verdict)
{
    if (!verdict->has_withdrawal)
        return json_null();
    char author[65];
    house_author_key(view, verdict->withdrawal.author, author);
    return json_pack("{s:o, s:s, s:I, s:o, s:i}", "hash", output_hex(verdict->withdrawal.hash, 32),
                     "author", author, "time", (json_int_t)clock_stamp_ms(verdict->withdrawal.time),
                     "id", output_hex(verdict->withdrawal.entry_id, 32), "reason",
                     (int)verdict->withdrawal.reason);
}

json_t *verify_object(struct view *view, const struct device *device)
{
    const struct verdict *verdict = &device->verdict;
    char name[NAME_TEXT_SIZE], address[ADDRESS_TEXT_SIZE] = "", author[65] = "";
    name_text(device->name.wire, device->name.len, name);
    if (device->reached == STATUS_OK)
        address_text(&device->probe.address, address);
    if (device->published.has_record)
        house_author_key(view, device->published.record.author, author);
    json_t *presented = verdict->has_presented ? output_hex(verdict->presented, 32) : json_null();
    json_t *object =
        json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:b}", "name", name, "port",
                  (int)device->port, "verdict", verdict_text(verdict->kind), "forgiven",
                  device_bits(verdict->forgiven), "expected", expected_object(verdict), "presented",
                  presented, "certificate", device_facts_object(device), "withdrawal",
                  withdrawal_object(view, verdict), "soft", verdict->soft);
    json_object_set_new(object, "address", *address ? json_string(address) : json_null());
    json_object_set_new(object, "author", *author ? json_string(author) : json_null());
    if (device->published.has_record)
        json_object_set_new(
            object, "time",
            json_integer((json_int_t)clock_stamp_ms(device->published.record.time)));
    if (device->reached != STATUS_OK)
        json_object_set_new(object, "reason",
                            output_string(device->probe.reason, strlen(device->probe.reason)));
    return object;
}

/* --- for people --- */

static void say_keys(const struct cli *cli, const struct device *device)
{
    const struct verdict *verdict = &device->verdict;
    const char *by_authority =
        is_by_authority(device) && verdict->expected_count == 1 ? " (the CA's key)" : "";
    char hex[2 * TLSA_HASH_MAX + 1];
    for (size_t i = 0; i < verdict->expected_count; i++) {
        hex_encode(verdict->expected[i], verdict->expected_len[i], hex);
        output_line(cli, "  expected     %s%s", hex, by_authority);
    }
    if (verdict->has_presented) {
        hex_encode(verdict->presented, 32, hex);
        output_line(cli, "  presented    %s", hex);
    }
}

static void say_answer(const struct cli *cli, const struct device *device)
{
    char address[ADDRESS_TEXT_SIZE], reason[2 * PROBE_REASON_SIZE];
    if (device->reached == STATUS_OK) {
        address_text(&device->probe.address, address);
        output_line(cli, "  answered     %s, %s", address, device->probe.protocol);
    } else {
        output_escape(device->probe.reason, strlen(device->probe.reason), reason, sizeof reason);
        output_line(cli, "  reason       %s", *reason ? reason : status_text(device->reached));
    }
}

static void say_signer(const struct cli *cli, struct view *view, const struct device *device)
{
    char author[HOUSE_LABEL_SIZE], when[OUTPUT_TIME_SIZE];
    if (device->published.has_record) {
        house_author(view, device->published.record.author, author);
        output_time(clock_stamp_ms(device->published.record.time), when);
        output_line(cli, "  published    by %s, %s", author, when);
    }
    if (device->verdict.has_withdrawal) {
        house_author(view, device->verdict.withdrawal.author, author);
        output_time(clock_stamp_ms(device->verdict.withdrawal.time), when);
        const char *reason = labels_reason(device->verdict.withdrawal.reason);
        output_line(cli, "  withdrawn    by %s, %s%s%s", author, when, *reason ? ": " : "", reason);
    }
}

/* Does the name have addresses of the older family alone? */
static bool is_ipv4_only(const struct address *addresses, size_t count)
{
    bool ipv4 = count > 0;
    for (size_t i = 0; i < count; i++)
        ipv4 = ipv4 && address_is_ipv4(&addresses[i]);
    return ipv4;
}

static void say_next(const struct cli *cli, const struct look *look)
{
    const char *hearth = cli->command;
    struct next_name next;
    next_name(&next, &look->name, look->device.port);
    if (!look->name.own) {
        output_next(cli, "%s why %s", hearth, next.device);
        return;
    }
    switch (look->device.verdict.kind) {
    case VERDICT_MATCHED:
        output_next(cli, "%s why %s", hearth, next.device);
        break;
    case VERDICT_MISMATCH:
        output_next(cli,
                    "if the device or its key was changed on purpose: %s adopt %s %s. If not, "
                    "don't log in to it: look what stands at that address.",
                    hearth, next.name, next.address);
        break;
    case VERDICT_NO_RECORD:
    case VERDICT_WITHDRAWN:
        output_next(cli, "%s adopt %s %s, once the device has the key that it should have", hearth,
                    next.name, next.address);
        break;
    case VERDICT_STALE:
        output_next(cli, "%s status", hearth);
        break;
    case VERDICT_UNREACHABLE:
    case VERDICT_COUNT:
        output_next(cli, "switch it on; if it moved: %s set %s %s ADDR", hearth, next.name,
                    is_ipv4_only(look->addresses, look->count) ? "A" : "AAAA");
    }
}

void verify_say(const struct cli *cli, struct view *view, const struct device *device)
{
    const struct verdict *verdict = &device->verdict;
    bool matched = verdict->kind == VERDICT_MATCHED;
    char name[NAME_TEXT_SIZE];
    name_text(device->name.wire, device->name.len, name);
    output_line(cli, "%s%s%s  %s:%u: %s", output_colour(cli, matched ? OUTPUT_GOOD : OUTPUT_BAD),
                verdict_text(verdict->kind), output_colour(cli, OUTPUT_PLAIN), name, device->port,
                is_by_authority(device) ? "its certificate hangs on the CA that was published"
                                        : meanings[verdict->kind]);
    say_keys(cli, device);
    say_answer(cli, device);
    say_signer(cli, view, device);
    if (verdict->forgiven)
        output_line(cli, "  forgiven, because the %s is the published one:",
                    is_by_authority(device) ? "CA" : "key");
    else if (verdict->wrong)
        output_line(cli, "  what came has also:");
    device_say_wrong(cli, device, verdict->wrong, "    ");
    if (verdict->soft)
        output_line(cli, "  this node has not heard from the household's witnesses for a while");
}

/* --- */

static int judge(struct cli *cli, struct look *look, unsigned timeout_ms)
{
    struct device *device = &look->device;
    struct view *view = look->house.view;
    enum status status = house_addresses(view, &device->name, look->addresses, &look->count);
    if (status == STATUS_OK && device->port == 0) {
        status = published_only_port(view, &device->name, &device->port);
        if (status == STATUS_NOT_FOUND) {
            device->port = SERVICE_PORT;
            status = STATUS_OK;
        }
    }
    if (status == STATUS_OK)
        status = device_look(device, view, look->addresses, look->count, timeout_ms);
    if (status != STATUS_OK)
        return house_error(cli, status);
    if (look->count == 0)
        (void)snprintf(device->probe.reason, sizeof device->probe.reason,
                       "no address is published for it");
    if (look->count == 0 && !device->published.found)
        device->verdict.kind = VERDICT_NO_RECORD;
    verify_say(cli, view, device);
    say_next(cli, look);
    return output_object(cli, verify_object(view, device),
                         device->verdict.kind == VERDICT_MATCHED ? EXIT_YES : EXIT_NO);
}

static int verify_household(struct cli *cli, unsigned timeout_ms)
{
    struct look *look = calloc(1, sizeof *look);
    char hint[NAME_HINT_SIZE];
    if (!look)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    int code = EXIT_YES;
    enum status status = house_open(&look->house, cli->paths.view_file);
    if (status != STATUS_OK)
        code = house_error(cli, status);
    if (code == EXIT_YES) {
        status = name_argument_parse(&look->name, cli->argv[0], &look->house.own, true, hint);
        if (status != STATUS_OK)
            code = name_argument_error(cli, status, cli->argv[0], hint);
    }
    if (code == EXIT_YES) {
        look->device.name = look->name.full;
        look->device.port = look->name.port;
        code = judge(cli, look, timeout_ms);
    }
    house_close(&look->house);
    free(look);
    return code;
}

int verb_verify(struct cli *cli)
{
    uint64_t timeout_s = DEFAULT_TIMEOUT_S;
    int code = cli_option_number(cli, "--timeout", 1, TIMEOUT_MAX_S, DEFAULT_TIMEOUT_S, &timeout_s);
    if (code != EXIT_YES)
        return code;
    unsigned timeout_ms = (unsigned)timeout_s * 1000;
    return cli_option(cli, "--public") ? verify_public(cli, timeout_ms)
                                       : verify_household(cli, timeout_ms);
}
