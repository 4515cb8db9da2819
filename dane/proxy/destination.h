/* destination.h: what the household's view says about a host and port that a browser asks for. Pure.
 *
 * Everything is copied out of the view, which may be replaced at the next look.
 *
 * The rules, first to last:
 *  1. An address, or a name outside home.arpa: foreign. The dashboard's name at port 443: dashboard.
 *  2. In no household's zone: other, if a local upstream may serve such a name; foreign if only
 *     Hearth may give it meaning (below an unknown household's id, or below `hearth`).
 *  3. Keys stand, or stood until they were withdrawn, at this port: TLS. The name has an address and
 *     publishes no key at any port: plain, but never at port 443. All else of a household's name: at
 *     port 443 refused with a page, elsewhere foreign.
 *  4. What would be TLS or plain is refused when the household's hard time has come, then when there
 *     is no address.
 *
 * A conflict changes nothing here: what won is served (docs/ledger-rules.md, "Names"), the device
 * has to have that key, and the page of a mismatch says that the record is disputed. A frozen
 * household is served too, by what its base state says.
 */
#ifndef HEARTH_DANE_PROXY_DESTINATION_H
#define HEARTH_DANE_PROXY_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/proxy/http_text.h"
#include "dane/proxy/page.h"
#include "dane/proxy/target.h"
#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/view.h"

enum destination_kind {
    DESTINATION_FOREIGN,   /* no household's: 403, no connection */
    DESTINATION_OTHER,     /* a name under home.arpa that no household of the view has: tunnelled
                              untouched where a local upstream serves it */
    DESTINATION_DASHBOARD, /* hearth.home.arpa */
    DESTINATION_TLS,       /* publishes a key at this port */
    DESTINATION_PLAIN,     /* a household's name that publishes no key at any port: plain HTTP */
    DESTINATION_REFUSED,   /* a household's name, but: `page` */
};

enum {
    DESTINATION_ADDRESSES_MAX = 16,
    DESTINATION_ORIGINS_MAX = 16,
    DESTINATION_ORIGIN_BYTES = 4096,
};

struct destination {
    enum destination_kind kind;
    enum page_kind page; /* DESTINATION_REFUSED: which page says why */
    struct name name;    /* lower case, with home.arpa; not of an address or a name that is none */
    uint16_t port;
    size_t address_count;
    struct address addresses[DESTINATION_ADDRESSES_MAX]; /* IPv6 first, each once */
    size_t origin_count;
    struct http_text origins[DESTINATION_ORIGINS_MAX]; /* in origin_bytes: of this very struct, so
                                                          that it can't be copied as it is */
    char origin_bytes[DESTINATION_ORIGIN_BYTES];
    uint64_t generation; /* of the view that said so */
};

/* CORRUPT, NOT_FOUND (no view: no household's name can be told): the caller shows PAGE_NO_VIEW.
 * `view` may be NULL when there is none. `now_ms` since 1970. */
enum status destination_find(struct destination *destination, struct view *view,
                             const struct target *target, uint64_t now_ms);

#endif
