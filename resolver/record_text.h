/* record_text.h: RR types and RR data as people write them, and as they stand in the ledger.
 *
 * The presentation formats are ldns's; what ldns takes without a word (numbers beyond their range,
 * half an octet of hex, a quote without its end) is refused here before it is asked. Data comes out
 * uncompressed with its names in lower case (docs/ledger-format.md). Whether a household may
 * publish it is another question: ledger/rdata.h.
 */
#ifndef HEARTH_RESOLVER_RECORD_TEXT_H
#define HEARTH_RESOLVER_RECORD_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum {
    RECORD_TYPE_SIZE = 16,   /* "TYPE65535" and every name */
    RECORD_RDATA_MAX = 1024, /* octets of one RR's data; an entry holds little more */
    RECORD_TEXT_SIZE =
        4096, /* presentation text of that at most (each octet as \DDD), NUL included */
    RECORD_INPUT_MAX = 8192, /* characters of presentation text that are looked at */
    RECORD_ERROR_SIZE = 160,
    RECORD_TTL = 300, /* seconds, of records for which nobody says */
};

/* "tlsa", "TLSA" or "TYPE52" as a number; 0 when it is none. */
uint16_t record_type_parse(const char *text);
void record_type_text(uint16_t type, char text[static RECORD_TYPE_SIZE]);

struct record_data {
    uint16_t len;
    uint8_t octets[RECORD_RDATA_MAX];
};

/* Reads the presentation form of one RR's data. Names in it without a final dot are relative to
 * `origin`, unless they end in home.arpa. PEER, ORIGINS and NOTE have forms of Hearth's own (see
 * record_text_write). TYPE_UNSUPPORTED, RDATA, TOO_LONG, NAME_…; `error` then says what was
 * expected, for people. */
enum status record_text_parse(uint16_t type, const char *text, const struct name *origin,
                              struct record_data *data, char error[static RECORD_ERROR_SIZE]);

/* One TXT record of this text as it stands, split into strings of 255 octets. TOO_LONG. */
enum status record_text_literal(const char *text, struct record_data *data);

/* Writes the presentation form, names with their final dot. Data that does not have the form of its
 * type, or whose text would read back as something else, is written as RFC 3597 has it. `size`
 * should be RECORD_TEXT_SIZE; a longer text is NO_SPACE. */
enum status record_text_write(uint16_t type, const uint8_t *octets, size_t len, char *text,
                              size_t size);

#endif
