/* import_source.c: see import_source.h. Any failure goes through import_fail, which keeps the line and
 * the reason.
 */
#include "resolver/import_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/limits.h"
#include "ledger/rdata.h"

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

enum status import_add(struct import_source *source, const struct name *owner, uint16_t type,
                       const struct record_data *data)
{
    enum status status = rdata_check(type, data->octets, data->len);
    if (status == STATUS_OK)
        status = rdata_check_owner(type, owner);
    if (status != STATUS_OK)
        return import_fail(source, status, "%s", status_text(status));
    struct import *import = source->import;
    if (import->count >= LIMIT_BATCH)
        return import_fail(source, STATUS_FULL, "more than %d records in one import", LIMIT_BATCH);
    status = import_keep(import, owner, type, data, source->ttl, source->line);
    return status == STATUS_OK ? status : import_fail(source, status, "%s", status_text(status));
}

/* --- names --- */

static enum status name_fail(struct import_source *source, enum status status, const char *token)
{
    (void)snprintf(source->import->name, IMPORT_TOKEN_SIZE, "%s", token);
    return import_fail(source, status, "%s", status_text(status));
}

enum status import_owner(struct import_source *source, const char *token, const struct name *origin,
                         struct name *relative)
{
    struct name name, full;
    enum status status = name_parse(&name, token);
    if (status != STATUS_OK)
        return name_fail(source, status, token);
    size_t len = strlen(token);
    bool absolute = name_is_within(name.wire, name.len, name_home_arpa.wire, name_home_arpa.len) ||
                    (origin && len > 1 && token[len - 1] == '.');
    if (absolute)
        full = name;
    else if (origin)
        status = name_join(&full, &name, origin);
    if (status == STATUS_OK && (absolute || origin))
        status = own_names_relative(source->household, &full, relative);
    else
        *relative = name;
    if (status == STATUS_OK && relative->len > NAME_RELATIVE_MAX)
        status = STATUS_NAME_TOO_LONG;
    return status == STATUS_OK ? status : name_fail(source, status, token);
}

/* --- lines and words --- */

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
