/* key_share.h: one device, one household's names (unknown key share).
 *
 * Somebody whom one follows may publish the key of another household's device as their own. What
 * the browser then shows under their name would be that device, with their name's cookies and
 * rights. So a key that one's own household publishes under any name is not served under a followed
 * household's; between followed ones, the one followed first has it.
 *
 * The keys that are published are gathered from the view when a followed household's name first
 * needs them, and again when the view has changed: one look at every name of it.
 *
 *     if (key_share_is_taken(share, view, &published.zone, presented.chain[0], &status))
 *         … PAGE_SHARED_KEY
 */
#ifndef HEARTH_DANE_PROXY_KEY_SHARE_H
#define HEARTH_DANE_PROXY_KEY_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "dane/x509.h"
#include "ledger/base/status.h"
#include "ledger/base/view.h"

struct key_share;

enum { KEY_SHARE_KEYS_MAX = 1 << 20 /* in all households together; 20 octets each */ };

/* NULL: no memory. */
struct key_share *key_share_create(void);
void key_share_free(struct key_share *share);

/* Does another household, before the zone's, publish the key or the certificate of this leaf? By
 * each hash that a TLSA record can have of it; keys that were withdrawn are not published any more.
 * The CA of a DANE-TA record is nobody's device: it counts only where it is the leaf itself. When
 * that can't be told, it is taken, and *status says why: CORRUPT, NO_MEMORY, FULL (too many keys),
 * MALFORMED (no certificate), CRYPTO; else OK. */
bool key_share_is_taken(struct key_share *share, struct view *view, const struct view_zone *zone,
                        struct der leaf, enum status *status);

/* The same of a key alone, by the SHA-256 of its SPKI: for who has no certificate to show. Records
 * of whole certificates and of SHA-512 are not found by it. */
bool key_share_is_taken_key(struct key_share *share, struct view *view,
                            const struct view_zone *zone, const uint8_t spki[static 32],
                            enum status *status);

#endif
