/* root_anchor.c: see root_anchor.h. From https://data.iana.org/root-anchors/root-anchors.xml:
 * KSK-2017, which signs the root since October 2018, and KSK-2024, its successor. A file of its
 * own, so that a test can be linked with the anchors of a root zone that it made. */
#include "resolver/root_anchor.h"

#include <stddef.h>

const char *const root_anchors[] = {
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
    NULL,
};
