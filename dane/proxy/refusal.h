/* refusal.h: why a browser gets a page of ours instead of the device's: the facts, kept until the
 * request is there that the page answers.
 */
#ifndef HEARTH_DANE_PROXY_REFUSAL_H
#define HEARTH_DANE_PROXY_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "dane/proxy/device.h"
#include "dane/proxy/http_head.h"
#include "dane/proxy/page.h"
#include "dane/proxy/stream.h"
#include "dane/proxy/target.h"

struct refusal {
    enum page_kind kind;
    uint64_t time_ms; /* when it was found out (clock_monotonic_ms) */
    bool has_verdict;
    struct verdict verdict;
    struct page_signer signer;
    char address[ADDRESS_TEXT_SIZE]; /* "": it was not tried */
    char reason[DEVICE_REASON_SIZE]; /* "": the kind says it all */
    bool foreign;                    /* another site's page asked */
};

/* Of the kind alone; `reason` may be NULL. */
void refusal_init(struct refusal *refusal, enum page_kind kind, const char *reason);

/* Of a device that was not opened. `view` may be NULL. */
void refusal_of_device(struct refusal *refusal, const struct device_result *result,
                       struct view *view, const struct name *name, uint16_t port);

/* Of a key that is no longer, or not in this household, the right one. */
void refusal_of_verdict(struct refusal *refusal, const struct verdict *verdict, struct view *view,
                        const struct name *name, uint16_t port);

/* Queues the page, after which the caller says farewell. `request` (may be NULL) tells whether only a head
 * is wanted, or the script of a service worker. `link`: of PAGE_FOREIGN_LINK, else NULL. */
void refusal_send(const struct refusal *refusal, struct stream *browser,
                  const struct target *target, const struct http_head *request, const char *link);

#endif
