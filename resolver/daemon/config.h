/* config.h: hearth.conf, read and checked as a whole (docs/configuration.md).
 *
 * INI, lists comma separated and a key may be repeated to add to its list. A missing file is an
 * empty one. An error names FILE:LINE and the key.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONFIG_H
#define HEARTH_RESOLVER_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/status.h"

enum {
    CONFIG_LISTEN_MAX = 16,
    CONFIG_ALLOW_MAX = 64,
    CONFIG_FORWARD_MAX = 8,
    CONFIG_THREADS_MAX = 64,
    CONFIG_LINE_MAX = 1023, /* octets of a line without its end */
    CONFIG_FILE_MAX = 1 << 20,
    CONFIG_ERROR_SIZE = 2048,
};

enum {
    CONFIG_DNS_PORT = 53,
    CONFIG_DNS_PORT_UNPRIVILEGED = 5300,
    CONFIG_SYNC_PORT = 4653,
    CONFIG_PROXY_PORT = 4680,
};

struct config_endpoint {
    struct address address;
    uint16_t port;
    uint32_t line; /* in the file; 0: a default */
};

struct config_listen {
    bool given; /* in the file: a listener that can't be bound is then an error */
    bool none;  /* `listen = none` */
    size_t count;
    struct config_endpoint endpoints[CONFIG_LISTEN_MAX];
};

struct config_prefix {
    struct address address; /* IPv4 mapped */
    uint8_t bits;           /* 0 … 128, of the mapped form */
};

struct config {
    struct {
        uint16_t default_port; /* of a listener without one */
        struct config_listen
            listen; /* ADDR@PORT; unprivileged 127.0.0.1@5300, ::1@5300; system 127.0.0.153@53 */
        size_t allow_count;
        struct config_prefix allow[CONFIG_ALLOW_MAX]; /* besides loopback */
        size_t forward_count;
        struct config_endpoint forward[CONFIG_FORWARD_MAX]; /* none: recursive */
        bool has_local_upstream;
        struct config_endpoint local_upstream; /* serves other names under home.arpa */
        unsigned threads;                      /* UDP workers, default 1 */
    } resolver;
    struct {
        struct config_listen sync_listen;
    } ledger;
    struct {
        struct config_listen listen;
    } proxy;
};

/* Fills in the defaults, then reads `path` (missing is fine). RANGE, MALFORMED, IO …; `error` is
 * then "FILE:LINE: …" for people. */
enum status config_read(struct config *config, const char *path, bool system,
                        char error[static CONFIG_ERROR_SIZE]);

/* The same from memory; `path` is for messages. */
enum status config_parse(struct config *config, const char *text, size_t len, const char *path,
                         bool system, char error[static CONFIG_ERROR_SIZE]);

/* "127.0.0.1@5300", as the file has it. */
enum { CONFIG_ENDPOINT_TEXT_SIZE = ADDRESS_TEXT_SIZE + 6 };
void config_endpoint_text(const struct config_endpoint *endpoint,
                          char text[static CONFIG_ENDPOINT_TEXT_SIZE]);

#endif
