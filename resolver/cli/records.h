/* records.h: records between the control socket (numbers and hex) and people
 * (docs/control-protocol.md). */
#ifndef HEARTH_RESOLVER_CLI_RECORDS_H
#define HEARTH_RESOLVER_CLI_RECORDS_H

#include "resolver/cli/session.h"
#include "resolver/record_text.h"

/* One record of a `set` or `stage` request, without RRs: add them with records_add. */
json_t *records_new(const struct name *relative, uint16_t type, uint32_t ttl);
void records_add(json_t *record, const uint8_t *rdata, size_t len);

/* The type of a record of `list`, and the text of one of its RRs (a JSON string of hex). */
uint16_t records_type(const json_t *record);
enum status records_rr_text(uint16_t type, const json_t *hex, char text[static RECORD_TEXT_SIZE]);
/* The texts of an array of RRs, as JSON strings. */
json_t *records_texts(uint16_t type, const json_t *rrs);
/* The octets of a JSON string of hex; false when it is none or too long. */
bool records_rr_octets(const json_t *hex, struct record_data *data);

/* The person's text of one RR as an argument or a line has it: checked as the household's rules
 * want. Reports refusals. */
int records_argument(struct session *session, uint16_t type, const struct name *owner,
                     const char *text, struct record_data *data);

/* Sends `set` with these records (an array, taken over); *answer is the caller's. */
int records_publish(struct session *session, json_t *records, const char *by, json_t **answer);

#endif
