/* admission.c: see admission.h. */
#include "dane/proxy/admission.h"

#include "dane/proxy/device_sessions.h"
#include "dane/proxy/key_share.h"

/* When it can't be told, it is taken. */
static bool is_anothers(struct proxy *proxy, struct view *view, const struct name *name,
                        struct der leaf)
{
    struct view_zone zone;
    enum status status = view_find_zone(view, name->wire, name->len, &zone);
    if (status != STATUS_OK)
        return true;
    return key_share_is_taken(proxy->key_share, view, &zone, leaf, &status);
}

bool admission_ask_shown(struct proxy *proxy, struct device_shown *shown,
                         const struct target *target, const struct name *name,
                         const struct verdict *verdict, struct refusal *refusal)
{
    struct verdict again;
    if (!verdict) {
        device_judge_again(proxy->devices, shown, name, target->port, &again);
        verdict = &again;
    }
    struct view *view = proxy_view(proxy);
    bool is_matched = verdict->kind == VERDICT_MATCHED && view;
    if (is_matched && !is_anothers(proxy, view, name, shown->presented.chain[0]))
        return true;
    refusal_of_verdict(refusal, verdict, view, name, target->port);
    if (is_matched)
        refusal->kind = PAGE_SHARED_KEY;
    return false;
}

bool admission_ask(struct proxy *proxy, struct stream *device, const struct target *target,
                   const struct name *name, const struct verdict *verdict, struct refusal *refusal)
{
    if (!target->is_tls)
        return true;
    struct device_shown *shown = device_shown_by(device);
    bool may = admission_ask_shown(proxy, shown, target, name, verdict, refusal);
    device_shown_drop(shown);
    return may;
}
