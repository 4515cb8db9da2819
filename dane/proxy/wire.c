/* wire.c: see wire.h. */
#include "dane/proxy/wire.h"

#include <errno.h>
#include <event2/buffer.h>
#include <limits.h>
#include <openssl/bio.h>
#include <string.h>
#include <sys/socket.h>

static enum status status_of(int error)
{
    switch (error) {
    case EAGAIN:
        return STATUS_AGAIN;
    case EPIPE:
    case ECONNRESET:
        return STATUS_CLOSED;
    case ETIMEDOUT:
        return STATUS_TIMEOUT;
    default:
        return STATUS_IO;
    }
}

static void note_first(struct wire *wire, const void *bytes, size_t len)
{
    size_t room = sizeof wire->first - wire->first_len;
    size_t take = len < room ? len : room;
    memcpy(wire->first + wire->first_len, bytes, take);
    wire->first_len += take;
}

static ssize_t receive(struct wire *wire, void *bytes, size_t size)
{
    if (wire->before && evbuffer_get_length(wire->before) > 0)
        return evbuffer_remove(wire->before, bytes, size);
    if (wire->has_ended)
        return 0;
    ssize_t got;
    do
        got = recv(wire->fd, bytes, size, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        wire->error = status_of(errno);
    wire->has_ended = got == 0;
    return got;
}

ssize_t wire_receive(struct wire *wire, void *bytes, size_t size)
{
    if (wire->received_max != 0 && wire->received >= wire->received_max) {
        wire->error = STATUS_TOO_LONG;
        return -1;
    }
    ssize_t got = receive(wire, bytes, size);
    if (got > 0) {
        wire->received += (size_t)got;
        note_first(wire, bytes, (size_t)got);
    }
    return got;
}

ssize_t wire_send(struct wire *wire, const void *bytes, size_t len)
{
    if (wire->is_shut || wire->is_broken)
        return (ssize_t)len;
    ssize_t sent;
    do
        sent = send(wire->fd, bytes, len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    wire->error = status_of(errno);
    if (wire->error != STATUS_CLOSED)
        return -1;
    wire->is_broken = true;
    return (ssize_t)len;
}

/* --- the same as a BIO --- */

static int bio_read(BIO *bio, char *bytes, int size)
{
    struct wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = size > 0 ? wire_receive(wire, bytes, (size_t)size) : 0;
    if (got < 0 && wire->error == STATUS_AGAIN)
        BIO_set_retry_read(bio);
    return (int)got;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    struct wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = len > 0 ? wire_send(wire, bytes, (size_t)len) : 0;
    if (sent < 0 && wire->error == STATUS_AGAIN)
        BIO_set_retry_write(bio);
    return (int)sent;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    const struct wire *wire = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return wire->has_ended && (!wire->before || evbuffer_get_length(wire->before) == 0);
    default:
        return 0;
    }
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hearth wire");
    if (method && BIO_meth_set_read(method, bio_read) == 1 &&
        BIO_meth_set_write(method, bio_write) == 1 && BIO_meth_set_ctrl(method, bio_ctrl) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

struct bio_st *wire_bio(struct wire *wire)
{
    static BIO_METHOD *method; /* for the life of the process; one thread */
    if (!method)
        method = make_method();
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!bio)
        return NULL;
    BIO_set_data(bio, wire);
    BIO_set_init(bio, 1);
    return bio;
}
