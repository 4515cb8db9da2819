/* records.c: see records.h. */
#include "resolver/cli/records.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/body.h"
#include "ledger/rdata.h"
#include "resolver/cli/output.h"
#include "resolver/cli/tlsa_hint.h"

json_t *record_new(const struct name *relative, uint16_t type, uint32_t ttl)
{
    char name[NAME_TEXT_SIZE];
    name_relative_text(relative, name);
    return json_pack("{s:s, s:i, s:I, s:[]}", "name", name, "type", (int)type, "ttl",
                     (json_int_t)ttl, "rrs");
}

void record_add(json_t *record, const uint8_t *rdata, size_t len)
{
    json_array_append_new(json_object_get(record, "rrs"), output_hex(rdata, len));
}

uint16_t record_type(const json_t *record)
{
    return (uint16_t)field_number(record, "type");
}

bool record_rr_octets(const json_t *hex, struct record_data *data)
{
    const char *text = json_string_value(hex);
    size_t len = text ? strlen(text) : 1;
    if (len % 2 != 0 || len / 2 > sizeof data->octets)
        return false;
    data->len = (uint16_t)(len / 2);
    return hex_decode(text, data->octets, data->len) == STATUS_OK;
}

enum status record_rr_text(uint16_t type, const json_t *hex, char text[static RECORD_TEXT_SIZE])
{
    struct record_data data;
    text[0] = '\0';
    if (!record_rr_octets(hex, &data))
        return STATUS_MALFORMED;
    return record_text_write(type, data.octets, data.len, text, RECORD_TEXT_SIZE);
}

json_t *record_texts(uint16_t type, const json_t *rrs)
{
    json_t *list = json_array(), *rr;
    char data[RECORD_TEXT_SIZE];
    size_t i;
    json_array_foreach(rrs, i, rr)
        if (record_rr_text(type, rr, data) == STATUS_OK)
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

int record_argument(struct session *session, uint16_t type, const struct name *owner,
                    const char *text, struct record_data *data)
{
    char error[RECORD_ERROR_SIZE] = "", hint[TLSA_HINT_SIZE] = "";
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
    char shown[128];
    output_escape(text, strlen(text), shown, sizeof shown);
    return output_error(session->cli, output_exit_code(status), NULL, status_name(status), hint,
                        "%s: %s", shown, error);
}

int record_publish(struct session *session, json_t *records, const char *by, json_t **answer)
{
    json_t *request = json_pack("{s:s, s:o, s:s}", "op", "set", "records", records, "by", by);
    return session_ask(session, request, answer);
}

json_t *record_labels(struct session *session)
{
    json_t *answer = NULL, *labels = json_object();
    if (session_try(session, json_pack("{s:s}", "op", "authority"), &answer) != STATUS_OK)
        return labels;
    size_t i;
    json_t *grant;
    json_array_foreach(json_object_get(answer, "grants"), i, grant)
        if (*field_text(grant, "label") != '\0')
            json_object_set(labels, field_text(grant, "key"), json_object_get(grant, "label"));
    const char *owner = field_text(answer, "owner");
    if (*owner != '\0')
        json_object_set_new(labels, owner, json_string("the owner"));
    json_decref(answer);
    return labels;
}

void record_label(const json_t *labels, const char *key, char text[static 80])
{
    const char *label = labels ? json_string_value(json_object_get(labels, key)) : NULL;
    if (label)
        output_escape(label, strlen(label), text, 80);
    else
        (void)snprintf(text, 80, "key %.16s", key);
}

const char *record_reason(uint64_t reason)
{
    static const char *const reasons[] = {
        [REASON_NONE] = "",           [REASON_LOST] = "lost",         [REASON_STOLEN] = "stolen",
        [REASON_RETIRED] = "retired", [REASON_REPLACED] = "replaced",
    };
    return reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : "for another reason";
}
