/* records.c: see records.h. */
#include "resolver/cli/records.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/rdata.h"
#include "resolver/cli/origins_hint.h"
#include "resolver/cli/output.h"
#include "resolver/cli/tlsa_hint.h"

json_t *records_new(const struct name *relative, uint16_t type, uint32_t ttl)
{
    char name[NAME_TEXT_SIZE];
    own_names_relative_text(relative, name);
    return json_pack("{s:s, s:i, s:I, s:[]}", "name", name, "type", (int)type, "ttl",
                     (json_int_t)ttl, "rrs");
}

void records_add(json_t *record, const uint8_t *rdata, size_t len)
{
    json_array_append_new(json_object_get(record, "rrs"), output_hex(rdata, len));
}

uint16_t records_type(const json_t *record)
{
    return (uint16_t)session_number(record, "type");
}

bool records_rr_octets(const json_t *hex, struct record_data *data)
{
    size_t len = 0;
    if (control_fields_hex(hex, data->octets, sizeof data->octets, &len) != STATUS_OK)
        return false;
    data->len = (uint16_t)len;
    return true;
}

enum status records_rr_text(uint16_t type, const json_t *hex, char text[static RECORD_TEXT_SIZE])
{
    struct record_data data;
    text[0] = '\0';
    if (!records_rr_octets(hex, &data))
        return STATUS_MALFORMED;
    return record_text_write(type, data.octets, data.len, text, RECORD_TEXT_SIZE);
}

json_t *records_texts(uint16_t type, const json_t *rrs)
{
    json_t *list = json_array(), *rr;
    char data[RECORD_TEXT_SIZE];
    size_t i;
    json_array_foreach(rrs, i, rr)
        if (records_rr_text(type, rr, data) == STATUS_OK)
            json_array_append_new(list, output_string(data, strlen(data)));
    return list;
}

/* One TXT argument is the text itself, unless it is written with quotes as in a master file. */
static enum status parse_txt(const char *text, const struct name *origin, struct record_data *data,
                             char *error)
{
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"')
        return record_text_parse(RRTYPE_TXT, text, origin, data, error);
    enum status status = record_text_literal(text, data);
    if (status != STATUS_OK)
        (void)snprintf(error, RECORD_ERROR_SIZE, "this TXT record is too long");
    return status;
}

int records_argument(struct session *session, uint16_t type, const struct name *owner,
                     const char *text, struct record_data *data)
{
    char error[RECORD_ERROR_SIZE] = "", hint[ORIGINS_HINT_SIZE] = "";
    static_assert((int)ORIGINS_HINT_SIZE >= (int)TLSA_HINT_SIZE, "either hint fits");
    const struct name *origin = own_names_apex(&session->own);
    enum status status = type == RRTYPE_TXT ? parse_txt(text, origin, data, error)
                                            : record_text_parse(type, text, origin, data, error);
    if (status == STATUS_OK) {
        status = rdata_check(type, data->octets, data->len);
        if (status == STATUS_OK)
            status = rdata_check_owner(type, owner);
        (void)snprintf(error, sizeof error, "%s", status_text(status));
    }
    if (status == STATUS_OK)
        return EXIT_YES;
    if (type == RRTYPE_TLSA)
        tlsa_hint(status, data->octets, data->len, hint);
    if (type == RRTYPE_ORIGINS && (status == STATUS_RDATA || status == STATUS_TOO_LONG))
        origins_hint(text, error, hint);
    char shown[128];
    output_escape(text, strlen(text), shown, sizeof shown);
    return output_error(session->cli, output_exit_code(status), NULL, status_name(status), hint,
                        "%s: %s", shown, error);
}

int records_publish(struct session *session, json_t *records, const char *by, json_t **answer)
{
    json_t *request = json_pack("{s:s, s:o, s:s}", "op", "set", "records", records, "by", by);
    return session_write(session, request, answer);
}
