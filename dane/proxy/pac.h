/* pac.h: what a browser's proxy configuration says: names below home.arpa go to hearth-proxy, all
 * else goes as ever. Pure.
 *
 * As a data: URL, so that there is nothing to fetch: a file: URL is ignored by Chromium, and a
 * server that is not up yet would mean "no proxy". For the same reason there is no "; DIRECT" at
 * its end: when the proxy is down, a household name opens nothing.
 */
#ifndef HEARTH_DANE_PROXY_PAC_H
#define HEARTH_DANE_PROXY_PAC_H

#include <stddef.h>

enum { PAC_SIZE = 1024, PAC_URL_SIZE = 2048 };

/* `listen` is the proxy's "ADDRESS:PORT", an IPv6 address in brackets. */
void pac_text(const char *listen, char text[static PAC_SIZE]);
void pac_url(const char *listen, char url[static PAC_URL_SIZE]);

#endif
