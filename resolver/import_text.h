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

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum import_format { IMPORT_UNKNOWN, IMPORT_ZONE, IMPORT_HOSTS, IMPORT_CSV };

enum {
    IMPORT_DEFAULT_TTL = 300,
    IMPORT_BYTES_MAX = 256 << 20,
    IMPORT_LINE_MAX = 8192, /* octets of a record, its continuation lines included */
    IMPORT_ERROR_SIZE = 256,
    IMPORT_TOKEN_SIZE = NAME_TEXT_SIZE,
};

struct import_rr {
    struct name *owner; /* relative; owned by the import */
    uint16_t type, len;
    uint32_t ttl;
    uint32_t line;
    uint8_t *data; /* owned by the import */
};

struct import {
    size_t count, room;
    struct import_rr *rrs; /* heap */
    size_t skipped;
    /* When reading failed. */
    uint32_t line;
    char error[IMPORT_ERROR_SIZE];
    char name[IMPORT_TOKEN_SIZE]; /* the name that was refused, "" when it was something else */
};

/* What a household is called: names below either are its own. The root when it has no such name. */
struct import_household {
    struct name petname, id;
};

/* IMPORT_UNKNOWN when there is no such word. */
enum import_format import_format_parse(const char *word);
/* By the file's name, else by what stands in it. */
enum import_format import_format_guess(const char *path, const char *text, size_t len);

/* Reads all of it. RANGE, MALFORMED, RDATA …: import->line and import->error say where and why; and
 * the import holds nothing. The text need not end with a NUL. */
enum status import_read(struct import *import, enum import_format format, const char *text,
                        size_t len, const struct import_household *household);
void import_free(struct import *import);

/* The end of the RRset that begins at `first` (one owner and type). */
size_t import_rrset_end(const struct import *import, size_t first);

#endif
