/* import_text.c: see import_text.h.
 *
 * One pass: the format's `take` cuts the text into lines (for master files into records, with
 * parentheses and quotes), its `read` turns each into RRs, which import_add checks: owner, data and
 * the household's rules. What comes out is sorted, and RRsets too large for an entry are refused.
 */
#include "resolver/import_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/address.h"
#include "ledger/limits.h"
#include "resolver/import_lists.h"
#include "resolver/import_zone.h"

static const struct format {
    const char *words[4]; /* of --format, and endings of files' names */
    bool (*take)(struct import_source *source, enum status *status);
    enum status (*read)(struct import_source *source);
} formats[] = {
    [IMPORT_ZONE] = {{"zone", "db", "master"}, import_zone_take, import_zone_read},
    [IMPORT_HOSTS] = {{"hosts"}, import_lists_take, import_lists_hosts},
    [IMPORT_CSV] = {{"csv"}, import_lists_take, import_lists_csv},
};

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

static enum status read_all(struct import_source *source, const struct format *format)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && format->take(source, &status))
        if (status == STATUS_OK)
            status = format->read(source);
    return status;
}

enum status import_read(struct import *import, enum import_format format, const char *text,
                        size_t len, const struct own_names *household)
{
    memset(import, 0, sizeof *import);
    struct import_source *source = calloc(1, sizeof *source);
    if (!source)
        return STATUS_NO_MEMORY;
    *source = (struct import_source){.import = import, .household = household, .next_line = 1};
    bool marked = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0; /* a byte order mark */
    source->at = text + (marked ? 3 : 0);
    source->left = len - (marked ? 3 : 0);
    source->origin = *own_names_apex(household);
    source->ttl = RECORD_TTL;
    enum status status = STATUS_OK;
    if (len > IMPORT_BYTES_MAX || format == IMPORT_UNKNOWN)
        status = import_fail(source, STATUS_TOO_LONG, "more than %d MiB, or of no known form",
                             IMPORT_BYTES_MAX >> 20);
    else
        status = read_all(source, &formats[format]);
    if (status == STATUS_OK) {
        import_sort(import);
        status = check_rrsets(source);
    }
    free(source);
    if (status != STATUS_OK)
        import_drop(import);
    return status;
}

/* --- which format --- */

enum import_format import_format_parse(const char *word)
{
    for (enum import_format format = IMPORT_ZONE; format <= IMPORT_CSV; format++)
        for (size_t i = 0; formats[format].words[i]; i++)
            if (strcasecmp(formats[format].words[i], word) == 0)
                return format;
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
