/* guard.h: may this page drive that device? The firewall between sites that the proxy has to be.
 * Pure.
 *
 * Behind a proxy a browser takes a device for a public server, so none of its own rules about
 * private networks keeps a page from sending it requests. What passes is what the device's own
 * pages ask for, what a person typed, and what is no browser: `Sec-Fetch-Site: same-origin` or
 * `none` with no foreign Origin, or neither of the two fields. A sibling device is as foreign as a
 * page of the internet: the fridge must not drive the camera. The household's ORIGINS records for
 * the device let others in: by Origin, and by Referer for what has no Origin (images), so that what
 * such a page embeds can lead here too.
 *
 * A foreign link that a person followed (a top-level GET) is answered by a page of the proxy's own
 * with a link to go on. Everything else foreign is refused. The device sees neither.
 *
 * Over plain HTTP browsers send no Sec-Fetch fields; there a foreign page's GET is known by its
 * Referer alone, which that page can keep back (docs/threat-model.md).
 */
#ifndef HEARTH_DANE_PROXY_GUARD_H
#define HEARTH_DANE_PROXY_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "dane/proxy/http_head.h"
#include "dane/proxy/target.h"

enum guard_verdict {
    GUARD_PASS,
    GUARD_ASK,    /* a foreign link was followed: our page, with a link to go on */
    GUARD_REFUSE, /* 403 */
};

struct guard {
    const struct target *device; /* what CONNECT, or the absolute form, named; is_tls as it is */
    const struct http_text *origins; /* of the ORIGINS records; borrowed */
    size_t origin_count;
    const char *dashboard; /* its origin: may link to every device, nothing more */
};

/* Judges one request by its head alone; every request of a connection is judged. `reason`: a clause
 * for people, that lives for ever; of GUARD_PASS NULL. */
enum guard_verdict guard_judge(const struct guard *guard, const struct http_head *request,
                               const char **reason);

#endif
