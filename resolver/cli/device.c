/* device.c: see device.h. */
#include "resolver/cli/device.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ledger/base/clock.h"
#include "ledger/base/text.h"
#include "resolver/cli/output.h"

enum status device_look(struct device *device, struct view *view, const struct address *addresses,
                        size_t count, unsigned timeout_ms)
{
    char sni[NAME_TEXT_SIZE];
    name_text(device->name.wire, device->name.len, sni);
    device->now_ms = clock_household_ms(clock_read(), view->published_ms);
    device->reached = probe_device(&device->probe, addresses, count, device->port, sni, timeout_ms);
    bool came = device->reached == STATUS_OK;
    enum status status = published_find(&device->published, view, &device->name, device->port);
    if (status != STATUS_OK)
        return status;
    verdict_judge(&device->verdict, view, &device->published, &device->name,
                  came ? &device->probe.presented : NULL, device->now_ms);
    device->has_facts =
        came && device->probe.presented.chain_len > 0 &&
        certificate_facts(&device->facts, device->probe.presented.chain[0]) == STATUS_OK;
    return STATUS_OK;
}

void device_day_text(int64_t ms, char text[static OUTPUT_TIME_SIZE])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    if (ms == INT64_MIN || ms == INT64_MAX || !gmtime_r(&seconds, &parts) ||
        strftime(text, OUTPUT_TIME_SIZE, "%Y-%m-%d", &parts) == 0)
        (void)snprintf(text, OUTPUT_TIME_SIZE, "an unreadable date");
}

static void expired_text(const struct device *device, char text[static DEVICE_TEXT_SIZE])
{
    char day[OUTPUT_TIME_SIZE], span[OUTPUT_TIME_SIZE];
    int64_t end = device->facts.not_after_ms, now = (int64_t)device->now_ms;
    device_day_text(end, day);
    if (end >= now) {
        (void)snprintf(text, DEVICE_TEXT_SIZE, "a certificate between it and its CA has expired");
        return;
    }
    if (end > 0 && end < now) {
        output_span((uint64_t)(now - end), span);
        (void)snprintf(text, DEVICE_TEXT_SIZE, "its certificate expired on %s, %s ago", day, span);
    } else {
        (void)snprintf(text, DEVICE_TEXT_SIZE, "its certificate expired on %s", day);
    }
}

static void issuer_text(const struct device *device, char text[static DEVICE_TEXT_SIZE])
{
    if (device->facts.self_signed)
        (void)snprintf(text, DEVICE_TEXT_SIZE, "self-signed: nobody but the device vouches for it");
    else
        (void)snprintf(text, DEVICE_TEXT_SIZE, "its issuer is no known authority: %s",
                       device->facts.issuer);
}

/* Under DANE-TA what is wrong may be so with a CA on the way, and not with the leaf. */
static void weak_text(bool own, const char *kind, const char *what, const char *so,
                      char text[static DEVICE_TEXT_SIZE])
{
    if (own)
        (void)snprintf(text, DEVICE_TEXT_SIZE, "weak %s: %s can be %s", kind, what, so);
    else
        (void)snprintf(text, DEVICE_TEXT_SIZE, "weak %s between it and its CA: it can be %s", kind,
                       so);
}

/* One thing that is wrong, as a sentence fragment. */
static void wrong_text(const struct device *device, enum forgiven_bit bit,
                       char text[static DEVICE_TEXT_SIZE])
{
    char name[NAME_TEXT_SIZE], day[OUTPUT_TIME_SIZE];
    const struct certificate_facts *facts = &device->facts;
    switch (bit) {
    case FORGIVEN_BIT_EXPIRED:
        expired_text(device, text);
        break;
    case FORGIVEN_BIT_NOT_YET_VALID:
        device_day_text(facts->not_before_ms, day);
        (void)snprintf(text, DEVICE_TEXT_SIZE,
                       facts->not_before_ms > (int64_t)device->now_ms
                           ? "its certificate is not valid before %s"
                           : "a certificate between it and its CA is not valid yet",
                       day);
        break;
    case FORGIVEN_BIT_NAME:
        name_text(device->name.wire, device->name.len, name);
        (void)snprintf(text, DEVICE_TEXT_SIZE, "made for %.400s, not for %.400s",
                       *facts->names ? facts->names : "no name at all", name);
        break;
    case FORGIVEN_BIT_ISSUER:
        issuer_text(device, text);
        break;
    case FORGIVEN_BIT_WEAK_KEY:
        weak_text(facts->weak_key, "key", facts->key, "broken with enough money", text);
        break;
    case FORGIVEN_BIT_WEAK_SIGNATURE:
        weak_text(facts->weak_signature, "signature", facts->signature, "forged", text);
        break;
    case FORGIVEN_BIT_OLD_PROTOCOL:
        (void)snprintf(text, DEVICE_TEXT_SIZE, "old protocol: %s", device->probe.protocol);
        break;
    case FORGIVEN_BIT_LEGACY_RENEGOTIATION:
        (void)snprintf(text, DEVICE_TEXT_SIZE, "no secure renegotiation (RFC 5746)");
        break;
    case FORGIVEN_COUNT:
        text[0] = '\0';
    }
}

void device_say_wrong(const struct cli *cli, const struct device *device, uint32_t bits,
                      const char *indent)
{
    char text[DEVICE_TEXT_SIZE];
    for (unsigned bit = 0; bit < FORGIVEN_COUNT; bit++) {
        if (!(bits & UINT32_C(1) << bit))
            continue;
        wrong_text(device, (enum forgiven_bit)bit, text);
        output_line(cli, "%s%s", indent, text);
    }
}

void device_say_facts(const struct cli *cli, const struct device *device)
{
    const struct certificate_facts *facts = &device->facts;
    char from[OUTPUT_TIME_SIZE], to[OUTPUT_TIME_SIZE], hex[DEVICE_HEX_SIZE];
    device_day_text(facts->not_before_ms, from);
    device_day_text(facts->not_after_ms, to);
    hex_encode(facts->spki_sha256, 32, hex);
    output_line(cli, "  subject      %s", facts->subject);
    output_line(cli, "  names        %s", *facts->names ? facts->names : "none");
    output_line(cli, "  issuer       %s%s", facts->issuer, facts->self_signed ? " (itself)" : "");
    output_line(cli, "  valid        %s to %s", from, to);
    output_line(cli, "  key          %s, signed with %s", facts->key, facts->signature);
    output_line(cli, "  connection   %s, %s", device->probe.protocol, device->probe.cipher);
    output_line(cli, "  fingerprint  %s", hex);
}

json_t *device_bits(uint32_t bits)
{
    json_t *list = json_array();
    for (unsigned bit = 0; bit < FORGIVEN_COUNT; bit++)
        if (bits & UINT32_C(1) << bit)
            json_array_append_new(list, json_string(forgiven_text((enum forgiven_bit)bit)));
    return list;
}

/* JSON numbers are exact up to 2^53: a date beyond is null. */
json_t *device_date_object(int64_t ms)
{
    return ms == INT64_MIN || ms == INT64_MAX ? json_null() : json_integer(ms);
}

json_t *device_facts_object(const struct device *device)
{
    const struct certificate_facts *facts = &device->facts;
    if (!device->has_facts)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "subject",
                     output_string(facts->subject, strlen(facts->subject)), "issuer",
                     output_string(facts->issuer, strlen(facts->issuer)), "names",
                     output_string(facts->names, strlen(facts->names)), "not_before",
                     device_date_object(facts->not_before_ms), "not_after",
                     device_date_object(facts->not_after_ms), "key",
                     output_string(facts->key, strlen(facts->key)), "signature",
                     output_string(facts->signature, strlen(facts->signature)), "self_signed",
                     facts->self_signed, "spki_sha256", output_hex(facts->spki_sha256, 32),
                     "protocol",
                     output_string(device->probe.protocol, strlen(device->probe.protocol)),
                     "cipher", output_string(device->probe.cipher, strlen(device->probe.cipher)),
                     "wrong", device_bits(device->verdict.wrong));
}
