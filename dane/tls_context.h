/* tls_context.h: TLS towards a device, however old: shared by the probe and by whoever relays to
 * one.
 *
 * What is allowed here is dangerous anywhere else, and is allowed for one reason: the connection is
 * used only after the verdict `matched`, which rests on the device's key and on nothing that such
 * old TLS promises.
 */
#ifndef HEARTH_DANE_TLS_CONTEXT_H
#define HEARTH_DANE_TLS_CONTEXT_H

#include <stdbool.h>

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct ssl_st;     /* OpenSSL's SSL */

/* A client context for devices: tls_context_allow_old, and no verification by the public CAs (the
 * caller judges). NULL when memory is out. The caller frees it with SSL_CTX_free. */
struct ssl_ctx_st *tls_context_create_device(void);

/* Lets a client context reach old devices: TLS 1.0 up, security level 0 (RSA-1024, SHA-1, small DH
 * groups), servers without RFC 5746, an end without close_notify. Never: renegotiation (a server
 * could change its certificate after the verdict), suites without a certificate or without
 * encryption. */
bool tls_context_allow_old(struct ssl_ctx_st *context);

/* Does the server lack RFC 5746? Asked after the handshake; TLS 1.3 has no renegotiation to secure.
 */
bool tls_context_is_legacy_renegotiation(struct ssl_st *ssl);

#endif
