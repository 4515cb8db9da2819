/* import_source.h: the text being imported, as the readers of its formats see it.
 *
 * A reader gets one line (master files: one record) in source->text, which it may cut up, and adds
 * what stands in it.
 */
#ifndef HEARTH_RESOLVER_IMPORT_SOURCE_H
#define HEARTH_RESOLVER_IMPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/import_records.h"
#include "resolver/own_names.h"

enum { IMPORT_LINE_MAX = 8192 /* octets of a record, its continuation lines included */ };

struct import_source {
    struct import *import;
    const struct own_names *household;
    const char *at;
    size_t left;
    uint32_t next_line;         /* the line that `at` stands on */
    uint32_t line;              /* the line on which the present record begins */
    char text[IMPORT_LINE_MAX]; /* the present record, NUL-terminated */
    struct name origin;         /* master files: absolute */
    struct name owner;          /* the last one, relative to the household */
    bool has_owner;
    uint32_t ttl;
};

/* Keeps the line and the reason; returns the status. */
__attribute__((format(printf, 3, 4))) enum status import_fail(struct import_source *source,
                                                              enum status status,
                                                              const char *format, ...);

/* Adds one RR after checking that a household may publish it there. */
enum status import_add(struct import_source *source, const struct name *owner, uint16_t type,
                       const struct record_data *data);

/* A name as the file has it, relative to the household. `origin` is NULL where a final dot means
 * nothing. */
enum status import_owner(struct import_source *source, const char *token, const struct name *origin,
                         struct name *relative);

/* The next line into source->text, behind `used` octets, without its end; false at the end of the
 * text. */
bool import_take_line(struct import_source *source, size_t used, enum status *status);

const char *import_skip_blanks(const char *at);
/* The next word at *at, ended by a blank, which is overwritten; false when there is none. */
bool import_take_word(char **at, char **word);

#endif
