/* splice.h: two connections as one, in both directions, each of which ends by itself. */
#ifndef HEARTH_DANE_PROXY_SPLICE_H
#define HEARTH_DANE_PROXY_SPLICE_H

#include <stdbool.h>

#include "dane/proxy/relay.h"

/* Both are borrowed. */
struct splice {
    struct stream *near, *far;
    struct relay up, down; /* near to far, far to near */
};

void splice_begin(struct splice *splice, struct stream *near, struct stream *far);

/* To be called on any event of either. True when both directions have ended: what is queued is
 * still to be sent (farewell.h). */
bool splice_pump(struct splice *splice);

#endif
