/* hearth.conf. What is accepted is written out again, and read it is the same. The first octet: is
 * it the system's? */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "resolver/daemon/config.h"

enum { TEXT_MAX = 32768 };

static char text[TEXT_MAX];
static size_t text_len;

[[gnu::format(printf, 1, 2)]] static void put(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text + text_len, sizeof text - text_len, format, arguments);
    va_end(arguments);
    assert(len >= 0 && (size_t)len < sizeof text - text_len);
    text_len += (size_t)len;
}

static void put_endpoint(const char *key, const struct config_endpoint *endpoint)
{
    char endpoint_text[CONFIG_ENDPOINT_TEXT_SIZE];
    config_endpoint_text(endpoint, endpoint_text);
    put("%s = %s\n", key, endpoint_text);
}

static void put_listen(const char *key, const struct config_listen *listen)
{
    if (!listen->given)
        return;
    if (listen->none)
        put("%s = none\n", key);
    for (size_t i = 0; i < listen->count; i++)
        put_endpoint(key, &listen->endpoints[i]);
}

static void put_config(const struct config *config)
{
    text_len = 0;
    put("[resolver]\nthreads = %u\n", config->resolver.threads);
    put_listen("listen", &config->resolver.listen);
    for (size_t i = 0; i < config->resolver.allow_count; i++) {
        const struct config_prefix *prefix = &config->resolver.allow[i];
        char address[ADDRESS_TEXT_SIZE];
        bool ipv4 = address_is_ipv4(&prefix->address) && prefix->bits >= 96;
        address_text(&prefix->address, address);
        put("allow = %s/%u\n", address, prefix->bits - (ipv4 ? 96U : 0U));
    }
    for (size_t i = 0; i < config->resolver.forward_count; i++)
        put_endpoint("forward", &config->resolver.forward[i]);
    if (config->resolver.has_local_upstream)
        put_endpoint("local-upstream", &config->resolver.local_upstream);
    put("[ledger]\n");
    put_listen("sync-listen", &config->ledger.sync_listen);
    put("[proxy]\n");
    put_listen("listen", &config->proxy.listen);
}

/* Lines are the file's affair: leave them out of the comparison. */
static void forget_lines(struct config *config)
{
    struct config_listen *listens[] = {&config->resolver.listen, &config->ledger.sync_listen,
                                       &config->proxy.listen};
    for (size_t i = 0; i < sizeof listens / sizeof listens[0]; i++)
        for (size_t k = 0; k < listens[i]->count; k++)
            listens[i]->endpoints[k].line = 0;
    for (size_t i = 0; i < config->resolver.forward_count; i++)
        config->resolver.forward[i].line = 0;
    config->resolver.local_upstream.line = 0;
}

static bool listen_equal(const struct config_listen *a, const struct config_listen *b)
{
    bool equal = a->given == b->given && a->none == b->none && a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = memcmp(&a->endpoints[i].address, &b->endpoints[i].address, 16) == 0 &&
                a->endpoints[i].port == b->endpoints[i].port;
    return equal;
}

static void check_again(struct config *config, bool system)
{
    static struct config again;
    char error[CONFIG_ERROR_SIZE];
    put_config(config);
    enum status status = config_parse(&again, text, text_len, "again", system, error);
    assert(status == STATUS_OK);
    forget_lines(config);
    forget_lines(&again);
    assert(listen_equal(&config->resolver.listen, &again.resolver.listen));
    assert(listen_equal(&config->ledger.sync_listen, &again.ledger.sync_listen));
    assert(listen_equal(&config->proxy.listen, &again.proxy.listen));
    assert(config->resolver.threads == again.resolver.threads);
    assert(config->resolver.allow_count == again.resolver.allow_count);
    for (size_t i = 0; i < again.resolver.allow_count; i++)
        assert(memcmp(&config->resolver.allow[i], &again.resolver.allow[i],
                      sizeof again.resolver.allow[i]) == 0);
    assert(config->resolver.forward_count == again.resolver.forward_count);
    assert(memcmp(config->resolver.forward, again.resolver.forward,
                  again.resolver.forward_count * sizeof again.resolver.forward[0]) == 0);
    assert(config->resolver.has_local_upstream == again.resolver.has_local_upstream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    if (size == 0)
        return 0;
    bool system = data[0] & 1;
    enum status status =
        config_parse(&config, (const char *)data + 1, size - 1, "hearth.conf", system, error);
    assert(status == STATUS_OK || strncmp(error, "hearth.conf:", 12) == 0);
    assert(strnlen(error, sizeof error) < sizeof error);
    if (status == STATUS_OK)
        check_again(&config, system);
    return 0;
}
