/* origins_hint.c: see origins_hint.h.
 *
 * The address of a page is taken apart as people copy it from a browser, and put together again
 * without what an origin has not. What comes out is shown only if it is an origin.
 */
#include "resolver/cli/origins_hint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/address.h"
#include "ledger/base/rrtype.h"
#include "ledger/rdata.h"
#include "resolver/cli/idn.h"

enum { HOST_SIZE = 256 };

struct parts {
    bool https; /* the scheme is that, in whatever case */
    bool user, path;
    char host[HOST_SIZE]; /* as written, brackets included */
    char port[8];         /* "" when there is none */
};

static bool copy(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

/* False when a part of it is longer than any origin's. */
static bool take_apart(struct parts *parts, const char *text)
{
    const char *host = strstr(text, "://");
    *parts = (struct parts){.https = strncasecmp(text, "https://", 8) == 0};
    host = host ? host + 3 : text;
    size_t len = strcspn(host, "/?#");
    parts->path = host[len] != '\0';
    const char *at = memchr(host, '@', len);
    if (at) {
        parts->user = true;
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    const char *bracket = *host == '[' ? memchr(host, ']', len) : NULL;
    const char *from = bracket ? bracket : host;
    const char *colon = memchr(from, ':', len - (size_t)(from - host));
    size_t host_len = colon ? (size_t)(colon - host) : len;
    if (colon && !copy(parts->port, sizeof parts->port, colon + 1, len - host_len - 1))
        return false;
    return copy(parts->host, sizeof parts->host, host, host_len);
}

static bool has_upper(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            return true;
    return false;
}

static const char *rule_of(const struct parts *parts, const char *text)
{
    size_t len = strlen(parts->host);
    if (strpbrk(text, " \t,"))
        return "one origin is one argument";
    if (strchr(parts->host, '*'))
        return "an origin has no wildcard: name each";
    if (strcmp(text, "null") == 0)
        return "null is no origin of anybody's";
    if (!parts->https)
        return "an origin begins with https:// (a page that came without TLS may be anybody's)";
    if (parts->user)
        return "an origin has no user name";
    if (parts->path)
        return "an origin has no path, and no slash at its end";
    if (has_upper(text))
        return "an origin is written in lower case";
    if (strcmp(parts->port, "443") == 0)
        return "an origin leaves out the port that https has anyway";
    if (len > 0 && parts->host[len - 1] == '.')
        return "an origin's host has no dot at its end";
    return "an origin is https://HOST or https://HOST:PORT, spelled as browsers do";
}

/* The host as browsers spell it; as it is when nothing can be done. */
static void spell_host(char host[static HOST_SIZE])
{
    char ascii[HOST_SIZE];
    struct address address;
    size_t len = strlen(host);
    for (char *at = host; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    if (len > 1 && host[len - 1] == '.')
        host[--len] = '\0';
    if (host[0] == '[' && host[len - 1] == ']') {
        char literal[ADDRESS_TEXT_SIZE];
        if (copy(ascii, sizeof ascii, host + 1, len - 2) &&
            address_parse(&address, ascii) == STATUS_OK && !address_is_ipv4(&address)) {
            address_text(&address, literal);
            (void)snprintf(host, HOST_SIZE, "[%s]", literal);
        }
    } else if (idn_to_ascii(host, ascii, sizeof ascii) == STATUS_OK) {
        (void)snprintf(host, HOST_SIZE, "%s", ascii);
    }
}

void origins_hint(const char *text, char error[static RECORD_ERROR_SIZE],
                  char hint[static ORIGINS_HINT_SIZE])
{
    struct parts parts;
    bool apart = take_apart(&parts, text);
    (void)snprintf(error, RECORD_ERROR_SIZE, "%s",
                   apart ? rule_of(&parts, text) : "an origin has at most 255 octets");
    if (apart && !strpbrk(text, " \t,") && strcmp(text, "null") != 0) {
        bool port = parts.port[0] != '\0' && strcmp(parts.port, "443") != 0;
        spell_host(parts.host);
        int len = snprintf(hint, ORIGINS_HINT_SIZE, "https://%s%s%s", parts.host, port ? ":" : "",
                           port ? parts.port : "");
        if (len > 0 && len < ORIGINS_HINT_SIZE &&
            rdata_check(RRTYPE_ORIGINS, (const uint8_t *)hint, (size_t)len) == STATUS_OK)
            return;
    }
    (void)snprintf(hint, ORIGINS_HINT_SIZE, "https://panel.example, or https://panel.example:8443");
}
