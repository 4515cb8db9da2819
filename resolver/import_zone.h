/* import_zone.h: master files (RFC 1035, section 5). */
#ifndef HEARTH_RESOLVER_IMPORT_ZONE_H
#define HEARTH_RESOLVER_IMPORT_ZONE_H

#include "resolver/import_source.h"

/* The next record, perhaps of several lines, into source->text; false at the end. */
bool import_zone_take(struct import_source *source, enum status *status);
/* Adds what stands in it, or does what it directs. */
enum status import_zone_read(struct import_source *source);

#endif
