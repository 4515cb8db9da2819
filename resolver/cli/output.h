/* output.h: how `hearth` speaks: text for people, or one JSON object (docs/cli.md).
 *
 * Text goes to standard output and is silent with --json; a verb prints as it goes and ends with
 * output_next. With --json one object with "version": 1 is printed by output_object or
 * output_error, and nothing else. Text that others wrote is escaped before it is printed: no name,
 * certificate or label may move the cursor or reorder a line.
 */
#ifndef HEARTH_RESOLVER_CLI_OUTPUT_H
#define HEARTH_RESOLVER_CLI_OUTPUT_H

#include <stdint.h>

#include "resolver/cli/cli.h"

enum { OUTPUT_TIME_SIZE = 48, OUTPUT_COLUMNS = 6 };

/* A line of text; a newline is added. */
__attribute__((format(printf, 2, 3))) void output_line(const struct cli *cli, const char *format,
                                                       ...);
/* The next step, last: "Next: …". */
__attribute__((format(printf, 2, 3))) void output_next(const struct cli *cli, const char *format,
                                                       ...);
/* To standard error, or into "warnings". */
__attribute__((format(printf, 2, 3))) void output_warning(struct cli *cli, const char *format, ...);

enum output_colour { OUTPUT_PLAIN, OUTPUT_GOOD, OUTPUT_BAD, OUTPUT_STRONG };
/* The sequence that begins and the one that ends a colour, "" without colours. */
const char *output_colour(const struct cli *cli, enum output_colour colour);

/* Prints the object with "version" and "warnings", with --json only; takes it over in any case.
 * Returns `code`. */
int output_object(struct cli *cli, json_t *object, int code);

/* The one way in which a verb fails: error, rule (or NULL), hint (or NULL). Returns `code`.
 * `object` (taken over, may be NULL) has what else the JSON carries. */
__attribute__((format(printf, 6, 7))) int output_error(struct cli *cli, int code, json_t *object,
                                                       const char *rule, const char *hint,
                                                       const char *format, ...);
/* The same from a status: its text, its name as the rule, its exit code. */
int output_status(struct cli *cli, enum status status, const char *hint, const char *what);
/* The exit code of an outcome: EXIT_NO for NOT_FOUND, EXIT_UNREACHABLE for who does not answer
 * (UNREACHABLE, TIMEOUT, CLOSED, AGAIN), EXIT_BROKEN for IO, CORRUPT, CRYPTO and NO_MEMORY, and
 * EXIT_REFUSED for all else, which is what rules refuse with. */
int output_exit_code(enum status status);

/* A JSON string of text that others wrote: what is no UTF-8, and control characters, are escaped.
 */
json_t *output_string(const char *bytes, size_t len);
json_t *output_hex(const uint8_t *bytes, size_t len);

/* Escapes for a terminal: control characters, what is no UTF-8, and characters that turn the
 * direction of text become \xNN. Cuts at `size`, which holds the NUL too. */
void output_escape(const char *bytes, size_t len, char *text, size_t size);

/* "2026-11-23 04:01:22 UTC" in local time; "never" for 0. */
void output_time(uint64_t ms, char text[static OUTPUT_TIME_SIZE]);
/* "8 years", "3 hours": a span, in its largest unit. */
void output_span(uint64_t ms, char text[static OUTPUT_TIME_SIZE]);

/* A table: rows are added and printed at the end with columns as wide as they must be. The last
 * column is not padded. */
struct output_table {
    size_t columns, count, room;
    char **cells; /* heap; count * columns */
};
void output_table_start(struct output_table *table, size_t columns);
/* `columns` strings; escaped and copied. */
void output_table_row(struct output_table *table, const char *const *cells);
void output_table_end(const struct cli *cli, struct output_table *table);

#endif
