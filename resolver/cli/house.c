/* house.c: see house.h. */
#include "resolver/cli/house.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "resolver/cli/output.h"

static enum status zone_apex(struct view *view, const struct view_zone *zone, struct name *apex)
{
    struct view_name name;
    enum status status = view_name_at(view, zone->apex, &name);
    if (status != STATUS_OK)
        return status;
    apex->len = name.wire_len;
    memcpy(apex->wire, name.wire, name.wire_len);
    return STATUS_OK;
}

enum status house_zone(struct house *house, bool id_form, struct view_zone *zone)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK; i++) {
        status = view_zone_at(house->view, i, zone);
        if (status == STATUS_OK && (zone->flags & VIEW_ZONE_OWN) &&
            ((zone->flags & VIEW_ZONE_ID_FORM) != 0) == id_form)
            return STATUS_OK;
    }
    return status;
}

/* Both names of one's own household; what it lacks is the root. */
static enum status find_own(struct house *house)
{
    struct view_zone zone;
    house->own = (struct own_names){.petname = {.len = 1}, .id = {.len = 1}};
    enum status status = house_zone(house, true, &zone);
    if (status == STATUS_OK) {
        house->zone = zone;
        house->has_zone = true;
        status = zone_apex(house->view, &zone, &house->own.id);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    status = house_zone(house, false, &zone);
    if (status == STATUS_OK) {
        house->zone = zone;
        house->has_zone = true;
        status = zone_apex(house->view, &zone, &house->own.petname);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status house_open(struct house *house, const char *view_file)
{
    *house = (struct house){0};
    enum status status = view_file_init(&house->file, view_file);
    if (status == STATUS_OK)
        status = view_file_current(&house->file, &house->view);
    return status == STATUS_OK ? find_own(house) : status;
}

void house_close(struct house *house)
{
    view_file_deinit(&house->file);
}

int house_error(struct cli *cli, enum status status)
{
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s status", cli->command);
    if (status == STATUS_NOT_FOUND)
        return output_error(cli, EXIT_NO, NULL, status_name(status), hint,
                            "nothing is published here yet: there is no %s", cli->paths.view_file);
    return output_error(cli, status == STATUS_OK ? EXIT_NO : output_exit_code(status), NULL,
                        status_name(status), hint, "%s: %s", cli->paths.view_file,
                        status_text(status));
}

struct address_list {
    struct address *addresses;
    size_t count;
};

static void take_address(void *context, const uint8_t *rdata, size_t len)
{
    struct address_list *list = context;
    if (list->count == HOUSE_ADDRESSES_MAX)
        return;
    if (len == 16)
        list->addresses[list->count++] = address_from_ipv6(rdata);
    else if (len == 4)
        list->addresses[list->count++] = address_from_ipv4(rdata);
}

enum status house_addresses(struct view *view, const struct name *name,
                            struct address addresses[static HOUSE_ADDRESSES_MAX], size_t *count)
{
    static const uint16_t types[] = {RRTYPE_AAAA, RRTYPE_A};
    struct address_list list = {.addresses = addresses};
    struct view_name found;
    *count = 0;
    enum status status = view_find(view, name->wire, name->len, &found);
    for (size_t i = 0; status == STATUS_OK && i < 2; i++) {
        struct view_rrset rrset;
        status = view_rrset(view, &found, types[i], &rrset);
        if (status == STATUS_OK &&
            !house_each_rr(rrset.data, rrset.data_len, rrset.count, take_address, &list))
            status = STATUS_CORRUPT;
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        *count = list.count;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

void house_author(struct view *view, uint32_t author, char text[static HOUSE_LABEL_SIZE])
{
    struct view_author found;
    char key[65];
    if (view_author_at(view, author, &found) != STATUS_OK) {
        (void)snprintf(text, HOUSE_LABEL_SIZE, "an unknown key");
        return;
    }
    if (found.label_len > 0) {
        output_escape((const char *)found.label, found.label_len, text, HOUSE_LABEL_SIZE);
        return;
    }
    hex_encode(found.key, 32, key);
    (void)snprintf(text, HOUSE_LABEL_SIZE, "key %.16s", key);
}

void house_author_key(struct view *view, uint32_t author, char text[static 65])
{
    struct view_author found;
    text[0] = '\0';
    if (view_author_at(view, author, &found) == STATUS_OK)
        hex_encode(found.key, 32, text);
}

bool house_each_rr(const uint8_t *data, size_t len, uint16_t count,
                   void (*each)(void *context, const uint8_t *rdata, size_t len), void *context)
{
    struct reader r = reader_over(data, len);
    for (uint16_t i = 0; i < count; i++) {
        size_t rdata_len = reader_u16(&r);
        const uint8_t *rdata = reader_bytes(&r, rdata_len);
        if (!rdata)
            return false;
        each(context, rdata, rdata_len);
    }
    return true;
}
