/* control_codec.c: see control_codec.h. */
#include "resolver/daemon/control_codec.h"

#include <stdlib.h>
#include <string.h>

enum status control_parse(const uint8_t *payload, size_t len, json_t **message)
{
    *message = NULL;
    if (len > CONTROL_FRAME_MAX)
        return STATUS_TOO_LONG;
    /* Trailing octets, doubled keys, zero octets and bad UTF-8 are errors for jansson too. */
    json_error_t error;
    json_t *parsed = json_loadb((const char *)payload, len, JSON_REJECT_DUPLICATES, &error);
    if (!parsed)
        return json_error_code(&error) == json_error_out_of_memory ? STATUS_NO_MEMORY
                                                                   : STATUS_MALFORMED;
    const json_t *version = json_object_get(parsed, "version");
    enum status status = STATUS_OK;
    if (!json_is_object(parsed) || !json_is_integer(version))
        status = STATUS_MALFORMED;
    else if (json_integer_value(version) != CONTROL_VERSION)
        status = STATUS_UPGRADE;
    if (status == STATUS_OK)
        *message = parsed;
    else
        json_decref(parsed);
    return status;
}

enum status control_pack(const json_t *message, uint8_t **frame, size_t *len)
{
    *frame = NULL;
    *len = 0;
    size_t size = json_dumpb(message, NULL, 0, JSON_COMPACT);
    if (size == 0)
        return STATUS_NO_MEMORY;
    if (size > CONTROL_FRAME_MAX)
        return STATUS_TOO_LONG;
    uint8_t *bytes = malloc(CONTROL_HEADER_SIZE + size);
    if (!bytes)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < CONTROL_HEADER_SIZE; i++)
        bytes[i] = (uint8_t)(size >> (8 * (CONTROL_HEADER_SIZE - 1 - i)));
    size_t written = json_dumpb(message, (char *)bytes + CONTROL_HEADER_SIZE, size, JSON_COMPACT);
    if (written != size) {
        free(bytes);
        return STATUS_NO_MEMORY;
    }
    *frame = bytes;
    *len = CONTROL_HEADER_SIZE + size;
    return STATUS_OK;
}
