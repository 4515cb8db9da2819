/* trust_report.c: see trust_report.h. */
#include "dane/proxy/trust_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/file.h"

enum { ROWS_MAX = 4096 };

const char *trust_state_text(enum trust_state state)
{
    static const char *const texts[] = {
#define TRUST_TEXT(name, text) text,
        TRUST_STATES(TRUST_TEXT)
#undef TRUST_TEXT
    };
    return texts[state];
}

struct trust_row *trust_report_add(struct trust_report *report, const char *store, const char *path)
{
    static struct trust_row nowhere;
    if (report->count == report->room) {
        size_t room = report->room * 2 + 8;
        struct trust_row *rows =
            room <= ROWS_MAX ? reallocarray(report->rows, room, sizeof *rows) : NULL;
        if (!rows) {
            report->broken = true;
            return &nowhere;
        }
        report->rows = rows;
        report->room = room;
    }
    struct trust_row *row = &report->rows[report->count++];
    *row = (struct trust_row){.state = TRUST_FAILED};
    (void)snprintf(row->store, sizeof row->store, "%s", store);
    (void)snprintf(row->path, sizeof row->path, "%s", path);
    return row;
}

void trust_row_say(struct trust_row *row, enum trust_state state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(row->text, sizeof row->text, format, arguments);
    va_end(arguments);
    row->state = state;
}

void trust_row_add(struct trust_row *row, const char *format, ...)
{
    size_t have = strlen(row->text);
    va_list arguments;
    if (have > 0 && have + 2 < sizeof row->text) {
        memcpy(row->text + have, "; ", 3);
        have += 2;
    }
    va_start(arguments, format);
    (void)vsnprintf(row->text + have, sizeof row->text - have, format, arguments);
    va_end(arguments);
}

void trust_row_judge(struct trust_row *row)
{
    bool root = row->inside != TRUST_NO && row->outside != TRUST_YES;
    row->state = root && row->proxy != TRUST_NO ? TRUST_GOOD : TRUST_BAD;
    if (row->inside != TRUST_UNKNOWN)
        trust_row_add(row, row->inside == TRUST_YES ? "accepts names inside"
                                                    : "does not accept names inside");
    if (row->outside != TRUST_UNKNOWN)
        trust_row_add(row, row->outside == TRUST_YES ? "ACCEPTS NAMES OUTSIDE"
                                                     : "refuses names outside");
    if (row->proxy != TRUST_UNKNOWN)
        trust_row_add(row, row->proxy == TRUST_YES ? "proxy set" : "proxy not set");
}

enum status trust_report_write(const struct trust_report *report, int fd)
{
    enum status status = file_write_all(fd, &report->count, sizeof report->count);
    for (size_t i = 0; status == STATUS_OK && i < report->count; i++)
        status = file_write_all(fd, &report->rows[i], sizeof report->rows[i]);
    return status;
}

static bool read_whole(int fd, void *bytes, size_t len)
{
    for (size_t have = 0; have < len;) {
        ssize_t got = read(fd, (char *)bytes + have, len - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static bool is_sound(const struct trust_row *row)
{
    return memchr(row->store, '\0', sizeof row->store) &&
           memchr(row->path, '\0', sizeof row->path) && memchr(row->text, '\0', sizeof row->text) &&
           (unsigned)row->state <= TRUST_UNCOVERED && (unsigned)row->inside <= TRUST_NO &&
           (unsigned)row->outside <= TRUST_NO && (unsigned)row->proxy <= TRUST_NO;
}

enum status trust_report_read(struct trust_report *report, int fd)
{
    size_t count = 0;
    if (!read_whole(fd, &count, sizeof count) || count > ROWS_MAX)
        return STATUS_IO;
    for (size_t i = 0; i < count; i++) {
        struct trust_row row;
        if (!read_whole(fd, &row, sizeof row))
            return STATUS_IO;
        if (!is_sound(&row))
            return STATUS_CORRUPT;
        *trust_report_add(report, row.store, row.path) = row;
    }
    return STATUS_OK;
}

void trust_report_deinit(struct trust_report *report)
{
    free(report->rows);
    *report = (struct trust_report){.rows = NULL};
}
