/* probe_reason.c: see probe_reason.h.
 *
 * What the device sent first tells more than OpenSSL's error ("wrong version number" for a page of
 * HTML), so it is asked first; then OpenSSL's error; then the status.
 */
#include "dane/probe_reason.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_FIRST = 20, RECORD_LAST = 23 };

static const char too_old[] = "offers only what OpenSSL here no longer has (SSL 3.0, 3DES or RC4): "
                              "it can't be reached by TLS";

/* Protocols that greet, or answer a ClientHello, in text. */
static const struct greeting {
    const char *prefix, *reason;
} greetings[] = {
    {"HTTP/", "speaks plain HTTP, not TLS, on this port"},
    {"<", "answered with a page in plain text, not with TLS"},
    {"RTSP/", "speaks plain RTSP, not TLS, on this port"},
    {"SSH-", "speaks SSH, not TLS, on this port"},
    {"220", "greets as a mail or FTP server in plain text, not with TLS"},
    {"* OK", "greets as an IMAP server in plain text, not with TLS"},
    {"+OK", "greets as a POP3 server in plain text, not with TLS"},
};

static const char *reason_of_first(const struct probe_failure *failure)
{
    const uint8_t *first = failure->first;
    size_t len = failure->first_len;
    for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
        size_t prefix_len = strlen(greetings[i].prefix);
        if (len >= prefix_len && memcmp(first, greetings[i].prefix, prefix_len) == 0)
            return greetings[i].reason;
    }
    if (len > 0 && (first[0] < RECORD_FIRST || first[0] > RECORD_LAST))
        return "answered with something that is not TLS";
    if (len >= 3 && first[0] == RECORD_HANDSHAKE && first[1] == 3 && first[2] == 0)
        return too_old; /* a ServerHello of SSL 3.0 */
    return NULL;
}

static const char *reason_of_tls(const struct probe_failure *failure)
{
    switch (ERR_GET_REASON(failure->tls_error)) {
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNKNOWN_CIPHER_RETURNED:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_WRONG_SSL_VERSION:
        return too_old;
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
        return "refuses the name that it was asked for (SNI)";
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        return "sent a certificate list that is too long";
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
        return "offers a key that is too small for OpenSSL here";
    default:
        return "began TLS but broke its rules";
    }
}

static const char *reason_of_connect(const struct probe_failure *failure)
{
    switch (failure->error) {
    case ECONNREFUSED:
        return "refused the connection: nothing listens there";
    case EHOSTUNREACH:
    case EHOSTDOWN:
        return "can't be reached: no such host on the network";
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
        return "can't be reached: there is no route to it";
    case EACCES:
    case EPERM:
        return "can't be reached: this machine's firewall forbids it";
    case EAFNOSUPPORT:
        return "can't be reached: this machine lacks that kind of address";
    default:
        return "can't be reached";
    }
}

const char *probe_reason(const struct probe_failure *failure)
{
    const char *reason = failure->connected ? reason_of_first(failure) : NULL;
    if (reason)
        return reason;
    if (failure->asked_client_certificate &&
        (failure->status == STATUS_MALFORMED || failure->status == STATUS_CLOSED))
        return "demands a client certificate";
    if (failure->status == STATUS_MALFORMED)
        return failure->tls_error != 0 ? reason_of_tls(failure) : "presented no certificate";
    if (failure->status == STATUS_TOO_LONG)
        return "sent far more than a handshake has";
    if (failure->status == STATUS_CLOSED)
        return failure->first_len == 0 ? "closed the connection without a word of TLS"
                                       : "closed the connection during the handshake";
    if (failure->status == STATUS_TIMEOUT)
        return failure->connected ? "accepted the connection, then did not answer in time"
                                  : "did not answer in time";
    return failure->connected ? "failed during the handshake" : reason_of_connect(failure);
}
