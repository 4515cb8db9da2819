/* probe.c: see probe.h.
 *
 * The socket is read and written here, and OpenSSL sees memory only: so every wait has the
 * deadline, what a device may send has a bound, its first octets can be named when they are no TLS,
 * and no SIGPIPE is raised.
 *
 * Happy path: dial_connect, drive (flush what OpenSSL wrote, feed it what came, until the handshake
 * is done), take_chain. A device that refuses the first greeting gets plainer ones (greeting.h). An
 * address that fails leaves its reason; the next one is tried.
 */
#include "dane/probe.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dane/chain.h"
#include "dane/dial.h"
#include "dane/greeting.h"
#include "dane/probe_reason.h"
#include "dane/tls_context.h"
#include "ledger/base/clock.h"

struct handshake {
    const struct address *address;
    uint16_t port;
    const char *sni; /* or NULL */
    size_t greeting;
    int fd;
    uint64_t deadline_ms;
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    size_t received;
    struct probe_failure failure;
};

/* --- one handshake --- */

/* Sends what OpenSSL wrote. */
static enum status flush(struct handshake *handshake)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(handshake->out, &bytes);
    if (len <= 0)
        return STATUS_OK;
    enum status status =
        dial_send(handshake->fd, (const uint8_t *)bytes, (size_t)len, handshake->deadline_ms);
    (void)BIO_reset(handshake->out);
    return status;
}

static void note_first(struct probe_failure *failure, const uint8_t *bytes, size_t len)
{
    size_t room = sizeof failure->first - failure->first_len;
    size_t take = len < room ? len : room;
    memcpy(failure->first + failure->first_len, bytes, take);
    failure->first_len += take;
}

/* Feeds OpenSSL what came. */
static enum status feed(struct handshake *handshake)
{
    uint8_t bytes[16384];
    size_t len = 0;
    enum status status =
        dial_receive(handshake->fd, bytes, sizeof bytes, &len, handshake->deadline_ms);
    if (status != STATUS_OK)
        return status;
    note_first(&handshake->failure, bytes, len);
    handshake->received += len;
    if (handshake->received > PROBE_RECEIVED_MAX)
        return STATUS_TOO_LONG;
    return BIO_write(handshake->in, bytes, (int)len) == (int)len ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status drive(struct handshake *handshake)
{
    for (;;) {
        ERR_clear_error();
        int done = SSL_do_handshake(handshake->ssl);
        int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(handshake->ssl, done);
        handshake->failure.tls_error = ERR_peek_error();
        /* Our alert, or the last flight: a peer that has gone meanwhile is seen below, or does not
         * matter any more. */
        enum status status = flush(handshake);
        if (error == SSL_ERROR_NONE)
            return STATUS_OK;
        if (error != SSL_ERROR_WANT_READ)
            return STATUS_MALFORMED;
        if (status == STATUS_OK || status == STATUS_CLOSED)
            status = feed(handshake); /* a device may answer and close before it has read all */
        if (status != STATUS_OK)
            return status;
    }
}

static int note_client_certificate_wish(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct handshake *handshake = SSL_get_app_data(ssl);
    (void)certificate;
    (void)key;
    handshake->failure.asked_client_certificate = true;
    return 0; /* none is sent */
}

static enum status prepare(struct handshake *handshake, SSL_CTX *context)
{
    handshake->ssl = SSL_new(context);
    handshake->in = BIO_new(BIO_s_mem());
    handshake->out = BIO_new(BIO_s_mem());
    if (!handshake->ssl || !handshake->in || !handshake->out) {
        BIO_free(handshake->in);
        BIO_free(handshake->out);
        return STATUS_NO_MEMORY;
    }
    SSL_set_bio(handshake->ssl, handshake->in, handshake->out);
    SSL_set_connect_state(handshake->ssl);
    if (SSL_set_app_data(handshake->ssl, handshake) != 1)
        return STATUS_NO_MEMORY;
    return greeting_prepare(handshake->ssl, handshake->greeting, handshake->sni);
}

/* --- what came of it --- */

static void ask_known_cas(struct presented *presented)
{
    if (!chain_names_an_issuer(presented->chain, presented->chain_len))
        return;
    struct x509_store_st *known_cas = chain_known_cas_open();
    presented->known_issuer =
        chain_is_issued_by_known_ca(known_cas, presented->chain, presented->chain_len);
    chain_known_cas_close(known_cas);
}

static enum status take_chain(struct probe *probe, SSL *ssl)
{
    struct presented *presented = &probe->presented;
    presented->chain_len = x509_encode_chain(SSL_get_peer_cert_chain(ssl), probe->bytes,
                                             sizeof probe->bytes, presented->chain);
    if (presented->chain_len == 0)
        return STATUS_MALFORMED;
    presented->tls_version = (uint16_t)SSL_version(ssl);
    presented->legacy_renegotiation = tls_context_is_legacy_renegotiation(ssl);
    ask_known_cas(presented);
    (void)snprintf(probe->protocol, sizeof probe->protocol, "%s", SSL_get_version(ssl));
    (void)snprintf(probe->cipher, sizeof probe->cipher, "%s", SSL_get_cipher_name(ssl));
    return STATUS_OK;
}

static enum status greet(struct probe *probe, SSL_CTX *context, struct handshake *handshake)
{
    enum status status =
        dial_connect(handshake->address, handshake->port, handshake->deadline_ms, &handshake->fd);
    if (status != STATUS_OK) {
        handshake->failure.error = errno;
        goto out;
    }
    handshake->failure.connected = true;
    status = prepare(handshake, context);
    if (status == STATUS_OK)
        status = drive(handshake);
    if (status == STATUS_OK)
        status = take_chain(probe, handshake->ssl);
out:
    handshake->failure.status = status;
    SSL_free(handshake->ssl);
    handshake->ssl = NULL;
    if (handshake->fd >= 0)
        close(handshake->fd);
    ERR_clear_error();
    return status == STATUS_TOO_LONG ? STATUS_MALFORMED : status;
}

static void say_why(struct probe *probe, const struct handshake *handshake)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(handshake->address, text);
    probe->address = *handshake->address;
    (void)snprintf(probe->reason, sizeof probe->reason, "%s port %u %s", text,
                   (unsigned)handshake->port, probe_reason(&handshake->failure));
}

/* Notes an outcome that tells more than those before. */
static void judge_failure(struct probe *probe, const struct handshake *handshake,
                          enum status status, enum status *best)
{
    if (probe->reason[0] != '\0' && greeting_rank(status) <= greeting_rank(*best))
        return;
    *best = status;
    say_why(probe, handshake);
}

/* One greeting after the other, as long as it refuses them. */
static enum status probe_address(struct probe *probe, SSL_CTX *context,
                                 const struct handshake *pattern, enum status *best)
{
    for (size_t i = 0; i < GREETING_COUNT; i = greeting_next(i, pattern->sni)) {
        struct handshake handshake = *pattern;
        handshake.greeting = i;
        enum status status = greet(probe, context, &handshake);
        if (status == STATUS_OK)
            return STATUS_OK;
        judge_failure(probe, &handshake, status, best);
        if (!greeting_is_refused(&handshake.failure, status))
            break;
    }
    return *best;
}

/* One address after the other; see probe.h for the deadline and for whose reason is told. */
static enum status try_all(struct probe *probe, SSL_CTX *context, const struct handshake *pattern,
                           const struct address *addresses, size_t count)
{
    enum status best = STATUS_UNREACHABLE;
    for (size_t i = 0; i < count; i++) {
        struct handshake handshake = *pattern;
        uint64_t now = clock_monotonic_ms();
        uint64_t left = pattern->deadline_ms > now ? pattern->deadline_ms - now : 0;
        handshake.address = &addresses[i];
        handshake.deadline_ms = now + left / (count - i);
        if (probe_address(probe, context, &handshake, &best) == STATUS_OK) {
            probe->address = addresses[i];
            probe->reason[0] = '\0';
            return STATUS_OK;
        }
    }
    return best;
}

enum status probe_device(struct probe *probe, const struct address *addresses, size_t count,
                         uint16_t port, const char *sni, unsigned timeout_ms)
{
    struct handshake pattern = {
        .port = port, .sni = sni, .fd = -1, .deadline_ms = clock_monotonic_ms() + timeout_ms};
    memset(probe, 0, sizeof *probe);
    if (count == 0)
        (void)snprintf(probe->reason, sizeof probe->reason, "it has no address");
    SSL_CTX *context = tls_context_create_device();
    if (!context)
        return STATUS_NO_MEMORY;
    SSL_CTX_set_client_cert_cb(context, note_client_certificate_wish);
    enum status status = try_all(probe, context, &pattern, addresses,
                                 count < PROBE_ADDRESSES_MAX ? count : PROBE_ADDRESSES_MAX);
    SSL_CTX_free(context);
    return status;
}
