/* import_text.c: see import_text.h.
 *
 * One pass: a reader cuts the text into lines (for master files into records, with parentheses and
 * quotes), the format's function turns each into RRs, and import_add checks owner, data and the
 * household's rules. Any failure goes through import_fail, which keeps the first line and reason.
 */
#include "resolver/import_text.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/address.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/limits.h"
#include "ledger/rdata.h"
#include "resolver/import_source.h"
#include "resolver/record_text.h"

enum status import_fail(struct import_source *source, enum status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    source->import->line = source->line;
    (void)vsnprintf(source->import->error, IMPORT_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return status;
}

/* --- adding --- */

static enum status import_grow(struct import *import)
{
    if (import->count < import->room)
        return STATUS_OK;
    size_t room = import->room ? import->room * 2 : 1024;
    struct import_rr *rrs = reallocarray(import->rrs, room, sizeof *rrs);
    if (!rrs)
        return STATUS_NO_MEMORY;
    import->rrs = rrs;
    import->room = room;
    return STATUS_OK;
}

/* A copy with as much of the wire form as the name has. */
static struct name *name_copy(const struct name *name)
{
    struct name *copy = malloc(sizeof *copy);
    if (copy)
        *copy = *name;
    return copy;
}

static enum status import_keep(struct import_source *source, const struct name *owner,
                               uint16_t type, const struct record_data *data)
{
    struct import *import = source->import;
    if (import->count >= LIMIT_BATCH)
        return import_fail(source, STATUS_FULL, "more than %d records in one import", LIMIT_BATCH);
    struct import_rr rr = {.type = type, .len = data->len, .ttl = source->ttl};
    rr.line = source->line;
    rr.owner = name_copy(owner);
    rr.data = malloc(data->len ? data->len : 1);
    if (!rr.owner || !rr.data || import_grow(import) != STATUS_OK) {
        free(rr.owner);
        free(rr.data);
        return import_fail(source, STATUS_NO_MEMORY, "%s", status_text(STATUS_NO_MEMORY));
    }
    memcpy(rr.data, data->octets, data->len);
    import->rrs[import->count++] = rr;
    return STATUS_OK;
}

enum status import_add(struct import_source *source, const struct name *owner, uint16_t type,
                       const struct record_data *data)
{
    enum status status = rdata_check(type, data->octets, data->len);
    if (status == STATUS_OK)
        status = rdata_check_owner(type, owner);
    if (status != STATUS_OK)
        return import_fail(source, status, "%s", status_text(status));
    return import_keep(source, owner, type, data);
}

/* --- names --- */

static enum status name_fail(struct import_source *source, enum status status, const char *token)
{
    (void)snprintf(source->import->name, IMPORT_TOKEN_SIZE, "%s", token);
    return import_fail(source, status, "%s", status_text(status));
}

/* Takes the household's own name off the end of an absolute name. */
static enum status to_relative(const struct import_household *household, const struct name *full,
                               struct name *relative)
{
    if (household->petname.len > 1 &&
        name_relative(relative, full, &household->petname) == STATUS_OK)
        return STATUS_OK;
    if (household->id.len > 1 && name_relative(relative, full, &household->id) == STATUS_OK)
        return STATUS_OK;
    return STATUS_FOREIGN;
}

static bool is_home_arpa(const struct name *name)
{
    static const struct name home_arpa = {.len = 11, .wire = "\4home\4arpa"};
    return name_is_within(name->wire, name->len, home_arpa.wire, home_arpa.len);
}

/* A name as the file has it, relative to the household. `origin` is NULL where names have no dot at
 * their end. */
enum status import_owner(struct import_source *source, const char *token, const struct name *origin,
                         struct name *relative)
{
    struct name name, full;
    enum status status = name_parse(&name, token);
    if (status != STATUS_OK)
        return name_fail(source, status, token);
    size_t len = strlen(token);
    bool absolute = is_home_arpa(&name) || (origin && len > 1 && token[len - 1] == '.');
    if (absolute)
        full = name;
    else if (origin)
        status = name_join(&full, &name, origin);
    if (status == STATUS_OK && (absolute || origin))
        status = to_relative(source->household, &full, relative);
    else
        *relative = name;
    if (status == STATUS_OK && relative->len > NAME_RELATIVE_MAX)
        status = STATUS_NAME_TOO_LONG;
    return status == STATUS_OK ? status : name_fail(source, status, token);
}

/* --- lines --- */

/* The next line into source->text without its end; false at the end of the text. TOO_LONG in
 * *status. */
bool import_take_line(struct import_source *source, size_t used, enum status *status)
{
    if (source->left == 0)
        return false;
    const char *end = memchr(source->at, '\n', source->left);
    size_t len = end ? (size_t)(end - source->at) : source->left;
    size_t next = end ? len + 1 : len;
    if (used == 0)
        source->line = source->next_line;
    if (len >= sizeof source->text - used) {
        *status = import_fail(source, STATUS_TOO_LONG, "more than %d octets in one record",
                              IMPORT_LINE_MAX);
    } else if (memchr(source->at, '\0', len)) {
        *status = import_fail(source, STATUS_MALFORMED, "a NUL in the text");
    } else {
        memcpy(source->text + used, source->at, len);
        if (len > 0 && source->text[used + len - 1] == '\r')
            len--;
        source->text[used + len] = '\0';
    }
    source->at += next;
    source->left -= next;
    source->next_line++;
    return true;
}

const char *import_skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* The next word at *at, ended by a blank; false when there is none or it is too long. */
bool import_take_word(char **at, char **word)
{
    char *start = *at + strspn(*at, " \t");
    if (*start == '\0')
        return false;
    char *end = start + strcspn(start, " \t");
    *at = end;
    if (*end != '\0') {
        *end = '\0';
        *at = end + 1;
    }
    *word = start;
    return true;
}

/* --- the whole --- */

static int compare_rrs(const void *left, const void *right)
{
    const struct import_rr *a = left, *b = right;
    int order = name_compare(a->owner->wire, a->owner->len, b->owner->wire, b->owner->len);
    if (order != 0)
        return order;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    size_t shorter = a->len < b->len ? a->len : b->len;
    order = memcmp(a->data, b->data, shorter);
    if (order != 0)
        return order;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static void rr_free(struct import_rr *rr)
{
    free(rr->owner);
    free(rr->data);
}

size_t import_rrset_end(const struct import *import, size_t first)
{
    size_t end = first;
    const struct import_rr *rr = &import->rrs[first];
    while (end < import->count && import->rrs[end].type == rr->type &&
           name_equal(import->rrs[end].owner, rr->owner))
        end++;
    return end;
}

static void drop_duplicates(struct import *import)
{
    size_t kept = 0;
    for (size_t i = 0; i < import->count; i++) {
        const struct import_rr *last = kept > 0 ? &import->rrs[kept - 1] : NULL;
        struct import_rr *rr = &import->rrs[i];
        if (last && last->type == rr->type && last->len == rr->len &&
            memcmp(last->data, rr->data, rr->len) == 0 && name_equal(last->owner, rr->owner))
            rr_free(rr);
        else
            import->rrs[kept++] = *rr;
    }
    import->count = kept;
}

/* RRsets are not larger than an entry holds; the line named is that of the first RR too many in the
 * file. */
static enum status check_rrsets(struct import_source *source)
{
    struct import *import = source->import;
    for (size_t first = 0, end; first < import->count; first = end) {
        end = import_rrset_end(import, first);
        if (end - first <= LIMIT_RRS)
            continue;
        source->line = 0;
        for (size_t i = first; i < end; i++)
            if (import->rrs[i].line > source->line)
                source->line = import->rrs[i].line;
        return import_fail(source, STATUS_FULL, "more than %d records of one name and type",
                           LIMIT_RRS);
    }
    return STATUS_OK;
}

static enum status read_all(struct import_source *source, enum import_format format)
{
    enum status status = STATUS_OK;
    if (format == IMPORT_ZONE) {
        while (status == STATUS_OK && import_take_record(source, &status))
            if (status == STATUS_OK)
                status = import_zone_record(source);
    } else {
        while (status == STATUS_OK && import_take_line(source, 0, &status))
            if (status == STATUS_OK)
                status =
                    format == IMPORT_HOSTS ? import_hosts_line(source) : import_csv_line(source);
    }
    return status;
}

enum status import_read(struct import *import, enum import_format format, const char *text,
                        size_t len, const struct import_household *household)
{
    memset(import, 0, sizeof *import);
    struct import_source *source = calloc(1, sizeof *source);
    if (!source)
        return STATUS_NO_MEMORY;
    *source = (struct import_source){.import = import, .household = household, .next_line = 1};
    bool marked = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0; /* a byte order mark */
    source->at = text + (marked ? 3 : 0);
    source->left = len - (marked ? 3 : 0);
    source->origin = household->petname;
    source->ttl = IMPORT_DEFAULT_TTL;
    enum status status = STATUS_OK;
    if (len > IMPORT_BYTES_MAX || format == IMPORT_UNKNOWN)
        status = import_fail(source, STATUS_TOO_LONG, "more than %d MiB, or of no known form",
                             IMPORT_BYTES_MAX >> 20);
    else
        status = read_all(source, format);
    if (status == STATUS_OK && import->count > 0) {
        qsort(import->rrs, import->count, sizeof *import->rrs, compare_rrs);
        drop_duplicates(import);
        status = check_rrsets(source);
    }
    free(source);
    if (status != STATUS_OK) {
        for (size_t i = 0; i < import->count; i++)
            rr_free(&import->rrs[i]);
        free(import->rrs);
        import->rrs = NULL;
        import->count = import->room = 0;
    }
    return status;
}

void import_free(struct import *import)
{
    for (size_t i = 0; i < import->count; i++)
        rr_free(&import->rrs[i]);
    free(import->rrs);
    memset(import, 0, sizeof *import);
}

/* --- which format --- */

static const struct {
    const char *word;
    enum import_format format;
} format_words[] = {
    {"zone", IMPORT_ZONE}, {"hosts", IMPORT_HOSTS}, {"csv", IMPORT_CSV},
    {"db", IMPORT_ZONE},   {"master", IMPORT_ZONE},
};

enum import_format import_format_parse(const char *word)
{
    for (size_t i = 0; i < sizeof format_words / sizeof format_words[0]; i++)
        if (strcasecmp(format_words[i].word, word) == 0)
            return format_words[i].format;
    return IMPORT_UNKNOWN;
}

/* What the first line with something on it looks like. */
static enum import_format guess_by_text(const char *text, size_t len)
{
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line = end ? (size_t)(end - text) : len;
        char copy[256];
        size_t kept = line < sizeof copy ? line : sizeof copy - 1;
        memcpy(copy, text, kept);
        copy[kept] = '\0';
        char *at = copy, *word = NULL;
        copy[strcspn(copy, "\r")] = '\0';
        bool comma = strchr(copy, ',') != NULL;
        struct address address;
        if (import_take_word(&at, &word) && *word != '#' && *word != ';') {
            if (address_parse(&address, word) == STATUS_OK)
                return IMPORT_HOSTS;
            return comma && strchr(word, ',') ? IMPORT_CSV : IMPORT_ZONE;
        }
        line += end ? 1 : 0;
        text += line;
        len -= line;
    }
    return IMPORT_ZONE;
}

enum import_format import_format_guess(const char *path, const char *text, size_t len)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    enum import_format format = import_format_parse(dot ? dot + 1 : base);
    return format != IMPORT_UNKNOWN ? format : guess_by_text(text, len);
}
