/* control_codec.h: frames of the control socket and the JSON in them (docs/control-protocol.md).
 *
 * jansson's only home; the CLI and the dashboard speak through this too.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONTROL_CODEC_H
#define HEARTH_RESOLVER_DAEMON_CONTROL_CODEC_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum { CONTROL_VERSION = 1, CONTROL_FRAME_MAX = 1 << 20, CONTROL_HEADER_SIZE = 4 };

/* Parses one whole frame's payload: an object with "version" 1. MALFORMED, UPGRADE (another
 * version). The caller owns *message. */
enum status control_parse(const uint8_t *payload, size_t len, json_t **message);

/* The frame (header and payload) as malloc'd octets. TOO_LONG, NO_MEMORY. */
enum status control_pack(const json_t *message, uint8_t **frame, size_t *len);

/* Blocking client: connects, sends one request, waits for its answer, at most timeout_ms for each
 * step. */
struct control_client {
    int fd;
    int received_fd; /* a descriptor that came with the last answer, or -1; the caller closes it */
};
enum status control_connect(struct control_client *client, const char *path, unsigned timeout_ms);
enum status control_ask(struct control_client *client, const json_t *request, json_t **answer,
                        unsigned timeout_ms);
void control_disconnect(struct control_client *client);

#endif
