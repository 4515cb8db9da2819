/* refusal.c: see refusal.h. */
#include "dane/proxy/refusal.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/clock.h"

void refusal_init(struct refusal *refusal, enum page_kind kind, const char *reason)
{
    *refusal = (struct refusal){.kind = kind, .time_ms = clock_monotonic_ms()};
    (void)snprintf(refusal->reason, sizeof refusal->reason, "%s", reason ? reason : "");
}

static enum page_kind kind_of_verdict(enum verdict_kind verdict)
{
    switch (verdict) {
    case VERDICT_WITHDRAWN:
        return PAGE_WITHDRAWN;
    case VERDICT_STALE:
        return PAGE_STALE;
    case VERDICT_NO_RECORD:
        return PAGE_NO_RECORD;
    case VERDICT_UNREACHABLE:
        return PAGE_UNREACHABLE;
    case VERDICT_MATCHED:
    case VERDICT_MISMATCH:
    case VERDICT_COUNT:
        break;
    }
    return PAGE_MISMATCH;
}

void refusal_of_verdict(struct refusal *refusal, const struct verdict *verdict, struct view *view,
                        const struct name *name, uint16_t port)
{
    refusal_init(refusal, kind_of_verdict(verdict->kind), NULL);
    refusal->has_verdict = true;
    refusal->verdict = *verdict;
    if (view)
        page_signer_find(&refusal->signer, view, name, port, verdict);
}

void refusal_of_device(struct refusal *refusal, const struct device_result *result,
                       struct view *view, const struct name *name, uint16_t port)
{
    switch (result->outcome) {
    case DEVICE_OPEN:
    case DEVICE_REFUSED:
        refusal_of_verdict(refusal, &result->verdict, view, name, port);
        break;
    case DEVICE_UNREACHABLE:
        refusal_init(refusal, PAGE_UNREACHABLE, result->reason);
        break;
    case DEVICE_NOT_TLS:
        refusal_init(refusal, PAGE_NOT_TLS, result->reason);
        break;
    case DEVICE_H2_ONLY:
        refusal_init(refusal, PAGE_H2_ONLY, result->reason);
        break;
    }
    address_text(&result->address, refusal->address);
}

void refusal_send(const struct refusal *refusal, struct stream *browser,
                  const struct target *target, const struct http_head *request, const char *link)
{
    static uint8_t octets[PAGE_MAX]; /* one loop, one page at a time */
    struct writer w = writer_over(octets, sizeof octets);
    struct page page = {
        .kind = refusal->kind,
        .host = target->host,
        .port = target->port,
        .address = refusal->address[0] != '\0' ? refusal->address : NULL,
        .verdict = refusal->has_verdict ? &refusal->verdict : NULL,
        .signer = refusal->signer,
        .reason = refusal->reason[0] != '\0' ? refusal->reason : NULL,
        .link = link,
        .foreign = refusal->foreign,
        .head_only = request && http_text_is(request->method, "HEAD"),
        .service_worker =
            request && http_text_is_word(http_head_only(request, "service-worker"), "script"),
    };
    page_write(&w, &page);
    if (w.error == STATUS_OK)
        stream_write(browser, octets, w.used);
}
