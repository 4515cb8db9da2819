/* pac.c: see pac.h. */
#include "dane/proxy/pac.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A dot at the end is the same name, and both browsers hand it over as it was typed. */
static const char script[] = "function FindProxyForURL(url, host) {\n"
                             "  host = host.toLowerCase();\n"
                             "  if (host.charAt(host.length - 1) === \".\")\n"
                             "    host = host.substring(0, host.length - 1);\n"
                             "  if (host === \"home.arpa\" || host.slice(-10) === \".home.arpa\")\n"
                             "    return \"PROXY %s\";\n"
                             "  return \"DIRECT\";\n"
                             "}\n";

void pac_text(const char *listen, char text[static PAC_SIZE])
{
    (void)snprintf(text, PAC_SIZE, script, listen);
}

/* RFC 4648, section 4. */
static void encode(const char *text, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)(uint8_t)text[i] << 16;
        if (i + 1 < len)
            group |= (uint32_t)(uint8_t)text[i + 1] << 8;
        if (i + 2 < len)
            group |= (uint8_t)text[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = i + 1 < len ? digits[group >> 6 & 63] : '=';
        *out++ = i + 2 < len ? digits[group & 63] : '=';
    }
    *out = '\0';
}

void pac_url(const char *listen, char url[static PAC_URL_SIZE])
{
    static const char prefix[] = "data:application/x-ns-proxy-autoconfig;base64,";
    char text[PAC_SIZE];
    static_assert(sizeof prefix + (PAC_SIZE + 2) / 3 * 4 <= PAC_URL_SIZE, "the URL has room");
    pac_text(listen, text);
    memcpy(url, prefix, sizeof prefix);
    encode(text, strlen(text), url + sizeof prefix - 1);
}
