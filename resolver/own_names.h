/* own_names.h: what one's own household is called, and its names relative to that: as the control
 * socket, imported files and people write them.
 */
#ifndef HEARTH_RESOLVER_OWN_NAMES_H
#define HEARTH_RESOLVER_OWN_NAMES_H

#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"

/* A form that there is not is the root. */
struct own_names {
    struct name petname, id;
};

/* maple.home.arpa from "maple" (NULL or "": none); <id>.home.arpa. LABEL_TOO_LONG, NAME_TOO_LONG.
 */
enum status own_names_init(struct own_names *own, const char *petname,
                           const uint8_t namespace_id[static 32]);

/* The form that is shown: the petname's, else the id's. */
const struct name *own_names_apex(const struct own_names *own);

/* What is left of a full name when either form is taken off its end. FOREIGN. */
enum status own_names_relative(const struct own_names *own, const struct name *full,
                               struct name *relative);

/* A relative name in text ("@" is the household itself). */
void own_names_relative_text(const struct name *relative, char text[static NAME_TEXT_SIZE]);
/* Its full name in the form that is shown. */
void own_names_full_text(const struct own_names *own, const struct name *relative,
                         char text[static NAME_TEXT_SIZE]);

#endif
