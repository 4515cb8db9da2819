/* http_rewrite.h: writes a head anew for the other side. Pure.
 *
 * Nothing is copied but names and values that were read strictly (http_head.h). What is meant for
 * this connection alone stays here (RFC 9110, section 7.6.1); what a device may not tell a browser
 * is left out: promises about all of a name's future (Strict-Transport-Security, Public-Key-Pins,
 * Expect-CT), other ways around the proxy (Alt-Svc), and a cookie's Domain, by which devices of a
 * household would plant cookies on each other.
 */
#ifndef HEARTH_DANE_PROXY_HTTP_REWRITE_H
#define HEARTH_DANE_PROXY_HTTP_REWRITE_H

#include "dane/proxy/http_framing.h"
#include "dane/proxy/http_head.h"
#include "ledger/base/writer.h"

enum { HTTP_REWRITE_MAX = HTTP_HEAD_MAX + 4096 /* octets that a head written anew can have */ };

/* The request for the device: `path` (origin form; of an absolute form what follows the authority)
 * for the target, `host` for Host. `keep` says whether the connection is to stay open. */
void http_rewrite_request(struct writer *w, const struct http_head *head,
                          const struct http_framing *framing, struct http_text path,
                          const char *host, bool keep);

/* The response for the browser. A body without a length is chunked if `chunk`; if not (HTTP/1.0),
 * the connection's end is its own, whatever `keep` says. */
void http_rewrite_response(struct writer *w, const struct http_head *head,
                           const struct http_framing *framing, bool chunk, bool keep);

#endif
