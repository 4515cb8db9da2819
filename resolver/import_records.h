/* import_records.h: the records that were read from a text: each with its line, so that a later
 * refusal can name that too.
 */
#ifndef HEARTH_RESOLVER_IMPORT_RECORDS_H
#define HEARTH_RESOLVER_IMPORT_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "resolver/record_text.h"

enum { IMPORT_ERROR_SIZE = 256, IMPORT_TOKEN_SIZE = NAME_TEXT_SIZE };

struct import_rr {
    struct name *owner; /* relative; owned by the import; has no octets behind its len */
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

/* Copies one RR in. NO_MEMORY. */
enum status import_keep(struct import *import, const struct name *owner, uint16_t type,
                        const struct record_data *data, uint32_t ttl, uint32_t line);
/* By owner, type and data; of the same RR twice the first line stays. */
void import_sort(struct import *import);
/* Frees the RRs; counts and what failed stay. */
void import_drop(struct import *import);
/* The same, and everything is zero. */
void import_free(struct import *import);

/* The end of the RRset that begins at `first` (one owner and type), after import_sort. */
size_t import_rrset_end(const struct import *import, size_t first);

#endif
