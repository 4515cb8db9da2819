/* import_lists.h: hosts files and CSV: a record a line. */
#ifndef HEARTH_RESOLVER_IMPORT_LISTS_H
#define HEARTH_RESOLVER_IMPORT_LISTS_H

#include "resolver/import_source.h"

/* The next line into source->text; false at the end. */
bool import_lists_take(struct import_source *source, enum status *status);
/* Adds what stands in it. */
enum status import_lists_hosts(struct import_source *source);
enum status import_lists_csv(struct import_source *source);

#endif
