/* client_other.c: see client_parts.h; names under home.arpa that no household here has: where a local upstream serves
 * them, they are passed on unseen. */
#include "dane/proxy/client_parts.h"

enum { CLIENT_SPLICE_IDLE_MS = 3600000 };

static void splice_input(void *context)
{
    struct client *client = context;
    if (!splice_pump(&client->splice))
        return;
    farewell_say(client->proxy->farewells, client->device);
    client->device = NULL;
    client_end_politely(client);
}

static void splice_failed(void *context, enum status why)
{
    (void)why;
    client_end(context);
}

static void begin_splice(struct client *client)
{
    static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    static const struct stream_handlers handlers = {.ready = client_ignore,
                                                    .input = splice_input,
                                                    .drained = splice_input,
                                                    .failed = splice_failed};
    client->state = CLIENT_SPLICED;
    stream_write(client->stream, yes, sizeof yes - 1);
    splice_begin(&client->splice, client->stream, client->device);
    stream_set_deadline(client->stream, 0);
    stream_set_idle_timeout(client->stream, CLIENT_SPLICE_IDLE_MS);
    stream_set_idle_timeout(client->device, CLIENT_SPLICE_IDLE_MS);
    stream_set_handlers(client->stream, &handlers, client);
    stream_set_handlers(client->device, &handlers, client);
}

static void other_opened(void *context, struct device_result *result)
{
    struct client *client = context;
    client->attempt = NULL;
    if (result->outcome != DEVICE_OPEN) {
        client_refuse(client, PAGE_UNREACHABLE, result->reason, NULL);
        return;
    }
    client->device = result->stream;
    begin_splice(client);
}

static void other_found(void *context, const struct address *addresses, size_t count)
{
    struct client *client = context;
    client->question = NULL;
    if (count == 0) {
        client_refuse(client, PAGE_NO_ADDRESS, NULL, NULL);
    } else if (client->is_absolute) {
        client_begin_exchange(client, EXCHANGE_ABSOLUTE, addresses, count);
    } else {
        client->state = CLIENT_OPENING;
        client->attempt = device_open_plain(client->proxy->devices, client->target.port, addresses,
                                            count, other_opened, client);
        if (!client->attempt)
            client_end(client);
    }
}

void client_find_other(struct client *client)
{
    if (!client->proxy->neighbour) {
        client_refuse(client, PAGE_FORBIDDEN, "no household that is known here has this name",
                      NULL);
        return;
    }
    client->state = CLIENT_ASKING;
    stream_set_deadline(client->stream, 0);
    client->question =
        neighbour_find(client->proxy->neighbour, client->target.host, other_found, client);
    if (!client->question)
        client_end(client);
}
