/* idn.c: see idn.h. */
#include "resolver/cli/idn.h"

#include <idn2.h>
#include <stdio.h>

enum status idn_to_ascii(const char *text, char *ascii, size_t size)
{
    char *found = NULL;
    int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
    if (idn2_to_ascii_8z(text, &found, flags) != IDN2_OK || !found)
        return STATUS_MALFORMED;
    int len = snprintf(ascii, size, "%s", found);
    idn2_free(found);
    return len >= 0 && (size_t)len < size ? STATUS_OK : STATUS_NO_SPACE;
}
