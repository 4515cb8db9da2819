/* admission.h: may requests go to this device? By the present view: the verdict on its key, and the
 * rule that one household's key is not served under another's name (key_share.h).
 */
#ifndef HEARTH_DANE_PROXY_ADMISSION_H
#define HEARTH_DANE_PROXY_ADMISSION_H

#include <stdbool.h>

#include "dane/proxy/proxy.h"
#include "dane/proxy/refusal.h"
#include "dane/proxy/target.h"

/* `device` is of device_open, or plain, of which nothing is known: then yes. `verdict`: the one that
 * was just passed; NULL: it is passed again. False: *refusal says why. */
bool admission_ask(struct proxy *proxy, struct stream *device, const struct target *target,
                   const struct name *name, const struct verdict *verdict, struct refusal *refusal);

/* The same by what the device showed, when the connection is not at hand. */
bool admission_ask_shown(struct proxy *proxy, struct device_shown *shown,
                         const struct target *target, const struct name *name,
                         const struct verdict *verdict, struct refusal *refusal);

#endif
