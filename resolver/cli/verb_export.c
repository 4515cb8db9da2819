/* verb_export.c: `export hosts|zone`: the household as other programs read it, from the view alone.
 *
 * The master file is unsigned in this version. Both go to standard output, or into "text" with
 * --json.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "resolver/cli/house.h"
#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"
#include "resolver/record_text.h"

struct export
{
    struct house house;
    FILE *out;
    bool hosts;
    size_t count;
    /* The RRset being written. */
    char name[NAME_TEXT_SIZE];
    struct view_rrset rrset;
};

static void write_hosts_rr(struct export *export, const uint8_t *rdata, size_t len)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address address;
    if (len == 4)
        address = address_from_ipv4(rdata);
    else if (len == 16)
        address = address_from_ipv6(rdata);
    else
        return;
    address_text(&address, text);
    (void)fprintf(export->out, "%s\t%s\n", text, export->name);
    export->count++;
}

static void write_rr(void *context, const uint8_t *rdata, size_t len)
{
    struct export *export = context;
    char type[RECORD_TYPE_SIZE], text[RECORD_TEXT_SIZE];
    if (export->hosts) {
        write_hosts_rr(export, rdata, len);
        return;
    }
    record_type_text(export->rrset.type, type);
    if (record_text_write(export->rrset.type, rdata, len, text, sizeof text) != STATUS_OK)
        return;
    (void)fprintf(export->out, "%s.\t%u\tIN\t%s\t%s\n", export->name, export->rrset.ttl, type,
                  text);
    export->count++;
}

static bool is_wanted(const struct export *export, const struct view_rrset *rrset)
{
    if (rrset->flags & VIEW_RRSET_INTERNAL)
        return false;
    return !export->hosts || rrset->type == RRTYPE_A || rrset->type == RRTYPE_AAAA;
}

/* The SOA alone, or all the others. */
static enum status write_rrsets(struct export *export, const struct view_name *name, bool soa)
{
    name_text(name->wire, name->wire_len, export->name);
    for (uint32_t i = 0; i < name->rrset_count; i++) {
        enum status status =
            view_rrset_at(export->house.view, name->first_rrset + i, &export->rrset);
        if (status != STATUS_OK)
            return status;
        if ((export->rrset.type == RRTYPE_SOA) != soa || !is_wanted(export, &export->rrset))
            continue;
        if (!house_each_rr(export->rrset.data, export->rrset.data_len, export->rrset.count,
                           write_rr, export))
            return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

/* The SOA, which stands at the zone's first name, comes first (RFC 1035, section 5.2). */
static enum status write_zone(struct export *export, const struct view_zone *zone)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < zone->name_count; i++) {
        struct view_name name;
        status = view_name_at(export->house.view, zone->first_name + i, &name);
        if (status == STATUS_OK && i == 0)
            status = write_rrsets(export, &name, true);
        if (status == STATUS_OK)
            status = write_rrsets(export, &name, false);
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int finish(struct cli *cli, struct export *export, char *text, size_t len)
{
    if (!cli->json)
        (void)fwrite(text, 1, len, stdout);
    return output_object(cli,
                         json_pack("{s:s, s:I, s:o}", "format", export->hosts ? "hosts" : "zone",
                                   "records", (json_int_t) export->count, "text",
                                   output_string(text, len)),
                         EXIT_YES);
}

static int export_text(struct cli *cli, struct export *export)
{
    struct view_zone zone;
    char *text = NULL;
    size_t len = 0;
    bool id_form = cli_option(cli, "--id") != NULL || export->house.own.petname.len <= 1;
    if (!export->house.has_zone || house_zone(&export->house, id_form, &zone) != STATUS_OK)
        return house_error(cli, STATUS_NO_HOUSEHOLD);
    export->out = open_memstream(&text, &len);
    if (!export->out)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    enum status status = write_zone(export, &zone);
    if (fclose(export->out) != 0 && status == STATUS_OK)
        status = STATUS_NO_MEMORY;
    int code = status == STATUS_OK ? finish(cli, export, text, len) : house_error(cli, status);
    free(text);
    return code;
}

int verb_export(struct cli *cli)
{
    const char *what = cli->argv[0];
    bool zone = strcmp(what, "zone") == 0;
    if (strcmp(what, "anchor") == 0)
        return output_error(cli, EXIT_USAGE, NULL, NULL, "hearth export zone, or hosts",
                            "hearth export anchor is not in this version yet");
    if (!zone && strcmp(what, "hosts") != 0)
        return output_error(cli, EXIT_USAGE, NULL, NULL, "hearth export zone, or hosts",
                            "%.32s can't be exported", what);
    struct export *export = calloc(1, sizeof *export);
    if (!export)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    export->hosts = !zone;
    enum status status = house_open(&export->house, cli->paths.view_file);
    int code = status == STATUS_OK ? export_text(cli, export) : house_error(cli, status);
    house_close(&export->house);
    free(export);
    return code;
}
