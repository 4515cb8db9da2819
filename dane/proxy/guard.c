/* guard.c: see guard.h.
 *
 * Who asks is settled first, from Origin, Sec-Fetch-Site and Referer, as one of: ourselves,
 * allowed, foreign. A field that stands there twice, that can't be read, or that another
 * contradicts speaks for foreign. */
#include "dane/proxy/guard.h"

#include <string.h>

#include "dane/proxy/http_framing.h"

enum asker { ASKER_OWN, ASKER_ALLOWED, ASKER_FOREIGN };

/* What Sec-Fetch-Site says (Fetch Metadata, section 2.4). */
enum site { SITE_UNSAID, SITE_SAME, SITE_NONE, SITE_OTHER, SITE_ODD };

static enum site read_site(const struct http_head *request)
{
    struct http_text site = http_head_only(request, "sec-fetch-site");
    if (!http_head_field(request, "sec-fetch-site", 0))
        return SITE_UNSAID;
    if (http_text_is(site, "same-origin"))
        return SITE_SAME;
    if (http_text_is(site, "none"))
        return SITE_NONE;
    return http_text_is(site, "same-site") || http_text_is(site, "cross-site") ? SITE_OTHER
                                                                               : SITE_ODD;
}

static bool is_own(const struct guard *guard, struct http_text origin)
{
    struct target target;
    struct http_text path;
    return origin.at && target_of_url(&target, origin, &path) == TARGET_FAULT_NONE &&
           path.len == 0 && target.is_tls == guard->device->is_tls &&
           target_is(&target, guard->device->host, guard->device->port);
}

static bool is_listed(const struct guard *guard, struct http_text origin)
{
    for (size_t i = 0; origin.len > 0 && i < guard->origin_count; i++) {
        const struct http_text *listed = &guard->origins[i];
        if (listed->len == origin.len && memcmp(listed->at, origin.at, origin.len) == 0)
            return true;
    }
    return false;
}

/* The origin of the page that asks, out of its address. */
static struct http_text referring_origin(const struct http_head *request)
{
    struct target target;
    struct http_text path, referrer = http_head_only(request, "referer");
    if (!referrer.at || target_of_url(&target, referrer, &path) != TARGET_FAULT_NONE)
        return (struct http_text){0};
    referrer.len -= path.len;
    return referrer;
}

/* By Origin. `null` is any page that hides where it is from; from one of the device's own pages
 * with `Referrer-Policy: no-referrer` a form comes so, and the browser says same-origin beside it
 * (Fetch, "append a request Origin header"). */
static enum asker asker_of_origin(const struct guard *guard, const struct http_head *request,
                                  enum site site)
{
    struct http_text origin = http_head_only(request, "origin");
    if (is_own(guard, origin))
        return site == SITE_OTHER ? ASKER_FOREIGN : ASKER_OWN;
    if (is_listed(guard, origin))
        return site == SITE_UNSAID || site == SITE_OTHER ? ASKER_ALLOWED : ASKER_FOREIGN;
    return http_text_is(origin, "null") && site == SITE_SAME ? ASKER_OWN : ASKER_FOREIGN;
}

/* Without Origin (requests that only fetch have none): by the browser's word, then by where it came
 * from. Beside `cross-site` an own Referer proves nothing: it stays when a foreign page, asked for
 * by one of ours, sends the browser back here. */
static enum asker asker_of_fetch(const struct guard *guard, const struct http_head *request,
                                 enum site site)
{
    struct http_text referrer = referring_origin(request);
    if (site == SITE_SAME || site == SITE_NONE)
        return ASKER_OWN;
    if (site == SITE_UNSAID && !http_head_field(request, "referer", 0))
        return ASKER_OWN; /* no browser, or one that keeps everything to itself */
    if (site == SITE_UNSAID && is_own(guard, referrer))
        return ASKER_OWN;
    return is_listed(guard, referrer) ? ASKER_ALLOWED : ASKER_FOREIGN;
}

static enum asker asker_of(const struct guard *guard, const struct http_head *request)
{
    enum site site = read_site(request);
    if (site == SITE_ODD)
        return ASKER_FOREIGN;
    return http_head_field(request, "origin", 0) ? asker_of_origin(guard, request, site)
                                                 : asker_of_fetch(guard, request, site);
}

/* A person went to another page: in a tab of its own, not in a frame, and nothing is changed by it.
 */
static bool is_followed_link(const struct http_head *request)
{
    return http_text_is(request->method, "GET") && read_site(request) == SITE_OTHER &&
           http_text_is(http_head_only(request, "sec-fetch-mode"), "navigate") &&
           http_text_is(http_head_only(request, "sec-fetch-dest"), "document");
}

static bool is_dashboard(const struct guard *guard, const struct http_head *request)
{
    struct http_text origin = referring_origin(request);
    return origin.at && guard->dashboard && http_text_is(origin, guard->dashboard) &&
           !http_head_field(request, "origin", 0);
}

static bool is_host_right(const struct guard *guard, const struct http_head *request)
{
    struct target target;
    struct http_text host = http_head_only(request, "host");
    if (!http_head_field(request, "host", 0))
        return true; /* HTTP/1.0: it is given the right one */
    return host.at &&
           target_of_authority(&target, host, guard->device->is_tls ? 443 : 80) ==
               TARGET_FAULT_NONE &&
           target_is(&target, guard->device->host, guard->device->port);
}

static enum guard_verdict refuse(const char **reason, const char *text)
{
    *reason = text;
    return GUARD_REFUSE;
}

static const char from_another_site[] = "it comes from another site";

static enum guard_verdict judge_upgrade(const struct http_head *request, enum asker asker,
                                        const char **reason)
{
    if (!http_framing_asks_websocket(request))
        return refuse(reason, "it asks for a protocol that is no WebSocket");
    if (!http_head_field(request, "origin", 0))
        return refuse(reason, "it asks for a WebSocket and does not say for which page");
    if (asker == ASKER_FOREIGN || http_text_is(http_head_only(request, "origin"), "null"))
        return refuse(reason, from_another_site);
    return GUARD_PASS;
}

enum guard_verdict guard_judge(const struct guard *guard, const struct http_head *request,
                               const char **reason)
{
    *reason = NULL;
    if (!is_host_right(guard, request))
        return refuse(reason, "its Host is another than the address that was opened");
    if (http_text_is_word(request->method, "connect"))
        return refuse(reason, "it would make a proxy of the device");
    enum asker asker = asker_of(guard, request);
    if (http_head_field(request, "upgrade", 0))
        return judge_upgrade(request, asker, reason);
    if (asker != ASKER_FOREIGN)
        return GUARD_PASS;
    if (!is_followed_link(request))
        return refuse(reason, from_another_site);
    if (is_dashboard(guard, request))
        return GUARD_PASS;
    *reason = "a link of another site leads here";
    return GUARD_ASK;
}
