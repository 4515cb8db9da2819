/* import_lists.c: hosts files and CSV (import_text.h): each line is an address with names, or a
 * device. */
#include "resolver/import_lists.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/address.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "resolver/service_name.h"

enum { CSV_FIELDS = 4 };

bool import_lists_take(struct import_source *source, enum status *status)
{
    return import_take_line(source, 0, status);
}

/* --- hosts(5) --- */

static bool is_this_machine(const char *name)
{
    static const char *const names[] = {"localhost",
                                        "localhost.localdomain",
                                        "localhost4",
                                        "localhost6",
                                        "ip6-localhost",
                                        "ip6-loopback",
                                        "ip6-localnet",
                                        "ip6-mcastprefix",
                                        "ip6-allnodes",
                                        "ip6-allrouters",
                                        "ip6-allhosts",
                                        "broadcasthost",
                                        "localhost4.localdomain4",
                                        "localhost6.localdomain6"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static uint16_t address_data(const struct address *address, struct record_data *data)
{
    bool ipv4 = address_is_ipv4(address);
    data->len = ipv4 ? 4 : 16;
    memcpy(data->octets, address->octets + (ipv4 ? 12 : 0), data->len);
    return ipv4 ? RRTYPE_A : RRTYPE_AAAA;
}

enum status import_lists_hosts(struct import_source *source)
{
    source->text[strcspn(source->text, "#")] = '\0';
    char *at = source->text, *word;
    if (!import_take_word(&at, &word))
        return STATUS_OK;
    struct address address;
    if (address_parse(&address, word) != STATUS_OK)
        return import_fail(source, STATUS_MALFORMED, "a line begins with an address");
    struct record_data data;
    uint16_t type = address_data(&address, &data);
    bool any = false, kept = false;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && import_take_word(&at, &word)) {
        any = true;
        if (is_this_machine(word))
            continue;
        kept = true;
        struct name owner;
        status = import_owner(source, word, NULL, &owner);
        if (status == STATUS_OK)
            status = import_add(source, &owner, type, &data);
    }
    if (status == STATUS_OK && !any)
        return import_fail(source, STATUS_MALFORMED, "an address without a name");
    if (status == STATUS_OK && !kept)
        source->import->skipped++;
    return status;
}

/* --- CSV --- */

/* Cuts at commas and strips blanks; returns the number of fields, CSV_FIELDS + 1 when there are
 * more. */
static size_t split_fields(char *text, char *fields[static CSV_FIELDS])
{
    size_t count = 0;
    for (char *at = text; at; count++) {
        if (count == CSV_FIELDS)
            return CSV_FIELDS + 1;
        char *comma = strchr(at, ',');
        if (comma)
            *comma = '\0';
        char *field = at + strspn(at, " \t");
        size_t len = strlen(field);
        while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\t'))
            field[--len] = '\0';
        fields[count] = field;
        at = comma ? comma + 1 : NULL;
    }
    return count;
}

static enum status add_csv_key(struct import_source *source, const struct name *device,
                               const char *port, const char *hash)
{
    unsigned long number = SERVICE_PORT;
    if (*port != '\0') {
        size_t len = strlen(port);
        if (len > 5 || strspn(port, "0123456789") != len)
            return import_fail(source, STATUS_RANGE, "a port is a number from 1 to 65535");
        number = strtoul(port, NULL, 10);
    }
    if (number == 0 || number > 65535)
        return import_fail(source, STATUS_RANGE, "a port is a number from 1 to 65535");
    struct record_data data = {.len = 35, .octets = {3, 1, 1}};
    if (hex_decode(hash, data.octets + 3, 32) != STATUS_OK)
        return import_fail(source, STATUS_RDATA, "the SPKI's SHA-256 is 64 hex digits");
    struct name owner;
    enum status status = service_name_make(device, (uint16_t)number, &owner);
    if (status != STATUS_OK || owner.len > NAME_RELATIVE_MAX)
        return import_fail(source, STATUS_NAME_TOO_LONG, "%s", status_text(STATUS_NAME_TOO_LONG));
    return import_add(source, &owner, RRTYPE_TLSA, &data);
}

enum status import_lists_csv(struct import_source *source)
{
    const char *start = import_skip_blanks(source->text);
    if (*start == '\0' || *start == '#')
        return STATUS_OK;
    char *fields[CSV_FIELDS];
    size_t count = split_fields(source->text, fields);
    if (count < 2 || count > CSV_FIELDS)
        return import_fail(source, STATUS_MALFORMED, "expected name,address[,port,spki-sha256]");
    if (source->line == 1 && strcasecmp(fields[0], "name") == 0 &&
        strcasecmp(fields[1], "address") == 0)
        return STATUS_OK;
    struct name owner;
    struct address address;
    enum status status = import_owner(source, fields[0], NULL, &owner);
    if (status != STATUS_OK)
        return status;
    if (address_parse(&address, fields[1]) != STATUS_OK)
        return import_fail(source, STATUS_MALFORMED, "the second field is no address");
    struct record_data data;
    uint16_t type = address_data(&address, &data);
    status = import_add(source, &owner, type, &data);
    bool has_hash = count == CSV_FIELDS && *fields[3] != '\0';
    if (status == STATUS_OK && !has_hash && count > 2 && *fields[2] != '\0')
        return import_fail(source, STATUS_MALFORMED, "a port without its spki-sha256");
    if (status == STATUS_OK && has_hash)
        status = add_csv_key(source, &owner, fields[2], fields[3]);
    return status;
}
