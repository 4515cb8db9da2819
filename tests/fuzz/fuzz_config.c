/* hearth.conf. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "resolver/daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    enum status status =
        config_parse(&config, (const char *)data, size, "hearth.conf", false, error);
    assert(status == STATUS_OK || strncmp(error, "hearth.conf:", 12) == 0);
    assert(config.resolver.allow_count <= CONFIG_ALLOW_MAX);
    return 0;
}
