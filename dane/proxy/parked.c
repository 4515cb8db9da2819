/* parked.c: see parked.h. A short list, the youngest first. A device that says or closes anything
 * meanwhile is dropped: nobody asked it. */
#include "dane/proxy/parked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct parked {
    LIST_ENTRY(parked) next;
    struct parking *parking;
    char host[TARGET_HOST_SIZE];
    uint16_t port;
    bool is_tls;
    uid_t owner;
    struct address address;
    struct stream *stream;
};

struct parking {
    LIST_HEAD(, parked) all;
    size_t count;
};

struct parking *parking_create(void)
{
    return calloc(1, sizeof(struct parking));
}

static void drop(struct parked *parked)
{
    LIST_REMOVE(parked, next);
    parked->parking->count--;
    stream_free(parked->stream);
    free(parked);
}

void parking_clear(struct parking *parking)
{
    struct parked *next, *parked = LIST_FIRST(&parking->all);
    for (; parked; parked = next) {
        next = LIST_NEXT(parked, next);
        drop(parked);
    }
}

void parking_free(struct parking *parking)
{
    if (parking)
        parking_clear(parking);
    free(parking);
}

static void drop_it(void *context)
{
    drop(context);
}

static void drop_failed(void *context, enum status why)
{
    (void)why;
    drop(context);
}

static void stay(void *context)
{
    (void)context;
}

static const struct stream_handlers handlers = {
    .ready = stay, .input = drop_it, .drained = stay, .failed = drop_failed};

static bool is_for(const struct parked *parked, const struct target *device)
{
    return parked->port == device->port && parked->is_tls == device->is_tls &&
           strcmp(parked->host, device->host) == 0;
}

/* The oldest of this device, when it has its share; else the oldest of all, when the lot is full. */
static void make_room(struct parking *parking, const struct target *device)
{
    struct parked *parked, *oldest = NULL, *oldest_of_it = NULL;
    size_t of_it = 0;
    LIST_FOREACH(parked, &parking->all, next) {
        oldest = parked;
        if (!is_for(parked, device))
            continue;
        oldest_of_it = parked;
        of_it++;
    }
    if (of_it >= PARKED_PER_DEVICE_MAX)
        drop(oldest_of_it);
    else if (oldest && parking->count >= PARKED_MAX)
        drop(oldest);
}

void parking_put(struct parking *parking, const struct target *device, uid_t owner,
                 const struct address *address, struct stream *stream)
{
    make_room(parking, device);
    struct parked *parked = calloc(1, sizeof *parked);
    if (!parked) {
        stream_free(stream);
        return;
    }
    *parked = (struct parked){.parking = parking,
                              .port = device->port,
                              .is_tls = device->is_tls,
                              .owner = owner,
                              .address = *address,
                              .stream = stream};
    memcpy(parked->host, device->host, sizeof parked->host);
    LIST_INSERT_HEAD(&parking->all, parked, next);
    parking->count++;
    stream_set_idle_timeout(stream, PARKED_MS);
    stream_set_handlers(stream, &handlers, parked);
}

struct stream *parking_take(struct parking *parking, const struct target *device, uid_t owner,
                            struct address *address)
{
    struct parked *parked;
    LIST_FOREACH(parked, &parking->all, next) {
        if (parked->owner != owner || !is_for(parked, device))
            continue;
        struct stream *stream = parked->stream;
        *address = parked->address;
        LIST_REMOVE(parked, next);
        parking->count--;
        free(parked);
        return stream;
    }
    return NULL;
}
