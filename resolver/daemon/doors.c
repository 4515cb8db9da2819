/* doors.c: see doors.h. */
#include "resolver/daemon/doors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "resolver/daemon/listener.h"
#include "resolver/daemon/log.h"

static const struct listener *find_bound(const struct doors *doors,
                                         const struct config_endpoint *endpoint)
{
    for (uint32_t i = 0; doors && i < doors->count; i++) {
        const struct listener *listener = &doors->listeners[i];
        if (listener->bound && listener->endpoint.port == endpoint->port &&
            memcmp(&listener->endpoint.address, &endpoint->address, sizeof endpoint->address) == 0)
            return listener;
    }
    return NULL;
}

static const char *remedy(enum status status)
{
    switch (status) {
    case STATUS_BUSY:
        return "another program listens there";
    case STATUS_DENIED:
        return "start hearthd as root or with CAP_NET_BIND_SERVICE, or choose a port above 1023";
    case STATUS_UNREACHABLE:
        return "this machine does not have that address";
    default:
        return "see the system's message";
    }
}

/* What to do with an address that could not be bound: OK goes on without it. */
static enum status judge_failure(const struct config_endpoint *endpoint, enum status status,
                                 const char *path, char *error)
{
    char text[CONFIG_ENDPOINT_TEXT_SIZE];
    const char *why = strerror(errno);
    config_endpoint_text(endpoint, text);
    if (endpoint->line > 0) {
        (void)snprintf(error, DOORS_ERROR_SIZE, "%s:%u: [resolver] listen: %s: %s (%s)", path,
                       (unsigned)endpoint->line, text, why, remedy(status));
        return status;
    }
    if (status == STATUS_BUSY) {
        log_warning("%s is taken by another program: no DNS there (set [resolver] listen in %s)",
                    text, path);
        return STATUS_OK;
    }
    if (status == STATUS_UNREACHABLE) {
        log_info("%s does not exist on this machine", text);
        return STATUS_OK;
    }
    (void)snprintf(error, DOORS_ERROR_SIZE, "%s: %s (%s)", text, why, remedy(status));
    return status;
}

static void say_absent(const struct config_endpoint *endpoint)
{
    char text[CONFIG_ENDPOINT_TEXT_SIZE];
    config_endpoint_text(endpoint, text);
    if (!listener_is_here(endpoint))
        log_warning("%s is no address of this machine yet: DNS is answered there once it is", text);
}

enum status doors_open(struct doors *doors, const struct config *config, const char *path,
                       const struct doors *old, char error[static DOORS_ERROR_SIZE])
{
    doors->count = 0;
    const struct config_listen *listen = &config->resolver.listen;
    for (size_t i = 0; i < listen->count; i++) {
        const struct config_endpoint *endpoint = &listen->endpoints[i];
        struct listener *listener = &doors->listeners[doors->count];
        enum status status =
            listener_open(listener, endpoint, config->resolver.threads, find_bound(old, endpoint));
        enum status verdict = STATUS_OK;
        if (status != STATUS_OK)
            verdict = judge_failure(endpoint, status, path, error);
        if (verdict != STATUS_OK) {
            doors_close(doors);
            return verdict;
        }
        if (status == STATUS_OK && endpoint->line > 0)
            say_absent(endpoint);
        if (status == STATUS_OK || status == STATUS_BUSY)
            doors->count++;
    }
    return STATUS_OK;
}

void doors_close(struct doors *doors)
{
    for (uint32_t i = 0; i < doors->count; i++)
        listener_close(&doors->listeners[i]);
    doors->count = 0;
}

bool doors_can_open_more(const struct doors *doors)
{
    for (uint32_t i = 0; i < doors->count; i++) {
        struct listener trial;
        if (doors->listeners[i].bound ||
            listener_open(&trial, &doors->listeners[i].endpoint, 1, NULL) != STATUS_OK)
            continue;
        listener_close(&trial);
        return true;
    }
    return false;
}

unsigned doors_bound(const struct doors *doors)
{
    unsigned bound = 0;
    for (uint32_t i = 0; i < doors->count; i++)
        bound += doors->listeners[i].bound;
    return bound;
}
