/* control_codec.h: frames of the control socket and the JSON in them (docs/control-protocol.md).
 *
 * Frames are read and written here alone, by the server, by control_client.h, and so by the command
 * line and the dashboard. The objects in them are jansson's in all of resolver/daemon and
 * resolver/cli.
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

#endif
