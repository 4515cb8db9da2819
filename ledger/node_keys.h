/* node_keys.h: the keys of this node, in its state folder. */
#ifndef HEARTH_LEDGER_NODE_KEYS_H
#define HEARTH_LEDGER_NODE_KEYS_H

#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/body.h"
#include "ledger/key_pair.h"

struct node_keys {
    struct key_pair signing, zone;
    /* Of the node's TLS key, which another process may hold; zero if there is none. */
    uint8_t spki_sha256[32];
};

/* Reads DIR/signing.key and DIR/zone.key, making them (and the folder, 0700) if there are none, and
 * DIR/tls.spki (64 hex digits and a line end) if there is one. DENIED, CORRUPT, IO, NO_MEMORY. */
enum status node_keys_open(struct node_keys *keys, const char *dir);
void node_keys_close(struct node_keys *keys);

/* Fills in a GRANT's keys (ours) and the proof that we hold the signing key; role, flags and scope
 * commitment are the caller's. */
enum status node_keys_possess(const struct node_keys *keys, const uint8_t namespace_id[static 32],
                              struct body_grant *grant);

#endif
