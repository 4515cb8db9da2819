/* admission.h: may requests go over this open connection to a device? By the present view.
 *
 * The verdict on its key, and the rule that one household's key is not served under another's name
 * (key_share.h).
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

#endif
