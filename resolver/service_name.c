/* service_name.c: see service_name.h. */
#include "resolver/service_name.h"

#include <stdio.h>
#include <string.h>

enum status service_name_make(const struct name *device, uint16_t port, struct name *service)
{
    char label[8];
    int len = snprintf(label, sizeof label, "_%u", port);
    *service = *device;
    enum status status = name_prepend(service, "_tcp", 4);
    return status == STATUS_OK ? name_prepend(service, label, (size_t)len) : status;
}

enum status service_name_read(const struct name *service, struct name *device, uint16_t *port)
{
    const uint8_t *wire = service->wire;
    size_t first = wire[0];
    if (first < 2 || first > 6 || service->len < first + 1 + 5 + 1 || wire[1] != '_')
        return STATUS_NOT_FOUND;
    if (memcmp(wire + 1 + first, "\4_tcp", 5) != 0)
        return STATUS_NOT_FOUND;
    unsigned long value = 0;
    for (size_t i = 2; i <= first; i++) {
        if (wire[i] < '0' || wire[i] > '9')
            return STATUS_NOT_FOUND;
        value = value * 10 + (unsigned long)(wire[i] - '0');
    }
    if (value == 0 || value > 65535)
        return STATUS_NOT_FOUND;
    device->len = (uint8_t)(service->len - (1 + first + 5));
    memcpy(device->wire, wire + 1 + first + 5, device->len);
    *port = (uint16_t)value;
    return STATUS_OK;
}
