/* page_style.h: the one style sheet of the proxy's pages, inside each of them. */
#ifndef HEARTH_DANE_PROXY_PAGE_STYLE_H
#define HEARTH_DANE_PROXY_PAGE_STYLE_H

#include "ledger/base/status.h"

enum { PAGE_STYLE_SOURCE_SIZE = 64 };

/* What stands between <style> and </style>. */
extern const char page_style[];

/* The style's source expression for a Content-Security-Policy (CSP Level 3, section 2.3.1):
 * 'sha256-…', quotes included. CRYPTO. */
enum status page_style_source(char source[static PAGE_STYLE_SOURCE_SIZE]);

#endif
