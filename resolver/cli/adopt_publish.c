/* adopt_publish.c: what an adoption writes: addresses, the key, and a note of who did it and how.
 *
 * One batch, so that a name never has the new address with the old key. Addresses that were there
 * before go: the device is where it was seen.
 */
#include "resolver/cli/adopt.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "resolver/cli/output.h"
#include "resolver/cli/records.h"
#include "resolver/service_name.h"

enum { NOTE_ADOPTED_BY = 2, NOTE_HOW = 3, NOTE_TEXT_MAX = 255 };

json_t *adopt_existing(const struct adopt *adopt, const struct name *owner, uint16_t type)
{
    size_t i;
    json_t *item;
    json_array_foreach(adopt->existing, i, item) {
        struct name name;
        if (records_type(item) == type && control_fields_name(item, "name", &name) == STATUS_OK &&
            name_equal(&name, owner))
            return item;
    }
    return NULL;
}

/* The address's RRset, and an empty one in place of the other family's, since the device is at this
 * address now. */
static void add_addresses(struct adopt *adopt, json_t *records)
{
    bool ipv4 = address_is_ipv4(&adopt->address);
    const uint8_t *octets = adopt->address.octets + (ipv4 ? 12 : 0);
    uint16_t type = ipv4 ? RRTYPE_A : RRTYPE_AAAA, other = ipv4 ? RRTYPE_AAAA : RRTYPE_A;
    json_t *record = records_new(&adopt->name.relative, type, RECORD_TTL);
    records_add(record, octets, ipv4 ? 4 : 16);
    json_array_append_new(records, record);
    char now[ADDRESS_TEXT_SIZE], text[RECORD_TEXT_SIZE];
    address_text(&adopt->address, now);
    uint16_t types[] = {type, other};
    for (size_t t = 0; t < 2; t++) {
        json_t *old =
            json_object_get(adopt_existing(adopt, &adopt->name.relative, types[t]), "rrs");
        size_t i;
        json_t *rr;
        json_array_foreach(old, i, rr)
            if (records_rr_text(types[t], rr, text) == STATUS_OK && strcmp(text, now) != 0)
                json_array_append_new(adopt->replaced, json_string(text));
        if (t == 1 && json_array_size(old) > 0)
            json_array_append_new(records, records_new(&adopt->name.relative, other, RECORD_TTL));
    }
}

static enum status add_key(struct adopt *adopt, json_t *records)
{
    struct name service;
    uint8_t rdata[35] = {adopt->usage, TLSA_SPKI, TLSA_SHA256};
    if (!adopt->tls)
        return STATUS_OK;
    enum status status = service_name_make(&adopt->name.relative, adopt->port, &service);
    if (status == STATUS_OK && service.len > NAME_RELATIVE_MAX)
        status = STATUS_NAME_TOO_LONG;
    if (status != STATUS_OK)
        return status;
    memcpy(rdata + 3, adopt->key, 32);
    json_t *record = records_new(&service, RRTYPE_TLSA, RECORD_TTL);
    records_add(record, rdata, sizeof rdata);
    json_array_append_new(records, record);
    return STATUS_OK;
}

static void add_note_text(json_t *record, uint8_t key, const char *text)
{
    uint8_t rdata[1 + NOTE_TEXT_MAX];
    size_t len = strnlen(text, NOTE_TEXT_MAX);
    rdata[0] = key;
    memcpy(rdata + 1, text, len);
    records_add(record, rdata, len + 1);
}

/* Who adopted it and how; other notes (model, free text) stay. */
static void add_note(struct adopt *adopt, json_t *records)
{
    char by[NOTE_TEXT_MAX + 1], how[NOTE_TEXT_MAX + 1], host[128] = "?", address[ADDRESS_TEXT_SIZE];
    const struct passwd *user = getpwuid(geteuid());
    json_t *record = records_new(&adopt->name.relative, RRTYPE_NOTE, RECORD_TTL);
    json_t *old = adopt_existing(adopt, &adopt->name.relative, RRTYPE_NOTE);
    size_t i;
    json_t *rr;
    struct record_data data;
    json_array_foreach(json_object_get(old, "rrs"), i, rr)
        if (records_rr_octets(rr, &data) && data.len > 0 && data.octets[0] != NOTE_ADOPTED_BY &&
            data.octets[0] != NOTE_HOW)
            records_add(record, data.octets, data.len);
    gethostname(host, sizeof host - 1);
    (void)snprintf(by, sizeof by, "%.64s@%.120s", user ? user->pw_name : "?", host);
    address_text(&adopt->address, address);
    (void)snprintf(how, sizeof how, "seen at %s port %u%s, %s", address, adopt->port,
                   adopt->ca ? " with its CA" : "",
                   adopt->has_fingerprint ? "fingerprint compared"
                   : adopt->cli->yes      ? "accepted with --yes"
                                          : "accepted at the terminal");
    add_note_text(record, NOTE_ADOPTED_BY, by);
    add_note_text(record, NOTE_HOW, how);
    json_array_append_new(records, record);
}

static json_t *adopted_object(struct adopt *adopt, json_t *answer)
{
    char address[ADDRESS_TEXT_SIZE];
    address_text(&adopt->address, address);
    return json_pack("{s:s, s:s, s:i, s:b, s:o, s:O, s:b, s:o, s:o, s:O?}", "name", adopt->full,
                     "address", address, "port", (int)adopt->port, "tls", adopt->tls, "fingerprint",
                     adopt->tls ? output_hex(adopt->device.facts.spki_sha256, 32) : json_null(),
                     "replaced_addresses", adopt->replaced, "replaced_key",
                     adopt->replaces_key && !adopt->keeps_key, "certificate",
                     device_facts_object(&adopt->device), "anchor", adopt_ca_object(adopt),
                     "generation", json_object_get(answer, "generation"));
}

static void say_adopted(struct adopt *adopt)
{
    struct cli *cli = adopt->cli;
    char address[ADDRESS_TEXT_SIZE], hex[65];
    size_t i;
    json_t *old;
    address_text(&adopt->address, address);
    output_line(cli, "\n%s is published at %s", adopt->full, address);
    json_array_foreach(adopt->replaced, i, old)
        output_line(cli, "  its address %s was replaced", json_string_value(old));
    if (adopt->tls) {
        hex_encode(adopt->key, 32, hex);
        output_line(cli, "  with the %s %s on port %u%s", adopt->ca ? "CA" : "key", hex,
                    adopt->port,
                    adopt->replaces_key && !adopt->keeps_key ? ", in place of the old key" : "");
        output_next(cli, "%s verify %s", cli->command, adopt->relative);
    } else {
        output_line(cli, "  with its address alone, and no key");
        output_next(cli, "%s show %s", cli->command, adopt->relative);
    }
}

int adopt_publish(struct adopt *adopt)
{
    json_t *records = json_array(), *answer = NULL;
    add_addresses(adopt, records);
    enum status status = add_key(adopt, records);
    if (status != STATUS_OK) {
        json_decref(records);
        return name_argument_error(adopt->cli, status, adopt->cli->argv[0], "");
    }
    add_note(adopt, records);
    int code = records_publish(&adopt->session, records, "adopt", &answer);
    if (code == EXIT_YES) {
        say_adopted(adopt);
        code = output_object(adopt->cli, adopted_object(adopt, answer), EXIT_YES);
    }
    json_decref(answer);
    return code;
}
