/* Control messages: JSON from any local process. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "resolver/daemon/control_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *message = NULL;
    if (control_parse(data, size, &message) != STATUS_OK)
        return 0;
    uint8_t *frame = NULL;
    size_t len = 0;
    assert(json_is_object(message));
    if (control_pack(message, &frame, &len) == STATUS_OK)
        free(frame);
    json_decref(message);
    return 0;
}
