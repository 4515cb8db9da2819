/* target.h: which host and port a browser means: in CONNECT, in an absolute-form GET, in Host, in
 * Origin. Pure.
 *
 * One spelling comes out: lower case, no dot at the end, addresses as address_text writes them, so
 * that hosts can be compared. An address is told from a name here, once, and userinfo, a port 0 and
 * everything else that has two readings is refused.
 */
#ifndef HEARTH_DANE_PROXY_TARGET_H
#define HEARTH_DANE_PROXY_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/proxy/http_text.h"

enum { TARGET_HOST_SIZE = 254 }; /* 253 characters and a NUL */

#define TARGET_FAULT_LIST(X)                                                                       \
    X(NONE, "nothing is wrong")                                                                    \
    X(EMPTY, "there is no host")                                                                   \
    X(USERINFO, "it has a user name in it")                                                        \
    X(HOST, "the host is no name of letters, digits, '-' and '_'")                                 \
    X(HOST_LONG, "the host is longer than 253 characters")                                         \
    X(PORT, "the port is not between 1 and 65535")                                                 \
    X(SCHEME, "it is no http or https address, or has a fragment")

enum target_fault {
#define TARGET_FAULT_ENUM(name, text) TARGET_FAULT_##name,
    TARGET_FAULT_LIST(TARGET_FAULT_ENUM)
#undef TARGET_FAULT_ENUM
        TARGET_FAULT_COUNT
};

/* A clause for people. Never NULL. */
const char *target_fault_text(enum target_fault fault);

struct target {
    char host[TARGET_HOST_SIZE]; /* without a NUL inside; an IPv6 address without brackets */
    uint16_t port;
    bool is_address; /* IPv4 or IPv6 */
    bool is_tls;     /* https; after target_of_authority false, the caller knows */
};

/* `HOST[:PORT]` as in CONNECT and Host; `port` where none is said (0: then it must be). */
enum target_fault target_of_authority(struct target *target, struct http_text text, uint16_t port);

/* `http://HOST[:PORT][/PATH]`, https likewise; *path is what follows the authority, borrowed: it is
 * empty, or begins with '/' or '?'. An Origin is such a URL with an empty path. A fragment is
 * refused (SCHEME): no browser sends one. */
enum target_fault target_of_url(struct target *target, struct http_text text,
                                struct http_text *path);

/* The same host and port? */
bool target_is(const struct target *target, const char *host, uint16_t port);

#endif
