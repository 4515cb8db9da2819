/* given_anchor.c: the trust anchor of a root that a test has just made, from the environment:
 * HEARTH_TEST_ANCHOR, a DS record as text. Stands in for resolver/root_anchor.c in a program of the
 * tests; what is installed knows no such variable. */
#include <stdio.h>
#include <stdlib.h>

#include "resolver/root_anchor.h"

static char anchor[512];

const char *const root_anchors[] = {anchor, NULL};

__attribute__((constructor)) static void take_anchor(void)
{
    const char *given = getenv("HEARTH_TEST_ANCHOR");
    if (!given || snprintf(anchor, sizeof anchor, "%s", given) >= (int)sizeof anchor) {
        (void)fprintf(stderr, "HEARTH_TEST_ANCHOR is needed\n");
        exit(2);
    }
}
