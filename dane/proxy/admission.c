/* admission.c: see admission.h. */
#include "dane/proxy/admission.h"

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

bool admission_ask(struct proxy *proxy, struct stream *device, const struct target *target,
                   const struct name *name, const struct verdict *verdict, struct refusal *refusal)
{
    struct verdict again;
    if (!target->is_tls)
        return true;
    if (!verdict) {
        device_judge_again(proxy->devices, device, name, target->port, &again);
        verdict = &again;
    }
    struct view *view = proxy_view(proxy);
    if (verdict->kind != VERDICT_MATCHED || !view) {
        refusal_of_verdict(refusal, verdict, view, name, target->port);
        return false;
    }
    if (!is_anothers(proxy, view, name, device_leaf(device)))
        return true;
    refusal_of_verdict(refusal, verdict, view, name, target->port);
    refusal->kind = PAGE_SHARED_KEY;
    return false;
}
