/* RR data: the ledger's rules, and the presentation form. What a household may publish can be
 * written as text and read again, to the same octets. The first two octets are the type; the third
 * says whether the rest is data or text. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "ledger/base/rrtype.h"
#include "ledger/rdata.h"
#include "resolver/record_text.h"

enum { HEAD = 3 };

static struct name origin;

static void check_again(uint16_t type, const uint8_t *octets, size_t len, const char *text)
{
    static struct record_data again;
    char error[RECORD_ERROR_SIZE];
    enum status status = record_text_parse(type, text, &origin, &again, error);
    assert(status == STATUS_OK && again.len == len);
    assert(memcmp(again.octets, octets, len) == 0);
}

/* Household facts have texts for people, which leave out what no version writes: unknown flags and
 * kinds, and blanks before a note. */
static bool has_whole_text(uint16_t type, const uint8_t *octets, size_t len)
{
    switch (type) {
    case RRTYPE_PEER:
        return octets[len - 1] <= 1;
    case RRTYPE_ORIGINS:
        return true;
    case RRTYPE_NOTE:
        return octets[0] >= 1 && octets[0] <= 4 && (len == 1 || octets[1] != ' ');
    default:
        return !rrtype_is_internal(type);
    }
}

static void try_data(uint16_t type, const uint8_t *octets, size_t len)
{
    char text[RECORD_TEXT_SIZE];
    enum status allowed = rdata_check(type, octets, len);
    enum status written = record_text_write(type, octets, len, text, sizeof text);
    assert((rdata_rule(allowed) == RULE_NONE) == (allowed == STATUS_OK));
    if (allowed == STATUS_OK) {
        assert(written == STATUS_OK);
        if (has_whole_text(type, octets, len))
            check_again(type, octets, len, text);
    }
}

static void try_text(uint16_t type, const uint8_t *octets, size_t len)
{
    static struct record_data data;
    char text[RECORD_TEXT_SIZE], error[RECORD_ERROR_SIZE] = "";
    memcpy(text, octets, len);
    text[len] = '\0';
    enum status status = record_text_parse(type, text, &origin, &data, error);
    assert(status == STATUS_OK || error[0] != '\0');
    assert(status != STATUS_OK || data.len <= RECORD_RDATA_MAX);
    if (status == STATUS_OK)
        try_data(type, data.octets, data.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (origin.len == 0 && name_parse(&origin, "maple.home.arpa") != STATUS_OK)
        return 0;
    if (size < HEAD || size - HEAD > RECORD_RDATA_MAX)
        return 0;
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    if (data[2] & 1)
        try_text(type, data + HEAD, size - HEAD);
    else
        try_data(type, data + HEAD, size - HEAD);
    return 0;
}
