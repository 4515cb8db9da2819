/* trust_policy.c: see trust_policy.h. */
#include "dane/proxy/trust_policy.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "dane/proxy/trust.h"

static const char zone[] = "home.arpa";

static json_t *parse(const char *text)
{
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* As a text with a newline at its end; the object is given up. */
static char *print(json_t *object)
{
    char *text = json_dumps(object, JSON_INDENT(2));
    size_t len = text ? strlen(text) : 0;
    char *out = text ? realloc(text, len + 2) : NULL;
    if (out)
        memcpy(out + len, "\n", 2);
    else
        free(text);
    json_decref(object);
    return out;
}

/* --- Chromium --- */

char *trust_policy_chromium(const char *base64, const char *url)
{
    json_t *object = json_object();
    if (base64)
        json_object_set_new(object, "CACertificates", json_pack("[s]", base64));
    if (url)
        json_object_set_new(object, "ProxySettings",
                            json_pack("{s:s, s:s, s:b}", "ProxyMode", "pac_script", "ProxyPacUrl",
                                      url, "ProxyPacMandatory", true));
    return print(object);
}

enum status trust_policy_chromium_look(const char *text, bool *proxy, bool *roots)
{
    static const char *const keys[] = {"ProxySettings", "ProxyMode",       "ProxyPacUrl",
                                       "ProxyServer",   "ProxyServerMode", "ProxyBypassList"};
    json_t *object = parse(text);
    *proxy = *roots = false;
    if (!object)
        return STATUS_MALFORMED;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        *proxy = *proxy || json_object_get(object, keys[i]);
    *roots = json_object_get(object, "CACertificates") != NULL;
    json_decref(object);
    return STATUS_OK;
}

static char *copy(const json_t *string)
{
    return json_is_string(string) ? strdup(json_string_value(string)) : NULL;
}

enum status trust_policy_chromium_read(const char *text, char **base64, char **url)
{
    json_t *object = parse(text);
    *base64 = *url = NULL;
    if (!object)
        return STATUS_MALFORMED;
    *base64 = copy(json_array_get(json_object_get(object, "CACertificates"), 0));
    *url = copy(json_object_get(json_object_get(object, "ProxySettings"), "ProxyPacUrl"));
    json_decref(object);
    return STATUS_OK;
}

/* --- Firefox --- */

/* The part of that name, which is `make` (taken over) when there is none; NULL when it is of another kind,
 * or there is no object. */
static json_t *part(json_t *object, const char *name, json_t *make)
{
    json_t *found = json_object_get(object, name);
    if (!found && json_object_set(object, name, make) == 0)
        found = make;
    bool same = found && make && json_typeof(found) == json_typeof(make);
    json_decref(make); /* held by `object` now, or not needed */
    return same ? found : NULL;
}

static bool is_string(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool is_ours(const json_t *path, const char *prefix)
{
    return json_is_string(path) && strncmp(json_string_value(path), prefix, strlen(prefix)) == 0;
}

static bool is_our_proxy(const json_t *proxy)
{
    const char *url = json_string_value(json_object_get(proxy, "AutoConfigURL"));
    return url && trust_is_our_pac(url);
}

/* Takes what `which` says out of a list; true: something was. */
static bool take_out(json_t *list, bool (*which)(const json_t *, const char *), const char *text)
{
    bool had = false;
    for (size_t i = json_array_size(list); i-- > 0;)
        if (which(json_array_get(list, i), text)) {
            json_array_remove(list, i);
            had = true;
        }
    return had;
}

static enum status merge_proxy(json_t *policies, const char *url, bool *taken)
{
    json_t *proxy = json_object_get(policies, "Proxy");
    *taken = proxy && !is_our_proxy(proxy);
    if (*taken)
        return STATUS_OK;
    json_t *own = json_pack("{s:s, s:s}", "Mode", "autoConfig", "AutoConfigURL", url);
    return json_object_set_new(policies, "Proxy", own) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status merge(json_t *file, const char *path, const char *prefix, const char *url,
                         bool *taken)
{
    json_t *policies = part(file, "policies", json_object());
    json_t *certificates = part(policies, "Certificates", json_object());
    json_t *install = part(certificates, "Install", json_array());
    json_t *dns = part(policies, "DNSOverHTTPS", json_object());
    json_t *excluded = part(dns, "ExcludedDomains", json_array());
    if (!install || !excluded)
        return STATUS_MALFORMED;
    bool there = false, named = false;
    for (size_t i = 0; i < json_array_size(install); i++)
        there = there || is_string(json_array_get(install, i), path);
    if (!there) {
        (void)take_out(install, is_ours, prefix);
        json_array_append_new(install, json_string(path));
    }
    for (size_t i = 0; i < json_array_size(excluded); i++)
        named = named || is_string(json_array_get(excluded, i), zone);
    if (!named)
        json_array_append_new(excluded, json_string(zone));
    return merge_proxy(policies, url, taken);
}

enum status trust_policy_firefox_with(const char *text, const char *path, const char *prefix,
                                      const char *url, char **merged, bool *proxy_taken)
{
    json_t *file = text ? parse(text) : json_object();
    *merged = NULL;
    *proxy_taken = false;
    if (!file)
        return STATUS_MALFORMED;
    enum status status = merge(file, path, prefix, url, proxy_taken);
    if (status != STATUS_OK) {
        json_decref(file);
        return status;
    }
    *merged = print(file);
    return *merged ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Removes the part when there is nothing in it. */
static void prune(json_t *object, const char *name)
{
    const json_t *found = json_object_get(object, name);
    if ((json_is_array(found) && json_array_size(found) == 0) ||
        (json_is_object(found) && json_object_size(found) == 0))
        json_object_del(object, name);
}

static bool remove_ours(json_t *policies, const char *prefix)
{
    json_t *certificates = json_object_get(policies, "Certificates");
    json_t *dns = json_object_get(policies, "DNSOverHTTPS");
    bool had = take_out(json_object_get(certificates, "Install"), is_ours, prefix);
    if (is_our_proxy(json_object_get(policies, "Proxy"))) {
        json_object_del(policies, "Proxy");
        had = true;
    }
    if (!had) /* the zone alone may be somebody's own wish */
        return false;
    (void)take_out(json_object_get(dns, "ExcludedDomains"), is_string, zone);
    prune(certificates, "Install");
    prune(dns, "ExcludedDomains");
    prune(policies, "Certificates");
    prune(policies, "DNSOverHTTPS");
    return true;
}

enum status trust_policy_firefox_without(const char *text, const char *prefix, char **rest,
                                         bool *had)
{
    json_t *file = parse(text);
    *rest = NULL;
    *had = false;
    if (!file)
        return STATUS_MALFORMED;
    *had = remove_ours(json_object_get(file, "policies"), prefix);
    prune(file, "policies");
    if (json_object_size(file) == 0) {
        json_decref(file);
        return STATUS_OK;
    }
    *rest = print(file);
    return *rest ? STATUS_OK : STATUS_NO_MEMORY;
}

void trust_policy_firefox_look(const char *text, const char *path, const char *url, bool *has_root,
                               bool *has_proxy)
{
    json_t *file = parse(text);
    const json_t *policies = json_object_get(file, "policies");
    const json_t *install = json_object_get(json_object_get(policies, "Certificates"), "Install");
    const json_t *proxy = json_object_get(policies, "Proxy");
    *has_root = false;
    for (size_t i = 0; i < json_array_size(install); i++)
        *has_root = *has_root || is_string(json_array_get(install, i), path);
    *has_proxy = is_string(json_object_get(proxy, "Mode"), "autoConfig") &&
                 is_string(json_object_get(proxy, "AutoConfigURL"), url);
    json_decref(file);
}
