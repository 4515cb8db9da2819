/* page.c: see page.h: the head of the response; page_body.c has what people read. */
#include "dane/proxy/page.h"

#include <stdio.h>
#include <string.h>

#include "dane/proxy/page_body.h"
#include "dane/proxy/page_style.h"
#include "dane/proxy/page_words.h"

enum { HEAD_SIZE = 1024 };

unsigned page_status(enum page_kind kind)
{
    return page_words_of(kind)->status;
}

/* A key other than one of two that are in dispute is not simply wrong. */
static enum page_kind shown_kind(const struct page *page)
{
    bool disputed = page->kind == PAGE_MISMATCH && page->signer.conflicts > 0;
    return disputed ? PAGE_CONFLICT : page->kind;
}

/* A worker that the right device installed would go on to answer in its name, and what another one
 * may have stored is not to be sent to the next. What may pass by itself (no connection, no news)
 * clears nothing: it would only log people out. */
static bool is_clearing(const struct page *page, enum page_kind kind)
{
    switch (kind) {
    case PAGE_MISMATCH:
    case PAGE_WITHDRAWN:
    case PAGE_CONFLICT:
    case PAGE_SHARED_KEY:
        return !page->foreign;
    default:
        return false;
    }
}

static const char *phrase_of(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 504:
        return "Gateway Timeout";
    default:
        return "Bad Gateway";
    }
}

/* 0: it can't be written. */
static size_t write_head(const struct page *page, enum page_kind kind, size_t body_len,
                         char head[static HEAD_SIZE])
{
    char style[PAGE_STYLE_SOURCE_SIZE];
    unsigned status = page->service_worker ? 404 : page_status(kind);
    const char *clear = "Clear-Site-Data: \"cache\", \"cookies\", \"storage\"\r\n";
    if (page_style_source(style) != STATUS_OK)
        return 0;
    int len =
        snprintf(head, HEAD_SIZE,
                 "HTTP/1.1 %u %s\r\n"
                 "Content-Type: text/html; charset=utf-8\r\n"
                 "Content-Length: %zu\r\n"
                 "Cache-Control: no-store\r\n"
                 "Connection: close\r\n"
                 "Content-Security-Policy: default-src 'none'; style-src %s; "
                 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
                 "Cross-Origin-Opener-Policy: same-origin\r\n"
                 "Cross-Origin-Resource-Policy: same-origin\r\n"
                 "Referrer-Policy: no-referrer\r\n"
                 "X-Content-Type-Options: nosniff\r\n"
                 "X-Frame-Options: DENY\r\n"
                 "%s\r\n",
                 status, phrase_of(status), body_len, style, is_clearing(page, kind) ? clear : "");
    return len > 0 && len < HEAD_SIZE ? (size_t)len : 0;
}

/* What the browser gets when it asks for the script of a worker that a device left behind: one that
 * removes itself and what was stored. Being told 404 it would keep the old one, and Firefox never
 * ends an update that is answered with Clear-Site-Data. */
static const char last_worker[] =
    "self.addEventListener(\"install\", () => self.skipWaiting());\n"
    "self.addEventListener(\"activate\", event => event.waitUntil((async () => {\n"
    "  for (const name of await caches.keys()) await caches.delete(name);\n"
    "  await self.registration.unregister();\n"
    "  for (const one of await self.clients.matchAll({type: \"window\"})) one.navigate(one.url);\n"
    "})()));\n";

static void write_last_worker(struct writer *w, bool head_only)
{
    char head[HEAD_SIZE];
    size_t len = sizeof last_worker - 1;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 200 OK\r\n"
                   "Content-Type: text/javascript; charset=utf-8\r\n"
                   "Content-Length: %zu\r\n"
                   "Cache-Control: no-store\r\n"
                   "Connection: close\r\n"
                   "Content-Security-Policy: default-src 'none'\r\n"
                   "Cross-Origin-Resource-Policy: same-origin\r\n"
                   "Service-Worker-Allowed: /\r\n"
                   "X-Content-Type-Options: nosniff\r\n\r\n",
                   len);
    writer_bytes(w, head, strlen(head));
    if (!head_only)
        writer_bytes(w, last_worker, len);
}

/* The body is written first, for its length, and moved up to make room for the head. */
void page_write(struct writer *w, const struct page *page)
{
    char head[HEAD_SIZE];
    struct page shown = *page;
    size_t start = w->used;
    shown.kind = shown_kind(page);
    if (page->service_worker && is_clearing(page, shown.kind)) {
        write_last_worker(w, page->head_only);
        return;
    }
    page_body_write(w, &shown);
    size_t body_len = w->used - start;
    size_t head_len = write_head(page, shown.kind, body_len, head);
    if (head_len == 0)
        w->error = STATUS_CRYPTO;
    if (page->head_only)
        w->used = start;
    if (!writer_room(w, head_len))
        return;
    if (!page->head_only)
        memmove(w->start + start + head_len, w->start + start, body_len);
    memcpy(w->start + start, head, head_len);
}
