/* page_html.h: writes the pieces of a page. What comes from outside goes through page_html_text and
 * its sisters, which let nothing of it become markup. */
#ifndef HEARTH_DANE_PROXY_PAGE_HTML_H
#define HEARTH_DANE_PROXY_PAGE_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/writer.h"

/* Our own markup, as it stands. */
void page_html_raw(struct writer *w, const char *markup);

/* Text from outside, for an element's content or a quoted attribute. Control characters, and octets
 * that are not UTF-8, become U+FFFD. */
void page_html_text(struct writer *w, const char *text);

/* The same as one word of a POSIX shell's command, in quotes where it needs them. */
void page_html_word(struct writer *w, const char *word);

/* Octets in lower-case hex, eight digits in a span, so that style alone sets them apart: what is copied
 * has no blanks; and as a title in one piece, for whoever reads the page by program. With `other` (as long), groups that differ from its are marked, unless all do. */
void page_html_hex(struct writer *w, const uint8_t *octets, size_t len, const uint8_t *other);

/* In how many groups of page_html_hex do they differ? */
size_t page_html_differing(const uint8_t *octets, const uint8_t *other, size_t len);

/* "22 November 2026, 14:03 UTC" */
void page_html_time(struct writer *w, uint64_t ms);

#endif
