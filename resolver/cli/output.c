/* output.c: see output.h. */
#include "resolver/cli/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/text.h"

void output_line(const struct cli *cli, const char *format, ...)
{
    if (cli->json)
        return;
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void output_next(const struct cli *cli, const char *format, ...)
{
    if (cli->json)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("\nNext: ", stdout);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format,
                                                               va_list arguments)
{
    char *text = NULL;
    return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

void output_warning(struct cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    if (text && cli->json) {
        if (!cli->warnings)
            cli->warnings = json_array();
        json_array_append_new(cli->warnings, output_string(text, strlen(text)));
    } else if (text) {
        (void)fflush(stdout);
        (void)fprintf(stderr, "warning: %s\n", text);
    }
    free(text);
}

const char *output_colour(const struct cli *cli, enum output_colour colour)
{
    if (!cli->colour)
        return "";
    switch (colour) {
    case OUTPUT_GOOD:
        return "\033[32m";
    case OUTPUT_BAD:
        return "\033[31m";
    case OUTPUT_STRONG:
        return "\033[1m";
    case OUTPUT_PLAIN:
        break;
    }
    return "\033[0m";
}

int output_object(struct cli *cli, json_t *object, int code)
{
    if (!cli->json || !object) {
        json_decref(object);
        return cli->json ? EXIT_BROKEN : code;
    }
    json_t *whole = json_object();
    json_object_set_new(whole, "version", json_integer(1));
    json_object_update(whole, object);
    if (cli->warnings)
        json_object_set(whole, "warnings", cli->warnings);
    if (json_dumpf(whole, stdout, JSON_COMPACT) != 0)
        code = EXIT_BROKEN;
    putchar('\n');
    json_decref(whole);
    json_decref(object);
    return code;
}

static void print_error(const struct cli *cli, const char *text, const char *rule, const char *hint)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "hearth%s%s: %s%s%s%s\n", cli->verb ? " " : "",
                  cli->verb ? cli->verb->name : "", text, rule ? " [" : "", rule ? rule : "",
                  rule ? "]" : "");
    if (hint && *hint)
        (void)fprintf(stderr, "Try: %s\n", hint);
}

int output_error(struct cli *cli, int code, json_t *object, const char *rule, const char *hint,
                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    const char *said = text ? text : "out of memory";
    if (cli->json) {
        object = object ? object : json_object();
        json_object_set_new(object, "error", output_string(said, strlen(said)));
        json_object_set_new(object, "rule", rule ? json_string(rule) : json_null());
        json_object_set_new(object, "hint",
                            hint && *hint ? output_string(hint, strlen(hint)) : json_null());
        output_object(cli, object, code);
    } else {
        json_decref(object);
        print_error(cli, said, rule, hint);
    }
    free(text);
    return code;
}

int output_exit_code(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EXIT_YES;
    case STATUS_NOT_FOUND:
        return EXIT_NO;
    case STATUS_UNREACHABLE:
    case STATUS_TIMEOUT:
    case STATUS_CLOSED:
    case STATUS_AGAIN:
        return EXIT_UNREACHABLE;
    case STATUS_IO:
    case STATUS_CORRUPT:
    case STATUS_CRYPTO:
    case STATUS_NO_MEMORY:
        return EXIT_BROKEN;
    default:
        return EXIT_REFUSED;
    }
}

int output_status(struct cli *cli, enum status status, const char *hint, const char *what)
{
    return output_error(cli, output_exit_code(status), NULL, status_name(status), hint, "%s%s%s",
                        what, *what ? ": " : "", status_text(status));
}

/* --- text that others wrote --- */

/* The length of the well-formed UTF-8 sequence at `s` (RFC 3629), 0 when there is none. *code is
 * its character. */
static size_t utf8_length(const uint8_t *s, size_t left, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || len > left)
        return 0;
    *code = s[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[len] || *code > 0x10ffff || surrogate ? 0 : len;
}

/* Would it move the cursor, end the line, or turn the text that follows? */
static bool is_unprintable(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff || (code >= 0xe0000 && code <= 0xe007f) || code == 0x061c;
}

void output_escape(const char *bytes, size_t len, char *text, size_t size)
{
    const uint8_t *from = (const uint8_t *)bytes;
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t part = utf8_length(from + i, len - i, &code);
        bool plain = part > 0 && !is_unprintable(code);
        part = part > 0 ? part : 1;
        if (part * 4 + 1 > size - used)
            break;
        for (size_t j = 0; j < part; j++, i++) {
            if (plain)
                text[used++] = (char)from[i];
            else
                used += (size_t)snprintf(text + used, 5, "\\x%02x", from[i]);
        }
    }
    text[used] = '\0';
}

json_t *output_string(const char *bytes, size_t len)
{
    json_t *whole = json_stringn(bytes, len);
    if (whole)
        return whole; /* UTF-8: JSON itself escapes control characters */
    size_t size = len * 4 + 8;
    char *text = malloc(size);
    if (!text)
        return NULL;
    output_escape(bytes, len, text, size);
    json_t *string = json_string(text);
    free(text);
    return string;
}

json_t *output_hex(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len * 2 + 1);
    if (!text)
        return NULL;
    hex_encode(bytes, len, text);
    json_t *string = json_string(text);
    free(text);
    return string;
}

/* --- times --- */

void output_time(uint64_t ms, char text[static OUTPUT_TIME_SIZE])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    if (ms == 0)
        (void)snprintf(text, OUTPUT_TIME_SIZE, "never");
    else if (!localtime_r(&seconds, &parts) ||
             strftime(text, OUTPUT_TIME_SIZE, "%Y-%m-%d %H:%M:%S %Z", &parts) == 0)
        (void)snprintf(text, OUTPUT_TIME_SIZE, "%llu ms", (unsigned long long)ms);
}

void output_span(uint64_t ms, char text[static OUTPUT_TIME_SIZE])
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = {
        {UINT64_C(31556952000), "year"},
        {UINT64_C(2629746000), "month"},
        {86400000, "day"},
        {3600000, "hour"},
        {60000, "minute"},
        {1000, "second"},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t count = ms / units[i].ms;
        if (count == 0)
            continue;
        (void)snprintf(text, OUTPUT_TIME_SIZE, "%llu %s%s", (unsigned long long)count,
                       units[i].unit, count == 1 ? "" : "s");
        return;
    }
    (void)snprintf(text, OUTPUT_TIME_SIZE, "a moment");
}

/* --- tables --- */

void output_table_start(struct output_table *table, size_t columns)
{
    *table = (struct output_table){.columns = columns};
}

void output_table_row(struct output_table *table, const char *const *cells)
{
    if (table->count == table->room) {
        size_t room = table->room ? table->room * 2 : 64;
        char **grown = reallocarray(table->cells, room * table->columns, sizeof *grown);
        if (!grown)
            return;
        table->cells = grown;
        table->room = room;
    }
    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = cells[i] ? cells[i] : "-";
        size_t size = strlen(cell) * 4 + 8;
        char *copy = malloc(size);
        if (copy)
            output_escape(cell, strlen(cell), copy, size);
        table->cells[table->count * table->columns + i] = copy;
    }
    table->count++;
}

/* Columns on the screen: characters, not octets. */
static int width_of(const char *text)
{
    int width = 0;
    for (; text && *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_row(char *const *row, size_t columns, const int *widths)
{
    for (size_t i = 0; i < columns; i++) {
        const char *cell = row[i] ? row[i] : "";
        if (i + 1 == columns)
            printf("%s\n", cell);
        else
            printf("%s%*s  ", cell, widths[i] - width_of(cell), "");
    }
}

void output_table_end(const struct cli *cli, struct output_table *table)
{
    int widths[OUTPUT_COLUMNS] = {0};
    for (size_t i = 0; i < table->count * table->columns; i++) {
        int width = width_of(table->cells[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t i = 0; i < table->count && !cli->json; i++)
        print_row(table->cells + i * table->columns, table->columns, widths);
    for (size_t i = 0; i < table->count * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct output_table){.columns = table->columns};
}
