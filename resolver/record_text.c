/* record_text.c: see record_text.h. ldns's text formats are used here and nowhere else.
 *
 * Reading: a check of what ldns is careless about, then ldns over a line with an owner of its own,
 * then the wire form of what it read, with the names inside folded and, where the writer left the
 * dot out after home.arpa, cut back.
 */
#include "resolver/record_text.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/base/writer.h"

/* What stands before the part that ldns may be trusted with: numbers and their greatest values,
 * then perhaps hex to the end; and where a domain name begins in the wire form (0: there is none).
 */
struct form {
    const char *name, *expected;
    uint16_t type, greatest;
    uint8_t numbers;
    bool hex;
    uint8_t name_at;
};

static const struct form forms[] = {
    {.name = "A", .expected = "an IPv4 address, like 192.168.1.20", .type = RRTYPE_A},
    {.name = "AAAA", .expected = "an IPv6 address, like fd00::20", .type = RRTYPE_AAAA},
    {.name = "TXT", .expected = "text, in quotes", .type = RRTYPE_TXT},
    {.name = "SRV",
     .expected = "PRIORITY WEIGHT PORT TARGET",
     .type = RRTYPE_SRV,
     .numbers = 3,
     .greatest = 65535,
     .name_at = 6},
    {.name = "SSHFP",
     .expected = "ALGORITHM TYPE FINGERPRINT (hex)",
     .type = RRTYPE_SSHFP,
     .numbers = 2,
     .greatest = 255,
     .hex = true},
    {.name = "TLSA",
     .expected = "USAGE SELECTOR MATCHING HASH (hex), like 3 1 1 and 64 digits",
     .type = RRTYPE_TLSA,
     .numbers = 3,
     .greatest = 255,
     .hex = true},
    {.name = "SVCB",
     .expected = "PRIORITY TARGET PARAMETERS",
     .type = RRTYPE_SVCB,
     .numbers = 1,
     .greatest = 65535,
     .name_at = 2},
    {.name = "HTTPS",
     .expected = "PRIORITY TARGET PARAMETERS, like 1 . alpn=h2",
     .type = RRTYPE_HTTPS,
     .numbers = 1,
     .greatest = 65535,
     .name_at = 2},
    {.name = "CAA",
     .expected = "FLAGS TAG \"VALUE\"",
     .type = RRTYPE_CAA,
     .numbers = 1,
     .greatest = 255},
    {.name = "SOA", .expected = "a SOA", .type = RRTYPE_SOA},
    {.name = "NS", .expected = "a name", .type = RRTYPE_NS},
    {.name = "PTR", .expected = "a name", .type = RRTYPE_PTR},
    {.name = "PEER", .expected = "a household's id, then perhaps `share`", .type = RRTYPE_PEER},
    {.name = "ORIGINS",
     .expected = "one web origin, like https://panel.example",
     .type = RRTYPE_ORIGINS},
    {.name = "NOTE", .expected = "model, adopted-by, how or text, then text", .type = RRTYPE_NOTE},
};

static const char *const note_keys[] = {NULL, "model", "adopted-by", "how", "text"};
enum { NOTE_KEYS = sizeof note_keys / sizeof note_keys[0], INTERNAL_TEXT_MAX = 255 };

static const struct form *form_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].type == type)
            return &forms[i];
    return NULL;
}

uint16_t record_type_parse(const char *text)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcasecmp(forms[i].name, text) == 0)
            return forms[i].type;
    size_t len = strlen(text);
    if (strncasecmp(text, "TYPE", 4) == 0) {
        if (len < 5 || len > 9 || strspn(text + 4, "0123456789") != len - 4)
            return 0;
        unsigned long number = strtoul(text + 4, NULL, 10);
        return number > 65535 ? 0 : (uint16_t)number;
    }
    return (uint16_t)ldns_get_rr_type_by_name(text);
}

void record_type_text(uint16_t type, char text[static RECORD_TYPE_SIZE])
{
    const struct form *form = form_of(type);
    if (form) {
        (void)snprintf(text, RECORD_TYPE_SIZE, "%s", form->name);
        return;
    }
    char *known = ldns_rr_type2str((ldns_rr_type)type);
    if (known && strlen(known) < RECORD_TYPE_SIZE)
        (void)snprintf(text, RECORD_TYPE_SIZE, "%s", known);
    else
        (void)snprintf(text, RECORD_TYPE_SIZE, "TYPE%u", type);
    free(known);
}

/* --- reading --- */

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* A number that ldns would cut to its field's width. Words (mnemonics) are left to ldns. */
static bool number_fits(const char **at, unsigned long greatest)
{
    *at = skip_blanks(*at);
    size_t len = strcspn(*at, " \t");
    size_t digits = strspn(*at, "0123456789");
    bool fits = isalpha((unsigned char)**at) ||
                (digits == len && len > 0 && len <= 9 && strtoul(*at, NULL, 10) <= greatest);
    *at += len;
    return fits;
}

static bool hex_is_whole(const char *at)
{
    size_t digits = 0;
    for (; *at != '\0' && *at != ';'; at++) {
        if (*at == ' ' || *at == '\t')
            continue;
        if (!isxdigit((unsigned char)*at))
            return false;
        digits++;
    }
    return digits > 0 && digits % 2 == 0;
}

static bool quotes_are_closed(const char *text)
{
    bool quoted = false;
    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
        else if (*text == '"')
            quoted = !quoted;
    }
    return !quoted;
}

static bool is_one_line(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static bool has_form(const struct form *form, const char *text)
{
    if (!is_one_line(text) || !quotes_are_closed(text))
        return false;
    const char *at = skip_blanks(text);
    if (strncmp(at, "\\#", 2) == 0)
        return true; /* RFC 3597 */
    for (unsigned i = 0; i < form->numbers; i++)
        if (!number_fits(&at, form->greatest))
            return false;
    return !form->hex || hex_is_whole(at);
}

static enum status copy_data(struct record_data *data, const uint8_t *octets, size_t len)
{
    if (len > sizeof data->octets)
        return STATUS_TOO_LONG;
    memcpy(data->octets, octets, len);
    data->len = (uint16_t)len;
    return STATUS_OK;
}

/* Folds the name at `at`, and says whether it lies below home.arpa. */
static enum status settle_name(struct record_data *data, size_t at, bool *is_home)
{
    *is_home = false;
    if (at == 0)
        return STATUS_OK;
    struct reader r = reader_over(data->octets, data->len);
    (void)reader_bytes(&r, at);
    struct name target;
    enum status status = name_read(&r, &target);
    if (status != STATUS_OK)
        return status;
    name_fold(&target);
    *is_home = name_is_within(target.wire, target.len, name_home_arpa.wire, name_home_arpa.len);
    struct record_data settled;
    struct writer w = writer_over(settled.octets, sizeof settled.octets);
    writer_bytes(&w, data->octets, at);
    writer_bytes(&w, target.wire, target.len);
    writer_bytes(&w, r.at, r.left);
    if (w.error != STATUS_OK)
        return STATUS_TOO_LONG;
    settled.len = (uint16_t)w.used;
    *data = settled;
    return STATUS_OK;
}

/* The data of what ldns read, as it stands on the wire. */
static enum status take_rdata(const ldns_rr *rr, struct record_data *data)
{
    ldns_buffer *buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN);
    if (!buffer)
        return STATUS_NO_MEMORY;
    enum status status = STATUS_RDATA;
    if (ldns_rr_rdata2buffer_wire(buffer, rr) == LDNS_STATUS_OK)
        status = copy_data(data, ldns_buffer_begin(buffer), ldns_buffer_position(buffer));
    ldns_buffer_free(buffer);
    return status;
}

static enum status parse_by_ldns(const struct form *form, const char *text,
                                 const struct name *origin, struct record_data *data, bool *is_home)
{
    ldns_rdf *origin_rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len, origin->wire);
    size_t size = strlen(text) + 64;
    char *line = malloc(size);
    ldns_rr *rr = NULL;
    enum status status = STATUS_NO_MEMORY;
    if (!origin_rdf || !line)
        goto out;
    (void)snprintf(line, size, "x. 0 IN TYPE%u %s", form->type, text);
    status = STATUS_RDATA;
    if (ldns_rr_new_frm_str(&rr, line, 0, origin_rdf, NULL) != LDNS_STATUS_OK) {
        rr = NULL;
        goto out;
    }
    if (ldns_rr_get_type(rr) == (ldns_rr_type)form->type)
        status = take_rdata(rr, data);
    if (status == STATUS_OK)
        status = settle_name(data, form->name_at, is_home);
out:
    ldns_rr_free(rr);
    free(line);
    ldns_rdf_deep_free(origin_rdf);
    return status;
}

/* A full household name stands for itself, with or without a dot at its end; only what is none is
 * relative to the origin. */
static enum status parse_record(const struct form *form, const char *text,
                                const struct name *origin, struct record_data *data)
{
    static const struct name root = {.len = 1};
    bool is_home = false;
    enum status status = parse_by_ldns(form, text, &root, data, &is_home);
    if (status == STATUS_OK && (form->name_at == 0 || is_home))
        return STATUS_OK;
    return parse_by_ldns(form, text, origin, data, &is_home);
}

static enum status parse_peer(const char *text, struct record_data *data)
{
    size_t len = strcspn(text, " \t");
    const char *rest = skip_blanks(text + len);
    enum status status = base32_decode_id(text, len, data->octets);
    if (status != STATUS_OK)
        return STATUS_RDATA;
    if (*rest != '\0' && strcmp(rest, "share") != 0)
        return STATUS_RDATA;
    data->octets[32] = *rest != '\0';
    data->len = 33;
    return STATUS_OK;
}

static enum status parse_note(const char *text, struct record_data *data)
{
    size_t word = strcspn(text, " \t");
    for (size_t key = 1; key < NOTE_KEYS; key++) {
        if (strlen(note_keys[key]) != word || strncasecmp(text, note_keys[key], word) != 0)
            continue;
        const char *rest = skip_blanks(text + word);
        size_t len = strlen(rest);
        if (len > INTERNAL_TEXT_MAX)
            return STATUS_TOO_LONG;
        data->octets[0] = (uint8_t)key;
        memcpy(data->octets + 1, rest, len);
        data->len = (uint16_t)(len + 1);
        return STATUS_OK;
    }
    return STATUS_RDATA;
}

static enum status parse_internal(uint16_t type, const char *text, struct record_data *data)
{
    text = skip_blanks(text);
    if (!is_one_line(text))
        return STATUS_RDATA;
    if (type == RRTYPE_PEER)
        return parse_peer(text, data);
    if (type == RRTYPE_NOTE)
        return parse_note(text, data);
    size_t len = strlen(text);
    if (len > INTERNAL_TEXT_MAX)
        return STATUS_TOO_LONG;
    return copy_data(data, (const uint8_t *)text, len);
}

enum status record_text_parse(uint16_t type, const char *text, const struct name *origin,
                              struct record_data *data, char error[static RECORD_ERROR_SIZE])
{
    const struct form *form = form_of(type);
    char name[RECORD_TYPE_SIZE];
    record_type_text(type, name);
    if (!form || type == RRTYPE_SOA || type == RRTYPE_NS || type == RRTYPE_PTR) {
        (void)snprintf(error, RECORD_ERROR_SIZE, "%s records can't be published by a household",
                       name);
        return STATUS_TYPE_UNSUPPORTED;
    }
    enum status status = STATUS_RDATA;
    if (strlen(text) > RECORD_INPUT_MAX)
        status = STATUS_TOO_LONG;
    else if (rrtype_is_internal(type))
        status = parse_internal(type, text, data);
    else if (has_form(form, text))
        status = parse_record(form, text, origin, data);
    if (status == STATUS_TOO_LONG)
        (void)snprintf(error, RECORD_ERROR_SIZE, "this %s record is too long", name);
    else if (status != STATUS_OK)
        (void)snprintf(error, RECORD_ERROR_SIZE, "%s needs %s", name, form->expected);
    return status;
}

enum status record_text_literal(const char *text, struct record_data *data)
{
    size_t left = strlen(text);
    struct writer w = writer_over(data->octets, sizeof data->octets);
    do {
        size_t part = left > 255 ? 255 : left;
        writer_u8(&w, (uint8_t)part);
        writer_bytes(&w, text, part);
        text += part;
        left -= part;
    } while (left > 0);
    data->len = (uint16_t)w.used;
    return w.error == STATUS_OK ? STATUS_OK : STATUS_TOO_LONG;
}

/* --- writing --- */

static enum status put_text(char *text, size_t size, const char *from)
{
    size_t len = strlen(from);
    if (len >= size)
        return STATUS_NO_SPACE;
    memcpy(text, from, len + 1);
    return STATUS_OK;
}

/* RFC 3597, section 5. */
static enum status write_generic(const uint8_t *octets, size_t len, char *text, size_t size)
{
    int head = snprintf(text, size, "\\# %zu%s", len, len > 0 ? " " : "");
    if (head < 0 || (size_t)head >= size || len * 2 + 1 > size - (size_t)head)
        return STATUS_NO_SPACE;
    hex_encode(octets, len, text + head);
    return STATUS_OK;
}

static enum status write_internal(uint16_t type, const uint8_t *octets, size_t len, char *text,
                                  size_t size)
{
    char id[BASE32_ID_LEN + 1];
    int used = -1;
    if (type == RRTYPE_PEER && len == 33) {
        base32_encode_id(octets, id);
        used = snprintf(text, size, "%s%s", id, octets[32] & 1 ? " share" : "");
    } else if (type == RRTYPE_NOTE && len >= 1 && octets[0] > 0 && octets[0] < NOTE_KEYS) {
        used = snprintf(text, size, "%s %.*s", note_keys[octets[0]], (int)(len - 1),
                        (const char *)octets + 1);
    } else if (type == RRTYPE_ORIGINS) {
        used = snprintf(text, size, "%.*s", (int)len, (const char *)octets);
    } else {
        return write_generic(octets, len, text, size);
    }
    return used >= 0 && (size_t)used < size ? STATUS_OK : STATUS_NO_SPACE;
}

/* The data as ldns reads it from the wire and writes it; NULL when it does not have the form of its
 * type. */
static char *text_by_ldns(uint16_t type, const uint8_t *octets, size_t len)
{
    uint8_t wire[RECORD_RDATA_MAX + 16];
    struct writer w = writer_over(wire, sizeof wire);
    writer_u8(&w, 0); /* the root as owner */
    writer_u16(&w, type);
    writer_u16(&w, RRCLASS_IN);
    writer_u32(&w, 0);
    writer_u16(&w, (uint16_t)len);
    writer_bytes(&w, octets, len);
    ldns_rr *rr = NULL;
    size_t at = 0;
    if (w.error != STATUS_OK ||
        ldns_wire2rr(&rr, wire, w.used, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
        return NULL;
    char *line = at == w.used ? ldns_rr2str(rr) : NULL;
    ldns_rr_free(rr);
    return line;
}

/* ldns leaves out escapes and quotes that its own reading needs: in the parameters of SVCB and
 * HTTPS, in names of odd octets, around an empty value of CAA. Addresses and hex have nothing to
 * escape. */
static bool reads_back(uint16_t type, const char *text, const uint8_t *octets, size_t len)
{
    static const struct name root = {.len = 1};
    struct record_data data;
    const struct form *form = form_of(type);
    if (!form || form->hex || type == RRTYPE_A || type == RRTYPE_AAAA)
        return true;
    return has_form(form, text) && parse_record(form, text, &root, &data) == STATUS_OK &&
           data.len == len && memcmp(data.octets, octets, len) == 0;
}

enum status record_text_write(uint16_t type, const uint8_t *octets, size_t len, char *text,
                              size_t size)
{
    if (rrtype_is_internal(type))
        return write_internal(type, octets, len, text, size);
    char *line = len > 0 && len <= RECORD_RDATA_MAX ? text_by_ldns(type, octets, len) : NULL;
    /* ".\t0\tIN\tTYPE\tDATA\n" */
    char *data = line;
    for (int tabs = 0; data && tabs < 4; tabs++) {
        data = strchr(data, '\t');
        data = data ? data + 1 : NULL;
    }
    if (data)
        data[strcspn(data, "\n")] = '\0';
    bool good = data && *data != '\0' && reads_back(type, data, octets, len);
    enum status status = good ? put_text(text, size, data) : write_generic(octets, len, text, size);
    free(line);
    return status;
}
