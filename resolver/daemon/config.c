/* config.c: see config.h. libinih's only home.
 *
 * inih is fed line by line from memory, so that lines can be counted, and one that is too long is
 * refused instead of cut. Each key is a row of a table with the function that takes its value. The
 * first error stops the reading; nothing of a wrong file is used.
 *
 * inih 55 keeps its settings in variables of the process: config_parse sets them each time and is
 * not for several threads.
 */
#include "resolver/daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/daemon/config_value.h"

struct parse {
    struct config *config;
    const char *path;
    const char *text; /* what is still to be read */
    size_t left;
    unsigned line;
    unsigned seen; /* bit i: row i of `keys` */
    const struct key_row *row;
    char *error;
    enum status status;
};

struct key_row {
    const char *section, *name;
    bool list; /* may be repeated */
    bool (*take)(struct parse *parse, const char *value);
};

/* Notes the first error and returns inih's "no". */
[[gnu::format(printf, 3, 4)]] static bool fail(struct parse *parse, enum status status,
                                               const char *format, ...)
{
    if (parse->status != STATUS_OK)
        return false;
    char what[CONFIG_ERROR_SIZE / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (parse->row)
        (void)snprintf(parse->error, CONFIG_ERROR_SIZE, "%s:%u: [%s] %s: %s", parse->path,
                       parse->line, parse->row->section, parse->row->name, what);
    else
        (void)snprintf(parse->error, CONFIG_ERROR_SIZE, "%s:%u: %s", parse->path, parse->line,
                       what);
    parse->status = status;
    return false;
}

static bool endpoint_equal(const struct config_endpoint *a, const struct config_endpoint *b)
{
    return a->port == b->port && memcmp(&a->address, &b->address, sizeof a->address) == 0;
}

static bool take_endpoint(struct parse *parse, const char *item, uint16_t default_port,
                          struct config_endpoint *endpoint)
{
    enum status status = config_value_endpoint(item, default_port, endpoint);
    endpoint->line = parse->line;
    if (status == STATUS_RANGE)
        return fail(parse, status, "the port in \"%s\" is not within 1 ... 65535", item);
    if (status != STATUS_OK)
        return fail(parse, status, "\"%s\" is not ADDRESS@PORT", item);
    return true;
}

/* One item of a list, with what is wrong with an empty or endless one said. */
static enum status next_item(struct parse *parse, const char **list, char *item)
{
    enum status status = config_value_item(list, item);
    if (status == STATUS_MALFORMED)
        (void)fail(parse, status, "an empty value");
    else if (status == STATUS_TOO_LONG)
        (void)fail(parse, status, "a value of more than %d characters", CONFIG_ITEM_SIZE - 1);
    return status;
}

/* Adds an endpoint to a list that is not full and does not have it. */
static bool add_endpoint(struct parse *parse, struct config_endpoint *list, size_t *count,
                         size_t max, const struct config_endpoint *endpoint)
{
    char text[CONFIG_ENDPOINT_TEXT_SIZE];
    config_endpoint_text(endpoint, text);
    for (size_t i = 0; i < *count; i++) {
        if (endpoint_equal(&list[i], endpoint))
            return fail(parse, STATUS_EXISTS, "%s is there twice", text);
    }
    if (*count == max)
        return fail(parse, STATUS_FULL, "more than %zu values", max);
    list[(*count)++] = *endpoint;
    return true;
}

static bool take_listen(struct parse *parse, const char *value, uint16_t default_port,
                        struct config_listen *listen)
{
    char item[CONFIG_ITEM_SIZE];
    enum status status = STATUS_OK;
    if (!listen->given)
        *listen = (struct config_listen){.given = true};
    while ((status = next_item(parse, &value, item)) == STATUS_OK) {
        struct config_endpoint endpoint;
        bool none = strcmp(item, "none") == 0;
        if (listen->none || (none && listen->count > 0))
            return fail(parse, STATUS_MALFORMED, "\"none\" stands alone or not at all");
        listen->none = none;
        if (none)
            continue;
        if (!take_endpoint(parse, item, default_port, &endpoint) ||
            !add_endpoint(parse, listen->endpoints, &listen->count, CONFIG_LISTEN_MAX, &endpoint))
            return false;
    }
    return status == STATUS_NOT_FOUND;
}

static bool take_resolver_listen(struct parse *parse, const char *value)
{
    return take_listen(parse, value, parse->config->resolver.default_port,
                       &parse->config->resolver.listen);
}

static bool take_sync_listen(struct parse *parse, const char *value)
{
    return take_listen(parse, value, CONFIG_SYNC_PORT, &parse->config->ledger.sync_listen);
}

static bool take_proxy_listen(struct parse *parse, const char *value)
{
    return take_listen(parse, value, CONFIG_PROXY_PORT, &parse->config->proxy.listen);
}

static bool take_prefix(struct parse *parse, const char *item)
{
    struct config *config = parse->config;
    struct config_prefix prefix;
    enum status status = config_value_prefix(item, &prefix);
    if (status == STATUS_NOT_CANONICAL)
        return fail(parse, status, "\"%s\" has bits set beyond its prefix length", item);
    if (status == STATUS_RANGE)
        return fail(parse, status, "the prefix length of \"%s\" is out of range", item);
    if (status != STATUS_OK)
        return fail(parse, status, "\"%s\" is not ADDRESS/BITS", item);
    if (config->resolver.allow_count == CONFIG_ALLOW_MAX)
        return fail(parse, STATUS_FULL, "more than %d values", CONFIG_ALLOW_MAX);
    config->resolver.allow[config->resolver.allow_count++] = prefix;
    return true;
}

static bool take_allow(struct parse *parse, const char *value)
{
    char item[CONFIG_ITEM_SIZE];
    enum status status = STATUS_OK;
    while ((status = next_item(parse, &value, item)) == STATUS_OK) {
        if (!take_prefix(parse, item))
            return false;
    }
    return status == STATUS_NOT_FOUND;
}

/* An address that questions can be sent to. */
static bool take_target(struct parse *parse, const char *item, struct config_endpoint *endpoint)
{
    if (!take_endpoint(parse, item, CONFIG_DNS_PORT, endpoint))
        return false;
    enum status status = address_check_publishable(&endpoint->address);
    if (status == STATUS_ADDRESS_MULTICAST || status == STATUS_ADDRESS_UNSPECIFIED)
        return fail(parse, status, "\"%s\": %s", item, status_text(status));
    return true;
}

static bool take_forward(struct parse *parse, const char *value)
{
    struct config *config = parse->config;
    char item[CONFIG_ITEM_SIZE];
    enum status status = STATUS_OK;
    while ((status = next_item(parse, &value, item)) == STATUS_OK) {
        struct config_endpoint endpoint;
        if (!take_target(parse, item, &endpoint) ||
            !add_endpoint(parse, config->resolver.forward, &config->resolver.forward_count,
                          CONFIG_FORWARD_MAX, &endpoint))
            return false;
    }
    return status == STATUS_NOT_FOUND;
}

static bool take_local_upstream(struct parse *parse, const char *value)
{
    parse->config->resolver.has_local_upstream = true;
    return take_target(parse, value, &parse->config->resolver.local_upstream);
}

static bool take_threads(struct parse *parse, const char *value)
{
    if (config_value_number(value, 1, CONFIG_THREADS_MAX, &parse->config->resolver.threads) ==
        STATUS_OK)
        return true;
    return fail(parse, STATUS_RANGE, "\"%s\" is not a number within 1 ... %d", value,
                CONFIG_THREADS_MAX);
}

static const struct key_row keys[] = {
    {"resolver", "listen", true, take_resolver_listen},
    {"resolver", "allow", true, take_allow},
    {"resolver", "forward", true, take_forward},
    {"resolver", "local-upstream", false, take_local_upstream},
    {"resolver", "threads", false, take_threads},
    {"ledger", "sync-listen", true, take_sync_listen},
    {"proxy", "listen", true, take_proxy_listen},
};

enum { KEYS = sizeof keys / sizeof keys[0] };

/* inih's handler: finds the row of the key and hands it the value. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
    struct parse *parse = user;
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].name, name) != 0)
            continue;
        parse->row = &keys[i];
        bool repeated = parse->seen & 1U << i;
        parse->seen |= 1U << i;
        bool taken = repeated && !keys[i].list
                         ? fail(parse, STATUS_EXISTS, "given twice, but has one value")
                         : keys[i].take(parse, value);
        parse->row = NULL;
        return taken;
    }
    if (section[0] == '\0')
        return fail(parse, STATUS_MALFORMED, "%s: stands before the first [section]", name);
    return fail(parse, STATUS_MALFORMED, "[%s] %s: there is no such key", section, name);
}

/* inih says nothing of a section until a key comes in it: is this line one that there is not? */
static bool is_foreign_section(const char *line, char name[static CONFIG_ITEM_SIZE])
{
    line += strspn(line, " \t");
    size_t len = line[0] == '[' ? strcspn(line + 1, "]\n") : 0;
    if (line[0] != '[' || line[1 + len] != ']')
        return false;
    (void)snprintf(name, CONFIG_ITEM_SIZE, "%.*s", len < 64 ? (int)len : 64, line + 1);
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, name) == 0)
            return false;
    }
    return true;
}

/* inih's reader: the next line, counted, with its end. NULL ends the reading. */
static char *read_line(char *out, int size, void *stream)
{
    struct parse *parse = stream;
    if (parse->left == 0 || parse->status != STATUS_OK)
        return NULL;
    const char *end = memchr(parse->text, '\n', parse->left);
    size_t len = end ? (size_t)(end - parse->text) : parse->left;
    parse->line++;
    if (len > CONFIG_LINE_MAX || len + 2 > (size_t)size) {
        (void)fail(parse, STATUS_TOO_LONG,
                   "a line of more than %d octets: a list may be given in several lines, "
                   "with its key repeated",
                   CONFIG_LINE_MAX);
        return NULL;
    }
    if (memchr(parse->text, '\0', len)) {
        (void)fail(parse, STATUS_MALFORMED, "a zero octet");
        return NULL;
    }
    memcpy(out, parse->text, len);
    out[len] = '\n';
    out[len + 1] = '\0';
    char section[CONFIG_ITEM_SIZE];
    if (is_foreign_section(out, section)) {
        (void)fail(parse, STATUS_MALFORMED, "there is no section [%s]", section);
        return NULL;
    }
    size_t taken = end ? len + 1 : len;
    parse->text += taken;
    parse->left -= taken;
    return out;
}

static void add_default(struct config_listen *listen, const char *address, uint16_t port)
{
    struct config_endpoint *endpoint = &listen->endpoints[listen->count++];
    *endpoint = (struct config_endpoint){.port = port};
    (void)address_parse(&endpoint->address, address); /* a literal of ours */
}

static void set_defaults(struct config *config, bool system)
{
    *config = (struct config){.resolver.threads = 1};
    config->resolver.default_port = system ? CONFIG_DNS_PORT : CONFIG_DNS_PORT_UNPRIVILEGED;
    if (system) {
        add_default(&config->resolver.listen, "127.0.0.153", CONFIG_DNS_PORT);
    } else {
        add_default(&config->resolver.listen, "127.0.0.1", CONFIG_DNS_PORT_UNPRIVILEGED);
        add_default(&config->resolver.listen, "::1", CONFIG_DNS_PORT_UNPRIVILEGED);
    }
    add_default(&config->ledger.sync_listen, "::", CONFIG_SYNC_PORT);
    add_default(&config->proxy.listen, "127.0.0.1", CONFIG_PROXY_PORT);
}

/* Would a question sent there come back? An own address of zeros is every address of this machine;
 * of those, loopback's are known here. */
static bool is_own(const struct config_endpoint *own, const struct config_endpoint *other)
{
    struct config_endpoint every = {.port = other->port};
    if (address_is_ipv4(&other->address))
        every.address = address_from_ipv4((const uint8_t[4]){0});
    bool loopback = address_check_publishable(&other->address) == STATUS_ADDRESS_LOOPBACK;
    return endpoint_equal(own, other) || (loopback && endpoint_equal(own, &every));
}

/* Questions sent to oneself would go round for ever. */
static bool check_loops(struct parse *parse)
{
    const struct config *config = parse->config;
    const struct config_listen *listen = &config->resolver.listen;
    for (size_t i = 0; i < listen->count; i++) {
        const struct config_endpoint *own = &listen->endpoints[i];
        const struct config_endpoint *bad = NULL;
        const char *key = "forward";
        for (size_t k = 0; k < config->resolver.forward_count; k++) {
            if (is_own(own, &config->resolver.forward[k]))
                bad = &config->resolver.forward[k];
        }
        if (config->resolver.has_local_upstream && is_own(own, &config->resolver.local_upstream)) {
            bad = &config->resolver.local_upstream;
            key = "local-upstream";
        }
        if (bad) {
            parse->line = bad->line;
            return fail(parse, STATUS_RANGE, "[resolver] %s: is an address of this resolver itself",
                        key);
        }
    }
    return true;
}

enum status config_parse(struct config *config, const char *text, size_t len, const char *path,
                         bool system, char error[static CONFIG_ERROR_SIZE])
{
    struct parse parse = {
        .config = config, .path = path, .text = text, .left = len, .error = error};
    error[0] = '\0';
    set_defaults(config, system);
    ini_use_stack = false;
    ini_max_line = ini_initial_alloc = CONFIG_LINE_MAX + 3;
    ini_allow_multiline = false; /* an indented key is a key */
    ini_stop_on_first_error = true;
    int line = ini_parse_stream(read_line, &parse, handle, &parse);
    if (parse.status == STATUS_OK && line == -2)
        (void)fail(&parse, STATUS_NO_MEMORY, "%s", status_text(STATUS_NO_MEMORY));
    else if (parse.status == STATUS_OK && line != 0)
        (void)fail(&parse, STATUS_MALFORMED, "neither [section] nor key = value");
    if (parse.status == STATUS_OK)
        (void)check_loops(&parse);
    return parse.status;
}

/* Reads the whole file into malloc'd memory. */
static enum status read_whole(const char *path, char **text, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    enum status status = STATUS_OK;
    size_t used = 0;
    ssize_t got = 0;
    char *buffer = malloc(CONFIG_FILE_MAX + 1);
    if (!buffer)
        status = STATUS_NO_MEMORY;
    while (status == STATUS_OK && used <= CONFIG_FILE_MAX &&
           (got = read(fd, buffer + used, CONFIG_FILE_MAX + 1 - used)) > 0)
        used += (size_t)got;
    if (status == STATUS_OK && got < 0)
        status = STATUS_IO;
    else if (status == STATUS_OK && used > CONFIG_FILE_MAX)
        status = STATUS_TOO_LONG;
    int saved = errno;
    close(fd);
    errno = saved;
    *text = buffer;
    *len = used;
    return status;
}

enum status config_read(struct config *config, const char *path, bool system,
                        char error[static CONFIG_ERROR_SIZE])
{
    char *text = NULL;
    size_t len = 0;
    enum status status = read_whole(path, &text, &len);
    if (status == STATUS_OK)
        status = config_parse(config, text, len, path, system, error);
    else if (status == STATUS_NOT_FOUND)
        status = config_parse(config, "", 0, path, system, error);
    else
        (void)snprintf(error, CONFIG_ERROR_SIZE, "%s:1: can't be read: %s", path,
                       status == STATUS_IO ? strerror(errno) : status_text(status));
    free(text);
    return status;
}
