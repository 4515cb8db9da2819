/* farewell.h: connections to which all is said: what is queued is still sent, what the other side
 * still says is read over for a while, then they are closed.
 *
 * A connection that is closed with octets unread takes back what was just sent (RFC 9112, section
 * 9.6).
 */
#ifndef HEARTH_DANE_PROXY_FAREWELL_H
#define HEARTH_DANE_PROXY_FAREWELL_H

#include "dane/proxy/stream.h"

struct farewells;

enum {
    FAREWELL_MAX = 512,       /* the oldest goes at once when one more comes */
    FAREWELL_MS = 3000,       /* once all is sent */
    FAREWELL_IDLE_MS = 60000, /* the other side takes nothing of what is to be sent */
};

/* NULL: no memory. */
struct farewells *farewells_create(void);
void farewells_free(struct farewells *farewells);

/* Takes the stream and finishes it (stream_finish). */
void farewell_say(struct farewells *farewells, struct stream *stream);

#endif
