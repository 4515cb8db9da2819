/* import_text.h: many records from one text: a master file, a hosts file, or CSV (docs/cli.md).
 *
 * All or nothing: the first line that is wrong ends the reading and is named. What is read comes
 * out sorted by owner and type, each RR with its line, so that a later refusal can name the line
 * too.
 *
 *     zone    RFC 1035, section 5, with $ORIGIN and $TTL; names are relative to the household. SOA,
 * NS at the apex and DNSSEC records are the household's own affair and are skipped, and counted.
 *     hosts   hosts(5). Lines that name only this machine (localhost and its kin) are skipped.
 *     csv     name,address[,port,spki-sha256]; several lines may be of one name. A first line of
 * titles is skipped.
 */
#ifndef HEARTH_RESOLVER_IMPORT_TEXT_H
#define HEARTH_RESOLVER_IMPORT_TEXT_H

#include "resolver/import_records.h"
#include "resolver/own_names.h"

enum import_format { IMPORT_UNKNOWN, IMPORT_ZONE, IMPORT_HOSTS, IMPORT_CSV };

enum { IMPORT_BYTES_MAX = 256 << 20 };

/* IMPORT_UNKNOWN when there is no such word. */
enum import_format import_format_parse(const char *word);
/* By the file's name, else by what stands in it. */
enum import_format import_format_guess(const char *path, const char *text, size_t len);

/* Reads all of it. RANGE, MALFORMED, RDATA …: import->line and import->error say where and why; and
 * the import holds nothing. The text need not end with a NUL. The import is freed by import_free. */
enum status import_read(struct import *import, enum import_format format, const char *text,
                        size_t len, const struct own_names *household);

#endif
