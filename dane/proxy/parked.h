/* parked.h: open connections to devices that nobody uses just now: kept a few seconds, so that the
 * next request needs no handshake. Each is judged again by whoever takes it.
 */
#ifndef HEARTH_DANE_PROXY_PARKED_H
#define HEARTH_DANE_PROXY_PARKED_H

#include <stdint.h>
#include <sys/types.h>

#include "dane/proxy/stream.h"
#include "dane/proxy/target.h"
#include "ledger/base/address.h"

struct parking; /* a lot of them */

enum { PARKED_MAX = 64, PARKED_PER_DEVICE_MAX = 6, PARKED_MS = 15000 };

/* NULL: no memory. */
struct parking *parking_create(void);
void parking_free(struct parking *parking);

/* Takes the stream, with nothing in its input. `owner`: whose requests it has carried; another user
 * never gets it (a login may belong to a connection). When all places are taken, the one that waits
 * longest gives up its own. */
void parking_put(struct parking *parking, const struct target *device, uid_t owner,
                 const struct address *address, struct stream *stream);

/* The youngest for this device and owner, the caller's from here on; NULL when there is none. */
struct stream *parking_take(struct parking *parking, const struct target *device, uid_t owner,
                            struct address *address);

/* Closes all. */
void parking_clear(struct parking *parking);

#endif
