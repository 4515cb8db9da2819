/* device_server.h: a small TLS device that answers any request with one page: a camera, as far as a
 * browser can tell.
 *
 * One process, one poll loop, up to DEVICE_CLIENTS_MAX connections at once; it ends when
 * device_server_stop was called (from a signal handler too). The way of a connection: handshake,
 * read until the head of a request is there, write the page, close.
 */
#ifndef HEARTH_TESTS_TOOLS_DEVICE_SERVER_H
#define HEARTH_TESTS_TOOLS_DEVICE_SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum { DEVICE_CLIENTS_MAX = 64 };

enum device_manner {
    DEVICE_TLS,
    DEVICE_PLAIN, /* HTTP without TLS */
    DEVICE_HANG,  /* accepts and says nothing */
};

struct device_server {
    int listener; /* listening, non-blocking */
    enum device_manner manner;
    SSL_CTX *context; /* of DEVICE_TLS */
    const char *title, *text;
    X509 *
        turned; /* with its key: shown by a renegotiation after the handshake; only then it answers. NULL: none */
    EVP_PKEY *turned_key;
};

/* Listens on a literal address; *port 0 is any, and becomes the one that it is. -1 on failure, with
 * errno. */
int device_listen(const char *address, uint16_t *port);

/* A server context for a key and its chain (leaf first). Versions as OpenSSL numbers them
 * (TLS1_VERSION …), 0 = any. NULL on failure. */
SSL_CTX *device_context(EVP_PKEY *key, X509 *const *chain, size_t count, int min_version,
                        int max_version);

/* What an old device can't bear in a ClientHello. */
struct device_dislikes {
    bool sni;        /* any name: an alert, unrecognized_name */
    bool extensions; /* supported_versions, which TLS 1.3 brought: hangs up */
    int max_version; /* a greater one in the ClientHello: hangs up; 0: none */
};
/* To be called on a context before it serves; `dislikes` is borrowed. */
void device_context_dislike(SSL_CTX *context, const struct device_dislikes *dislikes);

/* Serves until stopped. */
void device_server_run(const struct device_server *server);

/* Safe in a signal handler. */
void device_server_stop(void);

#endif
