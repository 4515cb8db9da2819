/* page_body.h: the HTML document of a page. */
#ifndef HEARTH_DANE_PROXY_PAGE_BODY_H
#define HEARTH_DANE_PROXY_PAGE_BODY_H

#include "dane/proxy/page.h"

/* `page->kind` is what is shown, as it is. */
void page_body_write(struct writer *w, const struct page *page);

#endif
