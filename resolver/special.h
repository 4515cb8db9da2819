/* special.h: names that are answered here and never asked of anybody (RFC 6761, 6762, 7686, 8375,
 * 9462, 9476). */
#ifndef HEARTH_RESOLVER_SPECIAL_H
#define HEARTH_RESOLVER_SPECIAL_H

#include "ledger/base/name.h"

enum special {
    SPECIAL_NONE,
    SPECIAL_LOCALHOST,      /* localhost and all below it: the loopback addresses */
    SPECIAL_NXDOMAIN,       /* no such name, ever */
    SPECIAL_EMPTY,          /* it exists and has nothing */
    SPECIAL_HOME,           /* home.arpa itself */
    SPECIAL_HOUSE,          /* below home.arpa, a name that a local upstream may serve */
    SPECIAL_HOUSE_RESERVED, /* below home.arpa, a form that only Hearth may give meaning to */
};

/* `folded` is lower case. What lies in a household zone of the view is judged before this. */
enum special special_classify(const struct name *folded);

#endif
