/* status.c: the texts of status.h, from its one list. */
#include "ledger/base/status.h"

#include <stddef.h>
#include <string.h>

struct status_row {
    const char *text;
    char name[24];
};

static const struct status_row rows[STATUS_COUNT] = {
#define STATUS_ROW(name, text) {text, #name},
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

const char *status_text(enum status status)
{
    return (unsigned)status < STATUS_COUNT ? rows[status].text : "unknown status";
}

const char *status_name(enum status status)
{
    return (unsigned)status < STATUS_COUNT ? rows[status].name : "UNKNOWN";
}

enum status status_from_name(const char *name)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return (enum status)i;
    }
    return STATUS_COUNT;
}
