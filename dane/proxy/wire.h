/* wire.h: a stream's socket, read and written without SIGPIPE, by itself or as OpenSSL's BIO.
 *
 * A socket that the other side has reset swallows what is sent from then on: what came before the
 * reset can still be read, and reading tells the end.
 */
#ifndef HEARTH_DANE_PROXY_WIRE_H
#define HEARTH_DANE_PROXY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dane/probe_reason.h"
#include "ledger/base/status.h"

struct bio_st; /* OpenSSL's BIO */
struct evbuffer;

struct wire {
    int fd;                  /* non-blocking; its owner closes it */
    struct evbuffer *before; /* octets that come before the socket's, or NULL; the owner's */
    bool has_ended;          /* FIN came */
    bool is_shut;            /* our FIN is out: what is written now is swallowed */
    bool is_broken;          /* reset: likewise */
    enum status error; /* why the last transfer gave -1: AGAIN, CLOSED, TIMEOUT, IO, TOO_LONG */
    size_t received;
    size_t received_max; /* more is TOO_LONG; 0: no bound */
    uint8_t first[PROBE_FIRST_OCTETS];
    size_t first_len;
};

/* As recv and send: -1 leaves the reason in wire->error. */
ssize_t wire_receive(struct wire *wire, void *bytes, size_t size);
ssize_t wire_send(struct wire *wire, const void *bytes, size_t len);

/* Borrows the wire. NULL: no memory. The caller frees it, or SSL_free does. */
struct bio_st *wire_bio(struct wire *wire);

#endif
