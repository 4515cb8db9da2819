/* view_format.h: the numbers of docs/view-format.md, for the one reader and the one writer. */
#ifndef HEARTH_LEDGER_BASE_VIEW_FORMAT_H
#define HEARTH_LEDGER_BASE_VIEW_FORMAT_H

#include <stdint.h>

#define VIEW_MAGIC "HVW1"

/* The two files, and the folder that they lie in unless another is asked for. */
#define VIEW_FILE_NAME       "names.view"
#define VIEW_GENERATION_NAME "generation"
#define VIEW_SYSTEM_FOLDER   "/var/lib/hearth/view"
#define VIEW_SYSTEM_PATH     VIEW_SYSTEM_FOLDER "/" VIEW_FILE_NAME

enum {
    VIEW_HEADER_SIZE = 256,
    VIEW_HEADER_CRC_AT = 252,
    VIEW_TABLES_AT = 56,
    VIEW_BLOCK_SIZE = 65536,
    VIEW_BLOCKS_MAX = 65536,
    VIEW_APEX_LABELS = 3, /* an apex is one label under home.arpa */
    GENERATION_FILE_SIZE = 4096,
};

enum view_table_index {
    VIEW_ZONES,
    VIEW_NAMES,
    VIEW_HASH,
    VIEW_RRSETS,
    VIEW_RECORDS,
    VIEW_AUTHORS,
    VIEW_WITHDRAWN,
    VIEW_ADDRESSES,
    VIEW_HEAP,
    VIEW_BLOCKS,
    VIEW_TABLES
};

enum {
    VIEW_ZONE_SIZE = 96,
    VIEW_NAME_SIZE = 24,
    VIEW_HASH_SIZE = 16,
    VIEW_RRSET_SIZE = 48,
    VIEW_RECORD_SIZE = 96,
    VIEW_AUTHOR_SIZE = 48,
    VIEW_WITHDRAWN_SIZE = 96,
    VIEW_ADDRESS_SIZE = 24,
    VIEW_HEAP_SIZE = 1,
    VIEW_BLOCK_CRC_SIZE = 4,
};

/* The octets of one entry of each table. */
extern const uint8_t view_entry_sizes[VIEW_TABLES];

enum { VIEW_FLAG_LOCAL_UPSTREAM = 1, VIEW_FLAG_TIME_UNKNOWN = 2 };
enum { VIEW_ZONE_OWN = 1, VIEW_ZONE_ID_FORM = 2 };
enum { VIEW_NAME_EMPTY_NON_TERMINAL = 1 };
enum {
    VIEW_RRSET_CONFLICT = 1,
    VIEW_RRSET_WITHDRAWN = 2,
    VIEW_RRSET_INTERNAL = 4,
    VIEW_RRSET_SYNTHETIC = 8
};
enum { VIEW_AUTHOR_SUSPENDED = 1, VIEW_AUTHOR_REVOKED = 2, VIEW_AUTHOR_OVERRUN = 4 };

enum view_zone_state { VIEW_ZONE_FRESH, VIEW_ZONE_SOFT, VIEW_ZONE_HARD, VIEW_ZONE_FROZEN };

#endif
