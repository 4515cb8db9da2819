/* page_words.h: what each page says. In texts, {…} stands for a fact of the page (page_body.c). */
#ifndef HEARTH_DANE_PROXY_PAGE_WORDS_H
#define HEARTH_DANE_PROXY_PAGE_WORDS_H

#include "dane/proxy/page.h"

enum { PAGE_STEPS_MAX = 3 };

struct page_words {
    unsigned status;
    const char *mood;    /* of the style: "alarm", "calm", "ask" */
    const char *heading; /* a sentence without its dot */
    const char *lead;
    const char *steps[PAGE_STEPS_MAX]; /* NULL: no more */
    const char
        *followed_steps[PAGE_STEPS_MAX]; /* for a device of another household; none: `steps` */
};

/* Never NULL. */
const struct page_words *page_words_of(enum page_kind kind);

#endif
