/* signed_anchor.c: the anchor of signed_root.zone. Stands in for resolver/root_anchor.c. */
#include "resolver/root_anchor.h"

#include <stddef.h>

const char *const root_anchors[] = {
    ". IN DS 42103 15 2 bddc4e2cce0d8b9433e8d815727a6771fe8e5649995d3e3c14ccc63d1960965a",
    NULL,
};
