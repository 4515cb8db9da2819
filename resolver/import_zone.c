/* import_zone.c: master files (RFC 1035, section 5; import_text.h), record by record.
 *
 * Records are put together from lines here, since only so can the line of an error be named; the
 * data of each is read by record_text.c.
 */
#include "resolver/import_zone.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/rrtype.h"

/* Where a line stands in its record. */
struct nesting {
    int depth;
    bool quoted;
};

/* Blanks comments out and parentheses too, from `from` on. -1 when a parenthesis is closed that was
 * not opened. */
static int strip_line(char *from, struct nesting *nesting)
{
    for (char *at = from; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == '"') {
            nesting->quoted = !nesting->quoted;
        } else if (!nesting->quoted && *at == ';') {
            *at = '\0';
            break;
        } else if (!nesting->quoted && (*at == '(' || *at == ')')) {
            nesting->depth += *at == '(' ? 1 : -1;
            *at = ' ';
            if (nesting->depth < 0)
                return -1;
        }
    }
    return 0;
}

bool import_zone_take(struct import_source *source, enum status *status)
{
    struct nesting nesting = {0};
    size_t used = 0;
    while (import_take_line(source, used, status)) {
        if (*status != STATUS_OK)
            return true;
        if (strip_line(source->text + used, &nesting) < 0) {
            *status = import_fail(source, STATUS_MALFORMED, "a ')' without its '('");
            return true;
        }
        if (nesting.quoted) {
            *status = import_fail(source, STATUS_MALFORMED, "a quote without its end");
            return true;
        }
        if (nesting.depth == 0)
            return true;
        used += strlen(source->text + used);
        if (used + 1 < sizeof source->text)
            source->text[used++] = ' ';
        source->text[used] = '\0';
    }
    if (used > 0)
        *status = import_fail(source, STATUS_MALFORMED, "a '(' without its ')'");
    return used > 0;
}

/* Seconds in a unit's letter; 0 when it is none. */
static uint64_t unit_seconds(char letter)
{
    static const struct {
        char letter;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if ((letter | 0x20) == units[i].letter)
            return units[i].seconds;
    return 0;
}

/* "300", "1h30m"; false when it is no TTL (RFC 2181, section 8). */
static bool parse_ttl(const char *word, uint32_t *ttl)
{
    uint64_t total = 0;
    if (*word == '\0')
        return false;
    while (*word != '\0') {
        size_t digits = strspn(word, "0123456789");
        if (digits == 0 || digits > 10)
            return false;
        uint64_t part = strtoull(word, NULL, 10), unit = unit_seconds(word[digits]);
        word += digits;
        if (unit == 0 && *word != '\0')
            return false;
        total += part * (unit ? unit : 1);
        word += unit != 0;
        if (total > INT32_MAX)
            return false;
    }
    *ttl = (uint32_t)total;
    return true;
}

static enum status read_directive(struct import_source *source)
{
    char *at = source->text, *word = NULL, *value = NULL;
    if (!import_take_word(&at, &word) || !import_take_word(&at, &value))
        return import_fail(source, STATUS_MALFORMED, "a directive without its value");
    if (strcasecmp(word, "$TTL") == 0) {
        if (parse_ttl(value, &source->ttl))
            return STATUS_OK;
        return import_fail(source, STATUS_RANGE, "a TTL is a number of seconds up to 2147483647");
    }
    if (strcasecmp(word, "$ORIGIN") != 0)
        return import_fail(source, STATUS_MALFORMED, "only $ORIGIN and $TTL are known here");
    struct name relative;
    enum status status = import_owner(source, value, &source->origin, &relative);
    if (status == STATUS_OK)
        status = name_join(&source->origin, &relative, own_names_apex(source->household));
    return status;
}

/* What a household makes itself, or its DNSSEC signer does. */
static bool is_zones_own(uint16_t type, const struct name *owner)
{
    return type == RRTYPE_SOA || type == RRTYPE_RRSIG || type == RRTYPE_NSEC ||
           type == RRTYPE_DNSKEY || (type == RRTYPE_NS && owner->len == 1);
}

/* TTL and class in either order, then the type; *rest is left at the data. */
static enum status read_type(struct import_source *source, char **rest, uint32_t *ttl,
                             uint16_t *type)
{
    char *word = NULL;
    for (int words = 0; words < 3 && import_take_word(rest, &word); words++) {
        if (words < 2 && (strcasecmp(word, "IN") == 0 || parse_ttl(word, ttl)))
            continue;
        *type = record_type_parse(word);
        if (*type != 0)
            return STATUS_OK;
        return import_fail(source, STATUS_TYPE_UNSUPPORTED, "%.40s is no record type", word);
    }
    return import_fail(source, STATUS_MALFORMED, "a record without its type");
}

enum status import_zone_read(struct import_source *source)
{
    char *at = source->text, *word = NULL;
    if (*import_skip_blanks(at) == '\0')
        return STATUS_OK;
    if (*at == '$')
        return read_directive(source);
    enum status status = STATUS_OK;
    if (*at != ' ' && *at != '\t' && import_take_word(&at, &word)) {
        status = import_owner(source, word, &source->origin, &source->owner);
        source->has_owner = status == STATUS_OK;
    } else if (!source->has_owner) {
        status = import_fail(source, STATUS_MALFORMED, "the first record has no name");
    }
    uint32_t ttl = source->ttl, default_ttl = source->ttl;
    uint16_t type = 0;
    if (status == STATUS_OK)
        status = read_type(source, &at, &ttl, &type);
    if (status != STATUS_OK)
        return status;
    if (is_zones_own(type, &source->owner)) {
        source->import->skipped++;
        return STATUS_OK;
    }
    struct record_data data;
    char error[RECORD_ERROR_SIZE];
    status = record_text_parse(type, at, &source->origin, &data, error);
    if (status != STATUS_OK)
        return import_fail(source, status, "%s", error);
    source->ttl = ttl;
    status = import_add(source, &source->owner, type, &data);
    source->ttl = default_ttl;
    return status;
}
